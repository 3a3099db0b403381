//! Records where basis comes from while the fold walks: a list of movements for each lot, cut and joined with it. Off
//! unless asked for, and then every call returns at once.

use rustc_hash::FxHashMap;

use crate::answer::LotName;
use crate::answer::trail::{Cause, Movement, Provenance};
use crate::money::{Money, OutOfRange, Quantity};
use crate::rule::Rule;
use crate::trade::TradeId;

/// The list of movements of a lot, slice or short position; [`NONE`] where nothing is recorded.
pub type Handle = u32;

/// No list.
pub const NONE: Handle = 0;

/// What is being carried out.
#[derive(Clone, Debug)]
pub struct Context {
    trade: TradeId,
    rule: Option<&'static Rule>,
    /// Premiums of options on their way into shares.
    premiums: Vec<Movement>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            trade: TradeId(0),
            rule: None,
            premiums: Vec::new(),
        }
    }
}

/// The lists of one fold.
#[derive(Debug, Default)]
pub struct Recorder {
    on: bool,
    lists: Vec<Vec<Movement>>,
    rows: FxHashMap<u32, Provenance>,
    context: Context,
}

impl Recorder {
    /// A recorder that records if `on`.
    pub fn new(on: bool) -> Self {
        Self {
            on,
            // The first list stands for nothing.
            lists: if on { vec![Vec::new()] } else { Vec::new() },
            ..Self::default()
        }
    }

    /// Begins an event and gives the context of the one it interrupts, for [`Recorder::leave`].
    pub fn enter(&mut self, trade: TradeId, rule: Option<&'static Rule>) -> Context {
        let event = Context {
            trade,
            rule,
            premiums: Vec::new(),
        };
        std::mem::replace(&mut self.context, event)
    }

    /// Goes on with the event that was interrupted.
    pub fn leave(&mut self, before: Context) {
        self.context = before;
    }

    /// A new list with one movement of the present event.
    pub fn open(&mut self, cause: Cause, units: Quantity, amount: Money) -> Handle {
        if !self.on {
            return NONE;
        }
        let movement = self.movement(cause, units, amount);
        self.keep(vec![movement])
    }

    /// Gives the purchases of a list the name of the lot that they became.
    pub fn rename(&mut self, handle: Handle, name: LotName) {
        if !self.on {
            return;
        }
        for movement in self.list(handle) {
            if let Cause::Opened { lot, .. } = &mut movement.cause {
                *lot = name;
            }
        }
    }

    /// Adds a movement of the present event to a list.
    pub fn add(&mut self, handle: Handle, cause: Cause, units: Quantity, amount: Money) {
        if self.on {
            let movement = self.movement(cause, units, amount);
            self.list(handle).push(movement);
        }
    }

    /// The same under a rule of its own.
    #[inline]
    pub fn add_under(
        &mut self,
        handle: Handle,
        rule: &'static Rule,
        (cause, units, amount): (Cause, Quantity, Money),
    ) {
        if self.on {
            let movement = Movement {
                rule: self.context.rule.map(|_| rule),
                ..self.movement(cause, units, amount)
            };
            self.list(handle).push(movement);
        }
    }

    fn movement(&self, cause: Cause, units: Quantity, amount: Money) -> Movement {
        Movement {
            trade: self.context.trade,
            cause,
            units,
            amount,
            rule: self.context.rule,
        }
    }

    /// Cuts `part` of the `whole` units of a list off into a list of their own.
    #[inline]
    pub fn cut(
        &mut self,
        handle: Handle,
        part: Quantity,
        whole: Quantity,
    ) -> Result<Handle, OutOfRange> {
        if self.on {
            self.cut_list(handle, part, whole)
        } else {
            Ok(NONE)
        }
    }

    fn cut_list(
        &mut self,
        handle: Handle,
        part: Quantity,
        whole: Quantity,
    ) -> Result<Handle, OutOfRange> {
        let list = self.list(handle);
        if part == whole {
            let all = std::mem::take(list);
            return Ok(self.keep(all));
        }
        let off = super::divided::cut(list, part, whole)?;
        Ok(self.keep(off))
    }

    /// Joins a list into another: equal movements become one.
    #[inline]
    pub fn join(&mut self, into: Handle, from: Handle) -> Result<(), OutOfRange> {
        if self.on && into != from {
            self.join_lists(into, from)
        } else {
            Ok(())
        }
    }

    fn join_lists(&mut self, into: Handle, from: Handle) -> Result<(), OutOfRange> {
        let joining = std::mem::take(self.list(from));
        let list = self.list(into);
        for movement in joining {
            let same = |other: &&mut Movement| {
                (other.trade, other.cause) == (movement.trade, movement.cause)
            };
            match list.iter_mut().find(same) {
                Some(twin) => {
                    twin.units = twin.units.plus(movement.units)?;
                    twin.amount = twin.amount.plus(movement.amount)?;
                }
                None => list.push(movement),
            }
        }
        Ok(())
    }

    /// What was taken has the average of its holding: whatever it carried itself is in the pool.
    pub fn average(
        &mut self,
        handle: Handle,
        (units, amount): (Quantity, Money),
        (held, basis): (Quantity, Money),
        rule: &'static Rule,
    ) {
        if !self.on {
            return;
        }
        for movement in self.list(handle) {
            movement.amount = Money::ZERO;
        }
        self.add_under(
            handle,
            rule,
            (Cause::Averaged { basis, held }, units, amount),
        );
    }

    /// The movements of an option go into the shares that its exercise or assignment buys or sells.
    pub fn premium(&mut self, handle: Handle, subtract: bool) {
        if !self.on {
            return;
        }
        let list = std::mem::take(self.list(handle));
        let signed = list.into_iter().map(|movement| Movement {
            amount: if subtract {
                movement.amount.negated()
            } else {
                movement.amount
            },
            ..movement
        });
        self.context.premiums.extend(signed);
    }

    /// Shows the premiums on their way as parts of what a lot cost.
    pub fn include_premiums(&mut self, handle: Handle) -> Result<(), OutOfRange> {
        if !self.on {
            return Ok(());
        }
        let premiums = std::mem::take(&mut self.context.premiums);
        let list = self.list(handle);
        if let Some(opened) = list.first_mut() {
            for premium in &premiums {
                opened.amount = opened.amount.minus(premium.amount)?;
            }
        }
        list.extend(premiums);
        Ok(())
    }

    /// A row of units sold out of the lot that `handle` tells of.
    pub fn sold(&mut self, row: u32, handle: Handle, sale: (Quantity, Money)) {
        if self.on {
            let cost = std::mem::take(self.list(handle));
            let proceeds = self.context.premiums.clone();
            let provenance = Provenance {
                cost,
                proceeds,
                sale: Some(sale),
                ..Provenance::default()
            };
            self.rows.insert(row, provenance);
        }
    }

    /// A row was divided: the second tells of `part` of the `whole` units.
    pub fn divide_row(
        &mut self,
        row: u32,
        second: u32,
        parts: (Quantity, Quantity),
    ) -> Result<(), OutOfRange> {
        if let Some(all) = self.rows.remove(&row) {
            let [own, rest] = super::divided::told_apart(all, parts)?;
            self.rows.insert(second, own);
            self.rows.insert(row, rest);
        }
        Ok(())
    }

    /// A row that closes a short position.
    pub fn closed(&mut self, row: u32, cost: Handle, proceeds: Handle) {
        if self.on {
            let provenance = Provenance {
                cost: std::mem::take(self.list(cost)),
                proceeds: std::mem::take(self.list(proceeds)),
                ..Provenance::default()
            };
            self.rows.insert(row, provenance);
        }
    }

    /// What is known of a row, handed over.
    pub fn of_row(&mut self, row: u32) -> Provenance {
        self.rows.remove(&row).unwrap_or_default()
    }

    /// The movements of a list.
    pub fn movements(&self, handle: Handle) -> Vec<Movement> {
        self.lists.get(handle as usize).cloned().unwrap_or_default()
    }

    /// A list of these movements.
    pub fn of(&mut self, movements: Vec<Movement>) -> Handle {
        if self.on { self.keep(movements) } else { NONE }
    }

    fn keep(&mut self, list: Vec<Movement>) -> Handle {
        self.lists.push(list);
        self.lists.len() as Handle - 1
    }

    fn list(&mut self, handle: Handle) -> &mut Vec<Movement> {
        &mut self.lists[handle as usize]
    }
}
