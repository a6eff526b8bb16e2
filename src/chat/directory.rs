//! Where names live: the hash that says at whose home, and the table of those
//! who are home here. Never: what a name may look like.

use super::id::WorkerId;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
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
        Self { keys, workers: workers as u64 }
    }

    /// Of a user's key.
    pub fn user(&self, key: &str) -> u64 {
        self.hash(b'@', key)
    }

    /// Of a room's key.
    pub fn room(&self, key: &str) -> u64 {
        self.hash(b'#', key)
    }

    /// The worker at which it lives. The high half decides here, so that the
    /// low one stays free for the table.
    pub fn home(&self, hash: u64) -> WorkerId {
        (((hash >> 32) * self.workers) >> 32) as WorkerId
    }

    fn hash(&self, kind: u8, key: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        hasher.write_u8(kind);
        hasher.write(key.as_bytes());
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

/// The table wants its hash in the high bits as well as in the low ones.
fn spread(tag: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(tag)
}
