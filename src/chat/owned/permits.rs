//! Who may see a room, come into it, change it. Never: doing it.

use crate::archive::{By, OwnedRoom, RoomId};
use crate::chat::client::{Client, Roles};
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::wire::{Code, Name};

impl<S> Shard<S> {
    /// Whether there is no such room for somebody: it is private, and they neither own it nor
    /// are in it.
    pub(in crate::chat) fn is_hidden(&self, id: ConnId, key: &str) -> bool {
        let room = self.archive.rooms.find(key).and_then(|room| self.archive.rooms.get(room));
        room.is_some_and(|room| {
            room.is_private && !self.rosters.contains(key, id) && !self.owns(id, room)
        })
    }

    /// The same for who would change it.
    pub(super) fn is_hidden_from_operators(&self, id: ConnId, key: &str) -> bool {
        self.is_hidden(id, key) && !self.is_operator(id)
    }

    pub(super) fn owns(&self, id: ConnId, room: &OwnedRoom) -> bool {
        let account = self.clients.get(id).and_then(Client::account);
        let owner = room.owner.as_ref().map(|(account, _)| *account);
        owner.is_some() && account == owner
    }

    pub(super) fn is_operator(&self, id: ConnId) -> bool {
        self.clients.get(id).is_some_and(|client| client.roles.contains(Roles::OPERATOR))
    }

    pub(super) fn may_change(&self, id: ConnId, room: RoomId) -> Result<(), Code> {
        let room = self.archive.rooms.get(room).ok_or(Code::NoSuchRoom)?;
        if self.owns(id, room) || self.is_operator(id) { Ok(()) } else { Err(Code::NotOwner) }
    }

    /// Whether somebody may come in, as far as that is known here; of accounts in a room with an
    /// owner the store knows.
    pub(in crate::chat) fn may_come_in(
        &self,
        id: ConnId,
        room: &Name,
        name: &Name,
    ) -> Result<(), Code> {
        let owned = self.archive.rooms.find(room.key());
        let is_private =
            owned.and_then(|id| self.archive.rooms.get(id)).is_some_and(|r| r.is_private);
        let is_barred = self.owned.is_barred(room.key(), name.key());
        if (is_private || is_barred) && !self.is_invited(id, room.key(), owned) {
            return Err(Code::NotMember);
        }
        Ok(())
    }

    /// Whether a connection was invited there.
    pub(in crate::chat) fn is_invited(&self, id: ConnId, key: &str, owned: Option<RoomId>) -> bool {
        let invited = self.clients.get(id).map(Client::invited).unwrap_or_default();
        invited.iter().any(|(room, when)| **room == *key && *when == owned)
    }

    /// Who asks, as the store wants to know it.
    pub(super) fn by(&self, id: ConnId) -> Option<By> {
        let name = self.own_name(id)?;
        let account = self.clients.get(id).and_then(Client::account);
        Some(By { name: Name::clone(&name), account, is_operator: self.is_operator(id) })
    }
}
