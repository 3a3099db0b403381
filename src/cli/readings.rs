//! The named readings of unsettled rules: which settings stand under a country's table, and their values. Known here
//! too, so that a misspelt one is shown with its line in the file.

/// A setting under a country's table.
pub struct Reading {
    /// The country.
    pub country: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its values, the default first.
    pub values: &'static [&'static str],
}

/// Every setting.
pub const READINGS: &[Reading] = &[
    us("wash_holding_period", &["union", "add", "date"]),
    us("older_lot_as_replacement", &["literal", "exclude"]),
    us("call_as_replacement", &["yes", "no"]),
    us("option_identity", &["contract", "underlying"]),
    us("spouse", &["basis", "lost"]),
    us("crypto_wash", &["no", "yes"]),
    us("transfer_fee", &["dispose", "basis", "ignore"]),
    us("1256_carryback", &["no", "yes"]),
];

const fn us(name: &'static str, values: &'static [&'static str]) -> Reading {
    Reading {
        country: "us",
        name,
        values,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::trade::History;

    fn accepted(name: &str, value: &str) -> bool {
        let mut settings = Settings::default();
        let key = ("us".to_owned(), name.to_owned());
        settings.readings.insert(key, value.to_owned());
        crate::compute(&History::default(), &settings).is_ok()
    }

    #[test]
    fn computing_knows_the_same_settings() {
        for reading in READINGS {
            for value in reading.values {
                assert!(accepted(reading.name, value), "{} {value}", reading.name);
            }
            assert!(!accepted(reading.name, "other"), "{}", reading.name);
        }
    }
}
