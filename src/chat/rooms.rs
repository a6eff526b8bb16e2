//! The tables of rooms: at a room's home its members by name; at each worker
//! those of its clients who are in it. Never: who may join, who hears of it.

use super::address::AddressBudget;
use super::id::ConnId;
use super::snapshot::Snapshot;
use crate::archive::RoomId;
use crate::wire::Name;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Weak};

/// Rooms whose home is here, by their key.
#[derive(Debug, Default)]
pub(super) struct Rooms(BTreeMap<Box<str>, Room>);

#[derive(Debug)]
pub(super) struct Room {
    /// As it was first made, `#` in front.
    pub shown: Box<str>,
    /// Key to name, so in the order of case folds. Short names lie in the table itself:
    /// hundreds of thousands of tiny blocks, freed by a crowd that goes, are milliseconds
    /// of the allocator's time for whoever asks it next.
    pub members: BTreeMap<CompactString, CompactString>,
    /// It has an owner, or had one: it stays when nobody is in it.
    pub owned: Option<RoomId>,
    /// Names are barred from it where they are at home.
    pub has_bars: bool,
    /// The list of them, while it is referenced and they have not changed.
    pub listed: Weak<Snapshot>,
    /// The address that made it, whose quota has it.
    maker: Option<Arc<AddressBudget>>,
}

/// The size of a room besides its name, in bytes: in the table at its home, in the
/// rosters of the workers that have members.
const ROOM_BYTES: usize = 320;
/// The size of a member besides the name, in bytes: in the room, in the roster, in
/// the member's own list of rooms.
const MEMBER_BYTES: usize = 176;

fn member_bytes(key: &str, shown: &str) -> usize {
    MEMBER_BYTES + key.len() + shown.len()
}

/// The result of leaving a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The room's name, as it was first made.
    Yes(Box<str>),
    NotMember,
    NoSuchRoom,
}

impl Rooms {
    pub(super) fn get(&self, key: &str) -> Option<&Room> {
        self.0.get(key)
    }

    /// Makes the room if need be; again is no error.
    pub(super) fn join(
        &mut self,
        room: &Name,
        member: &Name,
        maker: Option<&Arc<AddressBudget>>,
    ) -> &Room {
        let new = || Room::new(room, maker.cloned());
        let room = self.0.entry(room.key().into()).or_insert_with(new);
        room.listed = Weak::new();
        room.members.insert(member.key().into(), member.shown().into());
        room
    }

    /// The bytes that joining would add to all rooms.
    pub(super) fn bytes_of_joining(&self, room: &Name, member: &Name) -> usize {
        let of_room = ROOM_BYTES + room.key().len() + room.shown().len();
        let of_member = member_bytes(member.key(), member.shown());
        match self.0.get(room.key()) {
            None => of_room + of_member,
            Some(room) if room.members.contains_key(member.key()) => 0,
            Some(_) => of_member,
        }
    }

    /// Removes a member, and an empty room with it. Returns the bytes freed as well.
    pub(super) fn leave(&mut self, key: &str, member: &str) -> (Left, usize) {
        let Some(room) = self.0.get_mut(key) else { return (Left::NoSuchRoom, 0) };
        let Some(shown) = room.members.remove(member) else { return (Left::NotMember, 0) };
        let mut freed = member_bytes(member, &shown);
        room.listed = Weak::new();
        let shown = room.shown.clone();
        if room.members.is_empty() && room.owned.is_none() {
            freed += self.end(key).unwrap_or_default();
        }
        (Left::Yes(shown), freed)
    }

    /// The room has an owner. Whether it is new, and the bytes that it adds.
    pub(super) fn own(&mut self, room: &Name, id: RoomId) -> (bool, usize) {
        let is_new = !self.0.contains_key(room.key());
        let new = || Room::new(room, None);
        self.0.entry(room.key().into()).or_insert_with(new).owned = Some(id);
        let bytes = ROOM_BYTES + room.key().len() + room.shown().len();
        (is_new, if is_new { bytes } else { 0 })
    }

    /// The room is gone, with all who are in it. The bytes freed.
    pub(super) fn end(&mut self, key: &str) -> Option<usize> {
        let mut room = self.0.remove(key)?;
        room.maker.take().inspect(|maker| maker.give_room_back());
        let members = room.members.iter().map(|(key, shown)| member_bytes(key, shown));
        let of_room = ROOM_BYTES + key.len() + room.shown.len() - "#".len();
        Some(of_room + members.sum::<usize>())
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Room> {
        self.0.get_mut(key)
    }

    /// Those behind a key, in the order of their keys.
    pub(super) fn behind(&self, from: Bound<&str>) -> impl Iterator<Item = (&str, &Room)> {
        self.0.range::<str, _>((from, Bound::Unbounded)).map(|(key, room)| (&**key, room))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether all have owners, and so stay.
    pub(super) fn is_vacant(&self) -> bool {
        self.0.values().all(|room| room.owned.is_some())
    }
}

impl Room {
    fn new(room: &Name, maker: Option<Arc<AddressBudget>>) -> Self {
        Self {
            shown: format!("#{}", room.shown()).into(),
            members: BTreeMap::new(),
            owned: None,
            has_bars: false,
            listed: Weak::new(),
            maker,
        }
    }
}

/// Which clients of this worker are in which room, wherever its home is.
#[derive(Debug, Default)]
pub(super) struct Rosters(BTreeMap<Arc<str>, BTreeSet<ConnId>>);

impl Rosters {
    pub(super) fn add(&mut self, room: &str, member: ConnId) -> Arc<str> {
        if let Some((known, _)) = self.0.get_key_value(room) {
            let known = known.clone();
            self.0.entry(known.clone()).or_default().insert(member);
            return known;
        }
        let room: Arc<str> = room.into();
        self.0.insert(room.clone(), BTreeSet::from([member]));
        room
    }

    pub(super) fn remove(&mut self, room: &str, member: ConnId) {
        if let Some(members) = self.0.get_mut(room) {
            members.remove(&member);
            if members.is_empty() {
                self.0.remove(room);
            }
        }
    }

    pub(super) fn contains(&self, room: &str, member: ConnId) -> bool {
        self.0.get(room).is_some_and(|members| members.contains(&member))
    }

    /// How many of a room are here.
    pub(super) fn count(&self, room: &str) -> usize {
        self.0.get(room).map_or(0, BTreeSet::len)
    }

    /// Those of a room who are here, in a fixed order.
    pub(super) fn of(&self, room: &str) -> Vec<ConnId> {
        self.0.get(room).map(|members| members.iter().copied().collect()).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosters_are_empty_when_the_last_member_has_gone() {
        let [one, other] = [0, 1].map(|slot| ConnId { slot, generation: 0 });
        let mut rosters = Rosters::default();
        assert!(rosters.is_empty());
        rosters.add("ops", one);
        rosters.add("ops", other);
        rosters.remove("ops", one);
        assert!(!rosters.is_empty());
        assert_eq!((rosters.contains("ops", one), rosters.of("ops")), (false, vec![other]));
        rosters.remove("ops", other);
        assert!(rosters.is_empty());
    }
}
