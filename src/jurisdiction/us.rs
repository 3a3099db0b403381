//! United States: federal income tax of individuals, capital assets, calendar year.

use std::sync::OnceLock;

use super::{Jurisdiction, Parameters, TermTest};
use crate::date::TaxYear;
use crate::method::{AVERAGE, FIFO, HIFO, LIFO, LOFO, SPECIFIC};

/// United States.
pub static US: Jurisdiction = Jurisdiction {
    code: "us",
    name: "United States",
    currency: "USD",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    // FIFO unless identified (26 CFR 1.1012-1(c)(1)); the others are standing orders of identification.
    methods: &[&FIFO, &LIFO, &HIFO, &LOFO, &AVERAGE, &SPECIFIC],
    term: TermTest::MoreThanOneYear,
    parameters,
    net: crate::netting::us::net,
};

fn parameters() -> &'static Parameters {
    static PARAMETERS: OnceLock<Parameters> = OnceLock::new();
    PARAMETERS.get_or_init(|| {
        #[expect(
            clippy::expect_used,
            reason = "the file is part of the program and read by a test"
        )]
        toml::from_str(include_str!("us.toml")).expect("us.toml is well formed")
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_parameter_file_is_read() {
        assert_eq!(
            super::parameters().value("loss_limit", 2025),
            Some(3000.into())
        );
        assert_eq!(super::parameters().value("loss_limit", 1970), None);
    }
}
