//! The countries as text: the list, and one country's steps, rules with citations and amounts by date.

use std::fmt::Write;

use crate::jurisdiction::{Assets, Defer, JURISDICTIONS, Jurisdiction, Parameters, Scope, Step};
use crate::rates::RateDay;
use crate::rule::Rule;

/// The list: code, name, years covered, default method, currency.
pub fn list() -> String {
    let mut text = format!(
        "{:<5}{:<16}{:<20}{:<11}{}\n",
        "code", "name", "tax years", "method", "currency"
    );
    for country in JURISDICTIONS {
        let own = country.methods.first().map_or("", |method| method.name);
        let _ = writeln!(
            text,
            "{:<5}{:<16}{:<20}{:<11}{}",
            country.code,
            country.name,
            years(country),
            own,
            currency(country)
        );
    }
    text
}

fn currency(country: &Jurisdiction) -> &str {
    if country.currency.is_empty() {
        "of the rows"
    } else {
        country.currency
    }
}

fn years(country: &Jurisdiction) -> String {
    let parameters = (country.parameters)();
    if country.code == "none" {
        return "all".to_owned();
    }
    let written = |year| country.tax_year.written(year);
    format!(
        "{} to {}",
        written(parameters.first_year),
        written(parameters.known_until)
    )
}

fn methods_of(country: &Jurisdiction) -> String {
    let names: Vec<&str> = country.methods.iter().map(|method| method.name).collect();
    match (names.split_first(), country.methods_for) {
        (Some((own, others)), Assets::Coins) if !others.is_empty() => {
            format!("{own}; for coins also {}", others.join(", "))
        }
        (_, Assets::All | Assets::Coins | Assets::AllButCoins) => names.join(", "),
    }
}

fn holding(scope: Scope) -> &'static str {
    match scope {
        Scope::Account => "account",
        Scope::AccountButCoins => "account; coins: person",
        Scope::Person => "person",
    }
}

/// One country's definition.
pub fn show(country: &Jurisdiction) -> String {
    let mut text = format!("{} ({})\n\n", country.name, country.code);
    let first = (country.tax_year.day, country.tax_year.month);
    let facts = [
        ("currency", currency(country).to_owned()),
        ("tax years", years(country)),
        (
            "year begins",
            format!("day {} of month {}", first.0, first.1),
        ),
        ("methods", methods_of(country)),
        ("holding", holding(country.scope).to_owned()),
        ("carry-in", country.carry_in.join(", ")),
    ];
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = writeln!(text, "{name:<13}{fact}");
    }
    text.push_str("\nWhich units left, step by step\n");
    for (number, step) in (1..).zip(country.identify) {
        rule(&mut text, &format!("{number}."), rule_of(step));
    }
    if let Some(deferring) = country.defer.and_then(deferral) {
        text.push_str("\nLosses taken back\n");
        rule(&mut text, "-", deferring);
    }
    let year: Vec<&Rule> = country.netting.iter().map(|year| year.rule).collect();
    section(&mut text, "The year", &year);
    let events: Vec<&Rule> = country.events.iter().map(|event| event.rule).collect();
    section(&mut text, "Beside purchases and sales", &events);
    section(&mut text, "Exchange rates", &rates(country));
    let gains: Vec<&Rule> = country.gain.into_iter().chain(country.term_rule).collect();
    section(&mut text, "Gains", &gains);
    amounts(&mut text, country, (country.parameters)());
    if !country.readings.is_empty() {
        let _ = writeln!(
            text,
            "\nSettings under [{}], the default first",
            country.code
        );
    }
    for reading in country.readings {
        let _ = writeln!(
            text,
            "  {} = {}\n      {}",
            reading.name,
            reading.values.join(" | "),
            reading.about
        );
    }
    text.push_str("\nNot computed\n");
    for limit in country.limits {
        let _ = writeln!(text, "  - {limit}");
    }
    if !country.is_us() {
        text.push_str("  - the loss of what was lost or stolen (`lost`), taken as not deductible: a `sell` for 0 deducts it\n");
    }
    for (class, why) in country.refused {
        let _ = writeln!(text, "  - refused: class {}: {why}", class.name());
    }
    text
}

fn section(text: &mut String, title: &str, rules: &[&Rule]) {
    if rules.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for one in rules {
        rule(text, "-", one);
    }
}

fn rule(text: &mut String, mark: &str, rule: &Rule) {
    let _ = writeln!(text, "  {mark:<3}{}\n     {}", rule.title, rule.citation);
}

fn rule_of(step: &Step) -> &'static Rule {
    match step {
        Step::SameDay(rule)
        | Step::Later { rule, .. }
        | Step::Earlier { rule, .. }
        | Step::Lots(rule)
        | Step::Pool { rule, .. }
        | Step::AnyLater(rule)
        | Step::CostsAsIncurred(rule) => rule,
    }
}

/// What the law says on the day of exchange rates, other than that it is the row's.
fn rates(country: &Jurisdiction) -> Vec<&'static Rule> {
    match country.rate_day {
        RateDay::Trade => Vec::new(),
        RateDay::SettlementIfKnown(rule) | RateDay::LastBefore { rule, .. } => vec![rule],
    }
}

fn deferral(defer: Defer) -> Option<&'static Rule> {
    match defer {
        Defer::WashSale => Some(&crate::matching::WASH_SALE),
        Defer::Superficial(rule) | Defer::RingFence(rule) | Defer::TwoMonths(rule) => Some(rule),
    }
}

fn amounts(text: &mut String, country: &Jurisdiction, parameters: &Parameters) {
    if !parameters.values.is_empty() {
        text.push_str("\nAmounts by tax year\n");
    }
    for (name, values) in &parameters.values {
        let _ = writeln!(text, "  {name}");
        for value in values {
            let _ = writeln!(
                text,
                "    from {:<9}{:<8}{}",
                country.tax_year.written(value.from),
                value.value,
                value.source
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_shows_its_steps_and_citations() {
        for country in JURISDICTIONS {
            let text = show(country);
            assert!(text.contains("1. "), "{text}");
            assert!(list().contains(country.name));
            for reading in country.readings {
                assert!(text.contains(reading.name), "{text}");
            }
        }
    }
}
