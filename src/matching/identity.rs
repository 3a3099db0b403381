//! Which securities are identical, and which names mean one security: by identifier, by declaration and by change of name.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::settings::Settings;
use crate::timeline::Connected;
use crate::trade::{History, SecurityId};

/// For each security the first of those that are identical with it. One ISIN or CUSIP is one security; what is declared in
/// groups that overlap is all one.
pub fn identical(history: &History, settings: &Settings) -> Vec<SecurityId> {
    let declared: usize = settings.identical.iter().map(Vec::len).sum();
    let count = history.securities.len();
    let mut together = Connected::none(count.saturating_add(declared));
    let mut symbols: FxHashMap<&str, SecurityId> = FxHashMap::default();
    let mut identified: FxHashMap<&str, SecurityId> = FxHashMap::default();
    for (security, own) in history.securities.iter().zip((0..).map(SecurityId)) {
        symbols.insert(&security.symbol, own);
        if let Some(identifier) = &security.identifier {
            together.join(own, *identified.entry(identifier).or_insert(own));
        }
    }
    // A symbol that no row has can still be the link between two groups: it stands behind all securities.
    let mut behind = (count as u32..).map(SecurityId);
    for group in &settings.identical {
        let mut own = group.iter().filter_map(|symbol| {
            let known = symbols.get(&**symbol).copied().or_else(|| behind.next())?;
            symbols.insert(symbol, known);
            Some(known)
        });
        if let Some(first) = own.next() {
            own.for_each(|other| together.join(first, other));
        }
    }
    let mut first = together.first();
    first.truncate(count);
    first
}

/// What names mean by now. A security stays what it is when its name changes; a name that it has given up may come to mean
/// another one.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The first name of what a name means, where that is another.
    first: FxHashMap<SecurityId, SecurityId>,
    /// Names given up by what they meant.
    given_up: FxHashSet<SecurityId>,
    /// What stands for identical securities, where a change of name has joined them to others.
    joined: FxHashMap<SecurityId, SecurityId>,
}

impl Names {
    /// The name that a security had first.
    pub fn first_name(&self, security: SecurityId) -> SecurityId {
        self.first.get(&security).copied().unwrap_or(security)
    }

    /// All names that a security has had.
    pub fn all(&self, security: SecurityId) -> SmallVec<[SecurityId; 2]> {
        let first = self.first_name(security);
        let later = self.first.iter().filter(|(_, origin)| **origin == first);
        let mut names: SmallVec<[SecurityId; 2]> = later.map(|(name, _)| *name).collect();
        if self.first_name(first) == first {
            names.push(first);
        }
        names.sort_unstable();
        // A name may have come back.
        names.dedup();
        names
    }

    /// What stands for all that is identical with a security, where `identical` says it of every one without its changes
    /// of name.
    pub fn property(&self, security: SecurityId, identical: &[SecurityId]) -> SecurityId {
        let first = self.first_name(security);
        let own = identical.get(first.0 as usize).copied().unwrap_or(first);
        self.joined.get(&own).copied().unwrap_or(own)
    }

    /// A security changes its name. Says whether what had the new name before is one with it from now on: it is not where
    /// it has given that name up.
    pub fn change(&mut self, old: SecurityId, new: SecurityId, identical: &[SecurityId]) -> bool {
        let (own, before) = (self.first_name(old), self.first_name(new));
        let reused = self.given_up.remove(&new);
        self.given_up.insert(old);
        if own == before {
            return false;
        }
        if reused {
            self.first.insert(new, own);
            return false;
        }
        let (into, from) = (self.property(old, identical), self.property(new, identical));
        let still_named = self.first_name(before) == before;
        redirect(&mut self.first, before, own);
        if still_named {
            self.first.insert(before, own);
        }
        if into != from {
            redirect(&mut self.joined, from, into);
            self.joined.insert(from, into);
        }
        true
    }
}

/// Lets everything that leads to one security lead to another.
fn redirect(map: &mut FxHashMap<SecurityId, SecurityId>, from: SecurityId, into: SecurityId) {
    for known in map.values_mut().filter(|known| **known == from) {
        *known = into;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SecurityId = SecurityId(0);
    const B: SecurityId = SecurityId(1);
    const C: SecurityId = SecurityId(2);
    const D: SecurityId = SecurityId(3);
    const E: SecurityId = SecurityId(4);
    const APART: [SecurityId; 5] = [A, B, C, D, E];

    #[test]
    fn a_security_stays_what_it_is() {
        let mut names = Names::default();
        assert!(names.change(A, B, &APART));
        assert!(!names.change(A, B, &APART));
        assert!(names.change(B, C, &APART));
        assert!(!names.change(C, A, &APART));
        for name in [A, B, C] {
            assert_eq!(names.all(name)[..], [A, B, C]);
            assert_eq!(names.property(name, &APART), A);
        }
    }

    #[test]
    fn a_name_given_up_may_mean_another() {
        let mut names = Names::default();
        assert!(names.change(B, C, &APART));
        assert!(!names.change(A, B, &APART));
        assert!(!names.change(A, B, &APART));
        assert_eq!(names.all(C)[..], [C]);
        assert_eq!(names.all(B)[..], [A, B]);
        assert_ne!(names.property(B, &APART), names.property(C, &APART));
        assert!(names.change(D, C, &APART));
        assert_eq!(names.all(D)[..], [C, D]);
        assert_eq!(names.all(A)[..], [A, B]);
    }

    #[test]
    fn what_is_declared_of_either_name_holds_for_both() {
        let mut names = Names::default();
        let declared = [A, B, B, D, D];
        assert!(names.change(A, C, &declared));
        assert_eq!(names.property(B, &declared), names.property(A, &declared));
        assert!(names.change(E, C, &declared));
        for name in APART {
            assert_eq!(
                names.property(name, &declared),
                names.property(D, &declared)
            );
        }
    }
}
