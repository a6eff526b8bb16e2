//! What the home of a room knows of it: whether it has an owner, all its members. Never: who
//! owns it, which every shard knows.

use super::about::About;
use crate::archive::{OwnedRoom, RoomId};
use crate::chat::query_protocol::{Joined, Joiner};
use crate::chat::shard::Shard;
use crate::chat::snapshot::{Entries, Entry, Snapshot};
use crate::wire::Name;
use compact_str::format_compact;
use std::sync::Arc;

impl<S> Shard<S> {
    /// A room whose home is here has an owner: it stays.
    pub(super) fn room_here_is(&mut self, room: &OwnedRoom) {
        let (is_new, bytes) = self.rooms.own(&room.name, room.id);
        // The store has bounds of its own.
        self.counters.room_bytes_added(bytes);
        if is_new {
            self.counters.room_added();
        }
        self.rooms_changed();
    }

    pub(super) fn member_here_is(&mut self, room: &Name, member: &Name, is_in: bool) {
        if is_in {
            let bytes = self.rooms.bytes_of_joining(room, member);
            self.counters.room_bytes_added(bytes);
            self.rooms.join(room, member, None);
        } else {
            let (_, freed) = self.rooms.leave(room.key(), member.key());
            self.counters.room_bytes_freed(freed);
        }
        self.rooms_changed();
    }

    /// A room whose home is here is gone, whoever is in it.
    pub(super) fn room_here_is_gone(&mut self, room: &str) {
        if let Some(freed) = self.rooms.end(room) {
            self.counters.room_bytes_freed(freed);
            self.counters.room_gone();
            self.rooms_changed();
        }
    }

    /// What `/room` tells of a room whose home is here.
    pub(in crate::chat) fn room_text(&self, room: &str) -> Option<String> {
        let here = self.rooms.get(room)?;
        let members = here.members.len();
        let Some(known) = here.owned.and_then(|id| self.archive.rooms.get(id)) else {
            return Some(format!("{} - open - {members}\n", here.shown));
        };
        let owner = known.owner.as_ref().map_or("-", |(_, name)| name.shown());
        let access = if known.is_private { "private" } else { "open" };
        let keep = known.keep.unwrap_or(self.settings.keep);
        Some(format!("{} {owner} {access} {keep} {members}\n{}", here.shown, known.topic))
    }

    /// The room, if it has an owner, and that one is not in it yet.
    pub(in crate::chat) fn needs_permit(&self, room: &Name, member: &Name) -> Option<RoomId> {
        let here = self.rooms.get(room.key())?;
        here.owned.filter(|_| !here.members.contains_key(member.key()))
    }

    /// Why somebody can't come into a room with an owner whose home is here, or not so.
    pub(in crate::chat) fn not_here(&self, room: RoomId, joiner: Joiner) -> Option<Joined> {
        let is_private = self.archive.rooms.get(room).is_some_and(|room| room.is_private);
        match joiner {
            Joiner::Account => Some(Joined::Owned(room)),
            Joiner::Guest { is_invited: false } if is_private => Some(Joined::NotMember),
            Joiner::Guest { .. } => None,
        }
    }

    /// How many are in a room whose home is here, one who has joined it counted.
    pub(in crate::chat) fn joined_here(&self, room: &str, member: &Name) -> Joined {
        let Some(here) = self.rooms.get(room) else {
            // It was deleted since.
            return Joined::NotMember;
        };
        let counted = here.members.contains_key(member.key());
        Joined::Yes {
            room: here.shown.clone(),
            members: here.members.len() + usize::from(!counted),
        }
    }

    /// Somebody is expelled from a room whose home is here.
    pub(in crate::chat) fn expelled_here(&mut self, about: &About) {
        let member = &about.whom;
        self.leave_room_here(&about.room.key, member);
        if let Some(room) = self.rooms.get_mut(&about.room.key) {
            room.has_bars = true;
        } else {
            // It has ended with them.
            self.end_bars(&about.room.key);
        }
    }

    /// The rooms among these whose home is here, with their members.
    pub(in crate::chat) fn rooms_part_of(&self, rooms: &[Arc<str>]) -> Option<Entries> {
        let mut entries: Vec<Entry> = Vec::new();
        for key in rooms {
            if let Some(room) = self.rooms.get(key) {
                let line = format_compact!("{} {}", room.shown, room.members.len());
                entries.push(Entry { key: (&**key).into(), line });
            }
        }
        if entries.is_empty() {
            return None;
        }
        entries.sort();
        Some(Arc::new(Snapshot::new(entries, &self.counters)))
    }
}
