//! Why two sides differ. What can be tried is tried: the trades computed with the wash-sale rule over another scope, and
//! under other methods; where that gives the broker's figure, the cause is known and not guessed.

use rust_decimal::Decimal;

use crate::answer::{Adjustment, Answer};
use crate::date::Date;
use crate::money::{Minor, Money, Quantity, minor_text};
use crate::settings::WashSales;
use crate::trade::{AccountId, TradeId};

use super::side::{Ours, Theirs, of_ours, ours};
use super::{Cause, Figure, Finding, Question, Side, Value, Way};

/// Everything in which the two sides differ, in the order in which one follows from another.
pub fn findings(
    question: &Question<'_>,
    own: &[&Ours<'_>],
    other: &[&Theirs<'_>],
    mine: &Side,
    theirs: &Side,
) -> Vec<Finding> {
    let judge = Judge {
        question,
        own,
        other,
        mine,
        theirs,
    };
    let mut findings = Vec::new();
    findings.extend(judge.quantity());
    findings.extend(judge.disposed());
    findings.extend(judge.acquired());
    let lots = findings.iter().any(|f| f.figure == Figure::Acquired);
    findings.extend(judge.proceeds());
    findings.extend(judge.cost(lots));
    findings.extend(judge.adjustment(lots));
    findings.extend(judge.term(lots));
    if !question.us {
        for finding in &mut findings {
            finding.code = "";
        }
    }
    findings
}

struct Judge<'j> {
    question: &'j Question<'j>,
    own: &'j [&'j Ours<'j>],
    other: &'j [&'j Theirs<'j>],
    mine: &'j Side,
    theirs: &'j Side,
}

fn finding(
    figure: Figure,
    (ours, theirs): (Value, Value),
    cause: Cause,
    code: &'static str,
    note: impl Into<String>,
) -> Finding {
    Finding {
        figure,
        ours,
        theirs,
        cause,
        code,
        note: note.into(),
    }
}

impl Judge<'_> {
    fn quantity(&self) -> Option<Finding> {
        let (mine, theirs) = (self.mine.quantity?, self.theirs.quantity?);
        if mine == theirs {
            return None;
        }
        let values = (Value::Units(mine), Value::Units(theirs));
        let same_money = self.mine.proceeds.abs_diff(self.theirs.proceeds) <= 100;
        if let Some(ratio) = ratio(mine, theirs).filter(|_| same_money) {
            let note = format!(
                "for the same proceeds: a split of {ratio} that one side has and the other has not"
            );
            return Some(finding(Figure::Quantity, values, Cause::Split, "", note));
        }
        let note = "rows are missing on one side, or stand under another day or account";
        Some(finding(Figure::Quantity, values, Cause::Quantity, "", note))
    }

    fn disposed(&self) -> Option<Finding> {
        if self.mine.closed == self.theirs.closed {
            return None;
        }
        let values = (
            Value::Days(vec![Some(self.mine.closed)]),
            Value::Days(vec![Some(self.theirs.closed)]),
        );
        let settled = self.own.iter().any(|o| {
            let sale = self.question.history.trade(o.row.closed_by);
            sale.rest().settled == Some(self.theirs.closed)
        });
        let note = if settled {
            "theirs is the day of settlement"
        } else {
            "a few days apart: one of them may be the day of settlement"
        };
        Some(finding(
            Figure::Disposed,
            values,
            Cause::Settlement,
            "",
            note,
        ))
    }

    fn acquired(&self) -> Option<Finding> {
        // `Various` says nothing that could differ.
        if self.theirs.opened.contains(&None) || self.mine.opened == self.theirs.opened {
            return None;
        }
        let values = (
            Value::Days(self.mine.opened.clone()),
            Value::Days(self.theirs.opened.clone()),
        );
        let note = match self.method_like_theirs() {
            Some(method) => format!("their lots are those of the method `{method}`"),
            None => "other lots were used, or a lot has another day".to_owned(),
        };
        Some(finding(Figure::Acquired, values, Cause::Method, "", note))
    }

    /// A method under which the same sale uses the lots that they used.
    fn method_like_theirs(&self) -> Option<&'static str> {
        let wanted = self.lots_there()?;
        let ways = self.question.otherwise.answers();
        ways.filter_map(|(way, answer)| match way {
            Way::Method(name) => Some((name, answer)),
            Way::Scope(_) => None,
        })
        .find(|(_, answer)| self.lots_in(answer) == wanted)
        .map(|(name, _)| name)
    }

    fn lots_there(&self) -> Option<Vec<(Option<Date>, Quantity)>> {
        let lots = self.other.iter().map(|t| Some((t.opened, t.quantity?)));
        Some(added_up(lots.collect::<Option<Vec<_>>>()?))
    }

    fn lots_in(&self, answer: &Answer) -> Vec<(Option<Date>, Quantity)> {
        let rows = self.same_sale(answer, false);
        let lots = rows.iter().map(|o| (o.opened, o.row.quantity.abs()));
        added_up(lots.collect())
    }

    /// The rows of another answer that are of the same sale, if asked for only those of the same days of purchase.
    fn same_sale<'b>(&self, answer: &'b Answer, same_lots: bool) -> Vec<Ours<'b>>
    where
        Self: 'b,
    {
        let sales: Vec<TradeId> = self.own.iter().map(|o| o.row.closed_by).collect();
        let accounts: Vec<AccountId> = self.own.iter().map(|o| o.row.account).collect();
        let whole = Question {
            answer,
            only: None,
            account: None,
            ..*self.question
        };
        let mut rows = ours(&whole);
        rows.retain(|o| {
            sales.contains(&o.row.closed_by)
                && accounts.contains(&o.row.account)
                && (!same_lots || self.mine.opened.contains(&o.opened))
        });
        rows
    }

    fn proceeds(&self) -> Option<Finding> {
        let (mine, theirs) = (self.mine.proceeds, self.theirs.proceeds);
        let values = (Value::Amount(mine), Value::Amount(theirs));
        let difference = theirs.saturating_sub(mine);
        if difference == 0 {
            return None;
        }
        if self.rounds(difference, |t| t.proceeds) {
            return Some(rounding(Figure::Proceeds, values));
        }
        let fee = self.fees();
        if fee != 0 && difference.abs_diff(fee) <= 1 {
            let note = "they give gross proceeds: the fee of the sale is not taken off";
            return Some(finding(Figure::Proceeds, values, Cause::Fee, "E", note));
        }
        let note = "a fee, a price or a quantity differs: compare the rows of the sale";
        Some(finding(Figure::Proceeds, values, Cause::Unknown, "", note))
    }

    /// The fees of the sales, as far as they fall on these units.
    fn fees(&self) -> Minor {
        let fee = |o: &&Ours<'_>| {
            let sale = self.question.history.trade(o.row.closed_by);
            let whole = Quantity::new(sale.quantity()?).ok()?;
            let fee = Money::new(sale.fee()?).ok()?;
            fee.share(o.row.quantity.abs(), whole).ok()
        };
        let fees = self.own.iter().filter_map(fee);
        let sum = fees.fold(Money::ZERO, |sum, fee| sum.plus(fee).unwrap_or(sum));
        sum.to_minor(self.question.places).unwrap_or_default()
    }

    fn cost(&self, lots: bool) -> Option<Finding> {
        let mine = self.mine.cost?;
        let Some(theirs) = self.theirs.cost else {
            let values = (Value::Amount(mine), Value::Unknown);
            let note = "they do not report the cost: enter yours";
            return Some(finding(Figure::Cost, values, Cause::Basis, "", note));
        };
        let values = (Value::Amount(mine), Value::Amount(theirs));
        let difference = theirs.saturating_sub(mine);
        if difference == 0 {
            return None;
        }
        if self.rounds(difference, |t| t.cost.unwrap_or_default()) {
            return Some(rounding(Figure::Cost, values));
        }
        if lots {
            let note = "follows from the lots";
            return Some(finding(Figure::Cost, values, Cause::Method, "B", note));
        }
        let equal = |side: &Side| side.cost == Some(theirs);
        if let Some((cause, note)) = self.by_scope(equal) {
            return Some(finding(Figure::Cost, values, cause, "B", note));
        }
        if let Some((cause, note)) = self.loss_in_basis() {
            return Some(finding(Figure::Cost, values, cause, "B", note));
        }
        let note = if theirs == 0 {
            "they take the cost for nothing: shares of a stock plan, or a basis they were not told"
                .to_owned()
        } else {
            "a corporate action, a transfer, a fee or a stock plan is in one basis and not in the other".to_owned()
        };
        Some(finding(Figure::Cost, values, Cause::Basis, "B", note))
    }

    /// Whether the trades, computed with the wash-sale rule over another scope, give what they have.
    fn by_scope(&self, equal: impl Fn(&Side) -> bool) -> Option<(Cause, String)> {
        let ways = self.question.otherwise.answers();
        let mut scopes = ways.filter_map(|(way, answer)| match way {
            Way::Scope(scope) => Some((scope, answer)),
            Way::Method(_) => None,
        });
        let (scope, _) = scopes.find(|(_, answer)| {
            let rows = self.same_sale(answer, true);
            let rows: Vec<&Ours<'_>> = rows.iter().collect();
            of_ours(&rows).is_some_and(|side| equal(&side))
        })?;
        Some(match scope {
            WashSales::Broker => (
                Cause::WashAcross,
                format!(
                    "computed within one account and one symbol it is theirs{}",
                    self.replaced()
                ),
            ),
            WashSales::Off | WashSales::Taxpayer => (
                Cause::Wash,
                format!(
                    "computed without the wash-sale rule it is theirs{}",
                    self.replaced()
                ),
            ),
        })
    }

    /// Where our replacements lie, in words.
    fn replaced(&self) -> String {
        let history = self.question.history;
        let adjustments = self.adjustments();
        let purchases = adjustments.iter().filter_map(|a| a.purchase);
        let mut places: Vec<String> = purchases
            .map(|trade| {
                let trade = history.trade(trade);
                format!(
                    "{} of {} in {}",
                    history.security(trade.security).symbol,
                    trade.date,
                    history.account(trade.account).name
                )
            })
            .collect();
        places.dedup();
        if places.is_empty() {
            return String::new();
        }
        format!("; replaced by {}", places.join(" and "))
    }

    /// The adjustments of our rows.
    fn adjustments(&self) -> Vec<&Adjustment> {
        let all = self.question.answer.adjustments.iter();
        all.filter(|a| self.own.iter().any(|o| o.position == a.disposal))
            .collect()
    }

    /// Whether an earlier loss joined the basis of the lots sold here.
    fn loss_in_basis(&self) -> Option<(Cause, String)> {
        let answer = self.question.answer;
        let joined = answer.adjustments.iter().find(|a| {
            let lot = a.replacement;
            lot.is_some() && self.own.iter().any(|o| o.row.lot == lot)
        })?;
        let loss = answer.disposals.get(joined.disposal as usize)?;
        let account = &self.question.history.account(loss.account).name;
        let across = self.own.iter().any(|o| o.row.account != loss.account);
        let cause = if across {
            Cause::WashAcross
        } else {
            Cause::Wash
        };
        let amount = minor_text(joined.amount, self.question.places);
        let note = format!(
            "our cost holds a deferred loss of {amount} from the sale of {} in {account}",
            loss.disposed
        );
        Some((cause, note))
    }

    fn adjustment(&self, lots: bool) -> Option<Finding> {
        let (mine, theirs) = (self.mine.adjustment, self.theirs.adjustment);
        let values = (Value::Amount(mine), Value::Amount(theirs));
        let difference = theirs.saturating_sub(mine);
        if difference == 0 {
            return None;
        }
        if self.rounds(difference, |t| t.wash) {
            return Some(rounding(Figure::Adjustment, values));
        }
        let found = |cause, note: String| {
            Some(finding(
                Figure::Adjustment,
                values.clone(),
                cause,
                "W",
                note,
            ))
        };
        if lots {
            return found(Cause::Method, "follows from the lots".to_owned());
        }
        if let Some((cause, note)) = self.by_scope(|side| side.adjustment == theirs) {
            return found(cause, note);
        }
        if let Some(note) = self.whole_losses() {
            return found(Cause::Basis, note);
        }
        let note = if mine > theirs {
            format!(
                "the loss was replaced{}",
                self.replaced().replace("; replaced", "")
            )
        } else {
            "they find a replacement that is not in your files: a purchase within 30 days is missing, or is not substantially identical".to_owned()
        };
        found(Cause::Wash, note)
    }

    /// Both sides defer the whole loss: the amounts differ only because the losses do.
    fn whole_losses(&self) -> Option<String> {
        let whole = |side: &Side| side.adjustment != 0 && side.gain() == Some(0);
        (whole(self.mine) && whole(self.theirs))
            .then(|| "both defer the whole loss, and the loss differs".to_owned())
    }

    fn term(&self, lots: bool) -> Option<Finding> {
        let (mine, theirs) = (self.mine.term?, self.theirs.term?);
        if mine == theirs {
            return None;
        }
        let values = (Value::Term(mine), Value::Term(theirs));
        let found =
            |cause, note: String| Some(finding(Figure::Term, values.clone(), cause, "T", note));
        if lots {
            return found(Cause::Method, "follows from the lots".to_owned());
        }
        if let Some((cause, note)) = self.by_scope(|side| side.term == Some(theirs)) {
            return found(cause, note);
        }
        let tacked = self.own.iter().find(|o| o.row.held_from != o.row.acquired);
        let note = match tacked.and_then(|o| o.row.held_from) {
            Some(from) => format!(
                "the holding period counts from {from}: it goes on from what was held before"
            ),
            None => "more than one year means the day after the first anniversary".to_owned(),
        };
        found(Cause::Term, note)
    }

    /// Whether a difference is one of cents, or of amounts rounded to whole units of the currency.
    fn rounds(&self, difference: Minor, figure: fn(&Theirs<'_>) -> Minor) -> bool {
        let rows = self.mine.rows.max(self.theirs.rows);
        let cents = u64::try_from(rows).unwrap_or(u64::MAX);
        if difference.unsigned_abs() <= cents {
            return true;
        }
        let unit = 10_i64.checked_pow(self.question.places).unwrap_or(1);
        let whole = |t: &&Theirs<'_>| figure(t).checked_rem(unit) == Some(0);
        let half = u64::try_from(unit / 2).unwrap_or_default();
        let all = u64::try_from(self.theirs.rows).unwrap_or(u64::MAX);
        unit > 1
            && self.other.iter().all(whole)
            && difference.unsigned_abs() <= half.saturating_mul(all)
    }
}

fn rounding(figure: Figure, values: (Value, Value)) -> Finding {
    finding(figure, values, Cause::Rounding, "", "")
}

/// Units by day of purchase.
fn added_up(mut lots: Vec<(Option<Date>, Quantity)>) -> Vec<(Option<Date>, Quantity)> {
    lots.sort_unstable();
    let mut sums: Vec<(Option<Date>, Quantity)> = Vec::new();
    for (day, units) in lots {
        match sums.last_mut() {
            Some((last, sum)) if *last == day => *sum = sum.plus(units).unwrap_or(*sum),
            _ => sums.push((day, units)),
        }
    }
    sums
}

/// `2:1` where the larger is a small whole number of times, or three halves, of the smaller.
fn ratio(one: Quantity, other: Quantity) -> Option<String> {
    let (large, small) = if one > other {
        (one, other)
    } else {
        (other, one)
    };
    let (large, small) = (large.to_decimal(), small.to_decimal());
    (1..=10_i64).find_map(|parts| {
        let times = large
            .checked_mul(Decimal::from(parts))?
            .checked_div(small)?;
        let whole = times.fract().is_zero() && times <= Decimal::ONE_HUNDRED;
        whole.then(|| format!("{}:{parts}", times.normalize()))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_splits_are_small_whole_numbers() {
        let units = |n: i64| Quantity::new(Decimal::from(n)).unwrap();
        assert_eq!(ratio(units(100), units(400)).as_deref(), Some("4:1"));
        assert_eq!(ratio(units(30), units(20)).as_deref(), Some("3:2"));
        assert_eq!(ratio(units(101), units(4001)), None);
    }
}
