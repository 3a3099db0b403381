//! The words of the `action` column and what they mean.

use crate::trade::Action;

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The action.
    pub action: Action,
    /// A tag that the word carries.
    pub tag: Option<&'static str>,
    /// What decides where the word has two meanings.
    pub depends: Depends,
}

/// On what the meaning of a word may depend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depends {
    /// Nothing.
    No,
    /// Income in money is a dividend, income in an asset opens a lot.
    Income,
    /// A deposit or withdrawal of money has no effect, one of an asset is a transfer.
    Deposit,
}

/// Aliases, normalised, by action; the canonical words themselves come from [`Action::WORDS`].
const ALIASES: &[(Action, &[&str])] = &[
    (
        Action::Buy,
        &[
            "b",
            "bought",
            "purchase",
            "purchased",
            "bot",
            "marketbuy",
            "limitbuy",
            "reinvestshares",
            "advancedtradebuy",
            "youbought",
        ],
    ),
    (
        Action::Sell,
        &[
            "s",
            "sold",
            "sale",
            "sld",
            "marketsell",
            "limitsell",
            "advancedtradesell",
            "yousold",
        ],
    ),
    (
        Action::Short,
        &["sellshort", "soldshort", "shortsale", "shortsell"],
    ),
    (
        Action::Cover,
        &[
            "buytocover",
            "boughttocover",
            "buycover",
            "covershort",
            "shortcover",
        ],
    ),
    (Action::Open, &["opened"]),
    (Action::Close, &["closed"]),
    (Action::BuyToOpen, &["buytoopen", "boughttoopen", "buyopen"]),
    (
        Action::SellToOpen,
        &["selltoopen", "soldtoopen", "sellopen"],
    ),
    (
        Action::BuyToClose,
        &["buytoclose", "boughttoclose", "buyclose"],
    ),
    (
        Action::SellToClose,
        &["selltoclose", "soldtoclose", "sellclose"],
    ),
    (
        Action::Expire,
        &[
            "expired",
            "expiration",
            "expiry",
            "oexp",
            "ep",
            "optionexpiration",
            "optionexpired",
        ],
    ),
    (
        Action::Exercise,
        &["exercised", "oexcs", "optionexercise", "optionexercised"],
    ),
    (
        Action::Assign,
        &[
            "assigned",
            "assignment",
            "oasgn",
            "optionassigned",
            "optionassignment",
        ],
    ),
    (
        Action::Split,
        &[
            "stocksplit",
            "forwardsplit",
            "reversesplit",
            "forwardstocksplit",
            "reversestocksplit",
            "sharesplit",
            "spl",
            "spr",
            "consolidation",
        ],
    ),
    (
        Action::StockDividend,
        &[
            "bonus",
            "bonusissue",
            "bonusshares",
            "scrip",
            "scripdividend",
            "stockdivdist",
            "stockdiv",
        ],
    ),
    (Action::SpinOff, &["soff", "demerger"]),
    (
        Action::Merger,
        &[
            "stockmerger",
            "cashmerger",
            "cashandstockmerger",
            "tender",
            "tenderoffer",
        ],
    ),
    (
        Action::Rename,
        &[
            "renamed",
            "symbolchange",
            "namechange",
            "tickerchange",
            "isinchange",
            "conversion",
        ],
    ),
    (
        Action::ReturnOfCapital,
        &["roc", "nontaxabledistribution", "rocap"],
    ),
    (
        Action::BasisAdjust,
        &[
            "acbadjust",
            "basisadjustment",
            "ricgdist",
            "notionaldistribution",
            "eri",
            "superficialloss",
        ],
    ),
    (
        Action::Income,
        &[
            "reward",
            "rewards",
            "staking",
            "stakingreward",
            "stakingrewards",
            "mining",
            "airdrop",
            "fork",
            "hardfork",
            "interest",
            "earn",
            "cashback",
            "lending",
            "learningreward",
        ],
    ),
    (
        Action::Dividend,
        &[
            "div",
            "dividends",
            "cashdividend",
            "qualifieddividend",
            "nonqualifieddividend",
            "ordinarydividend",
            "interestoncash",
            "cdiv",
        ],
    ),
    (
        Action::Reinvest,
        &[
            "drip",
            "dividendreinvestment",
            "reinvestment",
            "dividendreinvest",
        ],
    ),
    (
        Action::Swap,
        &["convert", "cointocointrade", "cryptoexchange"],
    ),
    (
        Action::Spend,
        &["spent", "payment", "purchasewithcrypto", "cardspend"],
    ),
    (
        Action::Fee,
        &["fees", "networkfee", "gas", "gasfee", "accountfee"],
    ),
    (Action::Transfer, &["journal", "internaltransfer"]),
    (
        Action::TransferIn,
        &[
            "deposit",
            "deposited",
            "receive",
            "received",
            "acati",
            "deliveryinbound",
            "inbounddelivery",
        ],
    ),
    (
        Action::TransferOut,
        &[
            "withdraw",
            "withdrawal",
            "withdrawn",
            "send",
            "sent",
            "acato",
            "deliveryoutbound",
            "outbounddelivery",
        ],
    ),
    (
        Action::GiftIn,
        &["giftreceived", "spousein", "giftfromspouse"],
    ),
    (
        Action::GiftOut,
        &[
            "giftsent",
            "gift",
            "giftgiven",
            "donate",
            "donated",
            "donation",
            "charity",
            "spouseout",
            "giftspouse",
            "gifttospouse",
        ],
    ),
    (Action::Inherit, &["inherited", "inheritance"]),
    (Action::Lost, &["stolen", "theft", "loss", "writeoff"]),
    (
        Action::Opening,
        &[
            "openlot",
            "openingbalance",
            "initial",
            "startingposition",
            "openingposition",
            "openinglot",
        ],
    ),
    (
        Action::CashSettle,
        &[
            "cashsettled",
            "cashsettlement",
            "cashsettledassignment",
            "cashsettledexercise",
            "delivery",
        ],
    ),
    (Action::Mark, &["marktomarket", "mtm"]),
    (
        Action::Pnl,
        &[
            "realizedprofitandloss",
            "realisedprofitandloss",
            "realizedpnl",
            "realisedpnl",
            "closedpnl",
            "futurespnl",
            "profitandloss",
        ],
    ),
    (Action::Funding, &["fundingfee", "rollover"]),
    (
        Action::Cancel,
        &[
            "cancelled",
            "canceled",
            "bust",
            "correction",
            "buycancel",
            "sellcancel",
            "cancelbuy",
            "cancelsell",
        ],
    ),
    (
        Action::Ignore,
        &[
            "depositfiat",
            "withdrawalfiat",
            "withdrawfiat",
            "fiatdeposit",
            "fiatwithdrawal",
            "sweep",
            "bal",
            "wire",
            "ach",
            "moneylink",
            "ignored",
        ],
    ),
];

/// Words that mean different things at different sources, with what they could be.
const AMBIGUOUS: &[(&str, &str)] = &[
    (
        "exchange",
        "`swap` (one asset for another), `buy`, `sell`, `rename` or `merger`",
    ),
    ("trade", "`buy`, `sell` or `swap`"),
    (
        "adjustment",
        "`basis_adjust`, `split`, `transfer_in`, `transfer_out`, `cancel` or `ignore`",
    ),
    (
        "distribution",
        "`dividend`, `return_of_capital`, `spinoff`, `stock_dividend` or `income`",
    ),
    ("reorganization", "`merger`, `spinoff`, `rename` or `split`"),
    ("reorganisation", "`merger`, `spinoff`, `rename` or `split`"),
    ("reorg", "`merger`, `spinoff`, `rename` or `split`"),
];

/// Why a word is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// It has several meanings: these.
    Ambiguous(&'static str),
    /// It is unknown; these are the nearest known words.
    Unknown(Vec<&'static str>),
}

/// Lower case without blanks, `_` and `-`.
pub fn normalised(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What a word means.
///
/// # Errors
/// [`Unclear`] where it is ambiguous or unknown.
pub fn meaning(word: &str) -> Result<Meaning, Unclear> {
    known(word).ok_or_else(|| {
        let word = normalised(word);
        match ambiguous(&word) {
            Some(could_be) => Unclear::Ambiguous(could_be),
            None => Unclear::Unknown(nearest(&word)),
        }
    })
}

/// What a word means, where it is known and means one thing.
pub fn known(word: &str) -> Option<Meaning> {
    let word = normalised(word);
    if ambiguous(&word).is_some() || word.is_empty() {
        return None;
    }
    let (_, action) = words().find(|(known, _)| normalised(known) == word)?;
    Some(Meaning {
        action,
        tag: tag(&word),
        depends: depends(&word, action),
    })
}

fn ambiguous(word: &str) -> Option<&'static str> {
    let found = AMBIGUOUS.iter().find(|(ambiguous, _)| *ambiguous == word);
    found.map(|(_, could_be)| *could_be)
}

fn words() -> impl Iterator<Item = (&'static str, Action)> {
    let canonical = Action::WORDS.iter().copied();
    canonical.chain(
        ALIASES
            .iter()
            .flat_map(|(action, aliases)| aliases.iter().map(|alias| (*alias, *action))),
    )
}

fn tag(word: &str) -> Option<&'static str> {
    match word {
        "spousein" | "spouseout" | "giftspouse" | "giftfromspouse" | "gifttospouse" => {
            Some("spouse")
        }
        "donate" | "donated" | "donation" | "charity" => Some("donate"),
        "eri" => Some("eri"),
        "tender" | "tenderoffer" => Some("tender"),
        "notionaldistribution" => Some("notional"),
        _ => None,
    }
}

fn depends(word: &str, action: Action) -> Depends {
    match action {
        Action::Income => Depends::Income,
        Action::TransferIn | Action::TransferOut
            if word.starts_with("deposit") || word.starts_with("withdraw") =>
        {
            Depends::Deposit
        }
        _ => Depends::No,
    }
}

/// Nothing longer is a mistyped word.
pub const LONGEST_WORD: usize = 64;

/// The canonical words and aliases nearest to an unknown word, at most three.
fn nearest(word: &str) -> Vec<&'static str> {
    // Comparing takes time by the product of both lengths, and a cell may be of any length.
    if word.len() > LONGEST_WORD {
        return Vec::new();
    }
    let allowed = if word.len() <= 4 { 1 } else { 2 };
    let mut near: Vec<(usize, &'static str)> = words()
        .map(|(known, _)| (strsim::osa_distance(&normalised(known), word), known))
        .filter(|(distance, known)| {
            *distance <= allowed
                && (known.len() > 3 || Action::WORDS.iter().any(|(w, _)| w == known))
                && word.len() > 1
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(word: &str) -> Option<Action> {
        meaning(word).ok().map(|m| m.action)
    }

    #[test]
    fn words_are_known_in_any_case_and_spelling() {
        for (word, expected) in [
            ("BUY", Action::Buy),
            ("Buy to Open", Action::BuyToOpen),
            ("buy_to_cover", Action::Cover),
            ("STC", Action::SellToClose),
            ("Reverse-Split", Action::Split),
            ("Return of Capital", Action::ReturnOfCapital),
            ("spin-off", Action::SpinOff),
            ("Transfer In", Action::TransferIn),
            ("Write-off", Action::Lost),
            ("interest on cash", Action::Dividend),
        ] {
            assert_eq!(action(word), Some(expected), "{word}");
        }
    }

    #[test]
    fn no_word_has_two_meanings() {
        let mut all: Vec<(String, Action)> = words().map(|(w, a)| (normalised(w), a)).collect();
        all.sort();
        all.dedup();
        assert!(all.windows(2).all(|pair| pair[0].0 != pair[1].0));
        assert!(
            AMBIGUOUS
                .iter()
                .all(|(word, _)| all.iter().all(|(known, _)| known != word))
        );
    }

    #[test]
    fn unclear_words_say_what_they_could_be() {
        assert!(
            matches!(meaning("Exchange"), Err(Unclear::Ambiguous(text)) if text.contains("swap"))
        );
        assert_eq!(meaning("sel"), Err(Unclear::Unknown(vec!["sell"])));
        assert_eq!(meaning("by"), Err(Unclear::Unknown(vec!["buy"])));
        assert_eq!(meaning("bu"), Err(Unclear::Unknown(vec!["buy"])));
        assert_eq!(meaning("frobnicate"), Err(Unclear::Unknown(vec![])));
    }

    #[test]
    fn words_may_carry_a_tag() {
        assert_eq!(
            meaning("spouse_in").ok().and_then(|m| m.tag),
            Some("spouse")
        );
        assert_eq!(
            meaning("donate").ok().map(|m| (m.action, m.tag)),
            Some((Action::GiftOut, Some("donate")))
        );
    }
}
