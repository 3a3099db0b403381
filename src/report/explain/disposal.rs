//! One disposal row: proceeds, cost, term, adjustment, gain.

use super::movement::negligible;
use super::{Exact, Explainer, Explanation, Line, Part};
use crate::answer::trail::{Beside, Cause, Movement, Sold};
use crate::answer::{Adjustment, Disposal, Match, Term};
use crate::date::Date;
use crate::jurisdiction::Defer;
use crate::matching::{SUPERFICIAL_WINDOW, WINDOW};
use crate::money::{Minor, Money, Quantity};
use crate::report::page::quantity;
use crate::rule::{Rule, us};
use crate::trade::{Action, Class, SecurityId, Trade, TradeId};

/// How a fee in an asset was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeeLeg {
    /// Out of the units just received (26 CFR 1.1012-1(j)(3)(iii)).
    Withheld,
    /// With units that the trade itself neither gives nor receives.
    Apart,
}

impl Explainer<'_> {
    /// A disposal, from its proceeds to its gain.
    pub fn disposal(&self, position: usize) -> Explanation {
        let row = &self.frame.answer.disposals[position];
        let mut parts = vec![self.proceeds(position, row), self.cost(position, row)];
        let told = self.provenance(position);
        parts.extend(self.pool_parts(told.map_or(&[][..], |told| &told.cost)));
        parts.extend(self.term(position, row));
        parts.extend(self.adjustment(position, row));
        parts.push(gain(row));
        Explanation {
            kind: "disposal",
            id: self.id(position),
            title: self.title(row),
            parts,
        }
    }

    fn title(&self, row: &Disposal) -> String {
        let symbol = self.frame.symbol(row.security);
        let account = &self.frame.history.account(row.account).name;
        let trade = self.trade(row.closed_by);
        let word = match self.fee_leg(row, trade) {
            Some(_) => "fee".to_owned(),
            None => trade.action.word().replace('_', " "),
        };
        let units = if row.quantity.is_zero() {
            symbol.to_owned()
        } else {
            format!("{} {symbol}", quantity(row.quantity))
        };
        let lot = row.lot.map_or(String::new(), |lot| {
            format!(" of lot {}", self.frame.lot_text(lot))
        });
        format!(
            "{word} of {units}{lot} in {account}, {}",
            self.law.tax_year.written(i32::from(row.tax_year))
        )
    }

    fn proceeds(&self, position: usize, row: &Disposal) -> Part {
        let mut lines = Vec::new();
        if let Some(provenance) = self.provenance(position) {
            lines = match provenance.sale {
                Some((units, proceeds)) => self.sale(row, (units, proceeds), &provenance.proceeds),
                None if row.quantity.is_zero() => vec![self.amount_line(row, row.proceeds)],
                None if !provenance.sales.is_empty() => {
                    self.sales(row, &provenance.sales, &provenance.proceeds)
                }
                None if !provenance.proceeds.is_empty() => {
                    self.movements(&provenance.proceeds, row.proceeds)
                }
                None if !row.quantity.is_zero() => {
                    let proceeds = Money::from_minor(row.proceeds, self.frame.places);
                    self.sale(row, (row.quantity, proceeds), &[])
                }
                None => vec![self.amount_line(row, row.proceeds)],
            };
        }
        Part {
            name: "proceeds".to_owned(),
            lines,
            total: Some(("proceeds".to_owned(), row.proceeds)),
        }
    }

    /// What a whole sale brought, and the row's share of it.
    fn sale(
        &self,
        row: &Disposal,
        (units, proceeds): (Quantity, Money),
        premiums: &[Movement],
    ) -> Vec<Line> {
        let mut exact = Exact { lines: Vec::new() };
        let trade = self.trade(row.closed_by);
        let of = (row.quantity, units);
        if let Some(fee) = self.fee_leg(row, trade) {
            let how = match fee {
                FeeLeg::Withheld => "withheld as the fee from those received",
                FeeLeg::Apart => "given as the fee",
            };
            let (own, symbol) = (quantity(row.quantity), self.frame.symbol(row.security));
            let text = format!("{own} {symbol} {how}, at their value");
            let rule = self.rule_on(&us::FEE_IN_KIND, trade.action);
            let line = Line::new(text).at(trade.source).rule(rule);
            let share = proceeds.share(row.quantity, units).unwrap_or(proceeds);
            exact.lines.push((line, Some(share)));
        } else {
            self.sold_by(trade, (units, proceeds), premiums, of, &mut exact);
        }
        exact.printed(
            row.proceeds,
            self.frame.places,
            "cents carried from the sale's other rows",
        )
    }

    /// Whether a row is only the fee of its trade.
    fn fee_leg(&self, row: &Disposal, trade: &Trade) -> Option<FeeLeg> {
        let asset = trade.rest().rarest().fee_asset?;
        let buys = matches!(trade.action, Action::Buy | Action::Reinvest);
        let apart = row.security != trade.security || buys;
        if asset != row.security || row.matched != Match::Lot || !apart {
            return None;
        }
        let received = if buys {
            Some(trade.security)
        } else {
            trade.rest().rarest().new_security
        };
        Some(if received == Some(asset) {
            FeeLeg::Withheld
        } else {
            FeeLeg::Apart
        })
    }

    /// What the rows of a merged sale brought, and the share of a row of it.
    fn sales(&self, row: &Disposal, sales: &[Sold], premiums: &[Movement]) -> Vec<Line> {
        let mut exact = Exact { lines: Vec::new() };
        let whole = sales
            .iter()
            .try_fold(Quantity::ZERO, |sum, sale| sum.plus(sale.units))
            .unwrap_or(row.quantity);
        let to_spouse = self.trade(row.closed_by).tagged("spouse");
        if to_spouse {
            let text = "to the spouse: taken to be what the units cost";
            let line = Line::new(text).at(self.source(row.closed_by));
            let line = line.rule(self.law.rule_on(Action::GiftOut));
            return vec![line.amount(row.proceeds)];
        }
        for sale in sales {
            let own: Vec<Movement> = premiums
                .iter()
                .filter(|premium| premium.trade == sale.trade)
                .copied()
                .collect();
            let trade = self.trade(sale.trade);
            let of = (row.quantity, whole);
            if let Some(line) = self.paid_in(row.security, trade, sale.units) {
                let share = sale.proceeds.share(of.0, of.1).unwrap_or(sale.proceeds);
                exact.lines.push((line, Some(share)));
                continue;
            }
            self.sold_by(trade, (sale.units, sale.proceeds), &own, of, &mut exact);
        }
        exact.printed(
            row.proceeds,
            self.frame.places,
            "cents carried from the sale's other rows",
        )
    }

    /// Units of one security that a trade of another paid its fee with, or kept back from what arrived.
    fn paid_in(&self, security: SecurityId, trade: &Trade, units: Quantity) -> Option<Line> {
        let rest = trade.rest().rarest();
        let paid = rest.fee_asset == Some(security) && trade.security != security;
        let how = if rest.new_security == Some(security) {
            "kept back as the fee"
        } else {
            "given as the fee"
        };
        let symbol = self.frame.symbol(security);
        let text = format!("{} {symbol} {how}, at their value", quantity(units));
        let rule = self.rule_on(&us::FEE_IN_KIND, trade.action);
        paid.then(|| Line::new(text).at(trade.source).rule(rule))
    }

    /// What one row sold, as far as `of` its units are looked at.
    fn sold_by(
        &self,
        trade: &Trade,
        (units, proceeds): (Quantity, Money),
        premiums: &[Movement],
        (looked, whole): (Quantity, Quantity),
        exact: &mut Exact,
    ) {
        let rule = self.sale_rule(trade);
        let line = |text: String| Line::new(text).at(trade.source).rule(rule);
        let share = |amount: Money| amount.share(looked, whole).unwrap_or(amount);
        let part = if looked == whole {
            String::new()
        } else {
            format!(": {} of {}", quantity(looked), quantity(whole))
        };
        let nothing = proceeds.is_zero() && premiums.is_empty();
        let stated = self.stated(trade, units).filter(|_| !nothing);
        let mut rest = proceeds;
        if let Some(stated) = stated {
            rest = rest.minus(stated.gross).unwrap_or(rest);
            let gross = share(stated.gross);
            exact
                .lines
                .push((line(format!("{}{part}", stated.text)), Some(gross)));
        } else {
            let text = self.received(trade.action, nothing);
            exact
                .lines
                .push((line(format!("{text}{part}")), Some(share(proceeds))));
            rest = Money::ZERO;
        }
        for premium in premiums {
            rest = rest.minus(premium.amount).unwrap_or(rest);
            let text = self.premium_text(premium);
            let line = Line::new(format!("{text}{part}"))
                .at(self.source(premium.trade))
                .rule(self.rule_on(&us::OPTION_PREMIUM, Action::Exercise));
            exact.lines.push((line, Some(share(premium.amount))));
        }
        if !negligible(rest) {
            let text = format!("{}{part}", self.rest_of(trade));
            exact.lines.push((line(text), Some(share(rest))));
        }
    }

    fn premium_text(&self, premium: &Movement) -> String {
        match premium.cause {
            Cause::Deferred { disposal, .. } => {
                format!(
                    "loss of {} that the option carried",
                    self.id(disposal as usize)
                )
            }
            _ if premium.amount.is_negative() => {
                let symbol = self.frame.symbol(self.trade(premium.trade).security);
                format!("premium paid for {} {symbol}", quantity(premium.units))
            }
            _ => {
                let symbol = self.frame.symbol(self.trade(premium.trade).security);
                format!("premium received for {} {symbol}", quantity(premium.units))
            }
        }
    }

    fn received(&self, action: Action, nothing: bool) -> &'static str {
        match action {
            _ if nothing => "nothing received",
            Action::Split | Action::StockDividend | Action::SpinOff => {
                "cash for the fraction of a unit"
            }
            Action::Merger => "cash received in the merger",
            Action::Buy | Action::Reinvest | Action::Swap | Action::Sell => {
                "units given as a fee, at their value"
            }
            Action::Transfer | Action::TransferIn | Action::TransferOut => {
                "coins paid for moving, at their value"
            }
            _ => "received",
        }
    }

    fn amount_line(&self, row: &Disposal, amount: Minor) -> Line {
        let trade = self.trade(row.closed_by);
        let text = match trade.action {
            Action::ReturnOfCapital => "return of capital beyond the basis",
            Action::Merger => "cash received in the merger",
            Action::Pnl => "result as stated",
            Action::Funding => "funding without a position",
            _ => "amount of the row",
        };
        Line::new(text)
            .amount(amount)
            .at(trade.source)
            .rule(self.rule_on(us::of_action(trade.action), trade.action))
    }

    fn sale_rule(&self, trade: &Trade) -> Option<&'static Rule> {
        let action = trade.action;
        let coin = || self.frame.history.security(trade.security).class == Class::Crypto;
        let us = match action {
            Action::Worthless if coin() => &us::WORTHLESS_COIN,
            Action::Buy
            | Action::Reinvest
            | Action::Transfer
            | Action::TransferIn
            | Action::TransferOut => &us::FEE_IN_KIND,
            action => us::of_action(action),
        };
        self.rule_on(us, action)
    }

    pub(super) fn cost(&self, position: usize, row: &Disposal) -> Part {
        let mut lines = Vec::new();
        let provenance = self.provenance(position);
        let movements = provenance.map_or(&[][..], |provenance| &provenance.cost);
        if let Some(line) = self.choice(row) {
            lines.push(line);
        }
        if movements.is_empty() {
            let own = row.matched == Match::Amount && !row.quantity.is_zero();
            let rule = self.law.identified_by(row.matched).filter(|_| own);
            if let (Some(rule), 0) = (rule, row.cost) {
                let text = "none of its own: what was paid counts in the year it was paid";
                lines.push(Line::new(text).rule(Some(rule)));
            }
            if row.cost != 0 {
                let text = identified(row.matched);
                let opened = row.lot.filter(|lot| lot.number > 0);
                let by = opened.map_or(row.closed_by, |lot| lot.opened_by);
                let line = Line::new(text).at(self.source(by));
                let rule = self.law.identified_by(row.matched);
                lines.push(line.amount(row.cost).rule(rule));
            }
        } else {
            lines.extend(self.movements(movements, row.cost));
        }
        let pool = provenance.and_then(|provenance| provenance.pool);
        let beside = pool.filter(|_| row.matched != Match::Pool);
        lines.extend(beside.and_then(|change| self.untouched(change.before)));
        Part {
            name: "cost".to_owned(),
            lines,
            total: Some(("cost".to_owned(), row.cost)),
        }
    }

    /// Why these units left and no others.
    fn choice(&self, row: &Disposal) -> Option<Line> {
        if !self.law.is_us() {
            return self.identification(row);
        }
        let lot = row.lot.filter(|_| row.matched == Match::Lot)?;
        let account = self.frame.history.account(row.account);
        let method = account.method.as_deref().unwrap_or(self.frame.method);
        let trade = self.trade(row.closed_by);
        let chosen = trade.rest().rarest().lot.as_deref();
        let (why, rule) = match (chosen, method) {
            _ if self.fee_leg(row, trade) == Some(FeeLeg::Withheld) => {
                ("the units just received".to_owned(), &us::FEE_IN_KIND)
            }
            (Some(chosen), _) => (format!("the row chooses `{chosen}`"), &us::IDENTIFICATION),
            (None, "fifo") => (
                "first acquired, first sold".to_owned(),
                &us::FIRST_IN_FIRST_OUT,
            ),
            (None, "average") => (
                "first acquired leave first, at the average".to_owned(),
                &us::AVERAGE_BASIS,
            ),
            (None, method) => (format!("by the method `{method}`"), &us::IDENTIFICATION),
        };
        let text = format!("units acquired {}: {why}", lot.date);
        Some(self.lot_line(Line::new(text).rule(self.us(rule)), lot))
    }

    /// By which step of the law these units left.
    fn identification(&self, row: &Disposal) -> Option<Line> {
        let lot = row.lot.filter(|lot| lot.number > 0)?;
        let rule = self.law.identified_by(row.matched)?;
        let days = lot.date.days_since(row.disposed);
        let when = match days {
            0 => "the same day".to_owned(),
            1.. => format!("{} later", days_of(days)),
            _ => format!("{} earlier", days_of(-days)),
        };
        let text = format!(
            "{} identified with units acquired {}, {when}",
            quantity(row.quantity),
            lot.date
        );
        Some(self.lot_line(Line::new(text).rule(Some(rule)), lot))
    }

    fn term(&self, position: usize, row: &Disposal) -> Option<Part> {
        let mut lines = Vec::new();
        let rule = self.us(&us::HOLDING_PERIOD);
        if row.term.is_none() {
            if !matches!(
                self.frame.history.security(row.security).class,
                Class::Future | Class::IndexOption
            ) {
                return None;
            }
            let text = "no term: 40% of the year's net counts as short-term, 60% as long-term";
            lines.push(Line::new(text).rule(self.us(&us::SECTION_1256)));
        } else {
            let cost = self.provenance(position).map_or(&[][..], |p| &p.cost);
            if let (Some(acquired), Some(held_from)) = (row.acquired, row.held_from) {
                lines.extend(self.tacking(cost, acquired, held_from));
                lines.extend(self.held(row, held_from, rule));
            }
        }
        let name = "term".to_owned();
        (!lines.is_empty()).then_some(Part {
            name,
            lines,
            total: None,
        })
    }

    /// How the holding period got its start, where that is not the day of acquisition.
    pub fn tacking(&self, cost: &[Movement], acquired: Date, held_from: Date) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut opened = acquired;
        for movement in cost {
            match movement.cause {
                Cause::Opened { lot, .. } => opened = lot.date,
                Cause::Deferred {
                    disposal,
                    held_from,
                } if held_from.0 != held_from.1 => {
                    lines.push(self.tacked(movement.trade, disposal as usize, opened, held_from));
                }
                Cause::Restarted { day } => {
                    let text = format!("a short sale or a put ended on {day}: held from then");
                    let line = Line::new(text).at(self.source(movement.trade));
                    lines.push(line.rule(movement.rule));
                }
                _ => {}
            }
        }
        if opened != acquired && held_from < acquired {
            let days = acquired.days_since(held_from);
            let text = format!(
                "{} taken over by the option go on to its shares: {acquired} less {days} = {held_from}",
                days_of(days)
            );
            lines.push(Line::new(text).rule(self.us(&us::TACKING)));
        } else if lines.is_empty() && held_from != acquired {
            let text = format!("acquired {acquired}, held from {held_from}");
            let rule = cost.first().and_then(|movement| movement.rule);
            lines.push(Line::new(text).rule(rule));
        }
        lines
    }

    fn tacked(
        &self,
        purchase: TradeId,
        position: usize,
        acquired: Date,
        (before, after): (Date, Date),
    ) -> Line {
        let loss = &self.frame.answer.disposals[position];
        let start = loss.held_from.unwrap_or(loss.disposed);
        let days = loss.disposed.days_since(start);
        let held = format!(
            "{} were held {} ({start} to {})",
            self.id(position),
            days_of(days),
            loss.disposed
        );
        let text = if after == acquired.plus(-days) {
            format!("units of {held}: {acquired} less {days} = {after}")
        } else if after == start {
            format!("units of {held}, up to the purchase of {acquired}: held from {after}")
        } else {
            format!("units of {held}: held from {after} instead of {before}")
        };
        Line::new(text)
            .at(self.source(purchase))
            .rule(self.us(&us::TACKING))
    }

    fn held(&self, row: &Disposal, held_from: Date, rule: Option<&'static Rule>) -> Vec<Line> {
        let trade = self.trade(row.closed_by);
        if row.matched == Match::Short && row.lot.is_some_and(|lot| Some(lot.date) != row.acquired)
        {
            let class = self.frame.history.security(row.security).class;
            let (text, rule) = match (class, row.term) {
                (Class::Option, _) => (
                    "a written option is short-term, however long it was open",
                    &us::OPTION_WRITTEN,
                ),
                (_, Some(Term::Long)) => (
                    "a loss on a short sale is long-term where the same was held more than a year then",
                    &us::SHORT_SALE,
                ),
                _ => (
                    "bought to close and delivered at once: short-term, however long the short was open",
                    &us::SHORT_SALE,
                ),
            };
            return vec![Line::new(text).at(trade.source).rule(self.us(rule))];
        }
        let days = row.disposed.days_since(held_from);
        if !self.law.is_us() {
            let term = row.term.map_or("no", Term::word);
            let (held, until) = (days_of(days), row.disposed);
            let text = format!("held {held} from {held_from} to {until}: {term} term");
            return vec![Line::new(text).rule(self.law.term_rule)];
        }
        let first = held_from.first_long_term_day();
        let long = row.term == Some(Term::Long);
        if long && row.disposed < first && row.matched == Match::Lot && row.proceeds < row.cost {
            return self.long_by_distributions(row, held_from);
        }
        let inherited = row
            .lot
            .is_some_and(|lot| self.trade(lot.opened_by).action == Action::Inherit);
        let mut line = Line::new(match (long, row.disposed >= first) {
            (true, true) => format!(
                "held {} from {held_from} to {}, more than one year ({first} or later): long-term",
                days_of(days),
                row.disposed
            ),
            (false, false) => format!(
                "held {} from {held_from} to {}, not more than one year (long-term from {first}): short-term",
                days_of(days),
                row.disposed
            ),
            (true, false) if inherited => "inherited: long-term however soon it is sold".to_owned(),
            (_, _) => format!(
                "held {} from {held_from} to {}: {}-term by a special rule",
                days_of(days),
                row.disposed,
                if long { "long" } else { "short" }
            ),
        });
        line.rule = if inherited {
            self.us(&us::INHERITANCE)
        } else {
            rule
        };
        vec![line]
    }

    /// A loss on young shares that is long-term: a fund paid capital gain dividends on them (26 USC 852(b)(4)(A)).
    fn long_by_distributions(&self, row: &Disposal, held_from: Date) -> Vec<Line> {
        let inherited = row
            .lot
            .is_some_and(|lot| self.trade(lot.opened_by).action == Action::Inherit);
        if inherited {
            let text = "inherited: long-term however soon it is sold";
            return vec![Line::new(text).rule(self.us(&us::INHERITANCE))];
        }
        let rule = self.us(&us::SIX_MONTHS);
        let text = format!(
            "held {} from {held_from} to {}, six months or less: long-term as far as capital gain dividends were received on the shares",
            days_of(row.disposed.days_since(held_from)),
            row.disposed
        );
        let mut lines = vec![Line::new(text).rule(rule)];
        let trades = self.frame.history.trades.iter();
        let paid = trades.filter(|trade| {
            matches!(trade.action, Action::Dividend | Action::Reinvest)
                && trade.security == row.security
                && trade.tagged("capital-gain")
                && row.acquired.is_none_or(|acquired| acquired <= trade.date)
                && trade.date <= row.disposed
        });
        lines.extend(paid.map(|trade| {
            let account = &self.frame.history.account(trade.account).name;
            let text = format!("capital gain dividend of {} in {account}", trade.date);
            Line::new(text).at(trade.source).rule(rule)
        }));
        lines
    }

    fn adjustment(&self, position: usize, row: &Disposal) -> Option<Part> {
        let own = |adjustment: &&Adjustment| adjustment.disposal as usize == position;
        let mut lines = Vec::new();
        let mut accounted: Minor = 0;
        lines.extend(self.quantities(position, row));
        for adjustment in self.frame.answer.adjustments.iter().filter(own) {
            accounted += adjustment.amount;
            if adjustment.replaced {
                lines.extend(self.replacement(row, adjustment));
            } else {
                lines.push(self.never_deductible(row, adjustment));
            }
        }
        if !self.law.is_us() && row.adjustment != accounted {
            lines.push(self.counted_here(row, row.adjustment - accounted));
        }
        lines.extend(self.still_open(row, accounted));
        if lines.is_empty() {
            return None;
        }
        if !self.law.is_us() && row.adjustment == 0 {
            let name = "not final".to_owned();
            return Some(Part {
                name,
                lines,
                total: None,
            });
        }
        Some(Part {
            name: "adjustment".to_owned(),
            lines,
            total: Some(("adjustment".to_owned(), row.adjustment)),
        })
    }

    /// Which purchase replaced how much of a loss, and where the loss went.
    fn replacement(&self, row: &Disposal, adjustment: &Adjustment) -> Vec<Line> {
        let units = format!(
            "{} of {}",
            quantity(adjustment.quantity),
            quantity(row.quantity)
        );
        if let Some(lines) = self.replaced_short(row, adjustment, &units) {
            return lines;
        }
        let mut line = Line::new(format!("{units} sold were replaced"))
            .amount(adjustment.amount)
            .rule(adjustment.rule);
        let mut lines = Vec::new();
        if let Some(purchase) = adjustment.purchase {
            let trade = self.trade(purchase);
            let (bought, account) = (trade.date, &self.frame.history.account(trade.account).name);
            line.text =
                format!("{units} sold were replaced by the purchase of {bought} in {account}");
            line = line.at(trade.source);
            let mut text = format!("bought {}", when(bought, row.disposed));
            if self.law.is_us() {
                text.push_str(&window(row.disposed));
            }
            lines.push(Line::new(text));
            if adjustment.replacement.is_none() {
                lines.push(self.gone(purchase, adjustment.rule));
            }
        } else {
            let text = "the loss is gone for good: none of the units bought is left";
            lines.push(Line::new(text));
        }
        if let Some(lot) = adjustment.replacement {
            line = self.lot_line(line, lot);
            lines.push(self.carried(adjustment));
        }
        lines.insert(0, line);
        lines
    }

    /// A loss on closing a short that another short took over, or that a sale of the stock denied.
    fn replaced_short(
        &self,
        row: &Disposal,
        adjustment: &Adjustment,
        units: &str,
    ) -> Option<Vec<Line>> {
        let trade = self.trade(adjustment.purchase?);
        let sells = matches!(
            trade.action,
            Action::Short | Action::Sell | Action::SellToOpen | Action::Open
        );
        if !self.law.is_us() || row.matched != Match::Short || !sells {
            return None;
        }
        let account = &self.frame.history.account(trade.account).name;
        let stock_sold = adjustment.replacement.is_none() && trade.action == Action::Sell;
        let (what, sold) = if stock_sold {
            ("a sale of the stock", "sold")
        } else {
            ("another short sale", "sold short")
        };
        let text = format!("{units} closed: {what} on {} in {account}", trade.date);
        let line = Line::new(text).amount(adjustment.amount);
        let line = line.at(trade.source).rule(self.us(&us::WASH_SHORT));
        let near = format!(
            "{sold} {}{}",
            when(trade.date, row.disposed),
            window(row.disposed)
        );
        let mut lines = vec![line, Line::new(near)];
        let Some(lot) = adjustment.replacement else {
            let sheltered = self.frame.history.account(trade.account).sheltered;
            let text = if sheltered {
                "the loss is gone for good: a sheltered account keeps its proceeds"
            } else {
                "the loss is gone for good: no basis takes it over"
            };
            lines.push(Line::new(text).rule(self.us(&us::WASH_SHORT)));
            return Some(lines);
        };
        if let Some(first) = lines.first_mut() {
            *first = self.lot_line(first.clone(), lot);
        }
        let mut text = "the loss came off the proceeds of the new short".to_owned();
        if let Some(proceeds) = adjustment.basis_after {
            text.push_str(&format!(": now {}", self.money(proceeds)));
        }
        lines.push(Line::new(text).rule(self.us(&us::WASH_SHORT)));
        Some(lines)
    }

    /// The quantities that a superficial loss turns on.
    fn quantities(&self, position: usize, row: &Disposal) -> Option<Line> {
        let Beside { bought, held } = self.provenance(position)?.beside?;
        let days = SUPERFICIAL_WINDOW;
        let (from, until) = (row.disposed.plus(-days), row.disposed.plus(days));
        let text = format!(
            "S = {} sold, P = {} bought from {from} to {until}, B = {} held at the end of {until}: {} of {} of the loss",
            quantity(row.quantity),
            quantity(bought),
            quantity(held),
            quantity(row.quantity.min(bought).min(held)),
            quantity(row.quantity),
        );
        let rule = self.law.defer.and_then(Defer::rule);
        Some(Line::new(text).rule(rule))
    }

    /// A loss of a kind that no purchase has to deny.
    fn never_deductible(&self, row: &Disposal, adjustment: &Adjustment) -> Line {
        let text = if adjustment.rule == Some(&us::SIX_MONTHS) {
            "exempt-interest dividends received on shares held six months or less"
        } else if adjustment.rule == Some(&us::WORTHLESS_COIN) {
            "a worthless coin: no loss is deductible"
        } else if self.law.is_us() {
            "lost or stolen: no loss is deductible"
        } else {
            "lost or stolen: the loss is not allowed"
        };
        let line = Line::new(text).amount(adjustment.amount);
        line.at(self.source(row.closed_by)).rule(adjustment.rule)
    }

    /// A loss of earlier units that counts on these.
    fn counted_here(&self, row: &Disposal, amount: Minor) -> Line {
        let carried = self.frame.answer.adjustments.iter();
        let carried = carried.filter(|one| one.replacement.is_some() && one.replacement == row.lot);
        let from: Vec<String> = carried.map(|one| self.id(one.disposal as usize)).collect();
        let text = format!("loss of {} on these units, counted here", from.join(", "));
        Line::new(text)
            .amount(amount)
            .rule(self.law.defer.and_then(Defer::rule))
    }

    fn gone(&self, purchase: TradeId, own: Option<&'static Rule>) -> Line {
        let account = self.frame.history.account(self.trade(purchase).account);
        if !self.law.is_us() {
            let text = "the loss is gone for good: a registered plan keeps no cost";
            return Line::new(text).rule(own);
        }
        let (text, rule) = if account.sheltered {
            (
                "the loss is gone for good: a sheltered account keeps no basis",
                &us::WASH_SHELTERED,
            )
        } else {
            (
                "the loss is gone for good: another person replaced it",
                &us::WASH_RELATED,
            )
        };
        Line::new(text).rule(self.us(rule))
    }

    fn carried(&self, adjustment: &Adjustment) -> Line {
        let mut text = match self.law.defer {
            Some(Defer::RingFence(_)) => "the loss counts only against gains on the units bought",
            Some(Defer::TwoMonths(_)) => "the loss waits until the units bought are disposed of",
            Some(Defer::Superficial(_)) => "the loss joined the cost of the units bought",
            Some(Defer::WashSale) | None => "the loss joined the basis of the units bought",
        }
        .to_owned();
        if let Some(basis) = adjustment.basis_after {
            text.push_str(&format!(": now {}", self.money(basis)));
        }
        if let Some(from) = adjustment.held_from_after {
            text.push_str(&format!(", held from {from}"));
        }
        let rule = self.us(&us::WASH_BASIS).or(adjustment.rule);
        Line::new(text).rule(rule)
    }

    fn still_open(&self, row: &Disposal, disallowed: Minor) -> Option<Line> {
        let until = row.provisional_until?;
        if self.law.later_days().is_some() {
            let text = format!("a purchase up to {until} may still be identified with these units");
            return Some(Line::new(text));
        }
        let loss = row.cost - row.proceeds - disallowed;
        let text = format!(
            "a purchase up to {until} may still disallow the other {}",
            self.amount(loss)
        );
        Some(Line::new(text))
    }
}

/// How far a day lies from that of a sale.
fn when(day: Date, sold: Date) -> String {
    match day.days_since(sold) {
        0 => "the same day".to_owned(),
        days @ 1.. => format!("{} later", days_of(days)),
        days => format!("{} earlier", days_of(-days)),
    }
}

fn window(sold: Date) -> String {
    format!(
        ": the window is {} to {}",
        sold.plus(-WINDOW),
        sold.plus(WINDOW)
    )
}

/// How the units of a row without movements of its own were identified.
fn identified(matched: Match) -> &'static str {
    match matched {
        Match::Lot => "basis of the lot",
        Match::SameDay => "matched with a purchase of the same day",
        Match::Within30Days => "matched with a purchase of the 30 days after",
        Match::Within4Weeks => "matched with a purchase of the four weeks before",
        Match::Pool => "the units' share of the pool",
        Match::Later => "matched with a later purchase",
        Match::Short => "cost of closing the short position",
        Match::Mark => "value at the last mark",
        Match::Amount => "amount of the row",
    }
}

fn gain(row: &Disposal) -> Part {
    let mut lines = vec![
        Line::new("proceeds").amount(row.proceeds),
        Line::new("cost").amount(-row.cost),
    ];
    if row.adjustment != 0 {
        lines.push(Line::new("adjustment").amount(row.adjustment));
    }
    let name = if row.gain() < 0 { "loss" } else { "gain" };
    Part {
        name: name.to_owned(),
        lines,
        total: Some((format!("{name} that counts"), row.gain())),
    }
}

/// `1 day`, `84 days`.
fn days_of(days: i32) -> String {
    format!("{days} {}", if days == 1 { "day" } else { "days" })
}
