//! Options, futures and perpetuals: expiry, exercise, assignment, cash settlement, year-end marks, funding.

use rust_decimal::Decimal;

use super::Halt;
use super::acquire::Manner;
use super::dispose::Sale;
use super::fold::Fold;
use super::ledger::{Holding, Slice};
use super::position::{By, Shorted};
use super::terms::ShareLeg;
use super::value::Valued;
use crate::answer::{Codes, Disposal, Match};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::Written;
use crate::lot::{LotId, PurchaseId};
use crate::money::{Money, Quantity};
use crate::parcel::Parcel;
use crate::trade::{Action, Class, Right, SecurityId, Trade, TradeId};

/// Days around an exercise in which a share row of its exact size and price counts as its share leg written twice.
const SHARE_LEG_DAYS: i32 = 5;

impl Fold<'_> {
    /// What an option or future is on, by the name it has now.
    pub(super) fn underlying(&self, security: SecurityId) -> Option<SecurityId> {
        self.terms.underlying(self.history, security)
    }

    /// Shares that one contract delivers.
    pub(super) fn deliverable(&self, security: SecurityId) -> Result<Quantity, Halt> {
        Ok(self.terms.deliverable(self.history, security)?)
    }

    /// Open options follow their underlying through a change of name, a merger for stock, or a split: other shares for the
    /// same money, so that the strike falls as the shares multiply.
    pub(super) fn adjust_options(
        &mut self,
        underlying: SecurityId,
        now: SecurityId,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), Halt> {
        for option in self.open_options_on(underlying) {
            self.terms.follow(self.history, option, now, (new, old))?;
        }
        Ok(self.restate_short_sales((underlying, now), (new, old), None)?)
    }

    /// Options on a security that are open in any account. One that a row of today turned another into has its new terms
    /// already.
    pub(super) fn open_options_on(&self, underlying: SecurityId) -> Vec<SecurityId> {
        let books = self.ledger.books.iter();
        let held = books.filter(|book| !book.held.is_zero());
        let held = held.map(|book| book.holding.1);
        let mut open: Vec<SecurityId> = held.chain(self.positions.securities_short()).collect();
        open.sort_unstable();
        open.dedup();
        open.retain(|option| {
            self.class(*option) == Class::Option && self.underlying(*option) == Some(underlying)
        });
        if !open.is_empty() {
            let became = |id| {
                let trade = self.history.trade(id);
                let turns = matches!(trade.action, Action::Rename | Action::Merger);
                turns.then_some(trade.rest().rarest().new_security)?
            };
            let today: Vec<SecurityId> = self.nearby(self.today, 0).filter_map(became).collect();
            open.retain(|option| !today.contains(option));
        }
        open
    }

    pub(super) fn right(&self, security: SecurityId) -> Option<Right> {
        self.history.security(security).contract.as_ref()?.right
    }

    pub(super) fn open(&mut self, id: TradeId) -> Result<(), Halt> {
        match self.trade(id).quantity() {
            Some(quantity) if quantity.is_sign_negative() => self.open_short(id),
            _ => self.buy(id),
        }
    }

    pub(super) fn close(&mut self, id: TradeId) -> Result<(), Halt> {
        match self.trade(id).quantity() {
            Some(quantity) if quantity.is_sign_negative() => self.cover(id),
            _ => self.sell(id),
        }
    }

    /// The units a row names, or all of the position, and whether the position is short.
    fn position(&self, trade: &Trade) -> Result<(Quantity, bool), Halt> {
        let holding = (trade.account, trade.security);
        let (held, short) = (self.ledger.held(holding), self.positions.short(holding));
        let is_short = held.is_zero() && !short.is_zero();
        match trade.quantity() {
            Some(quantity) => Ok((Quantity::new(quantity.abs())?, is_short)),
            None if is_short => Ok((short, true)),
            None if held.is_zero() => Err(Problem::at(
                trade.source,
                format!(
                    "{} of {}, but no position is open in {}",
                    trade.action.word(),
                    self.symbol(trade.security),
                    self.history.account(trade.account).name
                ),
            )
            .help("open the position first (`bto`, `sto`), or check symbol and account")
            .into()),
            None => Ok((held, false)),
        }
    }

    /// Expired: sold, or bought back, for nothing (Pub. 550, table 4-3). Without a quantity both sides are.
    pub(super) fn expire(&mut self, id: TradeId) -> Result<(), Halt> {
        let trade = self.trade(id);
        let holding = (trade.account, trade.security);
        let (held, short) = (self.ledger.held(holding), self.positions.short(holding));
        self.settle(id, Money::ZERO)?;
        if trade.quantity().is_none() && !held.is_zero() && !short.is_zero() {
            self.settle(id, Money::ZERO)?;
        }
        Ok(())
    }

    pub(super) fn cash_settle(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let (quantity, is_short) = self.position(row.trade)?;
        let gross = match row.total()? {
            Some(total) => super::value::absolute(total),
            None => {
                let value = row.at_price(quantity)?;
                if is_short {
                    value.plus(row.fee()?)?
                } else {
                    value.minus(row.fee()?)?
                }
            }
        };
        self.settle(id, gross)
    }

    fn settle(&mut self, id: TradeId, amount: Money) -> Result<(), Halt> {
        let row = self.valued(id);
        let (quantity, is_short) = self.position(row.trade)?;
        let holding = (row.trade.account, row.trade.security);
        if is_short {
            return self.close_short(id, holding, quantity, amount, Match::Short);
        }
        let sale = self.sale(&row, id, quantity, amount);
        let is_right = self.law.is_us() && self.class(holding.1) == Class::Right;
        if amount.is_zero() && (is_right || self.put_on(holding).is_some()) {
            return self.lapse(&sale);
        }
        if quantity == self.ledger.held(holding) {
            return self.dispose_by_method(&sale);
        }
        self.dispose(&sale)
    }

    /// Rights that were distributed on stock and expire are no loss and have no basis: what was allocated to them goes
    /// back to the stock (26 USC 307; 26 CFR 1.307-1(a)). What a married put cost joins the stock that it was bought with
    /// (26 USC 1233(c)). Other rights and puts end like any option.
    fn lapse(&mut self, sale: &Sale<'_>) -> Result<(), Halt> {
        let mut slices = if sale.quantity == self.ledger.held(sale.holding) {
            self.identify_by_method(sale)?
        } else {
            self.identify(sale)?
        };
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        let mut bought = Vec::new();
        let mut units = Quantity::ZERO;
        for slice in slices {
            if let Some(rest) = self.give_back(sale.holding, slice)? {
                units = units.plus(rest.quantity)?;
                bought.push(rest);
            }
        }
        if bought.is_empty() {
            return Ok(());
        }
        let rest = Sale {
            quantity: units,
            ..*sale
        };
        self.realize_and_defer(&rest, &mut bought)
    }

    /// Gives the basis of a slice to the lots that it belongs to, by units; what of the slice belongs to none that is held.
    fn give_back(&mut self, holding: Holding, slice: Slice) -> Result<Option<Slice>, Halt> {
        let lots = if self.married(slice.purchase) {
            self.bought_with(holding, slice.purchase)
        } else {
            self.split_off_from(slice.purchase)
        };
        let mut held = Quantity::ZERO;
        for lot in &lots {
            held = held.plus(self.ledger.lot(*lot).parcel.left())?;
        }
        if held.is_zero() {
            return Ok(Some(slice));
        }
        let covered = match self.put_on(holding) {
            Some(_) => held.share(Quantity::ONE, self.deliverable(holding.1)?)?,
            None => slice.quantity,
        };
        if covered < slice.quantity {
            let [own, rest] = self.divide_slice(slice, covered)?;
            self.spread_slice(&own, lots, held)?;
            return Ok(Some(rest));
        }
        self.spread_slice(&slice, lots, held)?;
        Ok(None)
    }

    /// The lots from which the units of a purchase were split off, as far as they are held.
    fn split_off_from(&self, purchase: PurchaseId) -> Vec<LotId> {
        let purchase = self.ledger.purchase(purchase);
        let (order, came_with) = (purchase.order, self.history.trade(purchase.opened_by));
        if came_with.action != Action::SpinOff {
            return Vec::new();
        }
        let mut lots = Vec::new();
        for name in self.wash.same_as(came_with.security) {
            for account in self.ledger.holders(name) {
                lots.extend(self.ledger.lots_of((account, name)));
            }
        }
        // A lot split off keeps the order of the purchase it came from.
        lots.retain(|lot| self.ledger.purchase_of(*lot).order == order);
        lots
    }

    /// The lots of stock that were bought in the account on the day of a put on it, as far as they are held.
    fn bought_with(&self, (account, put): Holding, purchase: PurchaseId) -> Vec<LotId> {
        let day = self.ledger.purchase(purchase).acquired;
        let stock = self.underlying(put).map(|stock| (account, stock));
        stock.map_or_else(Vec::new, |stock| self.ledger.lots_of_day(stock, day))
    }

    /// Adds the basis of a slice to that of lots of `held` units together.
    fn spread_slice(
        &mut self,
        slice: &Slice,
        lots: Vec<LotId>,
        held: Quantity,
    ) -> Result<(), Halt> {
        let places = self.ledger.places();
        let for_loss = slice.gift.map_or(slice.part, |(value, _)| value);
        let mut basis = Parcel::from_part(held, slice.part, places);
        let mut for_loss = Parcel::from_part(held, for_loss, places);
        for lot in lots {
            let units = self.ledger.lot(lot).parcel.left();
            let (part, for_loss) = (basis.take(units)?, for_loss.take(units)?);
            self.ledger.adjust_both(lot, part, for_loss)?;
        }
        Ok(())
    }

    /// The short sales that puts just taken out counted as, one for each slice (26 USC 1233(b)).
    pub(super) fn puts_closed(
        &mut self,
        holding: Holding,
        ended: &[Slice],
    ) -> Result<Vec<Shorted>, Halt> {
        let Some(underlying) = self.put_on(holding) else {
            return Ok(Vec::new());
        };
        let deliverable = self.deliverable(holding.1)?;
        let mut closed = Vec::with_capacity(ended.len());
        for slice in ended {
            let units = slice.quantity.share(deliverable, Quantity::ONE)?;
            let bought = self.ledger.purchase(slice.purchase).acquired;
            let short = self.end_short_sale(By::Put(slice.purchase), units)?;
            closed.push(short.unwrap_or_else(|| Shorted::alone(bought, underlying, units)));
        }
        Ok(closed)
    }

    /// What a put of the taxpayer's is on, where it counts as a short sale of that.
    pub(super) fn put_on(&self, (account, put): Holding) -> Option<SecurityId> {
        let counts = self.law.is_us()
            && self.class(put) == Class::Option
            && self.right(put) == Some(Right::Put)
            && self.reported(account);
        counts.then(|| self.underlying(put)).flatten()
    }

    /// A put bought with the stock it is to sell is no short sale (26 USC 1233(c)).
    pub(super) fn married(&self, purchase: PurchaseId) -> bool {
        let bought = self.ledger.purchase(purchase).opened_by;
        self.history.trade(bought).tagged("married")
    }

    /// The holder exercises: a call's cost joins the cost of the shares, a put's comes off their proceeds; the option
    /// makes no row of its own (Pub. 550, table 4-3).
    pub(super) fn exercise(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let (quantity, is_short) = self.position(row.trade)?;
        if is_short {
            return Err(Problem::at(
                row.trade.source,
                "only a holder can exercise; a written option is assigned",
            )
            .help("use the action `assign`")
            .into());
        }
        let leg = self.share_leg(&row, quantity)?;
        let holding = (row.trade.account, row.trade.security);
        let mut sale = self.sale(&row, id, quantity, Money::ZERO);
        let [contracts, delivered] = self.chosen_on_exercise(&sale, &leg)?;
        sale.choice = contracts.as_deref();
        let mut slices = self.identify(&sale)?;
        self.ledger.take_from_pool(holding, &mut slices)?;
        let closes = self.puts_closed(holding, &slices)?;
        let fee = row.fee()?;
        let mut premium = Money::ZERO;
        for slice in &slices {
            premium = premium.plus(slice.part.amount)?;
        }
        self.conservation.basis_gone = self.conservation.basis_gone.plus(premium)?;
        if leg.right == Right::Call {
            let strike = leg.value.plus(fee)?;
            return self.call_shares(id, holding, &leg, (quantity, strike), &slices);
        }
        for slice in &slices {
            self.ledger.trail.premium(slice.trail, true);
        }
        let proceeds = leg.value.minus(premium.plus(fee)?)?;
        let choice = delivered.as_deref();
        self.sell_shares(id, row.trade, &leg, (proceeds, choice), &closes)
    }

    /// The shares of an exercised call or right: each slice of the contracts brings its share of them, at its share of the
    /// strike and what it cost itself.
    fn call_shares(
        &mut self,
        id: TradeId,
        holding: Holding,
        leg: &ShareLeg,
        (contracts, strike): (Quantity, Money),
        slices: &[Slice],
    ) -> Result<(), Halt> {
        let mut spent = Parcel::new(contracts, strike, self.ledger.places())?;
        for slice in slices {
            let price = spent.take(slice.quantity)?;
            let cost = price.amount.plus(slice.part.amount)?;
            let shares = leg.quantity.share(slice.quantity, contracts)?;
            let into = (holding.0, leg.shares);
            let (shares, cost) = self.cover_first(id, into, shares, cost)?;
            if shares.is_zero() {
                continue;
            }
            let option = self.ledger.purchase(slice.purchase);
            // Days taken over from a loss that the option replaced go on to the shares (26 USC 1223(3)).
            let tacked = option.acquired.days_since(slice.held_from);
            // A stock right's shares are held from the exercise date itself (26 USC 1223(5)).
            let first = if self.class(holding.1) == Class::Right {
                -1
            } else {
                0
            };
            let held_from = self.today.plus(first - tacked);
            let lot = self.enter(
                id,
                holding.0,
                leg.shares,
                shares,
                cost,
                held_from,
                Manner::Purchase,
            )?;
            self.ledger.trail.premium(slice.trail, false);
            let trail = self.ledger.lot(lot).trail;
            self.ledger.trail.include_premiums(trail)?;
            if slice.used {
                self.ledger.set_used(lot, true);
            }
            self.replaces(lot)?;
        }
        Ok(())
    }

    /// The lots that an exercise chooses among the contracts, and among the shares that a put delivers: each name goes
    /// where it means a lot.
    fn chosen_on_exercise(
        &mut self,
        sale: &Sale<'_>,
        leg: &ShareLeg,
    ) -> Result<[Option<String>; 2], Halt> {
        let Some(choice) = sale.choice else {
            return Ok([None, None]);
        };
        if leg.right == Right::Call {
            return Ok([Some(choice.to_owned()), None]);
        }
        let shares = Sale {
            holding: (sale.holding.0, leg.shares),
            ..*sale
        };
        let mut chosen = [Vec::new(), Vec::new()];
        let texts = choice.split(';').map(str::trim);
        for text in texts.filter(|text| !text.is_empty()) {
            let (name, _) = self.named_lot(sale, text)?;
            let of_contracts = self.lots_named(sale, name).is_ok();
            if of_contracts {
                chosen[0].push(text);
            }
            // What is neither is told as no lot of the shares.
            if !of_contracts || self.lots_named(&shares, name).is_ok() {
                chosen[1].push(text);
            }
        }
        Ok(chosen.map(|names| (!names.is_empty()).then(|| names.join(";"))))
    }

    /// The writer is assigned: a call's premium joins the proceeds of the shares, a put's comes off their cost.
    pub(super) fn assign(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let (quantity, _) = self.position(row.trade)?;
        let leg = self.share_leg(&row, quantity)?;
        let holding = (row.trade.account, row.trade.security);
        let premium = match self.law.written {
            // The premium stays where it was: a result of its own, beside shares at the strike.
            Written::GrantStays { .. } => {
                self.close_short(id, holding, quantity, Money::ZERO, Match::Short)?;
                Money::ZERO
            }
            Written::Close | Written::GrantRevised | Written::GrantThenClose => {
                self.take_premium(id, holding, quantity, leg.right == Right::Put)?
            }
        };
        let fee = row.fee()?;
        match leg.right {
            Right::Call => {
                let proceeds = leg.value.plus(premium)?.minus(fee)?;
                let choice = row.trade.rest().rarest().lot.as_deref();
                self.sell_shares(id, row.trade, &leg, (proceeds, choice), &[])
            }
            Right::Put => {
                let cost = leg.value.minus(premium)?.plus(fee)?;
                let into = (holding.0, leg.shares);
                let (shares, cost) = self.cover_first(id, into, leg.quantity, cost)?;
                if shares.is_zero() {
                    return Ok(());
                }
                let lot = self.enter(
                    id,
                    holding.0,
                    leg.shares,
                    shares,
                    cost,
                    self.today,
                    Manner::Purchase,
                )?;
                let trail = self.ledger.lot(lot).trail;
                self.ledger.trail.include_premiums(trail)?;
                self.replaces(lot)
            }
        }
    }

    fn sell_shares(
        &mut self,
        id: TradeId,
        trade: &Trade,
        leg: &ShareLeg,
        (proceeds, choice): (Money, Option<&str>),
        closes: &[Shorted],
    ) -> Result<(), Halt> {
        let sale = Sale {
            closes,
            trade: id,
            holding: (trade.account, leg.shares),
            quantity: leg.quantity,
            proceeds,
            choice,
            matched: Match::Lot,
            only: None,
        };
        if self.rules.allow_short {
            return self.sell_or_go_short(&sale);
        }
        self.dispose(&sale)
    }

    fn share_leg(&self, row: &Valued<'_>, contracts: Quantity) -> Result<ShareLeg, Halt> {
        let trade = row.trade;
        let leg = self.terms.share_leg(self.history, trade, contracts)?;
        // As the rows write it: a share row beside this one says its price in the same currency.
        self.refuse_second_leg(trade, leg.shares, leg.quantity, leg.value)?;
        let value = row.in_report_currency(leg.value)?;
        Ok(ShareLeg { value, ..leg })
    }

    /// The share leg is made by the exercise itself; a share row of exactly its size and price nearby is the same leg
    /// written twice.
    fn refuse_second_leg(
        &self,
        trade: &Trade,
        shares: SecurityId,
        quantity: Quantity,
        paid: Money,
    ) -> Result<(), Halt> {
        let cost = |price: Decimal| Money::product(quantity, price).ok();
        let twin = self.nearby(trade.date, SHARE_LEG_DAYS).find(|other| {
            let other = self.history.trade(*other);
            other.security == shares
                && other.account == trade.account
                && matches!(other.action, Action::Buy | Action::Sell)
                && other.price().and_then(cost) == Some(paid)
                && other.quantity().and_then(|q| Quantity::new(q.abs()).ok()) == Some(quantity)
        });
        match twin {
            None => Ok(()),
            Some(twin) => Err(Problem::at(
                self.history.trade(twin).source,
                format!(
                    "share leg written twice: this row repeats the shares of the {} at {}",
                    trade.action.word(),
                    self.history.sources.text(trade.source)
                ),
            )
            .help("delete this row: `exercise` and `assign` buy or sell the shares themselves")
            .into()),
        }
    }

    /// A sale and repurchase at the price of that day: what section 1256(a)(1) does with contracts held at year end.
    pub(super) fn mark(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let trade = row.trade;
        for account in self.affected(trade) {
            let holding = (account, trade.security);
            let held = self.ledger.held(holding);
            if !held.is_zero() {
                self.refuse_partial_mark(trade, held)?;
                let value = row.at_price(held)?;
                let sale = Sale {
                    matched: Match::Mark,
                    choice: None,
                    holding,
                    ..self.sale(&row, id, held, value)
                };
                self.dispose_by_method(&sale)?;
                self.enter(
                    id,
                    account,
                    trade.security,
                    held,
                    value,
                    self.today,
                    Manner::Other,
                )?;
            }
        }
        for holding in self.accounts_short_affected(trade) {
            let short = self.positions.short(holding);
            self.refuse_partial_mark(trade, short)?;
            let value = row.at_price(short)?;
            self.close_short(id, holding, short, value, Match::Mark)?;
            self.sell_short(id, holding, short, value)?;
        }
        Ok(())
    }

    fn refuse_partial_mark(&self, trade: &Trade, held: Quantity) -> Result<(), Halt> {
        match trade
            .quantity()
            .map(|quantity| Quantity::new(quantity.abs()))
            .transpose()?
        {
            Some(quantity) if quantity != held => Err(Problem::at(
                trade.source,
                format!(
                    "the mark is for {quantity} of {} but {held} are held",
                    self.symbol(trade.security)
                ),
            )
            .help("a mark covers the whole position; leave `quantity` empty, or correct it")
            .into()),
            _ => Ok(()),
        }
    }

    /// Contracts under section 1256 that were carried into a later year without a mark: the error shows the row to add.
    pub(super) fn unfinished(&mut self) -> Result<(), Halt> {
        let Some(end) = self.rules.end else {
            return Ok(());
        };
        let year = self.law.tax_year.of(end);
        let lots = self
            .ledger
            .slots
            .lots
            .iter()
            .filter(|lot| !lot.parcel.left().is_zero());
        let long = lots.map(|lot| {
            (
                (lot.account, lot.security),
                lot.acquired,
                self.ledger.purchase(lot.purchase).opened_by,
            )
        });
        let late: Vec<(Holding, Date, TradeId)> = long
            .chain(self.shorts_opened())
            .filter(|((_, security), opened, trade)| {
                self.section_1256(*security) && self.marked_through(*opened, *trade) < year
            })
            .collect();
        for (holding, opened, trade) in late {
            let problem = self.unmarked(holding, opened, trade);
            self.problems.push(problem);
        }
        Ok(())
    }

    /// A sale of section 1256 contracts from an earlier year needs that year's mark first.
    pub(super) fn refuse_unmarked(&mut self, sale: &Sale<'_>) {
        if !self.section_1256(sale.holding.1) {
            return;
        }
        let year = self.law.tax_year.of(self.today);
        for lot in self.ledger.lots_of(sale.holding) {
            let (acquired, opened_by) = (
                self.ledger.lot(lot).acquired,
                self.ledger.purchase_of(lot).opened_by,
            );
            if self.marked_through(acquired, opened_by) < year {
                let problem = self.unmarked(sale.holding, acquired, opened_by);
                self.problems.push(problem);
                return;
            }
        }
    }

    /// The last tax year in which a contract opened (or marked) on a day needs no further mark.
    fn marked_through(&self, opened: Date, trade: TradeId) -> i32 {
        let year = self.law.tax_year.of(opened);
        if self.history.trade(trade).action == Action::Mark {
            year + 1
        } else {
            year
        }
    }

    /// The problem of a section 1256 contract held past a year end without a mark.
    pub(super) fn unmarked(&self, holding: Holding, opened: Date, trade: TradeId) -> Problem {
        let year = self.law.tax_year.of(opened);
        let last = self.law.tax_year.last_day(year).unwrap_or(opened);
        let symbol = self.symbol(holding.1);
        Problem::at(
            self.history.trade(trade).source,
            format!("{symbol} is a section 1256 contract held past {last} without a year-end mark"),
        )
        .help(format!("add its price on the last business day of {year} (columns date,action,symbol,price,account):"))
        .paste(format!("{last},mark,{symbol},PRICE,{}", self.history.account(holding.0).name))
    }

    /// A gain or loss from an amount alone, as venues report closed positions.
    pub(super) fn pnl(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        self.amount_row(id, total)
    }

    /// Funding joins the open position: paid funding raises what it cost (no authority; see DECISIONS).
    pub(super) fn funding(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        let holding = (row.trade.account, row.trade.security);
        if self.rules.funding_ordinary && self.class(holding.1) == Class::Perpetual {
            let source = row.trade.source;
            self.warn_once(
                "funding-ordinary",
                "funding of perpetuals is taken as ordinary income or expense: it stands in no capital line; report it elsewhere",
                source,
                true,
            );
            return Ok(());
        }
        if !self.positions.short(holding).is_zero() {
            return self.add_to_short(holding, total);
        }
        let held = self.ledger.held(holding);
        if held.is_zero() {
            return self.amount_row(id, total);
        }
        let paid = self.ledger.part(total.negated())?;
        self.conservation.basis_moved = self.conservation.basis_moved.plus(paid.amount)?;
        self.spread_over_lots(holding, held, paid)
    }

    fn amount_row(&mut self, id: TradeId, total: Money) -> Result<(), Halt> {
        let trade = self.trade(id);
        if !self.reported(trade.account) {
            return Ok(());
        }
        let printed = total.to_minor(self.ledger.places())?;
        let term = if self.section_1256(trade.security) {
            None
        } else {
            self.law
                .term_of(self.class(trade.security), self.today, self.today)
        };
        self.rows.push(Disposal {
            security: trade.security,
            account: trade.account,
            tax_year: self.tax_year(self.today),
            matched: Match::Amount,
            term,
            codes: Codes::NONE,
            quantity: Quantity::ZERO,
            acquired: None,
            held_from: None,
            disposed: self.today,
            proceeds: printed.max(0),
            cost: printed.min(0).saturating_neg(),
            adjustment: 0,
            provisional_until: None,
            lot: None,
            closed_by: id,
        });
        Ok(())
    }
}
