//! Lots that a row names for its sale.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::Halt;
use super::dispose::Sale;
use super::fold::Fold;
use super::ledger::{Holding, Ledger, Slice};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::lot::{LotId, PurchaseId};
use crate::money::Quantity;
use crate::trade::History;

/// Purchases by the names that their rows give them.
#[derive(Debug, Default)]
pub struct Named<'a> {
    of: FxHashMap<&'a str, Vec<PurchaseId>>,
    /// How many purchases have been looked at.
    seen: usize,
}

impl<'a> Named<'a> {
    /// Looks at the purchases that came in since.
    fn update(&mut self, history: &'a History, ledger: &Ledger) {
        let purchases = ledger.purchases.get(self.seen..).unwrap_or_default();
        for (id, purchase) in (self.seen..).zip(purchases) {
            let opened = history.trade(purchase.opened_by);
            let name = opened.rest().rarest().lot.as_deref();
            if let (Some(name), true) = (name, opened.action.names_lots()) {
                self.of.entry(name).or_default().push(PurchaseId(id as u32));
            }
        }
        self.seen = ledger.purchases.len();
    }
}

impl Fold<'_> {
    /// Takes the units that the row names, in its order.
    pub(super) fn chosen(
        &mut self,
        sale: &Sale<'_>,
        choice: &str,
        mut wanted: Quantity,
    ) -> Result<Vec<Slice>, Halt> {
        let mut slices = Vec::new();
        for name in choice
            .split(';')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let (name, limit) = self.named_lot(sale, name)?;
            let lots = self.lots_named(sale, name)?;
            let mut limit = limit.unwrap_or(wanted).min(wanted);
            for lot in lots {
                if limit.is_zero() {
                    break;
                }
                let slice = self.ledger.take(lot, limit)?;
                limit = limit.minus(slice.quantity)?;
                wanted = wanted.minus(slice.quantity)?;
                slices.push(slice);
            }
        }
        if !wanted.is_zero() {
            return Err(self.choice_too_small(sale, choice, wanted));
        }
        Ok(slices)
    }

    /// `name` or `name:quantity`.
    pub(super) fn named_lot<'b>(
        &self,
        sale: &Sale<'_>,
        text: &'b str,
    ) -> Result<(&'b str, Option<Quantity>), Halt> {
        let Some((name, quantity)) = text.rsplit_once(':') else {
            return Ok((text, None));
        };
        let quantity = rust_decimal::Decimal::from_str_exact(quantity.trim())
            .ok()
            .filter(|quantity| quantity.is_sign_positive())
            .and_then(|quantity| Quantity::new(quantity).ok());
        match quantity {
            Some(quantity) => Ok((name.trim(), Some(quantity))),
            None => Err(Problem::at(
                self.history.trade(sale.trade).source,
                format!("`{text}` is no choice of a lot"),
            )
            .help("write `lot`, `lot;lot` or `lot:quantity;lot:quantity`; a lot is named by its name, its id or its purchase date")
            .into()),
        }
    }

    /// The lots of the holding that a name means: by own name, by id, or by the date if one purchase has it.
    pub(super) fn lots_named(&mut self, sale: &Sale<'_>, name: &str) -> Result<Vec<LotId>, Halt> {
        let (day, number) = name.rsplit_once('#').unwrap_or((name, ""));
        let id_day = day
            .rsplit_once('@')
            .filter(|(symbol, _)| *symbol == self.symbol(sale.holding.1))
            .map(|(_, day)| day);
        if let Some(day) = Date::parse_iso(id_day.unwrap_or(name)) {
            let lots = self.ledger.lots_of_day(sale.holding, day);
            if !lots.is_empty() {
                return self.of_one_purchase(sale, name, lots, id_day.and(number.parse().ok()));
            }
        }
        self.named.update(self.history, &self.ledger);
        let mut purchases = self.named.of.get(name).cloned().unwrap_or_default();
        purchases.sort_unstable_by_key(|id| (self.ledger.purchase(*id).acquired, *id));
        let lots = |id| self.ledger.lots_of_purchase(sale.holding, id);
        let named: Vec<LotId> = purchases.into_iter().flat_map(lots).collect();
        if named.is_empty() {
            Err(self.lot_unknown(sale, name, &self.ledger.lots_of(sale.holding)))
        } else {
            Ok(named)
        }
    }

    /// The lots of the purchase with this number, or of the only purchase among them.
    fn of_one_purchase(
        &self,
        sale: &Sale<'_>,
        name: &str,
        lots: Vec<LotId>,
        number: Option<u32>,
    ) -> Result<Vec<LotId>, Halt> {
        let numbered =
            |id: &LotId| number.is_none_or(|number| self.ledger.purchase_of(*id).number == number);
        let dated: Vec<LotId> = lots.iter().copied().filter(numbered).collect();
        let purchases: BTreeSet<_> = dated
            .iter()
            .map(|id| self.ledger.lot(*id).purchase)
            .collect();
        match purchases.len() {
            1 => Ok(dated),
            0 => Err(self.lot_unknown(sale, name, &self.ledger.lots_of(sale.holding))),
            n => Err(Problem::at(
                self.history.trade(sale.trade).source,
                format!(
                    "`{name}` means {n} lots of {} bought that day",
                    self.symbol(sale.holding.1)
                ),
            )
            .help(
                "name one of them: give the purchases names in the `lot` column, or use their ids",
            )
            .into()),
        }
    }

    pub(super) fn only_one_lot(&self, holding: Holding) -> bool {
        let lots = self.ledger.lots_of(holding);
        lots.windows(2)
            .all(|pair| self.ledger.lot(pair[0]).purchase == self.ledger.lot(pair[1]).purchase)
    }

    pub(super) fn choice_missing(&self, sale: &Sale<'_>) -> Halt {
        let lots = self.lot_list(&self.ledger.lots_of(sale.holding));
        Problem::at(
            self.history.trade(sale.trade).source,
            format!("this sale of {} names no lot, which the method `specific` needs", self.symbol(sale.holding.1)),
        )
        .note(format!("lots held: {lots}"))
        .help("name the lots in the `lot` column (`a`, `a;c`, `a:50;c:100`, or a purchase date), or choose another --method")
        .into()
    }

    fn choice_too_small(&self, sale: &Sale<'_>, choice: &str, missing: Quantity) -> Halt {
        let lots = self.lot_list(&self.ledger.lots_of(sale.holding));
        Problem::at(
            self.history.trade(sale.trade).source,
            format!(
                "the lots chosen (`{choice}`) are {missing} short of the {} {} sold",
                sale.quantity,
                self.symbol(sale.holding.1)
            ),
        )
        .note(format!("other lots held: {lots}"))
        .help("choose more lots, or correct the quantity")
        .into()
    }

    fn lot_unknown(&self, sale: &Sale<'_>, name: &str, lots: &[LotId]) -> Halt {
        let (account, symbol) = (
            &self.history.account(sale.holding.0).name,
            self.symbol(sale.holding.1),
        );
        Problem::at(
            self.history.trade(sale.trade).source,
            format!("no lot of {symbol} in {account} is called `{name}` or was bought on that day"),
        )
        .note(format!("lots held: {}", self.lot_list(lots)))
        .help("use a name from the `lot` column of a purchase, an id, or a purchase date")
        .into()
    }

    /// Up to eight lots by name, for messages.
    fn lot_list(&self, lots: &[LotId]) -> String {
        let mut names: Vec<String> = lots
            .iter()
            .take(8)
            .map(|id| {
                let (lot, purchase) = (self.ledger.lot(*id), self.ledger.purchase_of(*id));
                let opened = self.history.trade(purchase.opened_by);
                let own = opened
                    .rest()
                    .rarest()
                    .lot
                    .as_deref()
                    .filter(|_| opened.action.names_lots());
                let name = own.map_or_else(|| purchase.acquired.to_string(), str::to_owned);
                format!("{name} ({})", lot.parcel.left())
            })
            .collect();
        if names.is_empty() {
            return "none".to_owned();
        }
        if lots.len() > names.len() {
            names.push(format!("and {} more", lots.len() - names.len()));
        }
        names.join(", ")
    }
}
