//! Movements of basis in words.

use super::{Exact, Explainer, Line};
use crate::answer::Match;
use crate::answer::trail::{Cause, Movement};
use crate::money::{Minor, Money, Quantity};
use crate::report::page::quantity;
use crate::rule::Rule;
use crate::trade::Action;

impl Explainer<'_> {
    /// Movements as lines that add up to a printed figure.
    pub fn movements(&self, movements: &[Movement], total: Minor) -> Vec<Line> {
        let mut exact = Exact { lines: Vec::new() };
        for movement in movements {
            self.movement(movement, &mut exact);
        }
        exact.printed(
            total,
            self.frame.places,
            "cents carried by the other row of the sale",
        )
    }

    /// One movement as lines.
    pub fn movement(&self, movement: &Movement, exact: &mut Exact) {
        let trade = self.trade(movement.trade);
        let rule = movement.rule.or_else(|| self.law_of(trade.action));
        let line = |text: String| Line::new(text).at(trade.source).rule(rule);
        let moved = (!movement.amount.is_zero()).then_some(movement.amount);
        let units = quantity(movement.units);
        let (line, amount) = match movement.cause {
            Cause::Opened { lot, whole } => {
                let opened = |text| self.lot_line(line(text), lot);
                return self.opened(movement, whole, exact, &opened);
            }
            Cause::Closed { whole } => return self.opened(movement, whole, exact, &line),
            Cause::Deferred { disposal, .. } => (self.deferred(movement, disposal), moved),
            Cause::Adjusted => (line(self.adjusted(movement)), moved),
            Cause::Rescaled { before, after } => {
                let now = movement.units.share(after, before);
                let now = now.map_or_else(|_| "?".to_owned(), quantity);
                let word = trade.action.word().replace('_', " ");
                (line(format!("{word}: {units} became {now}")), None)
            }
            Cause::Became {
                from,
                to,
                before,
                after,
            } => {
                let now = movement.units.share(after, before);
                let now = now.map_or_else(|_| "?".to_owned(), quantity);
                let (from, to) = (self.frame.symbol(from), self.frame.symbol(to));
                (line(format!("{units} {from} became {now} {to}")), moved)
            }
            Cause::Moved { to } => {
                let to = &self.frame.history.account(to).name;
                (line(format!("{units} moved to {to}")), moved)
            }
            Cause::Pooled { pool, step } => (self.out_of_pool(movement, pool, step), moved),
            Cause::Left => {
                let word = self.word(trade);
                (line(format!("{word} {units}, out of the pool")), moved)
            }
            Cause::Rounded => {
                let text = "cost per unit rounded up".to_owned();
                let rule = self.law.identified_by(Match::Pool);
                (Line::new(text).at(trade.source).rule(rule), moved)
            }
            Cause::Early => {
                let text = format!("share of {units} in adjustments that take effect later");
                let rule = self.law.rule_on(Action::BasisAdjust);
                (Line::new(text).at(trade.source).rule(rule), moved)
            }
            Cause::Averaged { basis, held } => {
                let text = format!(
                    "average of {} held with a basis of {}: {units} of them",
                    quantity(held),
                    self.money(basis)
                );
                (line(text), moved)
            }
            // It belongs to the term.
            Cause::Restarted { .. } => return,
            Cause::InLieu => (line("payments in lieu of dividends".to_owned()), moved),
            Cause::GiftValue => (line(gift_text(moved)), moved),
            Cause::ValueAsBasis => (line(AVERAGED_GIFT.to_owned()), moved),
        };
        exact.lines.push((line, amount));
    }

    /// What a row stated, and what is left of its amount as the fee.
    fn opened(
        &self,
        movement: &Movement,
        whole: Quantity,
        exact: &mut Exact,
        line: &dyn Fn(String) -> Line,
    ) {
        let trade = self.trade(movement.trade);
        let part = if movement.units == whole {
            String::new()
        } else {
            format!(": {} of {}", quantity(movement.units), quantity(whole))
        };
        let given = trade.quantity().filter(|_| trade.action == Action::Swap);
        let given = given.and_then(|given| Quantity::new(given.abs()).ok());
        // What an exchange brought cost the value of what was given for it.
        let stated = self.stated(trade, given.unwrap_or(whole));
        let share = |gross: Money| {
            let gross = gross.share(movement.units, whole).ok()?;
            let taken = movement.amount.is_negative();
            Some(if taken { gross.negated() } else { gross })
        };
        let gross = stated.as_ref().and_then(|stated| share(stated.gross));
        let (Some(stated), Some(gross)) = (stated, gross) else {
            let text = format!("{} {}{part}", self.word(trade), quantity(whole));
            exact.lines.push((line(text), Some(movement.amount)));
            return;
        };
        if movement.amount.is_zero() {
            exact
                .lines
                .push((line(format!("{}{part}", stated.text)), None));
            return;
        }
        exact
            .lines
            .push((line(format!("{}{part}", stated.text)), Some(gross)));
        let rest = movement.amount.minus(gross).unwrap_or(Money::ZERO);
        if !negligible(rest) {
            let text = format!("{}{part}", self.rest_of(trade));
            exact.lines.push((line(text), Some(rest)));
        }
    }

    /// What another country than the United States says on a row.
    fn law_of(&self, action: Action) -> Option<&'static Rule> {
        let other = !self.law.is_us();
        self.law.rule_on(action).filter(|_| other)
    }

    fn deferred(&self, movement: &Movement, disposal: u32) -> Line {
        let position = disposal as usize;
        let id = self.id(position);
        let loss = &self.frame.answer.disposals[position];
        let text = format!(
            "loss of {id} deferred, on {} sold {}",
            quantity(movement.units),
            loss.disposed,
        );
        Line::new(text)
            .at(self.source(loss.closed_by))
            .rule(movement.rule)
    }

    fn adjusted(&self, movement: &Movement) -> String {
        let trade = self.trade(movement.trade);
        let units = quantity(movement.units);
        match trade.action {
            Action::Exercise => format!("premium of the {units} exercised"),
            Action::Assign => format!("premium of the {units} assigned"),
            Action::ReturnOfCapital => format!("return of capital on {units}"),
            Action::BasisAdjust => format!("basis adjustment on {units}"),
            Action::SpinOff => {
                let new = trade.rest().rarest().new_security;
                let new = new.map_or("", |new| self.frame.symbol(new));
                format!("basis that moved to {new}, from {units}")
            }
            Action::Merger if !self.law.is_us() => {
                format!("cost that went with the cash beside the new shares, on {units}")
            }
            Action::Merger => {
                format!("cash received in the merger less the gain taxed, on {units}")
            }
            Action::Funding => format!("funding on {units}"),
            Action::GiftIn => AVERAGED_GIFT.to_owned(),
            Action::Dividend => format!("payment in lieu on {units}"),
            Action::Buy | Action::Reinvest | Action::Swap => {
                "cost of the units withheld as a fee".to_owned()
            }
            Action::Transfer | Action::TransferIn | Action::TransferOut => {
                format!("basis of the coins paid for moving, on {units}")
            }
            _ => format!("{} on {units}", trade.action.word().replace('_', " ")),
        }
    }
}

/// What an average makes of a gift with two bases.
const AVERAGED_GIFT: &str =
    "worth less than the donor's basis when given: in an average the value is its basis";

fn gift_text(moved: Option<Money>) -> String {
    if moved.is_some() {
        "worth less than the donor's basis when given: the value counts for a loss, nothing between"
    } else {
        "worth less than the donor's basis when given: sold above it, so the donor's basis counts"
    }
    .to_owned()
}

/// Below any printed unit, as what a share of a whole leaves.
pub fn negligible(amount: Money) -> bool {
    amount.units().unsigned_abs() < 1_000_000_000_000_000
}
