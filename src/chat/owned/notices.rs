//! What the store tells every shard about rooms with an owner. Never: who has asked for it.

use super::state::{InvitedTo, Untold};
use crate::accounts::AccountId;
use crate::archive::{Notice, OwnedRoom, Request, RoomId, RoomRequest};
use crate::chat::routing::Route;
use crate::chat::shard::Shard;
use crate::wire::{Endpoint, Name};

impl<S> Shard<S> {
    pub(in crate::chat) fn room_noticed(&mut self, notice: &Notice) {
        match notice {
            Notice::Room(room) => self.owned_room_is(room),
            Notice::Changed { room, by } => self.room_changed(*room, by),
            Notice::RoomGone { room, by } => self.room_is_gone(*room, by.as_ref()),
            Notice::Member { room, account, name, is_in } => {
                self.member_is(*room, (*account, name), *is_in);
            }
            Notice::Invited { room, account, name, by } => {
                if self.is_home_of(name) {
                    self.account_invited(*room, (*account, name), by);
                }
            }
            Notice::Expelled { room, account, name, by } => {
                if self.is_home_of(name) {
                    self.tell_account(*account, Endpoint::Expelled, *room, by);
                }
            }
            Notice::Read { .. } => {}
        }
    }

    fn owned_room_is(&mut self, room: &OwnedRoom) {
        let is_new = self.archive.rooms.get(room.id).is_none();
        self.archive.rooms.learn(room);
        if self.route_to_room(room.name.key()) == Route::Here {
            self.room_here_is(room);
        }
        if is_new {
            let owner = room.owner.as_ref().map(|(account, _)| *account);
            self.members_stay(room.id, room.name.key(), owner);
        }
    }

    fn member_is(&mut self, room: RoomId, (account, name): (AccountId, &Name), is_in: bool) {
        let Some(known) = self.archive.rooms.get(room) else { return };
        let room_name = known.name.clone();
        if self.route_to_room(room_name.key()) == Route::Here {
            self.member_here_is(&room_name, name, is_in);
        }
        if !self.is_home_of(name) {
            return;
        }
        let sessions = self.sessions.of(account).to_vec();
        if is_in {
            self.owned.joined(account, room);
            self.owned.unbar(room_name.key(), name.key());
            sessions.into_iter().for_each(|session| self.enter(session, room));
        } else {
            self.owned.left(account, room);
            if let Some(&first) = sessions.first() {
                self.leave_here(room_name.key(), first);
            }
        }
    }

    fn account_invited(&mut self, room: RoomId, (account, name): (AccountId, &Name), by: &Name) {
        if let Some(room) = self.archive.rooms.get(room) {
            self.owned.unbar(room.name.key(), name.key());
        }
        if self.sessions.of(account).is_empty() {
            let untold = Untold { to: InvitedTo::Owned(room), by: by.shown().into() };
            // The store has bounds of its own.
            self.owned.tell_later(account, untold);
            return;
        }
        self.tell_account(account, Endpoint::Invited, room, by);
        self.told_invitations(account);
    }

    /// The store needs to tell it no more.
    pub(super) fn told_invitations(&mut self, account: AccountId) {
        self.tell_archive(Request::Room(RoomRequest::Told { account }));
    }

    fn tell_account(&mut self, account: AccountId, news: Endpoint, room: RoomId, by: &Name) {
        let Some(room) = self.archive.rooms.get(room) else { return };
        let text = format!("#{} {}", room.name.shown(), by.shown());
        for session in self.sessions.of(account).to_vec() {
            self.say(session, news, &text);
        }
    }

    fn is_home_of(&self, name: &Name) -> bool {
        self.route_to(self.hashing.user(name.key())) == Route::Here
    }
}
