//! Colours by which people are told apart. Never: which colours there are.

use super::conversation::key_of;
use std::collections::HashMap;

/// Who has which of so many colours: nobody shares one, and who has none yet
/// gets one as long as there are any. Then those who speak take them from those
/// who were silent for longest.
#[derive(Debug, Default)]
pub struct NameColors {
    holders: Vec<Option<Holder>>,
    /// By what makes names the same.
    by_key: HashMap<String, usize>,
    /// How often somebody has spoken.
    spoken: u64,
}

#[derive(Debug)]
struct Holder {
    key: String,
    /// When they spoke last, by [`NameColors::spoken`]; 0 if never.
    spoke: u64,
}

impl NameColors {
    pub fn new(count: usize) -> Self {
        let holders = std::iter::repeat_with(|| None).take(count).collect();
        Self { holders, ..Self::default() }
    }

    /// The number of somebody's colour.
    pub fn of(&self, name: &str) -> Option<usize> {
        self.by_key.get(&key_of(name)).copied()
    }

    /// Somebody is there.
    pub fn saw(&mut self, name: &str) {
        if self.by_key.len() < self.holders.len() {
            self.give(key_of(name), 0);
        }
    }

    /// Somebody has said something.
    pub fn heard(&mut self, name: &str) {
        self.spoken += 1;
        let key = key_of(name);
        match self.by_key.get(&key) {
            Some(&index) => {
                if let Some(holder) = &mut self.holders[index] {
                    holder.spoke = self.spoken;
                }
            }
            None => self.give(key, self.spoken),
        }
    }

    fn give(&mut self, key: String, spoke: u64) {
        if self.holders.is_empty() || self.by_key.contains_key(&key) {
            return;
        }
        // By the name where it can be, so that somebody has the same tomorrow.
        let count = self.holders.len();
        let first = (hash(&key) % count as u64) as usize;
        let order = (first..count).chain(0..first);
        let silent = |&index: &usize| self.holders[index].as_ref().map(|holder| holder.spoke);
        let Some(index) = order.min_by_key(silent) else { return };
        if let Some(holder) = self.holders[index].take() {
            self.by_key.remove(&holder.key);
        }
        self.by_key.insert(key.clone(), index);
        self.holders[index] = Some(Holder { key, spoke });
    }
}

/// FNV-1a: all that is asked of it is to spread.
fn hash(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_shares_a_colour() {
        let mut colors = NameColors::new(10);
        let names: Vec<String> = (0..10).map(|number| format!("user{number}")).collect();
        names.iter().for_each(|name| colors.saw(name));
        let given: BTreeSet<_> = names.iter().map(|name| colors.of(name).unwrap()).collect();
        assert_eq!(given.len(), 10);
        colors.saw("late");
        assert_eq!(colors.of("late"), None);
        assert_eq!(colors.of("USER3"), colors.of("user3"));
    }

    #[test]
    fn who_speaks_takes_the_colour_of_who_was_silent_for_longest() {
        let mut colors = NameColors::new(3);
        ["ann", "bob", "carl"].iter().for_each(|name| colors.saw(name));
        colors.heard("bob");
        colors.heard("ann");
        let carls = colors.of("carl");
        colors.heard("dora");
        assert_eq!((colors.of("carl"), colors.of("dora")), (None, carls));
        colors.heard("emil");
        assert_eq!(colors.of("bob"), None);
        assert!(colors.of("ann").is_some());
        NameColors::new(0).heard("ann");
    }
}
