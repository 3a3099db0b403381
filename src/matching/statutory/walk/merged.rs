//! Days that are one: all purchases one, all disposals one, each covered as the plan says.

use std::collections::BTreeMap;

use super::{Bought, Done, Group, Origin, Row, Served, Sold, Uncovered, Walk, ZERO};
use crate::answer::trail::Change;
use crate::answer::{LotName, Match};
use crate::date::Date;
use crate::matching::Halt;
use crate::matching::statutory::moves::{Key, Manner, Move, Way, What};
use crate::matching::statutory::plan::Leg;
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, TradeId};

/// What covers a leg; its cost where it is known already.
struct Covering {
    part: Option<Part>,
    lot: Option<LotName>,
    opened_by: Vec<TradeId>,
    origin: Origin,
}

impl Covering {
    /// A purchase to come.
    const OPEN: Self = Self {
        part: None,
        lot: None,
        opened_by: Vec::new(),
        origin: Origin::Untold,
    };
}

impl<'a> Walk<'a> {
    /// A day whose purchases are one and whose disposals are one (TCGA 1992 s 105(1)(a)).
    pub(super) fn merged_day(&mut self, day: &[Move]) {
        let mut outs: BTreeMap<Key, Vec<Move>> = BTreeMap::new();
        for step in day {
            let settled = match step.what.rank() {
                0 if self.bought.contains_key(&step.key) => self.settle_bought(false),
                0 | 1 => Ok(()),
                2 | 3 => self.settle_bought(true),
                _ => self.settle_bought(false),
            };
            self.noted(step, settled);
            // A change that comes after the day's trades finds what they left.
            if step.what.rank() == 0
                && let Some(outs) = outs.remove(&step.key)
            {
                let done = self.dispose_day(step.key, &outs);
                self.noted(step, done);
            }
            let done = match step.what {
                What::In {
                    cost,
                    manner: Manner::Purchase,
                    premium,
                    ..
                } => self.buy(step, cost, premium),
                What::Out { .. } => {
                    outs.entry(step.key).or_default().push(*step);
                    Ok(())
                }
                _ => self.other(step),
            };
            self.noted(step, done);
        }
        if let Some(last) = day.last() {
            let settled = self.settle_bought(false);
            self.noted(last, settled);
        }
        for (key, outs) in outs {
            let done = self.dispose_day(key, &outs);
            if let Some(first) = outs.first() {
                self.noted(first, done);
            }
        }
        self.same_day.clear();
    }

    pub(super) fn buy(&mut self, step: &Move, cost: Money, premium: bool) -> Done {
        let cost = cost.plus(self.premium(step, premium))?;
        self.conservation.basis_in = self.conservation.basis_in.plus(cost)?;
        let stock = self.stocks.entry(step.key).or_default();
        stock.account.add(step.account);
        let paid = self.told.paid(step, self.pool_name(step.key), cost)?;
        let bought = self.bought.entry(step.key).or_insert_with(|| Bought {
            account: step.account,
            quantity: Quantity::ZERO,
            cost: Money::ZERO,
            trades: Vec::new(),
            paid: Vec::new(),
        });
        bought.quantity = bought.quantity.plus(step.quantity)?;
        bought.cost = bought.cost.plus(cost)?;
        bought.trades.push(step.trade);
        bought.paid.extend(paid);
        Ok(())
    }

    /// Hands today's purchases to the disposals that they cover; what is left joins the pool.
    pub(super) fn settle_bought(&mut self, options_only: bool) -> Done {
        let keys: Vec<Key> = self
            .bought
            .keys()
            .filter(|key| !options_only || self.is_option(key.1))
            .copied()
            .collect();
        for key in keys {
            if let Some(bought) = self.bought.remove(&key) {
                self.settle_purchase(key, bought)?;
            }
        }
        Ok(())
    }

    pub(super) fn settle_purchase(&mut self, key: Key, mut bought: Bought) -> Done {
        let places = self.places();
        bought.trades.sort_unstable();
        let opened_by = bought.trades.first().copied().unwrap_or(TradeId(0));
        let name = LotName {
            security: key.1,
            date: self.today,
            number: 1,
            opened_by,
        };
        let mut parcel = Parcel::new(bought.quantity, bought.cost, places)?;
        let paid = self.trail.of(bought.paid);
        self.trail.rename(paid, name);
        let claims = self
            .plan
            .day(key, self.today)
            .map(|day| day.claims.clone())
            .unwrap_or_default();
        for claim in claims {
            let left = parcel.left();
            let served = Served {
                part: parcel.take(claim.quantity)?,
                name,
                trades: bought.trades.clone(),
                trail: self.trail.cut(paid, claim.quantity, left)?,
            };
            if claim.sold == self.today {
                self.same_day.insert((key, claim.leg), served);
            } else {
                self.honour(key, claim.sold, claim.leg, &served)?;
            }
        }
        if parcel.left().is_zero() {
            return Ok(());
        }
        let before = self.pool_held(key)?;
        let rest = Part {
            amount: parcel.amount_left()?,
            printed: parcel.printed(),
        };
        let stock = self.stocks.entry(key).or_default();
        stock.account.add(bought.account);
        stock.join(parcel.left(), rest, places)?;
        let joined = self.trail.movements(paid);
        self.pool_step(key, before, joined).map(|_| ())
    }

    /// Gives the rows of an earlier disposal the cost of the purchase that covers them.
    pub(super) fn honour(&mut self, key: Key, sold: Date, leg: usize, served: &Served) -> Done {
        let Some(line) = self.plan.line_id(key, self.today) else {
            return Ok(());
        };
        let rows = self.waiting.remove(&(line, sold, leg)).unwrap_or_default();
        let mut total = Quantity::ZERO;
        for (_, units) in &rows {
            total = total.plus(*units)?;
        }
        let mut spread = Parcel::from_part(total, served.part, self.places());
        for (row, units) in rows {
            let trail = self.trail.cut(served.trail, units, spread.left())?;
            let cost = spread.take(units)?;
            let paid = (served.name.opened_by, units, cost.amount);
            self.tell_cost(row, paid, Origin::Purchase(trail));
            let Some(row) = row else {
                self.conservation.basis_gone = self.conservation.basis_gone.plus(cost.amount)?;
                continue;
            };
            self.conservation.basis_out = self.conservation.basis_out.plus(cost.amount)?;
            self.settle(row, cost.printed);
            let today = self.today;
            if let Some(row) = self.rows.get_mut(row as usize) {
                row.lot = Some(served.name);
                (row.acquired, row.held_from) = (Some(today), Some(today));
            }
            self.list_sources(row, &served.trades, &[]);
        }
        Ok(())
    }

    /// Remembers all rows that a merged purchase or sale consists of.
    pub(super) fn list_sources(&mut self, row: u32, opened_by: &[TradeId], closed_by: &[TradeId]) {
        let known = self.merged.contains_key(&row);
        if known || opened_by.len() > 1 || closed_by.len() > 1 {
            let merged = self.merged.entry(row).or_default();
            if !opened_by.is_empty() {
                merged.opened_by = opened_by.to_vec();
            }
            if !closed_by.is_empty() {
                merged.closed_by = closed_by.to_vec();
            }
        }
    }

    /// All disposals of one security on one day, leg by leg.
    pub(super) fn dispose_day(&mut self, key: Key, outs: &[Move]) -> Done {
        let mut groups = self.groups(outs)?;
        let legs = self
            .plan
            .day(key, self.today)
            .map(|day| day.legs.clone())
            .unwrap_or_default();
        let (mut total, mut to_spouse) = (Quantity::ZERO, Quantity::ZERO);
        for group in &groups {
            total = total.plus(group.parcel.left())?;
            if group.way == Way::Spouse {
                to_spouse = to_spouse.plus(group.parcel.left())?;
            }
        }
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for (place, leg) in legs.iter().enumerate() {
            // Sales and transfers to the spouse of one day share each match by quantity.
            seen = seen.plus(leg.quantity)?;
            let spouse = seen.share(to_spouse, total)?;
            self.dispose_leg(key, (place, leg), spouse.minus(given)?, &mut groups)?;
            given = spouse;
        }
        self.leave_uncovered(key, groups)
    }

    /// One match of a day: its units go to the disposals of the day in turn, so many of them to the spouse.
    fn dispose_leg(
        &mut self,
        key: Key,
        (place, leg): (usize, &Leg),
        to_spouse: Quantity,
        groups: &mut [Group],
    ) -> Done {
        let first = groups.first().and_then(|group| group.trades.first());
        let first = first.copied().unwrap_or(TradeId(0));
        let covering = self.covering(key, place, leg, first)?;
        let now = self.pool_held(key)?;
        let part = covering.part.unwrap_or(ZERO);
        let mut spread = Parcel::from_part(leg.quantity, part, self.places());
        let mut rows = Vec::new();
        for group in groups {
            let spouse = group.way == Way::Spouse;
            let share = if spouse {
                to_spouse
            } else {
                leg.quantity.minus(to_spouse)?
            };
            let open = share.minus(self.so_far(&rows, spouse)?)?;
            let units = open.min(group.parcel.left());
            if units <= Quantity::ZERO {
                continue;
            }
            let written = self.dispose_part(key, leg, &covering, (group, units), &mut spread)?;
            if let Some(told) = written.and_then(|written| self.told.row(written)) {
                let unchanged = Change {
                    before: now,
                    after: now,
                };
                told.pool.get_or_insert(unchanged);
            }
            rows.push((written, units, spouse));
        }
        if covering.part.is_none()
            && let Some(line) = self.plan.line_id(key, self.today)
        {
            let rows = rows.into_iter().map(|(row, units, _)| (row, units));
            self.waiting
                .insert((line, self.today, place), rows.collect());
        }
        Ok(())
    }

    /// Units of one disposal by one match, with their share of what the match costs; gives the row's number.
    fn dispose_part(
        &mut self,
        key: Key,
        leg: &Leg,
        covering: &Covering,
        (group, units): (&mut Group, Quantity),
        spread: &mut Parcel,
    ) -> Result<Option<u32>, Halt> {
        let proceeds = group.parcel.take(units)?;
        let origin = match covering.origin {
            Origin::Purchase(trail) => {
                Origin::Purchase(self.trail.cut(trail, units, spread.left())?)
            }
            Origin::Pool(..) | Origin::Untold => covering.origin,
        };
        let bought = covering.lot.filter(|lot| lot.number > 0);
        let bought = bought.map(|lot| lot.date);
        let row = Row {
            key,
            account: group.account,
            trade: group.trades.first().copied().unwrap_or(TradeId(0)),
            quantity: units,
            matched: leg.matched,
            proceeds,
            cost: spread.take(units)?,
            way: group.way,
            acquired: bought,
            held_from: bought,
            lot: covering.lot,
            tax_day: self.today,
        };
        let written = self.row(&row, covering.part.is_none())?;
        if let Some(written) = written {
            self.list_sources(written, &covering.opened_by, &group.trades);
        }
        self.tell_row(written, &row, origin, (&group.sales, &group.premiums));
        Ok(written)
    }

    pub(super) fn so_far(
        &self,
        rows: &[(Option<u32>, Quantity, bool)],
        spouse: bool,
    ) -> Result<Quantity, Halt> {
        let mut sum = Quantity::ZERO;
        for (_, units, _) in rows.iter().filter(|(_, _, to)| *to == spouse) {
            sum = sum.plus(*units)?;
        }
        Ok(sum)
    }

    /// The disposals of a day by way and account, in an order that the order of rows does not change.
    pub(super) fn groups(&mut self, outs: &[Move]) -> Result<Vec<Group>, Halt> {
        let places = self.places();
        let mut sums: BTreeMap<(u8, Box<str>), Sold> = BTreeMap::new();
        for step in outs {
            let What::Out {
                proceeds,
                way,
                premium,
            } = step.what
            else {
                continue;
            };
            let proceeds = proceeds.minus(self.premium(step, premium))?;
            let premium = self.told.take_premium(true);
            let sale = self.sale(step, proceeds)?;
            let name = self.history.account(step.account).name.clone();
            let rank = match way {
                Way::Sale => 0,
                Way::Lost => 1,
                Way::Gone => 2,
                Way::Spouse => 3,
            };
            let sold = sums.entry((rank, name)).or_insert_with(|| Sold {
                account: step.account,
                way,
                quantity: Quantity::ZERO,
                proceeds: Money::ZERO,
                trades: Vec::new(),
                sales: Vec::new(),
                premiums: Vec::new(),
            });
            sold.quantity = sold.quantity.plus(step.quantity)?;
            sold.proceeds = sold.proceeds.plus(proceeds)?;
            sold.trades.push(step.trade);
            sold.sales.push(sale);
            sold.premiums.extend(premium);
        }
        sums.into_values()
            .map(|mut sold| {
                sold.trades.sort_unstable();
                sold.sales.sort_unstable_by_key(|sale| sale.trade);
                Ok(Group {
                    account: sold.account,
                    trades: sold.trades,
                    sales: sold.sales,
                    premiums: sold.premiums,
                    way: sold.way,
                    parcel: Parcel::new(sold.quantity, sold.proceeds, places)?,
                })
            })
            .collect()
    }

    /// The cost of what covers a leg, where it is known already.
    fn covering(
        &mut self,
        key: Key,
        place: usize,
        leg: &Leg,
        trade: TradeId,
    ) -> Result<Covering, Halt> {
        match leg.matched {
            Match::SameDay => Ok(match self.same_day.remove(&(key, place)) {
                Some(served) => Covering {
                    part: Some(served.part),
                    lot: Some(served.name),
                    opened_by: served.trades,
                    origin: Origin::Purchase(served.trail),
                },
                None => Covering {
                    part: Some(ZERO),
                    ..Covering::OPEN
                },
            }),
            Match::Pool => {
                let (part, origin) = self.take_pooled(key, leg.quantity, trade)?;
                Ok(Covering {
                    part: Some(part),
                    lot: Some(self.pool_name(key)),
                    opened_by: Vec::new(),
                    origin,
                })
            }
            Match::Within30Days
            | Match::Later
            | Match::Lot
            | Match::Within4Weeks
            | Match::Short
            | Match::Mark
            | Match::Amount => Ok(Covering::OPEN),
        }
    }

    /// Units that nothing covers yet: an open short sale.
    pub(super) fn leave_uncovered(&mut self, key: Key, groups: Vec<Group>) -> Done {
        for group in groups {
            let left = group.parcel.left();
            let lacking = self.lacking.entry(key).or_default();
            *lacking = lacking.plus(left)?;
            if left.is_zero() || !self.holders.reported(key.0) {
                continue;
            }
            let part = Part {
                amount: group.parcel.amount_left()?,
                printed: group.parcel.printed(),
            };
            let trade = group.trades.first().copied().unwrap_or(TradeId(0));
            let open = Uncovered {
                trade,
                units: left,
                part,
            };
            self.stay_open((key, self.today, group.account), open)?;
        }
        Ok(())
    }

    /// Adds to what is open of a day in one account.
    pub(super) fn stay_open(&mut self, at: (Key, Date, AccountId), more: Uncovered) -> Done {
        let open = self.uncovered.entry(at).or_insert(Uncovered {
            units: Quantity::ZERO,
            part: ZERO,
            ..more
        });
        open.units = open.units.plus(more.units)?;
        open.part = Part {
            amount: open.part.amount.plus(more.part.amount)?,
            printed: open.part.printed.saturating_add(more.part.printed),
        };
        Ok(())
    }
}
