//! Accounts whose name, or a column of the file, says that taxes do not look at them: they count as taxable until the
//! configuration says otherwise, and that is told.

use std::collections::BTreeMap;

use crate::diagnostic::{Warning, one_line};
use crate::import::file::Shared;
use crate::trade::Account;

/// Words for accounts in which sales are not taxed, in the countries whose brokers' files are read.
const SHELTERED: [&str; 22] = [
    "401A", "401K", "403B", "457B", "FHSA", "HSA", "IRA", "ISA", "JISA", "LIF", "LIRA", "LISA",
    "LRSP", "RDSP", "RESP", "ROTH", "RRIF", "RRSP", "SIPP", "SRRSP", "TFSA", "TSP",
];

/// The word of a text that names a sheltered account.
pub fn sheltered_word(text: &str) -> Option<&'static str> {
    // `401(k)` is written in several ways.
    let text = text.to_ascii_uppercase().replace(['(', ')'], "");
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| SHELTERED.iter().find(|known| **known == word).copied())
}

/// Says which accounts look sheltered and are counted as taxable. `said` has the kinds that files say.
pub fn warn(shared: &mut Shared<'_>, said: &BTreeMap<String, String>) {
    let unsettled = |account: &&Account| !shared.options.accounts.contains_key(&*account.name);
    let kind = |account: &Account| {
        let said = said
            .get(&*account.name)
            .and_then(|kind| sheltered_word(kind));
        said.or_else(|| sheltered_word(&account.name))
    };
    let accounts = shared.tables.accounts.iter().filter(unsettled);
    let found: Vec<(&str, &str)> = accounts
        .filter_map(|account| Some((&*account.name, kind(account)?)))
        .collect();
    if found.is_empty() {
        return;
    }
    let named: Vec<String> = found
        .iter()
        .map(|(name, kind)| format!("`{}` ({kind})", one_line(name)))
        .collect();
    let lines: Vec<String> = found
        .iter()
        .map(|(name, _)| {
            format!(
                "[accounts.{}]\nkind = \"sheltered\"",
                super::classes::key(name)
            )
        })
        .collect();
    let (names, counts) = match found.len() {
        1 => ("looks like a sheltered account", "counts"),
        _ => ("look like sheltered accounts", "count"),
    };
    let message = format!(
        "{} {names} and {counts} as taxable; where sales are not taxed, add to lossoffset.toml (else kind = \"taxable\"):\n{}",
        named.join(", "),
        lines.join("\n")
    );
    shared.warnings.push(Warning {
        code: "account-kind",
        message,
        at: Vec::new(),
        needs_user: true,
    });
}

#[cfg(test)]
mod tests {
    use super::sheltered_word;

    #[test]
    fn words_of_sheltered_accounts_are_found_and_parts_of_words_are_not() {
        for text in [
            "TFSA-1",
            "ira-1",
            "Roth IRA",
            "ROLLOVER IRA",
            "401(k)",
            "my 401k",
            "SIPP",
        ] {
            assert!(sheltered_word(text).is_some(), "{text}");
        }
        for text in [
            "main",
            "Non-registered",
            "mirage",
            "Individual",
            "Visa",
            "Kraken",
        ] {
            assert!(sheltered_word(text).is_none(), "{text}");
        }
    }
}
