//! Where names live: the hash that says at whose home, the table of those who
//! are home here, and what these look like. Never: what a name may look like.

use super::id::WorkerId;
use crate::wire::looks::{looks_of, with_family};
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use std::hash::Hasher;

/// The house's hash of names, keyed afresh at each start, so that nobody can
/// aim names at one worker or one bucket.
#[derive(Clone, Copy, Debug)]
pub struct Hashing {
    keys: (u64, u64),
    workers: u64,
}

impl Hashing {
    pub fn new(keys: (u64, u64), workers: usize) -> Self {
        if workers > 1 {
            // Its table is made now, and not with the first name.
            with_family("a", |_| ());
        }
        Self { keys, workers: workers as u64 }
    }

    /// Of a user's key.
    pub fn user(&self, key: &str) -> u64 {
        self.hash(b'@', key.as_bytes())
    }

    /// Of a room's key.
    pub fn room(&self, key: &str) -> u64 {
        self.hash(b'#', key.as_bytes())
    }

    /// The worker at which the user of a key lives: by the key's family, so
    /// that all who look alike meet there.
    pub fn home_of_user(&self, key: &str) -> WorkerId {
        if self.workers == 1 {
            return 0;
        }
        self.home(with_family(key, |family| self.hash(b'~', family)))
    }

    /// Of a look.
    fn look(&self, look: &str) -> u64 {
        self.hash(b'=', look.as_bytes())
    }

    /// The worker at which a room lives. The high half decides here, so that the
    /// low one stays free for the table.
    pub fn home(&self, hash: u64) -> WorkerId {
        (((hash >> 32) * self.workers) >> 32) as WorkerId
    }

    fn hash(&self, kind: u8, key: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        hasher.write_u8(kind);
        hasher.write(key);
        hasher.finish()
    }
}

/// The names of this shard: hash to slot. The names themselves stand where the
/// slots lead; whoever asks says how to look there.
#[derive(Debug, Default)]
pub struct Directory {
    slots: HashTable<(u32, u32)>,
}

impl Directory {
    /// The slot of a name; `is_it` tells whether a slot holds it.
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = hash as u32;
        self.slots.find(spread(tag), |&(other, slot)| other == tag && is_it(slot)).map(|e| e.1)
    }

    /// Adds a name that isn't there.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        let tag = hash as u32;
        self.slots.insert_unique(spread(tag), (tag, slot), |&(tag, _)| spread(tag));
    }

    /// Removes a name by its slot.
    pub fn remove(&mut self, hash: u64, slot: u32) {
        let tag = hash as u32;
        if let Ok(entry) = self.slots.find_entry(spread(tag), |&(_, other)| other == slot) {
            entry.remove();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// What the names of this shard look like, by the hash of each look: how many
/// ASCII names have it, or that one other name has.
///
/// - **Invariant**: a look is one other name's alone, or ASCII names'.
#[derive(Debug, Default)]
pub struct Looks(HashMap<u64, u32>);

/// In place of a count: a name that isn't ASCII.
const OTHER: u32 = u32::MAX;

impl Looks {
    /// Whether nobody here looks like this name, which nobody here has.
    pub fn are_free(&self, hashing: &Hashing, shown: &str, key: &str) -> bool {
        let is_ascii = shown.is_ascii();
        looks_of(shown, key).all(|look| match self.0.get(&hashing.look(&look)) {
            None => true,
            Some(&holder) => is_ascii && holder != OTHER,
        })
    }

    /// Adds a name whose looks are free.
    pub fn add(&mut self, hashing: &Hashing, shown: &str, key: &str) {
        let is_ascii = shown.is_ascii();
        for look in looks_of(shown, key) {
            let count = self.0.entry(hashing.look(&look)).or_insert(0);
            *count = if is_ascii { *count + 1 } else { OTHER };
        }
    }

    /// Removes a name that was added.
    pub fn remove(&mut self, hashing: &Hashing, shown: &str, key: &str) {
        for look in looks_of(shown, key) {
            let hash = hashing.look(&look);
            if let Some(count) = self.0.get_mut(&hash)
                && *count > 1
                && *count != OTHER
            {
                *count -= 1;
            } else {
                self.0.remove(&hash);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The table wants its hash in the high bits as well as in the low ones.
fn spread(tag: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(tag)
}
