//! Where names live: the hash that says at whose home, the table of those who
//! are home here, and what these look like. Never: what a name may look like.

use super::id::WorkerId;
use crate::wire::confusable_hash::confusable_hash_of;
use crate::wire::confusables::skeletons_of;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use siphasher::sip128::{self, Hasher128};
use std::collections::HashMap;
use std::hash::Hasher;

/// The server's hash of names, keyed afresh at each start, so that nobody can
/// aim names at one bucket. Who is of one family is no secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashing {
    keys: (u64, u64),
    workers: u64,
}

impl Hashing {
    pub(super) fn new(keys: (u64, u64), workers: usize) -> Self {
        if workers > 1 {
            // Its table is made now, and not with the first name.
            confusable_hash_of("a");
        }
        Self { keys, workers: workers as u64 }
    }

    /// Of a user's key.
    pub(super) fn user(&self, key: &str) -> u64 {
        self.hash(b'@', key.as_bytes())
    }

    /// Of a room's key.
    pub(super) fn room(&self, key: &str) -> u64 {
        self.hash(b'#', key.as_bytes())
    }

    /// The worker at which the user of a key lives: by the key's family, so
    /// that all who look alike meet there.
    pub(super) fn home_of_user(&self, key: &str) -> WorkerId {
        if self.workers == 1 {
            return 0;
        }
        self.home(self.hash(b'~', &confusable_hash_of(key).to_le_bytes()))
    }

    /// Of a look.
    fn skeleton(&self, skeleton: &str) -> u64 {
        self.hash(b'=', skeleton.as_bytes())
    }

    /// The worker at which a room lives. The high half decides here, so that the
    /// low one stays free for the table.
    pub(super) fn home(&self, hash: u64) -> WorkerId {
        (((hash >> 32) * self.workers) >> 32) as WorkerId
    }

    /// What only this server can compute of a session's handle (SipHash-2-4 with
    /// 128 bits: a pseudorandom function, and none that hashes names).
    pub(super) fn secret(&self, handle: &[u8]) -> [u8; 16] {
        let mut hasher = sip128::SipHasher24::new_with_keys(self.keys.0, self.keys.1);
        hasher.write(handle);
        hasher.finish128().as_bytes()
    }

    /// In one go; each kind of name has a key of its own.
    fn hash(&self, kind: u8, key: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.keys.0 ^ u64::from(kind), self.keys.1).hash(key)
    }
}

/// The names of this shard: hash to slot. The names themselves stand where the
/// slots lead; whoever asks says how to look there.
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

/// What the names of this shard look like, by the hash of each look: how many
/// ASCII names have it, or that one other name has.
///
/// - **Invariant**: a look is one other name's alone, or ASCII names'.
#[derive(Debug, Default)]
pub(super) struct Confusables(HashMap<u64, u32>);

/// In place of a count: a name that isn't ASCII.
const OTHER: u32 = u32::MAX;

impl Confusables {
    /// Whether nobody here looks like this name, which nobody here has.
    pub(super) fn are_free(&self, hashing: &Hashing, shown: &str, key: &str) -> bool {
        let is_ascii = shown.is_ascii();
        skeletons_of(shown, key).all(|skeleton| match self.0.get(&hashing.skeleton(&skeleton)) {
            None => true,
            Some(&holder) => is_ascii && holder != OTHER,
        })
    }

    /// Adds a name whose confusables are free.
    pub(super) fn add(&mut self, hashing: &Hashing, shown: &str, key: &str) {
        let is_ascii = shown.is_ascii();
        for skeleton in skeletons_of(shown, key) {
            let count = self.0.entry(hashing.skeleton(&skeleton)).or_insert(0);
            *count = if is_ascii { *count + 1 } else { OTHER };
        }
    }

    /// Removes a name that was added.
    pub(super) fn remove(&mut self, hashing: &Hashing, shown: &str, key: &str) {
        for skeleton in skeletons_of(shown, key) {
            let hash = hashing.skeleton(&skeleton);
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

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
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
            users[usize::from(hashing.home_of_user(&name))] += 1;
            rooms[usize::from(hashing.home(hashing.room(&name)))] += 1;
        }
        for share in users.into_iter().chain(rooms) {
            assert!((580..=750).contains(&share), "{users:?} {rooms:?}");
        }
        assert_eq!(Hashing::new(KEYS, 1).home_of_user("anybody"), 0);
    }

    #[test]
    fn look_alikes_have_one_home() {
        let hashing = Hashing::new(KEYS, 64);
        assert_eq!(hashing.home_of_user("paypa"), hashing.home_of_user("раура"));
        assert_ne!(hashing.home_of_user("paypa"), hashing.home_of_user("bob"));
    }

    #[test]
    fn a_hash_is_of_its_kind_its_text_and_its_keys() {
        let [here, elsewhere] = [KEYS, (7, 12)].map(|keys| Hashing::new(keys, 2));
        let hashes = [
            here.user("bob"),
            here.user("alice"),
            here.room("bob"),
            here.room("alice"),
            here.skeleton("bob"),
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

    /// Somebody as they show and as they are keyed.
    type Somebody = (&'static str, &'static str);
    const BILL: Somebody = ("Bill", "bill");
    /// ASCII, with the confusables of `Bill`.
    const DIGITS: Somebody = ("BI11", "bi11");
    /// Cyrillic, with the confusables of `BOB`.
    const VOV: Somebody = ("ВОВ", "вов");
    const BOB: Somebody = ("BOB", "bob");
    const B0B: Somebody = ("B0B", "b0b");

    fn are_free(confusables: &Confusables, (shown, key): Somebody) -> bool {
        confusables.are_free(&Hashing::new(KEYS, 1), shown, key)
    }

    fn add(confusables: &mut Confusables, (shown, key): Somebody) {
        assert!(are_free(confusables, (shown, key)));
        confusables.add(&Hashing::new(KEYS, 1), shown, key);
    }

    fn remove(confusables: &mut Confusables, (shown, key): Somebody) {
        confusables.remove(&Hashing::new(KEYS, 1), shown, key);
    }

    #[test]
    fn ascii_names_share_their_looks_and_others_share_none() {
        let mut confusables = Confusables::default();
        add(&mut confusables, BILL);
        add(&mut confusables, DIGITS);
        add(&mut confusables, BOB);
        assert!(!are_free(&confusables, VOV));
        remove(&mut confusables, BOB);
        add(&mut confusables, VOV);
        assert!(!are_free(&confusables, BOB));
        assert!(!are_free(&confusables, VOV));
    }

    #[test]
    fn looks_are_taken_until_the_last_who_has_them_is_gone() {
        let mut confusables = Confusables::default();
        add(&mut confusables, BOB);
        add(&mut confusables, B0B);
        remove(&mut confusables, BOB);
        assert!(!are_free(&confusables, VOV), "of B0B");
        remove(&mut confusables, B0B);
        assert!(confusables.is_empty());
        add(&mut confusables, VOV);
        assert!(!confusables.is_empty());
        remove(&mut confusables, VOV);
        assert!(confusables.is_empty());
    }
}
