//! The named readings of unsettled rules: which settings there are under a country's table, and their values.

/// A setting under a country's table.
pub struct Reading {
    /// The country.
    pub country: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its values, the default first.
    pub values: &'static [&'static str],
    /// How many of the values, from the first, are carried out; the others are refused until they are.
    pub ready: usize,
}

/// Every setting.
pub const READINGS: &[Reading] = &[
    us("wash_holding_period", &["union", "add", "date"]),
    us("wash_scope", &["taxpayer", "broker"]),
    us("older_lot_as_replacement", &["literal", "exclude"]),
    us("replacement_sold_before_the_loss", &["ignored", "literal"]),
    us("same_day_sequence", &["time, file order", "end-of-day"]),
    us("call_as_replacement", &["yes", "no"]),
    us("option_identity", &["same contract", "underlying"]),
    us("spouse", &["basis to spouse", "lost"]),
    us("crypto_wash", &["no", "yes"]),
    us("short_loss_date", &["trade date", "settlement"]),
    us("short_wash", &["warn", "literal"]),
    us("transfer_fee", &["dispose", "basis", "ignore"]),
    us("funding_of_perpetuals", &["into position", "ordinary"]),
    us("unhosted_wallets", &["each its own", "pooled"]),
    us("fills_of_one_order", &["one acquisition", "average"]),
    us("partial_wash_row", &["one row", "split"]),
    us("1256_carryback", &["no", "yes"]),
    us("rounding", &["cents", "dollars"]),
];

const fn us(name: &'static str, values: &'static [&'static str]) -> Reading {
    Reading {
        country: "us",
        name,
        values,
        ready: 1,
    }
}

/// The setting of this name.
pub fn find(country: &str, name: &str) -> Option<&'static Reading> {
    READINGS
        .iter()
        .find(|reading| reading.country == country && reading.name == name)
}

/// The names under a country's table.
pub fn names(country: &str) -> Vec<&'static str> {
    let names = READINGS.iter().filter(|reading| reading.country == country);
    let mut names: Vec<&str> = names.map(|reading| reading.name).collect();
    if country == "us" {
        names.push("taxable_income");
    }
    names
}

impl Reading {
    /// Whether a value is possible, and carried out.
    ///
    /// # Errors
    /// The message for the user.
    pub fn check(&self, value: &str) -> Result<(), String> {
        match self.values.iter().position(|known| *known == value) {
            Some(at) if at < self.ready => Ok(()),
            Some(_) => Err(format!("{} = \"{value}\" is not supported yet", self.name)),
            None => Err(format!(
                "`{value}` is not possible here; possible: {}",
                self.values.join(", ")
            )),
        }
    }
}
