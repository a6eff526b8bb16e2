//! Where names are held: the hash that gives a name's home, and the table of names
//! whose home is here. Never: their skeletons, which are in `skeletons`.

use super::id::WorkerId;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use siphasher::sip128::{self, Hasher128};
use std::hash::Hasher;

/// The server's hash of names, keyed afresh at each start, so that nobody can
/// aim names at one worker or at one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashing {
    keys: (u64, u64),
    workers: u64,
}

impl Hashing {
    pub(super) fn new(keys: (u64, u64), workers: usize) -> Self {
        Self { keys, workers: workers as u64 }
    }

    /// Of a user's key, and of a skeleton: so a name that is its own skeleton, as
    /// most are, is claimed at one worker.
    pub(super) fn user(&self, key: &str) -> u64 {
        self.hash(b'@', key.as_bytes())
    }

    /// Of a room's key.
    pub(super) fn room(&self, key: &str) -> u64 {
        self.hash(b'#', key.as_bytes())
    }

    /// The home of a user, room or skeleton by its hash: from the high half, since
    /// the table uses the low one.
    pub(super) fn home(&self, hash: u64) -> WorkerId {
        (((hash >> 32) * self.workers) >> 32) as WorkerId
    }

    /// A keyed hash of a session's handle that only this server can compute
    /// (SipHash-2-4 with 128 bits; names are hashed by another function).
    pub(super) fn secret(&self, handle: &[u8]) -> [u8; 16] {
        let mut hasher = sip128::SipHasher24::new_with_keys(self.keys.0, self.keys.1);
        hasher.write(handle);
        hasher.finish128().as_bytes()
    }

    /// The keyed hash; each kind of name has a key of its own.
    fn hash(&self, kind: u8, key: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.keys.0 ^ u64::from(kind), self.keys.1).hash(key)
    }
}

/// The names of this shard: hash to slot. The names themselves are in the slab;
/// the caller compares them.
#[derive(Debug, Default)]
pub(super) struct Directory {
    slots: HashTable<(u32, u32)>,
}

impl Directory {
    /// The slot of a name; `is_it` tells whether a slot holds it.
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = hash as u32;
        self.slots.find(spread(tag), |&(other, slot)| other == tag && is_it(slot)).map(|e| e.1)
    }

    /// Adds a name that isn't there.
    pub(super) fn insert(&mut self, hash: u64, slot: u32) {
        let tag = hash as u32;
        self.slots.insert_unique(spread(tag), (tag, slot), |&(tag, _)| spread(tag));
    }

    /// Removes a name by its slot.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) {
        let tag = hash as u32;
        if let Ok(entry) = self.slots.find_entry(spread(tag), |&(_, other)| other == slot) {
            entry.remove();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// The table wants its hash in the high bits as well as in the low ones.
fn spread(tag: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: (u64, u64) = (7, 11);

    fn names() -> impl Iterator<Item = String> {
        (0..2000).map(|number| format!("user-{number}"))
    }

    #[test]
    fn homes_are_spread_over_all_workers() {
        let hashing = Hashing::new(KEYS, 3);
        let mut users = [0; 3];
        let mut rooms = [0; 3];
        for name in names() {
            users[usize::from(hashing.home(hashing.user(&name)))] += 1;
            rooms[usize::from(hashing.home(hashing.room(&name)))] += 1;
        }
        for share in users.into_iter().chain(rooms) {
            assert!((580..=750).contains(&share), "{users:?} {rooms:?}");
        }
        assert_eq!(Hashing::new(KEYS, 1).home(u64::MAX), 0);
    }

    #[test]
    fn names_that_look_alike_are_spread_over_all_workers() {
        let hashing = Hashing::new(KEYS, 3);
        let mut users = [0; 3];
        for number in 0..1024_u32 {
            let letter = |bit: u32| if number >> bit & 1 == 1 { '1' } else { 'l' };
            let name: String = (0..10).map(letter).collect();
            users[usize::from(hashing.home(hashing.user(&name)))] += 1;
        }
        assert!(users.iter().all(|share| (280..=400).contains(share)), "{users:?}");
    }

    #[test]
    fn a_hash_is_of_its_kind_its_text_and_its_keys() {
        let [here, elsewhere] = [KEYS, (7, 12)].map(|keys| Hashing::new(keys, 2));
        let hashes = [
            here.user("bob"),
            here.user("alice"),
            here.room("bob"),
            here.room("alice"),
            elsewhere.user("bob"),
        ];
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{at}: {hashes:?}");
        }
    }

    #[test]
    fn a_name_is_found_by_its_hash_and_by_what_its_slot_says() {
        let mut directory = Directory::default();
        // Two names of one hash, and one whose hash differs.
        directory.insert(5, 1);
        directory.insert(5, 2);
        directory.insert(6, 3);
        assert_eq!(directory.find(5, |slot| slot == 2), Some(2));
        assert_eq!(directory.find(5, |slot| slot == 1), Some(1));
        assert_eq!(directory.find(5, |slot| slot == 3), None, "of another hash");
        assert_eq!(directory.find(7, |_| true), None);
        directory.remove(5, 1);
        assert_eq!(directory.find(5, |_| true), Some(2));
        assert!(!directory.is_empty());
        directory.remove(5, 2);
        directory.remove(6, 3);
        assert!(directory.is_empty());
    }

    #[test]
    fn many_names_stay_found_while_the_table_grows() {
        let hashing = Hashing::new(KEYS, 1);
        let mut directory = Directory::default();
        for (slot, name) in names().enumerate() {
            directory.insert(hashing.user(&name), slot as u32);
        }
        for (slot, name) in names().enumerate() {
            let mut looked_at = 0;
            let found = directory.find(hashing.user(&name), |other| {
                looked_at += 1;
                other == slot as u32
            });
            assert_eq!((found, looked_at), (Some(slot as u32), 1), "{name}");
        }
    }

    #[test]
    fn a_tag_is_in_both_halves_of_what_the_table_gets() {
        assert_eq!(spread(0x8000_0001), 0x8000_0001_8000_0001);
    }
}
