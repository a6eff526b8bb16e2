//! What the home of a name knows about rooms: those that its account is in, invitations that
//! it has yet to be told of, and from which the name is barred. Never: doing anything about it.

use crate::accounts::AccountId;
use crate::archive::RoomId;
use crate::limits;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of the names at home here.
#[derive(Debug, Default)]
pub(in crate::chat) struct Owned {
    memberships: BTreeMap<AccountId, BTreeSet<RoomId>>,
    untold: BTreeMap<AccountId, Vec<Untold>>,
    untold_count: usize,
    /// Keys of names, by keys of rooms.
    bars: BTreeMap<Arc<str>, BTreeSet<CompactString>>,
    bars_count: usize,
}

/// An invitation of an account that was not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Untold {
    pub to: InvitedTo,
    pub by: CompactString,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum InvitedTo {
    Owned(RoomId),
    /// One without an owner: its name, with its `#`.
    Other(Arc<str>),
}

impl Owned {
    /// Whether it is news.
    pub(super) fn joined(&mut self, account: AccountId, room: RoomId) -> bool {
        self.memberships.entry(account).or_default().insert(room)
    }

    pub(super) fn left(&mut self, account: AccountId, room: RoomId) {
        if let Some(rooms) = self.memberships.get_mut(&account) {
            rooms.remove(&room);
            if rooms.is_empty() {
                self.memberships.remove(&account);
            }
        }
    }

    pub(in crate::chat) fn is_member(&self, account: AccountId, room: RoomId) -> bool {
        self.memberships.get(&account).is_some_and(|rooms| rooms.contains(&room))
    }

    /// The rooms of an account, but for those that are gone.
    pub(super) fn rooms_of(
        &mut self,
        account: AccountId,
        is_there: impl Fn(RoomId) -> bool,
    ) -> Vec<RoomId> {
        let Some(rooms) = self.memberships.get_mut(&account) else { return Vec::new() };
        rooms.retain(|room| is_there(*room));
        rooms.iter().copied().collect()
    }

    /// Keeps an invitation until its account comes; false where there are too many.
    pub(super) fn tell_later(&mut self, account: AccountId, untold: Untold) -> bool {
        let waiting = self.untold.entry(account).or_default();
        if waiting.contains(&untold) {
            return true;
        }
        let of_account = waiting.len() < limits::INVITATIONS_PER_ACCOUNT_MAX;
        let has_room = of_account && self.untold_count < limits::INVITATIONS_UNTOLD_MAX;
        if has_room {
            waiting.push(untold);
            self.untold_count += 1;
        }
        has_room
    }

    pub(super) fn take_untold(&mut self, account: AccountId) -> Vec<Untold> {
        let untold = self.untold.remove(&account).unwrap_or_default();
        self.untold_count -= untold.len();
        untold
    }

    /// Nobody of that name comes in there; false where there are too many of those.
    pub(super) fn bar(&mut self, room: &str, name: &str) -> bool {
        if self.is_barred(room, name) {
            return true;
        }
        if self.bars_count >= limits::BARS_MAX {
            return false;
        }
        self.bars_count += 1;
        self.bars.entry(room.into()).or_default().insert(name.into())
    }

    pub(super) fn unbar(&mut self, room: &str, name: &str) {
        let Some(names) = self.bars.get_mut(room) else { return };
        self.bars_count -= usize::from(names.remove(name));
        if names.is_empty() {
            self.bars.remove(room);
        }
    }

    pub(super) fn is_barred(&self, room: &str, name: &str) -> bool {
        self.bars.get(room).is_some_and(|names| names.contains(name))
    }

    /// The room is gone.
    pub(in crate::chat) fn unbar_all(&mut self, room: &str) {
        let names = self.bars.remove(room);
        self.bars_count -= names.map_or(0, |names| names.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn room(number: u32) -> RoomId {
        RoomId(NonZeroU32::new(number).unwrap())
    }

    #[test]
    fn rooms_that_are_gone_are_forgotten_once_they_are_looked_for() {
        let account = AccountId(NonZeroU32::MIN);
        let mut owned = Owned::default();
        assert!(owned.joined(account, room(1)) && owned.joined(account, room(2)));
        assert!(!owned.joined(account, room(1)));
        assert_eq!(owned.rooms_of(account, |id| id != room(1)), [room(2)]);
        assert!(!owned.is_member(account, room(1)) && owned.is_member(account, room(2)));
        owned.left(account, room(2));
        assert!(owned.memberships.is_empty());
    }

    #[test]
    fn bars_and_invitations_have_bounds_and_are_counted() {
        let account = AccountId(NonZeroU32::MIN);
        let mut owned = Owned::default();
        for number in 0..limits::BARS_MAX {
            assert!(owned.bar("ops", &number.to_string()));
        }
        assert!(owned.bar("ops", "7"), "it is one of them");
        assert!(!owned.bar("ops", "mallory"));
        owned.unbar("ops", "7");
        assert!(owned.bar("ops", "mallory") && owned.is_barred("ops", "mallory"));
        owned.unbar_all("ops");
        assert!((owned.bars_count, owned.bars.len()) == (0, 0));
        let untold = |number: usize| Untold {
            to: InvitedTo::Other(format!("#{number}").into()),
            by: "bob".into(),
        };
        for number in 0..limits::INVITATIONS_PER_ACCOUNT_MAX {
            assert!(owned.tell_later(account, untold(number)));
        }
        assert!(owned.tell_later(account, untold(0)), "it is one of them");
        assert!(!owned.tell_later(account, untold(usize::MAX)));
        assert_eq!(owned.take_untold(account).len(), limits::INVITATIONS_PER_ACCOUNT_MAX);
        assert_eq!((owned.untold_count, owned.take_untold(account)), (0, vec![]));
    }
}
