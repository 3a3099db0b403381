//! What can be checked of a row only when the classes of all securities are known: prices and fees below zero, and
//! totals against quantity x price.

use rust_decimal::Decimal;

use crate::diagnostic::{Problem, Warning};
use crate::import::columns::Column;
use crate::import::file::Shared;
use crate::source::Source;
use crate::trade::{Action, Class, Security, Trade};

/// Checks all trades.
pub fn check(shared: &mut Shared<'_>, securities: &[Security]) {
    if !shared.noted.owing {
        return;
    }
    let mut unexplained = Vec::new();
    let mut wrong = Vec::new();
    for trade in &mut shared.trades {
        let odd = trade.price().is_some_and(|p| p.is_sign_negative())
            || trade.fee().is_some_and(|f| f.is_sign_negative());
        if !odd && trade.rare().is_none() {
            continue;
        }
        let Some(security) = securities.get(trade.security.0 as usize) else {
            continue;
        };
        let rebates = shared.rebates.contains(&trade.source.file);
        match check_trade(trade, security, rebates) {
            Ok(Total::Agrees) => {}
            Ok(Total::FeeUnstated) => unexplained.push(trade.source),
            Err(fault) => wrong.push(*fault),
        }
    }
    for (column, problem) in wrong {
        let problem = in_cell(shared, column, problem);
        shared.problems.add(problem);
    }
    warn_of_unstated_fees(shared, unexplained);
}

/// What is wrong, and in which column.
type Fault = Box<(Column, Problem)>;

/// The problem with the cell of its column marked.
fn in_cell(shared: &Shared<'_>, column: Column, mut problem: Problem) -> Problem {
    if let Some(place) = &mut problem.place {
        let cells = shared.cells.get(&place.source.file);
        place.cell = cells
            .and_then(|cells| cells.iter().find(|(of, _)| *of == column))
            .and_then(|(_, cell)| *cell);
    }
    problem
}

enum Total {
    Agrees,
    /// It holds a cost that no fee column states.
    FeeUnstated,
}

/// `rebates`: whether the file says that a fee below zero is one.
fn check_trade(trade: &mut Trade, security: &Security, rebates: bool) -> Result<Total, Fault> {
    let may_be_negative = matches!(security.class, Class::Future | Class::Perpetual);
    if let Some(price) = trade
        .price()
        .filter(|p| p.is_sign_negative() && !may_be_negative)
    {
        let problem = Problem::at(
            trade.source,
            format!("the price of `{}` is below 0: {price}", security.symbol),
        )
        .help("write the price without minus; the action says whether money came or went");
        return Err(Box::new((Column::Price, problem)));
    }
    let Some(check) = Check::of(trade, security) else {
        return if rebates {
            Ok(Total::Agrees)
        } else {
            no_total(trade)
        };
    };
    let rebate = trade.fee().filter(|fee| fee.is_sign_negative());
    if let Some(fee) = rebate.filter(|_| !rebates) {
        if check.is_cost(trade.source, fee)? {
            trade.fee_is_cost();
        }
        return Ok(Total::Agrees);
    }
    let total = check.agrees(trade, security)?;
    if check.is_owed() {
        trade.total_is_owed();
    }
    Ok(total)
}

fn no_total(trade: &Trade) -> Result<Total, Fault> {
    match trade.fee().filter(|fee| fee.is_sign_negative()) {
        None => Ok(Total::Agrees),
        Some(fee) => Err(Box::new((Column::Fee, Problem::at(trade.source, format!("the fee is below 0: {fee}"))
            .note("some brokers write costs with a minus, others rebates")
            .help("write a cost without minus; for a rebate give the net amount in a `total` column as well")))),
    }
}

/// A total and what it should be.
struct Check {
    total: Decimal,
    gross: Decimal,
    fee: Decimal,
    /// Whether fees add to the total (a purchase) or are taken from it.
    adds: bool,
    tolerance: Decimal,
}

const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

impl Check {
    /// What can be checked of the trade: actions whose total is quantity x price and fees.
    fn of(trade: &Trade, security: &Security) -> Option<Self> {
        let rest = trade.rest();
        let (quantity, price, total) = (trade.quantity()?, trade.price()?, rest.total?);
        let adds = match trade.action {
            Action::Buy
            | Action::Cover
            | Action::BuyToOpen
            | Action::BuyToClose
            | Action::Reinvest => true,
            Action::Sell
            | Action::Short
            | Action::SellToOpen
            | Action::SellToClose
            | Action::Spend => false,
            Action::Open | Action::Close => !quantity.is_sign_negative(),
            _ => return None,
        };
        let in_kind = rest.rarest().fee_asset.is_some();
        let units = quantity.abs().checked_mul(security.multiplier())?;
        // An average price may have been rounded, though hardly to whole units of money.
        let half_a_step = Decimal::try_from_i128_with_scale(5, price.scale().max(2) + 1).ok()?;
        Some(Self {
            total: total.abs(),
            gross: units.checked_mul(price)?,
            fee: if in_kind {
                Decimal::ZERO
            } else {
                trade.fee().unwrap_or_default()
            },
            adds,
            tolerance: units.checked_mul(half_a_step)?.checked_add(CENT)?,
        })
    }

    fn expected(&self, fee: Decimal) -> Decimal {
        let expected = if self.adds {
            self.gross.checked_add(fee)
        } else {
            self.gross.checked_sub(fee)
        };
        expected.unwrap_or(self.gross)
    }

    fn fits(&self, expected: Decimal, tolerance: Decimal) -> bool {
        let difference = expected.checked_sub(self.total).map(|d| d.abs());
        difference.is_some_and(|difference| difference <= tolerance)
            || expected
                .checked_add(self.total)
                .is_some_and(|sum| sum.abs() <= tolerance)
    }

    /// Whether the fees of a sale took more than the units brought: its total, read as a size, is then below zero.
    fn is_owed(&self) -> bool {
        !self.adds && self.expected(self.fee).is_sign_negative() && !self.total.is_zero()
    }

    /// A fee below zero is a cost or a rebate: whichever alone fits the total.
    fn is_cost(&self, source: Source, fee: Decimal) -> Result<bool, Fault> {
        let cost = self.fits(self.expected(fee.abs()), CENT);
        let rebate = self.fits(self.expected(fee), CENT);
        match (cost, rebate) {
            (true, false) => Ok(true),
            (false, true) => Ok(false),
            _ => Err(Box::new((Column::Fee, Problem::at(source, format!("the fee is below 0 ({fee}), and the total {} does not tell a cost from a rebate", self.total))
                .note(format!("as a cost the total would be {}, as a rebate {}", self.expected(fee.abs()).normalize(), self.expected(fee).normalize()))
                .help("write a cost without minus")))),
        }
    }

    fn agrees(&self, trade: &Trade, security: &Security) -> Result<Total, Fault> {
        let expected = self.expected(self.fee);
        if self.fits(expected, self.tolerance) {
            return Ok(Total::Agrees);
        }
        // Where no fee is stated, a small difference in the direction of a cost is one.
        let cost = if self.adds {
            self.total.checked_sub(expected)
        } else {
            expected.checked_sub(self.total)
        };
        let small = self.gross.checked_div(Decimal::TEN).unwrap_or_default();
        let in_kind = trade.rest().rarest().fee_asset.is_some();
        if (trade.fee().is_none() || in_kind)
            && cost.is_some_and(|cost| cost.is_sign_positive() && cost <= small)
        {
            return Ok(Total::FeeUnstated);
        }
        Err(Box::new((
            Column::Total,
            self.contradiction(trade, security, expected),
        )))
    }

    fn contradiction(&self, trade: &Trade, security: &Security, expected: Decimal) -> Problem {
        let multiplier = security.multiplier();
        let times = if multiplier == Decimal::ONE {
            String::new()
        } else {
            format!(" x {}", multiplier.normalize())
        };
        let sign = if self.adds { '+' } else { '-' };
        let problem = Problem::at(
            trade.source,
            format!(
                "the total {} does not fit quantity, price and fee",
                self.total
            ),
        )
        .note(format!(
            "{} x {}{times} {sign} {} = {}",
            trade.quantity().unwrap_or_default().abs(),
            trade.price().unwrap_or_default(),
            self.fee,
            expected.normalize()
        ));
        let hundredfold = |small: Decimal, large: Decimal| {
            small.checked_mul(Decimal::ONE_HUNDRED).is_some_and(|s| {
                s.checked_sub(large).is_some_and(|d| {
                    d.abs()
                        <= self
                            .tolerance
                            .max(large.checked_div(Decimal::ONE_HUNDRED).unwrap_or_default())
                })
            })
        };
        if hundredfold(self.total, self.gross) || hundredfold(self.gross, self.total) {
            problem.help(hundred(security.class))
        } else {
            problem.help("`total` is the net cash of the row: cost with fees, or proceeds less fees; correct it, or leave it out")
        }
    }
}

/// Where a factor of a hundred comes from.
fn hundred(class: Class) -> &'static str {
    match class {
        Class::Option | Class::IndexOption => {
            "they differ by a factor of 100: the price of an option is per share, not per contract; a contract of another size needs a `multiplier`"
        }
        Class::Bond => {
            "they differ by a factor of 100: give a bond's price per 1 of face value, not per 100"
        }
        _ => {
            "they differ by a factor of 100: is the price in pence (currency `GBX`), or is it an option (class `option`)?"
        }
    }
}

fn warn_of_unstated_fees(shared: &mut Shared<'_>, at: Vec<Source>) {
    if at.is_empty() {
        return;
    }
    let rows = at.len();
    shared.warnings.push(Warning {
        code: "fee-in-total",
        message: format!(
            "the total of {rows} {} differs from quantity x price though no fee is given; the difference is taken for a fee",
            if rows == 1 { "row" } else { "rows" },
        ),
        at,
        needs_user: false,
    });
}
