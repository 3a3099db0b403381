//! What an action acts on, and what is refused or told where that is nothing, another number, or more than it reaches.

use super::super::Halt;
use super::super::fold::Fold;
use crate::diagnostic::Problem;
use crate::money::Quantity;
use crate::trade::{AccountId, SecurityId, Trade};

impl Fold<'_> {
    /// The units sold short that an action acts on.
    pub(in crate::matching) fn short_affected(&self, trade: &Trade) -> Result<Quantity, Halt> {
        let mut short = Quantity::ZERO;
        for holding in self.accounts_short_affected(trade) {
            short = short.plus(self.positions.short(holding))?;
        }
        Ok(short)
    }

    /// The accounts an action acts on and the units they hold in all.
    pub(in crate::matching) fn total_held(
        &self,
        trade: &Trade,
    ) -> Result<(Vec<AccountId>, Quantity), Halt> {
        let (accounts, held) = (self.affected(trade), self.units_affected(trade)?);
        if held.is_zero() {
            Err(self.nothing_held(trade))
        } else {
            Ok((accounts, held))
        }
    }

    /// The units that an action acts on.
    pub(in crate::matching) fn units_affected(&self, trade: &Trade) -> Result<Quantity, Halt> {
        let mut held = Quantity::ZERO;
        for account in self.affected(trade) {
            held = held.plus(self.ledger.held((account, trade.security)))?;
        }
        Ok(held)
    }

    /// An action on all units that says how many there are must say so rightly.
    pub(in crate::matching) fn refuse_part(
        &self,
        trade: &Trade,
        held: Quantity,
    ) -> Result<(), Halt> {
        let Some(given) = trade.quantity() else {
            return Ok(());
        };
        let given = Quantity::new(given.abs())?;
        if given == held {
            return Ok(());
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        Err(Problem::at(
            trade.source,
            format!("{word} of {given} {symbol}, but {held} are held"),
        )
        .help(format!("`{word}` is for all units; check the account, the date and the rows before, or leave `quantity` out; for a part of them write `sell`"))
        .into())
    }

    /// What a short owes by an action that is carried out on units held alone.
    pub(in crate::matching) fn warn_shorts_left(&mut self, trade: &Trade) {
        if self.accounts_short_affected(trade).is_empty() {
            return;
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        let message = format!(
            "{word} of {symbol}, of which some is sold short too: the short was left as it is; add what it owes by the {word} to the cost of the row that closes it"
        );
        self.warn_once("short-left", &message, trade.source, true);
    }

    /// Open options whose terms an action changes in a way that is not computed.
    pub(in crate::matching) fn warn_options_left(&mut self, trade: &Trade, why: &str) {
        if self.open_options_on(trade.security).is_empty() {
            return;
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        let message = format!(
            "options on {symbol} are open at its {word}: {why}, which is not computed; check what their exercise or assignment delivers"
        );
        self.warn_once("option-not-adjusted", &message, trade.source, true);
    }

    /// A split that says how many units there are, or how many came, should agree with its ratio.
    pub(in crate::matching) fn warn_other_quantity(
        &mut self,
        trade: &Trade,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), Halt> {
        let Some(given) = trade
            .quantity()
            .filter(|_| trade.rest().rarest().ratio.is_some())
        else {
            return Ok(());
        };
        let given = Quantity::new(given.abs())?;
        let held = match self.units_affected(trade)? {
            held if held.is_zero() => self.short_affected(trade)?,
            held => held,
        };
        let after = held.restated(new, old)?;
        // Of a fraction paid in cash only the whole units are told.
        let told = [held, after, after.minus(held)?.abs()];
        let whole = |units: Quantity| units.minus(units.fraction());
        let mut agrees = false;
        for units in told {
            agrees |= given == units || given == whole(units)?;
        }
        if !agrees && !given.is_zero() && !held.is_zero() {
            let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
            let message = format!(
                "{word} of {symbol}: its `ratio` makes {after} of {held}, which its `quantity` of {given} contradicts; the ratio was followed"
            );
            self.warn_once("split-quantity", &message, trade.source, true);
        }
        Ok(())
    }

    /// An action on what nobody holds changes nothing, and more likely than not a row is missing or wrong.
    pub(in crate::matching) fn warn_nothing_held(&mut self, trade: &Trade) {
        if !self.acts_on_nothing(trade) {
            return;
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        let message = format!(
            "{word} of {symbol}, but none is held: it changed nothing; check the symbol, the account and the date, or add the missing purchase or `opening` row"
        );
        self.warn_once("nothing-held", &message, trade.source, true);
    }

    /// Whether nothing that an action would change is held, short, on its way, or waits for a replacement; contracts on
    /// the security change with it.
    fn acts_on_nothing(&self, trade: &Trade) -> bool {
        let own = |account: &AccountId| !trade.account_given || *account == trade.account;
        let mut holders = self.ledger.holders(trade.security).into_iter();
        if holders.any(|account| own(&self.own_account(account))) {
            return false;
        }
        let on_it = |security: SecurityId| self.underlying(security) == Some(trade.security);
        let mut books = self.ledger.books.iter();
        let contracts = books.any(|book| !book.held.is_zero() && on_it(book.holding.1));
        !(contracts
            || self.positions.securities_short().any(on_it)
            || !self.accounts_short_affected(trade).is_empty()
            || self.loss_waits(trade.security))
    }

    pub(in crate::matching) fn nothing_held(&self, trade: &Trade) -> Halt {
        let place = if trade.account_given {
            format!(" in {}", self.history.account(trade.account).name)
        } else {
            String::new()
        };
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        if !self.accounts_short_affected(trade).is_empty() {
            return Problem::at(
                trade.source,
                format!("{word} of {symbol}, but it is only sold short{place} on {}", self.today),
            )
            .help(format!("what a short owes by a {word} is not computed: leave the row out, and add what was paid to the cost of the row that closes the short"))
            .into();
        }
        Problem::at(
            trade.source,
            format!("{word} of {symbol}, but none is held{place} on {}", self.today),
        )
        .help("check the symbol, the account and the date, or add the missing purchase or `opening` row")
        .into()
    }
}
