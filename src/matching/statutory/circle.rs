//! Who bought and who held, around a loss: the quantities that the superficial loss rule asks for (ITA s 54), over the
//! taxpayer, the spouse and every plan of theirs.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::moves::{Holder, Key, Manner, Move, What};
use crate::date::Date;
use crate::jurisdiction::Jurisdiction;
use crate::matching::rules::Rules;
use crate::money::{OutOfRange, Quantity};
use crate::settings::Settings;
use crate::timeline::Connected;
use crate::trade::{Action, Class, History, Right, SecurityId, TradeId};

/// Days on each side of a disposition: the day itself is not counted, day 30 is (Interpretation Act s 27(5)).
pub const WINDOW: i32 = 30;

/// Quantities over time of securities that count as identical.
#[derive(Debug, Default)]
pub struct Circle {
    line_of: FxHashMap<SecurityId, (usize, Quantity)>,
    lines: Vec<Line>,
    /// Names that another security took over after they had been given up: since which place, and what they meant before.
    taken_over: Vec<(usize, SecurityId, usize)>,
    /// Whether a purchase serves one loss only.
    pub capped: bool,
}

#[derive(Debug, Default)]
struct Line {
    bought: Vec<Bought>,
    /// Their places by day, once all are in: opening balances are of days before their rows.
    by_day: Vec<usize>,
    /// Units of each holder and name over time.
    held: FxHashMap<Key, Vec<(Date, usize, Quantity)>>,
    scales: Vec<(usize, Date, Quantity, Quantity)>,
    /// New names of what a holder holds: place, holder, before and after.
    turns: Vec<(usize, Holder, SecurityId, SecurityId)>,
}

#[derive(Clone, Copy, Debug)]
struct Bought {
    place: usize,
    day: Date,
    holder: Holder,
    security: SecurityId,
    trade: TradeId,
    units: Quantity,
    used: Quantity,
}

/// What stands beside a loss, in units of the day of the sale.
#[derive(Debug, Default)]
pub struct Around {
    /// Units bought in the 61 days by the whole circle: P.
    pub bought: Quantity,
    /// Units held by the whole circle at the end of day 30: B.
    pub held: Quantity,
    /// Whose purchases are still held then, and how many units of them.
    pub substitutes: Vec<Substitute>,
    /// Whether one of the purchases has stood beside an earlier loss already.
    pub shared: bool,
}

/// A buyer who still holds.
#[derive(Clone, Copy, Debug)]
pub struct Substitute {
    /// Who.
    pub holder: Holder,
    /// What.
    pub security: SecurityId,
    /// The purchase.
    pub trade: TradeId,
    /// Units bought in the period and held at its end.
    pub units: Quantity,
    /// Of what was bought, units that came after the sale.
    pub to_come: Quantity,
    /// Whether units of this security are held, or come later: they can take over what is denied.
    takes: bool,
}

impl Circle {
    /// Collects quantities from the moves.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn new(
        history: &History,
        law: &Jurisdiction,
        settings: &Settings,
        rules: &Rules,
        moves: &[Move],
    ) -> Result<Self, OutOfRange> {
        let mut circle = Self {
            capped: law.reading(settings, "several_losses") == "capped",
            ..Self::default()
        };
        let mut together = Connected::of(&rules.identical);
        let taken_over = if rules.overview.rare {
            renamed(history, moves, &mut together)
        } else {
            FxHashSet::default()
        };
        for (first, security) in together.first().into_iter().zip((0..).map(SecurityId)) {
            if first != security {
                let line = circle.line(first);
                circle.line_of.insert(security, line);
            }
        }
        if law.reading(settings, "call_as_right") == "yes" {
            circle.calls(history)?;
        }
        for (place, step) in moves.iter().enumerate() {
            circle.enter(place, step, &taken_over)?;
        }
        for line in &mut circle.lines {
            line.by_day = (0..line.bought.len()).collect();
            line.by_day.sort_by_key(|place| line.bought[*place].day);
        }
        Ok(circle)
    }

    fn new_line(&mut self) -> usize {
        self.lines.push(Line::default());
        self.lines.len() - 1
    }

    /// A right to acquire counts as the property itself: each call as the shares it is for.
    fn calls(&mut self, history: &History) -> Result<(), OutOfRange> {
        for (id, security) in (0_u32..).zip(&history.securities) {
            let contract = security.contract.as_ref();
            let call = contract.filter(|c| c.right == Some(Right::Call));
            let underlying = call.and_then(|c| c.underlying);
            let option = matches!(security.class, Class::Option | Class::IndexOption);
            if let (Some(underlying), true) = (underlying, option) {
                let (line, _) = self.line(underlying);
                let covers = Quantity::new(security.multiplier())?;
                self.line_of.insert(SecurityId(id), (line, covers));
            }
        }
        Ok(())
    }

    fn line(&mut self, security: SecurityId) -> (usize, Quantity) {
        if let Some(known) = self.line_of.get(&security) {
            return *known;
        }
        let line = (self.new_line(), Quantity::ONE);
        self.line_of.insert(security, line);
        line
    }

    /// The line that a security's moves at a place are kept in.
    fn line_at(&self, security: SecurityId, place: usize) -> Option<usize> {
        let mut taken_over = self.taken_over.iter();
        let before = taken_over.find(|(since, name, _)| *name == security && *since > place);
        match before {
            Some((_, _, line)) => Some(*line),
            None => self.line_of.get(&security).map(|(line, _)| *line),
        }
    }

    fn enter(
        &mut self,
        place: usize,
        step: &Move,
        taken_over: &FxHashSet<(SecurityId, SecurityId)>,
    ) -> Result<(), OutOfRange> {
        let (holder, security) = step.key;
        let (line, covers) = self.line(security);
        let units = step.quantity.share(covers, Quantity::ONE)?;
        let change = |circle: &mut Self, line: usize, key: Key, by: Quantity| {
            circle.lines[line].change(place, step.day, key, by)
        };
        match step.what {
            What::In {
                manner, acquired, ..
            } => {
                if manner == Manner::Purchase || acquired.is_some() {
                    // Who is given units or inherits them acquires them that day, whenever they were bought; a balance
                    // from before the data keeps its own.
                    let before = acquired.filter(|_| manner == Manner::Other);
                    self.lines[line].bought.push(Bought {
                        place,
                        day: before.unwrap_or(step.day),
                        holder,
                        security,
                        trade: step.trade,
                        units,
                        used: Quantity::ZERO,
                    });
                }
                change(self, line, step.key, units)
            }
            What::Out { .. } | What::Release => change(self, line, step.key, units.negated()),
            What::Scale { new, old } => self.lines[line].scale(place, step, (new, old)),
            What::Divide { to, units, .. } => {
                let (other, covers) = self.line(to);
                let units = units.share(covers, Quantity::ONE)?;
                change(self, other, (holder, to), units)
            }
            What::Turn { to, units, ratio } => {
                // A new name of the same property stays on its line; one already held apart is joined there.
                let known = self.line_of.get(&to).copied();
                let apart = known.filter(|(other, _)| *other != line);
                if let Some((new, old)) = ratio
                    && (apart.is_none() || taken_over.contains(&(security, to)))
                {
                    let before = apart.map(|(other, _)| (place, to, other));
                    self.taken_over.extend(before);
                    self.line_of.insert(to, (line, covers));
                    self.lines[line].turns.push((place, holder, security, to));
                    return self.lines[line].turn(place, step, to, (new, old));
                }
                change(self, line, step.key, step.quantity.negated())?;
                let (other, _) = self.line(to);
                change(self, other, (holder, to), units)
            }
            What::Carry { to, .. } => {
                change(self, line, step.key, units.negated())?;
                change(self, line, to, units)
            }
            What::Relocate { .. }
            | What::Shift { .. }
            | What::Return { .. }
            | What::Part { .. }
            | What::Open { .. }
            | What::Close { .. }
            | What::Assign
            | What::Amount { .. } => Ok(()),
        }
    }

    /// What stands around the disposition at `place`; `held` says who holds units of what then.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn around(
        &self,
        place: usize,
        step: &Move,
        held: impl Fn(Key) -> bool,
    ) -> Result<Around, OutOfRange> {
        let mut around = Around::default();
        let Some(number) = self.line_at(step.key.1, place) else {
            return Ok(around);
        };
        let line = &self.lines[number];
        let (from, until) = (step.day.plus(-WINDOW), step.day.plus(WINDOW));
        let mut of_holder: Vec<Substitute> = Vec::new();
        for index in line.window(from, until) {
            let one = &line.bought[index];
            around.shared |= !one.used.is_zero();
            let open = if self.capped {
                one.units.minus(one.used)?
            } else {
                one.units
            };
            let units = line.restated(open, one.place, place)?;
            let to_come = if one.place > place {
                units
            } else {
                Quantity::ZERO
            };
            around.bought = around.bought.plus(units)?;
            // What was bought goes by the name it has at the sale.
            let security = line.name_at(one, place);
            let takes = one.place > place || held((one.holder, security));
            match of_holder.iter_mut().find(|s| s.holder == one.holder) {
                Some(known) => {
                    known.units = known.units.plus(units)?;
                    known.to_come = known.to_come.plus(to_come)?;
                    known.trade = one.trade;
                    if takes || !known.takes {
                        (known.security, known.takes) = (security, takes);
                    }
                }
                None => of_holder.push(Substitute {
                    holder: one.holder,
                    security,
                    trade: one.trade,
                    units,
                    to_come,
                    takes,
                }),
            }
        }
        // Where what was bought is gone, identical property that is still held takes the loss over.
        for one in of_holder.iter_mut().filter(|one| !one.takes) {
            let identical = self.line_of.iter().filter(|(_, (own, _))| *own == number);
            let held = identical.filter(|(security, _)| held((one.holder, **security)));
            if let Some((security, _)) = held.min() {
                one.security = *security;
            }
        }
        for (holder, held) in line.held_at_end(until, place)? {
            around.held = around.held.plus(held)?;
            if let Some(known) = of_holder.iter_mut().find(|s| s.holder == holder) {
                known.units = known.units.min(held);
            }
        }
        of_holder.retain(|one| !one.units.is_zero());
        of_holder.sort_by_key(|one| one.holder);
        around.substitutes = of_holder;
        Ok(around)
    }

    /// Notes that `units` of the purchases around a loss have stood beside it.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn use_up(&mut self, place: usize, step: &Move, units: Quantity) -> Result<(), OutOfRange> {
        let Some(line) = self.line_at(step.key.1, place) else {
            return Ok(());
        };
        let line = &mut self.lines[line];
        let (from, until) = (step.day.plus(-WINDOW), step.day.plus(WINDOW));
        let mut left = units;
        for index in line.window(from, until) {
            if left.is_zero() {
                break;
            }
            let one = line.bought[index];
            let open = line.restated(one.units.minus(one.used)?, one.place, place)?;
            let part = open.min(left);
            left = left.minus(part)?;
            let own = line.restated(part, place, one.place)?;
            line.bought[index].used = one.used.plus(own)?.min(one.units);
        }
        Ok(())
    }
}

impl Line {
    /// What of a name a holder has by now.
    fn held(&self, key: Key) -> Quantity {
        let last = self.held.get(&key).and_then(|held| held.last());
        last.map_or(Quantity::ZERO, |(_, _, units)| *units)
    }

    fn change(
        &mut self,
        place: usize,
        day: Date,
        key: Key,
        by: Quantity,
    ) -> Result<(), OutOfRange> {
        let after = self.held(key).plus(by)?;
        self.held.entry(key).or_default().push((day, place, after));
        Ok(())
    }

    /// A split of what a holder has.
    fn scale(
        &mut self,
        place: usize,
        step: &Move,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), OutOfRange> {
        let before = self.held(step.key);
        let by = before.restated(new, old)?.minus(before)?;
        self.change(place, step.day, step.key, by)?;
        self.note_scale(place, step.day, (new, old));
        Ok(())
    }

    /// All that a holder has of one name goes by another.
    fn turn(
        &mut self,
        place: usize,
        step: &Move,
        to: SecurityId,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), OutOfRange> {
        let before = self.held(step.key);
        self.change(place, step.day, step.key, before.negated())?;
        let after = before.restated(new, old)?;
        self.change(place, step.day, (step.key.0, to), after)?;
        self.note_scale(place, step.day, (new, old));
        Ok(())
    }

    /// A split is of the class: noted once, whoever holds it.
    fn note_scale(&mut self, place: usize, day: Date, ratio: (Quantity, Quantity)) {
        let scales = self.scales.iter().rev();
        let mut today = scales.take_while(|(_, on, ..)| *on == day);
        if !today.any(|(_, _, new, old)| (*new, *old) == ratio) {
            self.scales.push((place, day, ratio.0, ratio.1));
        }
    }

    /// The places of the purchases of a window, in the order of their rows.
    fn window(&self, from: Date, until: Date) -> Vec<usize> {
        let day = |place: &usize| self.bought[*place].day;
        let first = self.by_day.partition_point(|place| day(place) < from);
        let end = self.by_day.partition_point(|place| day(place) <= until);
        let mut places = self.by_day.get(first..end).unwrap_or_default().to_vec();
        places.sort_unstable();
        places
    }

    /// The name that what was bought has at a later place of the moves.
    fn name_at(&self, bought: &Bought, place: usize) -> SecurityId {
        let mut name = bought.security;
        for (at, holder, before, after) in &self.turns {
            let since = (bought.place..=place).contains(at);
            if since && (*holder, *before) == (bought.holder, name) {
                name = *after;
            }
        }
        name
    }

    /// Units at one place of the moves in those of another.
    fn restated(&self, units: Quantity, from: usize, to: usize) -> Result<Quantity, OutOfRange> {
        let (low, high) = (from.min(to), from.max(to));
        let start = self.scales.partition_point(|(place, ..)| *place <= low);
        let end = self.scales.partition_point(|(place, ..)| *place <= high);
        let between = self.scales.get(start..end).unwrap_or_default();
        if from <= to {
            between
                .iter()
                .try_fold(units, |units, (_, _, new, old)| units.restated(*new, *old))
        } else {
            between
                .iter()
                .rev()
                .try_fold(units, |units, (_, _, new, old)| units.restated(*old, *new))
        }
    }

    /// What each holder has at the end of a day, in units of a place of the moves.
    fn held_at_end(
        &self,
        until: Date,
        place: usize,
    ) -> Result<BTreeMap<Holder, Quantity>, OutOfRange> {
        let mut all: BTreeMap<Holder, Quantity> = BTreeMap::new();
        for ((holder, _), held) in &self.held {
            let end = held.partition_point(|(day, ..)| *day <= until);
            let last = end.checked_sub(1).and_then(|last| held.get(last));
            if let Some((_, at, units)) = last.filter(|(_, _, units)| !units.is_negative()) {
                let sum = all.entry(*holder).or_default();
                *sum = sum.plus(self.restated(*units, *at, place)?)?;
            }
        }
        Ok(all)
    }
}

/// Joins what changes of name say is one security. Gives the changes to a name that another had given up before: what had
/// that name is not one with what takes it over.
fn renamed(
    history: &History,
    moves: &[Move],
    together: &mut Connected,
) -> FxHashSet<(SecurityId, SecurityId)> {
    let (mut seen, mut given_up) = (FxHashSet::default(), FxHashSet::default());
    let mut taken_over = FxHashSet::default();
    for step in moves {
        let What::Turn { to, .. } = step.what else {
            continue;
        };
        let (old, new) = (step.key.1, to);
        let rename = history.trade(step.trade).action == Action::Rename;
        // Each account and holder has a row or a move of its own.
        if !rename || !seen.insert((old, new)) {
            continue;
        }
        if given_up.remove(&new) {
            taken_over.insert((old, new));
        } else {
            together.join(old, new);
        }
        given_up.insert(old);
    }
    taken_over
}
