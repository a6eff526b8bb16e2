//! Requests to the store about rooms, and what comes of each. Never: what the store makes of
//! one.

use super::about::{RoomAsk, Why};
use crate::archive::{Failure, OwnedRoom, Request, RoomRequest};
use crate::chat::accounts::asks::{Ask, PendingAsk};
use crate::chat::archive::codes::code_of;
use crate::chat::client::Timers;
use crate::chat::id::ConnId;
use crate::chat::query_protocol::Query;
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::{Code, Endpoint};
use std::sync::Arc;

impl<S> Shard<S> {
    /// Asks on behalf of a connection, whose next packet waits for the reply. Its answer comes
    /// behind what every shard is told.
    pub(super) fn ask_about_room(
        &mut self,
        id: ConnId,
        ordinal: u64,
        ask: RoomAsk,
        request: RoomRequest,
    ) -> Result<(), Code> {
        if self.archive.stalled.is_some() {
            // The disk doesn't answer; nobody has to wait to hear that.
            self.room_ask_failed(id, ordinal, ask, Failure::Unavailable);
            return Ok(());
        }
        self.ask_about_stored(id, ordinal, Ask::Room(ask), Request::Room(request))?;
        self.arm(id, Timers::STORED, self.now.after(limits::STORE_PATIENCE));
        Ok(())
    }

    /// A request may have waited for too long: a disk that doesn't answer counts as refusing.
    /// What was asked may turn up.
    pub(in crate::chat) fn room_ask_timed_out(&mut self, id: ConnId) {
        let Some(PendingAsk { since, ordinal, ask: Ask::Room(ask), number, .. }) =
            self.asks.get(&id)
        else {
            return;
        };
        let due = since.after(limits::STORE_PATIENCE);
        if due > self.now {
            return self.arm(id, Timers::STORED, due);
        }
        let (ordinal, ask, number) = (*ordinal, ask.clone(), *number);
        self.take_ask(id, number);
        self.store_is_silent();
        self.room_ask_failed(id, ordinal, ask, Failure::Unavailable);
        self.handle_inbound(id);
    }

    /// It is done, and everybody knows.
    pub(in crate::chat) fn room_ask_done(
        &mut self,
        id: ConnId,
        ordinal: u64,
        ask: RoomAsk,
        room: &OwnedRoom,
    ) {
        let key: Arc<str> = room.name.key().into();
        let shown = format!("#{}", room.name.shown());
        match ask {
            RoomAsk::Made { .. } | RoomAsk::Join { .. } => self.say_joined(id, ordinal, key),
            RoomAsk::Leave => {
                self.report_room(id, &shown, false);
                self.say(id, Endpoint::Leave, &shown);
            }
            RoomAsk::Owned | RoomAsk::Change => {
                let route = self.route_to_room(&key);
                self.query_home(id, ordinal, route, Query::Room { room: key, why: Why::Show });
            }
            RoomAsk::Delete => self.say(id, Endpoint::Room, &format!("{shown} deleted")),
            RoomAsk::About { wish, text } => self.say(id, wish.endpoint(), &text),
        }
    }

    /// It is not done.
    pub(in crate::chat) fn room_ask_failed(
        &mut self,
        id: ConnId,
        ordinal: u64,
        ask: RoomAsk,
        failure: Failure,
    ) {
        match (&ask, failure) {
            // Somebody else's has got an owner meanwhile; or the disk refuses. It is in the
            // room as it is.
            (RoomAsk::Made { room, members }, failure) => {
                self.report_room(id, room, true);
                self.say(id, Endpoint::Join, &format!("{room} {members}"));
                match failure {
                    Failure::Unavailable => self.refuse(id, ordinal, Code::NotKept, None),
                    failure => self.refuse(id, ordinal, code_of(failure), None),
                }
            }
            (RoomAsk::Join { room }, Failure::NoSuchRoom)
                if self.archive.rooms.find(room.key()).is_none() =>
            {
                // It was deleted just now.
                let room = room.clone();
                if let Err(code) = self.join_room(id, ordinal, room) {
                    self.refuse(id, ordinal, code, None);
                }
            }
            (_, failure) => {
                let code = code_of(failure);
                let name = (code == Code::Busy).then_some(ask.endpoint().name());
                self.refuse(id, ordinal, code, name);
            }
        }
    }
}
