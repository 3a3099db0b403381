//! A byte string as a history: a country, a method, readings, then rows of every action over few names.

use std::fmt::Write as _;

use lossoffset::date::Date;
use lossoffset::import::{AccountSetting, ReadOptions};
use lossoffset::jurisdiction::JURISDICTIONS;
use lossoffset::settings::{FilingStatus, Settings};
use lossoffset::trade::{Action, Class};
use rust_decimal::Decimal;

const HEADER: &str = "date,action,symbol,quantity,price,fee,total,account,to_account,lot,order,ratio,new_symbol,\
new_quantity,fraction,basis,acquired_date,fee_currency,tag,effective_date";
const SYMBOLS: [&str; 8] = [
    "AAA",
    "BBB",
    "BTC",
    "FUND",
    "ETH",
    "AAA 240621C00050000",
    "SPX 240621P04000000",
    "ES",
];
const ACCOUNTS: [&str; 6] = ["", "", "main", "ira", "wallet", "spouse"];
const RATIOS: [&str; 7] = ["2:1", "1:3", "3:2", "1:10", "1.05:1", "1000000:1", "7:13"];
const EXTREMES: [&str; 16] = [
    "999999999999999",
    "1000000000000000",
    "100000000000000.01",
    "999999999999999999",
    "0.00000001",
    "0.333333333333333333",
    "1000000",
    "12345678.12345678",
    "999999999999",
    "79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "0",
    "-1",
    "-0.01",
    "1e12",
    "10000000000000000",
];
const TAGS: [&str; 6] = [
    "rights",
    "spouse",
    "notional",
    "eri",
    "capital-gain",
    "exempt-interest",
];

/// A history with the settings it is computed under.
pub struct Story {
    /// The rows, each with the line it had at first.
    rows: Vec<String>,
    /// How to read it.
    pub options: ReadOptions,
    /// How to compute it.
    pub settings: Settings,
}

impl Story {
    /// The file.
    pub fn csv(&self) -> String {
        let mut text = String::from(HEADER);
        for row in &self.rows {
            text.push('\n');
            text.push_str(row);
        }
        text
    }

    /// Without the rows on these lines of the file.
    pub fn remove(&mut self, lines: &[u32]) {
        let mut line = 1;
        self.rows.retain(|_| {
            line += 1;
            !lines.contains(&line)
        });
    }
}

/// Bytes handed out one after another; zeros when they are used up.
struct Bytes<'b>(std::slice::Iter<'b, u8>);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn of<'l, T: ?Sized>(&mut self, list: &[&'l T]) -> &'l T {
        list[usize::from(self.next()) % list.len()]
    }

    fn left(&self) -> bool {
        self.0.len() > 0
    }

    /// Mostly a small number.
    fn number(&mut self) -> String {
        match self.next() {
            byte @ 0..=199 => (byte % 25 + 1).to_string(),
            byte @ 200..=229 => format!("{}.{}", byte % 7, byte),
            byte => EXTREMES[usize::from(byte) % EXTREMES.len()].to_owned(),
        }
    }
}

/// Rows a history has at most; enough for every pair of actions to meet.
const MOST_ROWS: usize = 60;

/// The history of a byte string.
pub fn decoded(bytes: &[u8]) -> Story {
    let mut bytes = Bytes(bytes.iter());
    let settings = settings(&mut bytes);
    let mut day = Date::new(2023, 1, 2).expect("a day");
    let mut rows = Vec::new();
    while bytes.left() && rows.len() < MOST_ROWS {
        day = day.plus(match bytes.next() {
            byte @ 0..=199 => i32::from(byte % 12),
            byte => i32::from(byte) * 2 - 390,
        });
        rows.push(row(&mut bytes, day));
    }
    Story {
        rows,
        options: options(settings.jurisdiction.as_deref()),
        settings,
    }
}

fn options(country: Option<&str>) -> ReadOptions {
    let currency = JURISDICTIONS.iter().find(|law| Some(law.code) == country);
    let class = |name: &str, class| (name.to_owned(), class);
    let sheltered = AccountSetting {
        sheltered: true,
        ..AccountSetting::default()
    };
    let spouse = AccountSetting {
        owner: Some("spouse".into()),
        ..AccountSetting::default()
    };
    ReadOptions {
        currency: currency.map(|law| law.currency.to_owned()),
        symbol_classes: [
            class("BTC", Class::Crypto),
            class("ETH", Class::Crypto),
            class("FUND", Class::Fund),
            class("ES", Class::Future),
            class("SPX 240621P04000000", Class::IndexOption),
        ]
        .into(),
        accounts: [("ira".to_owned(), sheltered), ("spouse".to_owned(), spouse)].into(),
        ..ReadOptions::default()
    }
}

fn settings(bytes: &mut Bytes<'_>) -> Settings {
    // Half of all histories are American: most rules are there.
    let law = match bytes.next() {
        byte @ 0..=127 => JURISDICTIONS[usize::from(byte) % JURISDICTIONS.len()],
        _ => JURISDICTIONS[0],
    };
    let method = law
        .methods
        .get(usize::from(bytes.next()) % (law.methods.len() + 1));
    let flags = bytes.next();
    let carried = bytes.next();
    let carry_in = law.carry_in.iter().filter(|_| carried >= 128);
    let readings = law.readings.iter().map(|reading| {
        let value = bytes.of(reading.values);
        let key = (law.code.to_owned(), reading.name.to_owned());
        (key, value.to_owned())
    });
    Settings {
        jurisdiction: Some(law.code.to_owned()),
        method: method.map(|method| method.name.to_owned()),
        readings: readings.collect(),
        carry_in: carry_in
            .map(|key| ((*key).to_owned(), Decimal::from(u32::from(carried) * 97)))
            .collect(),
        taxable_income: (carried % 3 == 1).then(|| Decimal::from(i32::from(carried) * 50 - 4000)),
        filing_status: match carried % 8 {
            0 => FilingStatus::Joint,
            1 => FilingStatus::Separate,
            _ => FilingStatus::Single,
        },
        wash_sales: super::wash_sales(flags),
        allow_short: flags & 4 != 0,
        unknown_basis_zero: flags & 8 != 0,
        by_settlement: flags & 16 != 0,
        universal_before_2025: flags & 32 != 0,
        identical: if flags & 64 != 0 {
            vec![vec!["AAA".into(), "BBB".into()]]
        } else {
            Vec::new()
        },
        as_of: (flags & 128 != 0).then(|| Date::new(2024, 3, 1).expect("a day")),
        ..Settings::default()
    }
}

fn row(bytes: &mut Bytes<'_>, day: Date) -> String {
    let action = match bytes.next() {
        0..=79 => "buy",
        80..=150 => "sell",
        byte => Action::WORDS[usize::from(byte) % Action::WORDS.len()].0,
    };
    let symbol = match bytes.next() {
        byte @ 0..=127 => SYMBOLS[usize::from(byte) % 2],
        byte => SYMBOLS[usize::from(byte) % SYMBOLS.len()],
    };
    let account = bytes.of(&ACCOUNTS);
    let mut text = format!("{day},{action},{symbol}");
    // A set bit fills a column that the action does not ask for.
    let more = match bytes.next() {
        byte @ 0..=191 => byte & 1,
        byte => byte & 0x3f,
    };
    let mut cell = |wanted: bool, value: String| {
        let value = if wanted { value } else { String::new() };
        write!(text, ",{value}").expect("memory");
    };
    let is = |words: &[&str]| words.contains(&action);
    let amount_only = is(&[
        "return_of_capital",
        "basis_adjust",
        "dividend",
        "pnl",
        "funding",
    ]);
    let counted =
        !amount_only && !is(&["split", "spinoff", "merger", "rename", "mark", "worthless"]);
    let priced = counted
        && !is(&[
            "stock_dividend",
            "transfer",
            "transfer_in",
            "transfer_out",
            "expire",
            "exercise",
            "assign",
        ]);
    let new = is(&["spinoff", "merger", "rename", "swap"]);
    let came = is(&["transfer_in", "gift_in", "opening"]);
    cell(counted || more & 2 != 0, bytes.number());
    cell(priced || is(&["mark"]), bytes.number());
    cell(more & 1 != 0, bytes.number());
    cell(amount_only || more & 4 != 0, bytes.number());
    cell(true, account.to_owned());
    cell(is(&["transfer"]), bytes.of(&ACCOUNTS[2..]).to_owned());
    let lot = bytes.next();
    cell(more & 8 != 0, format!("L{}", lot % 5));
    cell(more & 16 != 0, format!("O{}", lot % 3));
    cell(
        is(&["split", "spinoff", "merger"]),
        bytes.of(&RATIOS).to_owned(),
    );
    cell(new, bytes.of(&SYMBOLS[..5]).to_owned());
    cell(is(&["swap"]), bytes.number());
    cell(is(&["spinoff"]), format!("0.{}", bytes.next()));
    cell(came, bytes.number());
    cell(came && lot & 64 != 0, "2022-05-06".to_owned());
    cell(
        more & 32 != 0 && symbol == "BTC",
        bytes.of(&["BTC", "ETH", "AAA"]).to_owned(),
    );
    cell(more & 2 != 0, bytes.of(&TAGS).to_owned());
    cell(
        is(&["basis_adjust"]) && lot & 32 != 0,
        day.plus(90).to_string(),
    );
    text
}
