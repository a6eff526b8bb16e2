//! The table of skeletons: at each worker those whose home it is, with the kinds of
//! names that have them. Never: how a name gets its skeletons claimed.

use super::directory::Hashing;
use super::settings::LookAlikes;
use crate::wire::confusables::{skeletons_of, upper_skeleton_of};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;
use std::collections::HashMap;

/// One skeleton of a name, as the name claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    /// The skeleton's hash, which gives its home.
    pub skeleton: u64,
    pub kind: LookKind,
}

/// What kind of name has a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookKind {
    /// Plain ASCII: may share its skeletons with others of this kind.
    Ascii,
    /// Any other name, which shares its skeletons with none.
    Other,
    /// The skeleton of a name in capital letters: conflicts only with names that are
    /// kept from look-alikes in plain ASCII, too.
    Upper,
}

/// All skeletons of a name, in the order of their hashes: so two names with several
/// in common claim the same one first, and one of the two gets all.
pub(super) type Looks = SmallVec<[Look; 3]>;

/// The skeletons that a name claims, from how it is shown and its key.
pub(super) fn looks_of(hashing: &Hashing, shown: &str, key: &str) -> Looks {
    let kind = if shown.is_ascii() { LookKind::Ascii } else { LookKind::Other };
    let skeletons = skeletons_of(shown, key);
    let of_kind = |kind| move |skeleton: String| Look { skeleton: hashing.user(&skeleton), kind };
    let mut looks: Looks = skeletons.map(of_kind(kind)).collect();
    looks.extend(upper_skeleton_of(shown, key).map(of_kind(LookKind::Upper)));
    looks.sort_unstable();
    looks
}

/// The skeletons whose home is here, by their hashes.
///
/// - **Invariant**: a skeleton is in one of the two at the most.
#[derive(Debug, Default)]
pub(super) struct Skeletons {
    /// Those of one ASCII name without a guard, as nearly all are: nine bytes each.
    single: HashTable<u64>,
    /// All others.
    others: HashMap<u64, Holders>,
}

/// The names that have a skeleton, counted by kind.
///
/// - **Invariant**: either one `other` name or any number of ASCII names, and any
///   number of `upper`; not all zero. Guards are counted among these, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holders {
    ascii: u32,
    other: bool,
    upper: u32,
    /// How many of them are names that are kept from all look-alikes.
    guards: u32,
}

impl Holders {
    /// One ASCII name without a guard.
    const SINGLE: Self = Self { ascii: 1, other: false, upper: 0, guards: 0 };

    /// Whether one more name of this kind may have it.
    fn allow(self, kind: LookKind, look_alikes: LookAlikes) -> bool {
        let anybody = self != Self::default();
        let kept = match look_alikes {
            LookAlikes::Unicode => false,
            LookAlikes::Operators => self.guards > 0,
            LookAlikes::Everyone => anybody,
        };
        !kept
            && match kind {
                LookKind::Ascii => !self.other,
                LookKind::Other => !self.other && self.ascii == 0,
                LookKind::Upper => true,
            }
    }
}

impl Skeletons {
    /// Claims one, if its holders allow that. Constant time, however many these are.
    pub(super) fn claim(&mut self, look: Look, look_alikes: LookAlikes) -> bool {
        let mut holders = self.holders(look.skeleton);
        let is_free = holders.allow(look.kind, look_alikes);
        if is_free {
            match look.kind {
                LookKind::Ascii => holders.ascii += 1,
                LookKind::Other => holders.other = true,
                LookKind::Upper => holders.upper += 1,
            }
            self.set(look.skeleton, holders);
        }
        is_free
    }

    /// Gives one back that was claimed.
    pub(super) fn release(&mut self, look: Look) {
        let mut holders = self.holders(look.skeleton);
        match look.kind {
            LookKind::Ascii => holders.ascii = holders.ascii.saturating_sub(1),
            LookKind::Other => holders.other = false,
            LookKind::Upper => holders.upper = holders.upper.saturating_sub(1),
        }
        self.set(look.skeleton, holders);
    }

    /// Begins or ends to reserve a skeleton against look-alikes, for one of its
    /// holders. Holders that are there already stay.
    pub(super) fn guard(&mut self, skeleton: u64, on: bool) {
        let holders = self.holders(skeleton);
        if holders != Holders::default() {
            let guards = holders.guards;
            let guards = if on { guards + 1 } else { guards.saturating_sub(1) };
            self.set(skeleton, Holders { guards, ..holders });
        }
    }

    /// Whether some name has this one.
    pub(super) fn has(&self, skeleton: u64) -> bool {
        self.holders(skeleton) != Holders::default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.single.is_empty() && self.others.is_empty()
    }

    fn holders(&self, skeleton: u64) -> Holders {
        if self.single.find(spread(skeleton), |&other| other == skeleton).is_some() {
            return Holders::SINGLE;
        }
        self.others.get(&skeleton).copied().unwrap_or_default()
    }

    fn set(&mut self, skeleton: u64, holders: Holders) {
        let single =
            self.single.entry(spread(skeleton), |&one| one == skeleton, |&one| spread(one));
        match (single, holders == Holders::SINGLE) {
            (Entry::Vacant(entry), true) => {
                entry.insert(skeleton);
            }
            (Entry::Occupied(entry), false) => {
                entry.remove();
            }
            _ => {}
        }
        if holders != Holders::SINGLE && holders != Holders::default() {
            self.others.insert(skeleton, holders);
        } else if !self.others.is_empty() {
            self.others.remove(&skeleton);
        }
    }
}

/// A keyed hash already. Its high half gives the home, and is much the same for all
/// that are here; the table wants its high bits to differ.
fn spread(skeleton: u64) -> u64 {
    skeleton.rotate_left(32)
}

/// A name whose skeletons are being claimed, one after the other.
#[derive(Debug)]
pub(super) struct Claiming {
    /// The ordinal of the greeting.
    pub ordinal: u64,
    pub looks: Looks,
    /// How many of them it has.
    pub granted: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;

    fn looks(text: &str) -> Looks {
        let name = Name::parse(text).unwrap();
        looks_of(&Hashing::new((7, 11), 1), name.shown(), name.key())
    }

    /// Claims all skeletons of a name, or none; whether it has them.
    fn claim(skeletons: &mut Skeletons, name: &str) -> bool {
        claim_among(skeletons, name, LookAlikes::Operators)
    }

    fn claim_among(skeletons: &mut Skeletons, name: &str, look_alikes: LookAlikes) -> bool {
        let mut claimed = Looks::new();
        for look in looks(name) {
            if !skeletons.claim(look, look_alikes) {
                claimed.into_iter().for_each(|look| skeletons.release(look));
                return false;
            }
            claimed.push(look);
        }
        true
    }

    fn release(skeletons: &mut Skeletons, name: &str) {
        looks(name).into_iter().for_each(|look| skeletons.release(look));
    }

    #[test]
    fn ascii_names_may_share_a_skeleton_and_others_may_not() {
        let mut skeletons = Skeletons::default();
        for name in ["Bill", "BI11", "BOB"] {
            assert!(claim(&mut skeletons, name), "{name}");
        }
        assert!(!claim(&mut skeletons, "ВОВ"));
        release(&mut skeletons, "BOB");
        assert!(claim(&mut skeletons, "ВОВ"));
        assert!(!claim(&mut skeletons, "BOB"));
        assert!(!claim(&mut skeletons, "ВОВ"));
    }

    #[test]
    fn a_skeleton_is_taken_until_its_last_name_is_removed() {
        let mut skeletons = Skeletons::default();
        assert!(claim(&mut skeletons, "BOB") && claim(&mut skeletons, "B0B"));
        release(&mut skeletons, "BOB");
        assert!(!claim(&mut skeletons, "ВОВ"), "of B0B");
        release(&mut skeletons, "B0B");
        assert!(skeletons.is_empty());
        assert!(claim(&mut skeletons, "ВОВ") && !skeletons.is_empty());
        release(&mut skeletons, "ВОВ");
        assert!(skeletons.is_empty());
    }

    #[test]
    fn a_name_that_is_its_own_skeleton_is_claimed_at_its_own_home() {
        let hashing = Hashing::new((7, 11), 64);
        let [look] = looks_of(&hashing, "Bob", "bob")[..] else { panic!() };
        assert_eq!(look.skeleton, hashing.user("bob"));
    }

    #[test]
    fn skeletons_are_claimed_in_the_order_of_their_hashes() {
        for name in ["AIice", "ВОВ", "Анна", "Kelvin"] {
            assert!(looks(name).is_sorted(), "{name}");
        }
        assert_eq!(looks("AIice").len(), 3);
    }

    /// The common skeleton of one ASCII name is kept apart from the others.
    #[test]
    fn a_skeleton_that_is_shared_or_guarded_for_a_while_is_the_same_again() {
        let mut skeletons = Skeletons::default();
        let [look] = looks("bob")[..] else { panic!() };
        assert!(claim(&mut skeletons, "bob"));
        assert_eq!((skeletons.single.len(), skeletons.others.len()), (1, 0));
        assert!(claim(&mut skeletons, "bob"), "the table of names is asked elsewhere");
        assert_eq!((skeletons.single.len(), skeletons.others.len()), (0, 1));
        release(&mut skeletons, "bob");
        skeletons.guard(look.skeleton, true);
        assert!(skeletons.has(look.skeleton) && !claim(&mut skeletons, "bob"));
        assert_eq!((skeletons.single.len(), skeletons.others.len()), (0, 1));
        skeletons.guard(look.skeleton, false);
        assert_eq!((skeletons.single.len(), skeletons.others.len()), (1, 0));
        release(&mut skeletons, "bob");
        assert!(skeletons.is_empty() && !skeletons.has(look.skeleton));
        skeletons.guard(look.skeleton, true);
        release(&mut skeletons, "bob");
        assert!(skeletons.is_empty(), "nobody has it");
    }

    #[test]
    fn a_guarded_name_is_kept_from_all_look_alikes_in_capitals_too() {
        let alike = [("alice", ["aIice", "a1ice", "AL1CE", "ALlCE"]), ("Admin", ["Adrnin"; 4])];
        for (name, others) in alike {
            let mut skeletons = Skeletons::default();
            assert!(claim(&mut skeletons, name));
            for other in others {
                assert!(claim(&mut skeletons, other), "beside {name}, who is nobody: {other}");
                release(&mut skeletons, other);
                assert!(!claim_among(&mut skeletons, other, LookAlikes::Everyone), "{other}");
            }
            for look in looks(name) {
                skeletons.guard(look.skeleton, true);
            }
            for other in others {
                assert!(!claim(&mut skeletons, other), "{other}");
                assert!(claim_among(&mut skeletons, other, LookAlikes::Unicode), "{other}");
                release(&mut skeletons, other);
            }
            assert!(claim(&mut skeletons, "bob"));
            for look in looks(name) {
                skeletons.guard(look.skeleton, false);
            }
            assert!(claim(&mut skeletons, others[0]));
        }
    }
}
