//! The canonical columns, the names they go by, and which column of a file is which.

use crate::import::action::LONGEST_WORD;
use crate::import::number::is_unknown;
use crate::record::Record;

macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident $name:literal [$($alias:literal),*],)*) => {
        /// A column of the canonical CSV.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // each is the column of its name
        pub enum Column {
            $($(#[$doc])* $column,)*
        }

        impl Column {
            /// All columns: name and accepted aliases, normalised.
            pub const ALL: &[(Self, &str, &[&str])] = &[
                $((Self::$column, $name, &[$($alias),*]),)*
            ];
        }
    };
}

columns! {
    Date "date" ["tradedate", "transactiondate", "timestamp", "datetime", "dateutc", "createdat", "activitydate", "rundate", "executiondate"],
    /// Joined with the date; alone it is the date.
    Time "time" ["tradetime", "executiontime", "transactiontime"],
    Action "action" ["type", "side", "transactiontype", "activitytype", "transcode", "buysell", "operation", "activity"],
    Symbol "symbol" ["ticker", "security", "asset", "instrument", "code", "coin", "commodity", "stock"],
    Quantity "quantity" ["qty", "shares", "units", "size", "volume", "noofshares", "filled", "unitsqty", "quantitytransacted"],
    Price "price" ["unitprice", "pricepershare", "amountshare", "priceshare", "tradeprice", "avgprice", "rate", "spotprice"],
    Fee "fee" ["fees", "commission", "commissions", "brokerage", "charges", "feescomm", "ibcommission"],
    FeeCurrency "fee_currency" ["feeasset", "feecoin", "feecur", "commissioncurrency"],
    FeeValue "fee_value" ["feeamountusd", "feeworth"],
    Currency "currency" ["ccy", "cur", "currencyprimary", "pricecurrency", "quoteasset", "transactioncurrency"],
    Total "total" ["netamount", "value", "net", "totalamount", "netcash"],
    FxRate "fx_rate" ["exchangerate", "fxratetobase"],
    Account "account" ["wallet", "exchange", "location", "portfolio", "affiliate", "accountid"],
    ToAccount "to_account" ["receivingwallet", "destination"],
    Id "id" ["txid", "transactionid", "tradeid", "orderid", "txhash", "reference"],
    Lot "lot" ["lotid", "lots"],
    SettleDate "settle_date" ["settlementdate"],
    EffectiveDate "effective_date" [],
    Ratio "ratio" ["splitratio", "split"],
    NewSymbol "new_symbol" ["receivedasset", "tosymbol"],
    NewQuantity "new_quantity" ["receivedamount"],
    Fraction "fraction" ["basisshare", "allocation", "basispercent"],
    Basis "basis" ["costbasis", "totalcost", "adjustedcostbasis"],
    AcquiredDate "acquired_date" ["dateacquired", "opendate", "purchasedate"],
    Order "order" [],
    Underlying "underlying" ["rootsymbol"],
    Expiry "expiry" ["expirationdate", "exp", "expiration"],
    Strike "strike" ["strikeprice"],
    Right "right" ["callput", "putcall", "optiontype"],
    Multiplier "multiplier" ["contractsize"],
    Class "class" ["assetclass", "instrumenttype", "securitytype", "assetcategory"],
    Isin "isin" [],
    Cusip "cusip" [],
    Tag "tag" ["label"],
    Note "note" ["notes", "comment", "memo", "description"],
}

impl Column {
    /// The canonical name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .get(self as usize)
            .map_or("?", |(_, name, _)| name)
    }

    /// The column that a normalised header name means; `amount` is decided by the company it is in.
    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, canonical, aliases)| {
                let letters = canonical.bytes().filter(|byte| *byte != b'_');
                letters.eq(name.bytes()) || aliases.contains(&name)
            })
            .map(|(column, ..)| *column)
    }
}

/// Lower case, letters and digits only.
pub fn normalised(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// How many cells of a would-be header are known names.
pub fn known_names<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names
        .map(normalised)
        .filter(|name| name == "amount" || Column::named(name).is_some())
        .count()
}

const ABSENT: usize = usize::MAX;

/// Which cell of a row holds which column.
#[derive(Clone, Debug)]
pub struct Columns {
    at: [usize; Column::ALL.len()],
    /// The names as the file writes them, with the column each was taken for.
    pub names: Vec<(String, Option<Column>)>,
    /// The columns present that few rows fill, for a quick look at whether a row has any.
    pub rare: Vec<usize>,
}

/// Two columns of a file that claim one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The role.
    pub column: Column,
    /// The cells of both.
    pub cells: (usize, usize),
}

/// The columns that make up a plain trade.
const PLAIN: [Column; 8] = [
    Column::Date,
    Column::Time,
    Column::Action,
    Column::Symbol,
    Column::Quantity,
    Column::Price,
    Column::Fee,
    Column::Account,
];

/// A table with more columns is none of trades: names are not compared with so many.
const MOST_NAMES: usize = 1000;

impl Columns {
    /// Finds each column by its name.
    ///
    /// # Errors
    /// Every pair of columns that claim one role.
    pub fn find(names: Vec<String>) -> Result<Self, Vec<Clash>> {
        let mut columns = Self {
            at: [ABSENT; Column::ALL.len()],
            names: Vec::new(),
            rare: Vec::new(),
        };
        let keys: Vec<String> = names.iter().map(|name| normalised(name)).collect();
        let mut clashes = Vec::new();
        let mut found: Vec<Option<Column>> = vec![None; names.len()];
        for (cell, (key, meaning)) in keys.iter().zip(&mut found).enumerate() {
            *meaning = columns.meaning(key, &keys);
            let Some(column) = *meaning else { continue };
            match columns.cell(column) {
                // Free text is not computed with: a second such column does no harm.
                Some(_) if column == Column::Note => {}
                Some(first) => clashes.push(Clash {
                    column,
                    cells: (first, cell),
                }),
                None => columns.put(column, cell),
            }
        }
        columns.amount(&keys, &mut found, &mut clashes);
        if columns.cell(Column::Date).is_none() {
            columns.time_as_date(&mut found);
        }
        if !clashes.is_empty() {
            return Err(clashes);
        }
        columns.names = names.into_iter().zip(found).collect();
        columns.rare = Column::ALL
            .iter()
            .map(|(column, ..)| *column)
            .filter(|column| !PLAIN.contains(column) && *column != Column::Note)
            .filter_map(|column| columns.cell(column))
            .collect();
        Ok(columns)
    }

    fn meaning(&self, key: &str, keys: &[String]) -> Option<Column> {
        let other_date = || {
            keys.iter().any(|k| {
                k != "dateacquired" && (k == "time" || Column::named(k) == Some(Column::Date))
            })
        };
        match key {
            "amount" | "" => None,
            // The only date of a list of opening lots.
            "dateacquired" if !other_date() => Some(Column::Date),
            // An order's number is a row's id only where nothing better is.
            "orderid"
                if keys
                    .iter()
                    .any(|k| k != "orderid" && Column::named(k) == Some(Column::Id)) =>
            {
                Some(Column::Order)
            }
            _ => Column::named(key),
        }
    }

    /// `amount` is money where another column is the quantity, else the quantity.
    fn amount(&mut self, keys: &[String], found: &mut [Option<Column>], clashes: &mut Vec<Clash>) {
        let cells = keys.iter().zip(found).enumerate();
        for (cell, (_, meaning)) in cells.filter(|(_, (key, _))| *key == "amount") {
            let column = if self.cell(Column::Quantity).is_some() {
                Column::Total
            } else {
                Column::Quantity
            };
            *meaning = Some(column);
            match self.cell(column) {
                Some(first) => clashes.push(Clash {
                    column,
                    cells: (first, cell),
                }),
                None => self.put(column, cell),
            }
        }
    }

    fn time_as_date(&mut self, found: &mut [Option<Column>]) {
        if let Some(cell) = self.cell(Column::Time) {
            self.put(Column::Time, ABSENT);
            self.put(Column::Date, cell);
            if let Some(meaning) = found.get_mut(cell) {
                *meaning = Some(Column::Date);
            }
        }
    }

    fn put(&mut self, column: Column, cell: usize) {
        if let Some(at) = self.at.get_mut(column as usize) {
            *at = cell;
        }
    }

    #[inline]
    fn at(&self, column: Column) -> usize {
        self.at.get(column as usize).copied().unwrap_or(ABSENT)
    }

    /// The cell of a column, where the file has it.
    pub fn cell(&self, column: Column) -> Option<usize> {
        let cell = self.at(column);
        (cell != ABSENT).then_some(cell)
    }

    /// Whether the file has the column.
    pub fn has(&self, column: Column) -> bool {
        self.cell(column).is_some()
    }

    /// The bytes of a column in a row; empty where either is missing.
    #[inline]
    pub fn get<'a>(&self, column: Column, record: &'a Record, text: &'a [u8]) -> &'a [u8] {
        record.get(text, self.at(column))
    }

    /// The text of a column in a row, or `None` where it is empty or says "unknown".
    pub fn text<'a>(&self, column: Column, record: &'a Record, text: &'a [u8]) -> Option<&'a str> {
        let bytes = self.get(column, record, text);
        if bytes.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(bytes).unwrap_or("\u{fffd}").trim();
        (!is_unknown(text)).then_some(text)
    }

    /// Whether a row fills any column beyond a plain trade's.
    #[inline]
    pub fn has_rare(&self, record: &Record, text: &[u8]) -> bool {
        self.rare
            .iter()
            .any(|cell| !record.get(text, *cell).is_empty())
    }

    /// The name of a column as the file writes it.
    pub fn written(&self, column: Column) -> &str {
        self.cell(column)
            .and_then(|cell| self.names.get(cell))
            .map_or(column.name(), |(name, _)| name)
    }

    /// The canonical name of the column nearest to an unknown one.
    pub fn suggestion(&self, unknown: &str) -> Option<&'static str> {
        self.nearest(unknown).map(|(name, _)| name)
    }

    /// The column whose name, or a further name of it, is nearest to an unknown one within two mistakes; and that name.
    pub fn nearest(&self, unknown: &str) -> Option<(&'static str, &'static str)> {
        let key = normalised(unknown);
        if key.len() > LONGEST_WORD || self.names.len() > MOST_NAMES {
            return None;
        }
        let allowed = if key.len() <= 4 { 1 } else { 2 };
        Column::ALL
            .iter()
            .filter(|(column, ..)| !self.has(*column))
            .flat_map(|(_, name, aliases)| {
                std::iter::once((*name, *name)).chain(aliases.iter().map(|alias| (*alias, *name)))
            })
            .map(|(known, name)| {
                let distance = strsim::osa_distance(&known.replace('_', ""), &key);
                (distance, name, known)
            })
            .filter(|(distance, ..)| *distance <= allowed && key.len() > 2)
            .min()
            .map(|(_, name, known)| (name, known))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn find(header: &str) -> Result<Columns, Vec<Clash>> {
        Columns::find(header.split(',').map(str::to_owned).collect())
    }

    #[test]
    fn columns_are_found_by_any_name_in_any_order() {
        let columns =
            find("Amount / Share,Trade Date,TICKER,Transaction Type,No. of Shares,Fees & Comm")
                .unwrap();
        assert_eq!(columns.cell(Column::Price), Some(0));
        assert_eq!(columns.cell(Column::Date), Some(1));
        assert_eq!(columns.cell(Column::Quantity), Some(4));
        assert_eq!(columns.cell(Column::Fee), Some(5));
    }

    #[test]
    fn amount_is_money_beside_a_quantity_and_a_quantity_alone() {
        assert_eq!(
            find("date,symbol,amount,price")
                .unwrap()
                .cell(Column::Quantity),
            Some(2)
        );
        assert_eq!(
            find("date,symbol,amount,shares")
                .unwrap()
                .cell(Column::Total),
            Some(2)
        );
        assert_eq!(
            find("date,amount,shares,total").unwrap_err()[0].column,
            Column::Total
        );
    }

    #[test]
    fn time_joins_a_date_or_is_one() {
        let columns = find("time,symbol").unwrap();
        assert_eq!(
            (columns.cell(Column::Date), columns.cell(Column::Time)),
            (Some(0), None)
        );
        let columns = find("date,time,symbol").unwrap();
        assert_eq!(
            (columns.cell(Column::Date), columns.cell(Column::Time)),
            (Some(0), Some(1))
        );
    }

    #[test]
    fn no_name_means_two_columns_by_mistake() {
        let mut names: Vec<String> = Column::ALL
            .iter()
            .flat_map(|(_, name, aliases)| std::iter::once(*name).chain(aliases.iter().copied()))
            .map(normalised)
            .collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn misspelt_names_are_recognized() {
        let columns = find("date,symbol,fess,whatever").unwrap();
        assert_eq!(columns.suggestion("fess"), Some("fee"));
        assert_eq!(columns.nearest("Comission"), Some(("fee", "commission")));
        assert_eq!(columns.suggestion("whatever"), None);
        assert_eq!(columns.suggestion("mulitplier"), Some("multiplier"));
    }
}
