//! Accounts join rooms with an owner, and leave them; who makes a room owns it; sessions are in
//! their account's rooms from their welcome on. Never: guests, who join and leave as in any room.

use super::about::RoomAsk;
use crate::accounts::AccountId;
use crate::archive::{By, Failure, Request, RoomId, RoomRequest};
use crate::chat::client::Client;
use crate::chat::id::ConnId;
use crate::chat::query_protocol::{Joined, Query};
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::{Code, Endpoint, Name};
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// An account joins a room with an owner.
    pub(in crate::chat) fn join_owned(
        &mut self,
        id: ConnId,
        ordinal: u64,
        account: AccountId,
        room: RoomId,
    ) -> Outcome {
        let known = self.archive.rooms.get(room).ok_or(Code::NoSuchRoom)?;
        let (name, key) = (known.name.clone(), Arc::<str>::from(known.name.key()));
        if self.owned.is_member(account, room) {
            self.say_joined(id, ordinal, key);
            return Ok(());
        }
        let is_in = self.rosters.contains(&key, id);
        let rooms = self.clients.get(id).map_or(0, |client| client.rooms().len());
        if !is_in && rooms >= limits::ROOMS_PER_USER_MAX {
            return Err(Code::TooMany);
        }
        let request = RoomRequest::Join { room, account, is_in };
        self.ask_about_room(id, ordinal, RoomAsk::Join { room: name }, request)
    }

    /// ... and leaves it.
    pub(in crate::chat) fn leave_owned(
        &mut self,
        id: ConnId,
        ordinal: u64,
        account: AccountId,
        room: RoomId,
    ) -> Outcome {
        self.ask_about_room(id, ordinal, RoomAsk::Leave, RoomRequest::Leave { room, account })
    }

    /// It is a member: how many there are is known at the room's home.
    pub(super) fn say_joined(&mut self, id: ConnId, ordinal: u64, room: Arc<str>) {
        let Some(member) = self.own_name(id) else { return };
        let route = self.route_to_room(&room);
        self.query_home(id, ordinal, route, Query::Joined { room, member });
    }

    /// What the home of a room says to one who wants to join it.
    pub(in crate::chat) fn joined(
        &mut self,
        id: ConnId,
        ordinal: u64,
        name: &Name,
        joined: Joined,
    ) {
        let account = self.clients.get(id).and_then(Client::account);
        match (joined, account) {
            (Joined::Made { room, members }, Some(_)) => self.make(id, ordinal, &room, members),
            (Joined::Yes { room, members } | Joined::Made { room, members }, _) => {
                self.report_room(id, &room, true);
                self.say(id, Endpoint::Join, &format!("{room} {members}"));
            }
            (Joined::Owned(room), Some(account)) => {
                // It has an owner, of whom this shard is about to hear.
                self.leave_here(name.key(), id);
                let ask = RoomAsk::Join { room: name.clone() };
                let request = RoomRequest::Join { room, account, is_in: false };
                if let Err(code) = self.ask_about_room(id, ordinal, ask, request) {
                    self.refuse(id, ordinal, code, Some(Endpoint::Join.name()));
                }
            }
            (Joined::NotMember | Joined::Owned(_), _) => {
                self.leave_here(name.key(), id);
                self.refuse(id, ordinal, Code::NotMember, None);
            }
            (Joined::TooManyRooms, _) => {
                self.leave_here(name.key(), id);
                self.refuse(id, ordinal, Code::TooMany, None);
            }
        }
    }

    /// An account has made a room, so owns it.
    fn make(&mut self, id: ConnId, ordinal: u64, room: &str, members: usize) {
        let ask = RoomAsk::Made { room: room.into(), members };
        let name = Name::parse(room.trim_start_matches('#'));
        if let (Ok(name), Some(by)) = (name, self.by(id)) {
            let request = RoomRequest::Make { name, by };
            if self.ask_about_room(id, ordinal, ask.clone(), request).is_ok() {
                return;
            }
        }
        self.room_ask_failed(id, ordinal, ask, Failure::Unavailable);
    }

    /// A session of an account: it is in its rooms, and hears of its invitations.
    pub(in crate::chat) fn enter_owned_rooms(&mut self, id: ConnId, account: AccountId) {
        let known = &self.archive.rooms;
        for room in self.owned.rooms_of(account, |room| known.get(room).is_some()) {
            self.enter(id, room);
        }
    }

    /// A guest has become an account: it stays where it is.
    pub(in crate::chat) fn stay_in_owned_rooms(&mut self, id: ConnId, account: AccountId) {
        let rooms = self.clients.get(id).map(|client| client.rooms().to_vec()).unwrap_or_default();
        for room in rooms {
            if let Some(room) = self.archive.rooms.find(&room) {
                let request = RoomRequest::Join { room, account, is_in: true };
                self.tell_archive(Request::Room(request));
            }
        }
    }

    /// The rooms among these that an account leaves with its last session: not those of
    /// which it is a member.
    pub(in crate::chat) fn rooms_left(
        &mut self,
        account: AccountId,
        id: ConnId,
        mut rooms: Vec<Arc<str>>,
    ) -> Vec<Arc<str>> {
        rooms.retain(|room| {
            let owned = self.archive.rooms.find(room);
            let stays = owned.is_some_and(|owned| self.owned.is_member(account, owned));
            if stays {
                self.rosters.remove(room, id);
            }
            !stays
        });
        rooms
    }

    /// A room has got an owner: accounts that are in it are members from here on.
    pub(super) fn members_stay(&mut self, room: RoomId, key: &str, owner: Option<AccountId>) {
        let mut accounts: Vec<AccountId> = Vec::new();
        for member in self.rosters.of(key) {
            let account = self.clients.get(member).and_then(Client::account);
            accounts.extend(account.filter(|account| Some(*account) != owner));
        }
        accounts.sort();
        accounts.dedup();
        for account in accounts {
            let request = RoomRequest::Join { room, account, is_in: true };
            self.tell_archive(Request::Room(request));
        }
    }

    /// A session is in a room.
    pub(super) fn enter(&mut self, id: ConnId, room: RoomId) {
        let Some(room) = self.archive.rooms.get(room) else { return };
        if self.rosters.contains(room.name.key(), id) {
            return;
        }
        let key = self.rosters.add(room.name.key(), id);
        if let Some(client) = self.clients.get_mut(id) {
            client.cold().rooms.push(key);
        }
    }

    /// Asked for a room of accounts, by who is no guest.
    pub(super) fn own(&mut self, id: ConnId, ordinal: u64, shown: &str) {
        let name = Name::parse(shown.trim_start_matches('#'));
        let (Ok(name), Some(by)) = (name, self.by(id)) else { return };
        let code = match by {
            By { account: None, .. } => Err(Code::NotOwner),
            _ if !self.rosters.contains(name.key(), id) => Err(Code::NotMember),
            by => self.ask_about_room(id, ordinal, RoomAsk::Owned, RoomRequest::Make { name, by }),
        };
        if let Err(code) = code {
            self.refuse(
                id,
                ordinal,
                code,
                Some(Endpoint::Room.name()).filter(|_| code == Code::Busy),
            );
        }
    }
}
