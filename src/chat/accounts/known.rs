//! The accounts that a shard knows: those whose names' homes are here, and the skeletons
//! of all accounts whose homes are here, in two compact tables. Never: who is logged in.

use crate::accounts::{Account, AccountId, Role};
use crate::chat::directory::Hashing;
use crate::chat::id::WorkerId;
use crate::chat::skeletons::{Looks, looks_of};
use crate::wire::name::{KeyBuffer, key_of};
use compact_str::CompactString;
use hashbrown::HashTable;
use std::collections::BTreeSet;

/// What is known of accounts here.
#[derive(Debug, Default)]
pub(in crate::chat) struct Known {
    at_home: HashTable<Entry>,
    looks: HashTable<Hashed>,
    /// Those at home elsewhere, by the hashes of their names: 64 bits under a key that
    /// nobody knows, so no two meet.
    elsewhere: HashTable<Hashed>,
    /// All operators' accounts, and those that are locked, wherever they are at home: few.
    operators: BTreeSet<AccountId>,
    locked: BTreeSet<AccountId>,
}

/// An account whose name is at home here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Entry {
    /// As it was registered.
    pub name: CompactString,
    pub id: AccountId,
    /// In seconds since 1970; 0 where it never had a session.
    last_seen: u32,
}

/// An account by a hash, which is in two halves: of a skeleton whose home is here and which
/// is kept for it, or of its name.
#[derive(Clone, Copy, Debug)]
struct Hashed {
    halves: [u32; 2],
    account: AccountId,
}

impl Hashed {
    fn new(hash: u64, account: AccountId) -> Self {
        Self { halves: [(hash >> 32) as u32, hash as u32], account }
    }

    fn hash(&self) -> u64 {
        u64::from(self.halves[0]) << 32 | u64::from(self.halves[1])
    }
}

impl Entry {
    /// When its last session ended, in seconds since 1970.
    pub(in crate::chat) fn last_seen(&self) -> Option<i64> {
        (self.last_seen > 0).then_some(self.last_seen.into())
    }

    fn is(&self, key: &str) -> bool {
        key_of(&self.name, &mut KeyBuffer::default()) == Some(key)
    }

    fn hash(&self, hashing: &Hashing) -> u64 {
        hashing.user(key_of(&self.name, &mut KeyBuffer::default()).unwrap_or_default())
    }
}

impl Known {
    /// An account is there, as this. Returns the skeletons at home here that nobody else
    /// may have from now on, if it is new.
    pub(in crate::chat) fn learn(
        &mut self,
        hashing: &Hashing,
        worker: WorkerId,
        account: &Account,
    ) -> Vec<u64> {
        let (shown, key) = (account.name.shown(), account.name.key());
        let looks = looks_of(hashing, shown, key);
        self.learn_with((hashing, worker), account, hashing.user(key), &looks)
    }

    /// [`Known::learn`] with the hash and the looks of its name, which are the same for all
    /// shards.
    pub(in crate::chat) fn learn_with(
        &mut self,
        (hashing, worker): (&Hashing, WorkerId),
        account: &Account,
        hash: u64,
        looks: &Looks,
    ) -> Vec<u64> {
        let Account { id, name, role, locked, last_seen } = account;
        match role {
            Role::Operator => self.operators.insert(*id),
            Role::User => self.operators.remove(id),
        };
        if *locked {
            self.locked.insert(*id)
        } else {
            self.locked.remove(id)
        };
        if hashing.home(hash) == worker {
            let entry = Entry {
                name: name.shown().into(),
                id: *id,
                last_seen: last_seen.map_or(0, seconds),
            };
            match self.at_home.find_mut(hash, |entry| entry.is(name.key())) {
                Some(known) => *known = entry,
                None => {
                    self.at_home.insert_unique(hash, entry, |entry| entry.hash(hashing));
                }
            }
        } else if self.elsewhere(hash).is_none() {
            self.elsewhere.insert_unique(hash, Hashed::new(hash, *id), Hashed::hash);
        }
        let mut new = Vec::new();
        for skeleton in looks.iter().map(|look| look.skeleton) {
            let is_same = |one: &Hashed| one.hash() == skeleton && one.account == *id;
            if hashing.home(skeleton) == worker && self.looks.find(skeleton, is_same).is_none() {
                let guarded = Hashed::new(skeleton, *id);
                self.looks.insert_unique(skeleton, guarded, Hashed::hash);
                new.push(skeleton);
            }
        }
        new
    }

    /// An account is there no more. Rare, so all are looked through.
    pub(in crate::chat) fn forget(&mut self, id: AccountId) {
        self.operators.remove(&id);
        self.locked.remove(&id);
        self.at_home.retain(|entry| entry.id != id);
        self.looks.retain(|guarded| guarded.account != id);
        self.elsewhere.retain(|name| name.account != id);
    }

    /// The account of that name, if the name's home is here.
    pub(in crate::chat) fn find(&self, hash: u64, key: &str) -> Option<&Entry> {
        self.at_home.find(hash, |entry| entry.is(key))
    }

    /// The account whose name has that hash and is at home elsewhere.
    pub(in crate::chat) fn elsewhere(&self, hash: u64) -> Option<AccountId> {
        self.elsewhere.find(hash, |one| one.hash() == hash).map(|one| one.account)
    }

    /// The same, if one may log in to it.
    pub(in crate::chat) fn find_unlocked(&self, hash: u64, key: &str) -> Option<&Entry> {
        self.find(hash, key).filter(|entry| !self.locked.contains(&entry.id))
    }

    /// What an account may do.
    pub(in crate::chat) fn role(&self, id: AccountId) -> Role {
        if self.operators.contains(&id) { Role::Operator } else { Role::User }
    }

    /// Its last session has ended.
    pub(in crate::chat) fn seen(&mut self, hash: u64, key: &str, now: i64) {
        if let Some(entry) = self.at_home.find_mut(hash, |entry| entry.is(key)) {
            entry.last_seen = seconds(now);
        }
    }

    /// Whether an account's name has this skeleton, whose home is here.
    pub(in crate::chat) fn guards(&self, skeleton: u64) -> bool {
        !self.looks.is_empty() && self.looks.find(skeleton, |one| one.hash() == skeleton).is_some()
    }

    /// Whether there is an operator's account on the server.
    pub(in crate::chat) fn has_operators(&self) -> bool {
        !self.operators.is_empty()
    }

    /// Accounts at home here.
    pub(in crate::chat) fn count(&self) -> usize {
        self.at_home.len()
    }
}

/// A time of day in 32 bits, never 0.
fn seconds(time: i64) -> u32 {
    u32::try_from(time.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;
    use std::num::NonZeroU32;

    fn account(number: u32, name: &str) -> Account {
        let id = AccountId(NonZeroU32::new(number).unwrap());
        let name = Name::parse(name).unwrap();
        Account { id, name, role: Role::User, locked: false, last_seen: None }
    }

    /// Names as people and machines have them: from one skeleton to three.
    fn names(number: u32) -> String {
        let kinds = ["anna", "Bob.", "crew_", "Maintenance-"];
        format!("{}{number}", kinds[number as usize % kinds.len()])
    }

    #[test]
    fn a_hundred_thousand_accounts_take_less_than_a_hundred_bytes_each() {
        const ACCOUNTS: u32 = 100_000;
        let hashing = Hashing::new((7, 11), 1);
        let mut known = Known::default();
        for number in 1..=ACCOUNTS {
            known.learn(&hashing, 0, &account(number, &names(number)));
        }
        // A byte of control for each place in a table.
        let places = known.at_home.num_buckets() * (size_of::<Entry>() + 1)
            + known.looks.num_buckets() * (size_of::<Hashed>() + 1);
        assert_eq!(known.count(), ACCOUNTS as usize);
        assert!(places <= 100 * ACCOUNTS as usize, "{places}");
    }

    #[test]
    fn an_account_is_found_by_its_key_and_its_skeletons_are_guarded_until_it_is_forgotten() {
        let hashing = Hashing::new((7, 11), 1);
        let mut known = Known::default();
        let bill = account(1, "Bill");
        let new = known.learn(&hashing, 0, &bill);
        assert!(!new.is_empty() && known.learn(&hashing, 0, &bill).is_empty(), "it is known");
        let hash = hashing.user("bill");
        assert_eq!(known.find(hash, "bill").unwrap().name, "Bill");
        for alike in ["bi11", "BILL", "biIl"] {
            let name = Name::parse(alike).unwrap();
            let looks = looks_of(&hashing, name.shown(), name.key());
            assert!(looks.iter().any(|look| known.guards(look.skeleton)), "{alike}");
        }
        known.seen(hash, "bill", 77);
        assert_eq!(known.find(hash, "bill").unwrap().last_seen(), Some(77));
        known.forget(bill.id);
        assert!(known.find(hash, "bill").is_none());
        assert!(!new.into_iter().any(|skeleton| known.guards(skeleton)));
    }

    #[test]
    fn operators_are_known_wherever_they_are_at_home() {
        let hashing = Hashing::new((7, 11), 64);
        let mut known = Known::default();
        let home = hashing.home(hashing.user("ann"));
        let mut ann = Account { role: Role::Operator, ..account(1, "ann") };
        known.learn(&hashing, home ^ 1, &ann);
        assert_eq!((known.has_operators(), known.count()), (true, 0));
        ann.role = Role::User;
        known.learn(&hashing, home ^ 1, &ann);
        assert!(!known.has_operators());
    }
}
