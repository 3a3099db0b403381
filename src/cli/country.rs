//! What the command line must know of a country before anything is computed: its methods, its keys for carried losses,
//! its currency and its tax year.

use crate::date::{TaxYear, YearLabel};
use crate::settings::Settings;
use crate::trade::History;

/// A country as the command line sees it.
pub struct Country {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The report's currency; `None` takes that of the rows.
    pub currency: Option<&'static str>,
    /// When the tax year begins and how it is written.
    pub tax_year: TaxYear,
    /// The methods it knows, its own first.
    pub methods: &'static [&'static str],
    /// The keys of `--carry-in`.
    pub carry_in: &'static [&'static str],
}

/// The country used where none is named.
pub const DEFAULT: &str = "us";

/// Every country.
pub const COUNTRIES: &[Country] = &[
    Country {
        code: "us",
        name: "United States",
        currency: Some("USD"),
        tax_year: TaxYear::CALENDAR,
        methods: &["fifo", "lifo", "hifo", "lofo", "average", "specific"],
        carry_in: &["short", "long"],
    },
    Country {
        code: "none",
        name: "matching only",
        currency: None,
        tax_year: TaxYear::CALENDAR,
        methods: &["fifo", "lifo", "hifo", "lofo", "average", "specific"],
        carry_in: &[],
    },
];

/// The country of this code.
pub fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code == code)
}

/// The methods to compare: `specific` only says that rows choose their lots, which they may under any method.
pub fn methods_of(country: &Country) -> Vec<&'static str> {
    let methods = country.methods.iter().copied();
    methods.filter(|method| *method != "specific").collect()
}

impl Country {
    /// The method in force.
    pub fn method<'s>(&self, settings: &'s Settings) -> &'s str
    where
        Self: 's,
    {
        let own = self.methods.first().copied().unwrap_or("fifo");
        settings.method.as_deref().unwrap_or(own)
    }

    /// The report's currency.
    pub fn currency<'h>(&self, history: &'h History) -> &'h str {
        let of_rows = || {
            let named = history
                .trades
                .iter()
                .find_map(|t| t.rest().currency.as_deref());
            named.unwrap_or("USD")
        };
        self.currency.unwrap_or_else(of_rows)
    }

    /// The tax year written like this, by the calendar year in which it begins.
    pub fn year_written(&self, text: &str) -> Option<i32> {
        let number: i32 = text.get(..4)?.parse().ok()?;
        let begins = match self.tax_year.label {
            YearLabel::Ends => number.saturating_sub(1),
            YearLabel::Begins | YearLabel::Span => number,
        };
        (self.tax_year.written(begins) == text).then_some(begins)
    }
}

/// Decimal places of a currency's minor unit (ISO 4217).
pub fn places(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}
