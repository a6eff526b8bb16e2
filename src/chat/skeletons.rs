//! The table of skeletons: at each worker those whose home it is, with the kinds of
//! names that have them. Never: how a name gets its skeletons claimed.

use super::directory::Hashing;
use super::settings::LookAlikes;
use crate::wire::confusables::{skeletons_of, upper_skeleton_of};
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
#[derive(Debug, Default)]
pub(super) struct Skeletons(HashMap<u64, Holders>);

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
        let holders = self.0.get(&look.skeleton).copied().unwrap_or_default();
        let is_free = holders.allow(look.kind, look_alikes);
        if is_free {
            let holders = self.0.entry(look.skeleton).or_default();
            match look.kind {
                LookKind::Ascii => holders.ascii += 1,
                LookKind::Other => holders.other = true,
                LookKind::Upper => holders.upper += 1,
            }
        }
        is_free
    }

    /// Gives one back that was claimed.
    pub(super) fn release(&mut self, look: Look) {
        let Some(holders) = self.0.get_mut(&look.skeleton) else { return };
        match look.kind {
            LookKind::Ascii => holders.ascii = holders.ascii.saturating_sub(1),
            LookKind::Other => holders.other = false,
            LookKind::Upper => holders.upper = holders.upper.saturating_sub(1),
        }
        if *holders == Holders::default() {
            self.0.remove(&look.skeleton);
        }
    }

    /// Begins or ends to reserve a skeleton against look-alikes, for one of its
    /// holders. Holders that are there already stay.
    pub(super) fn guard(&mut self, skeleton: u64, on: bool) {
        if let Some(holders) = self.0.get_mut(&skeleton) {
            let guards = holders.guards;
            holders.guards = if on { guards + 1 } else { guards.saturating_sub(1) };
        }
    }

    /// Whether some name has this one.
    pub(super) fn has(&self, skeleton: u64) -> bool {
        self.0.contains_key(&skeleton)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
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
