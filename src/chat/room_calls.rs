//! The endpoints about rooms: joining, leaving, who is in one. Never: the tables.

use super::client::Client;
use super::id::ConnId;
use super::query_protocol::{Joiner, Query};
use super::shard::Shard;
use crate::limits;
use crate::wire::{Code, Name, Packet};
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// The client is in the room at once, for all room messages that come by here; the
    /// room's home counts.
    pub(super) fn join(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        self.join_room(id, ordinal, room_name(&packet.msg.plain())?)
    }

    pub(super) fn join_room(&mut self, id: ConnId, ordinal: u64, room: Name) -> Outcome {
        let Some(member) = self.own_name(id) else { return Ok(()) };
        let account = self.clients.get(id).and_then(Client::account);
        let owned = self.archive.rooms.find(room.key());
        if let (Some(account), Some(owned)) = (account, owned) {
            return self.join_owned(id, ordinal, account, owned);
        }
        if !self.rosters.contains(room.key(), id) {
            self.may_come_in(id, &room, &member)?;
            let rooms = self.clients.get(id).map_or(0, |client| client.rooms().len());
            if rooms >= limits::ROOMS_PER_USER_MAX {
                return Err(Code::TooMany);
            }
            // The user joins, with all sessions.
            for session in self.sessions_with(id) {
                let key = self.rosters.add(room.key(), session);
                if let Some(client) = self.clients.get_mut(session) {
                    client.cold().rooms.push(key);
                }
            }
        }
        let route = self.route_to_room(room.key());
        let budget = self.clients.get(id).and_then(|client| client.budget.clone());
        let joiner = match account {
            Some(_) => Joiner::Account,
            None => Joiner::Guest { is_invited: self.is_invited(id, room.key(), owned) },
        };
        let query = Query::Join { room: Arc::new(room), member, budget, joiner };
        self.query_home(id, ordinal, route, query);
        Ok(())
    }

    pub(super) fn leave_room(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room: Arc<str> = room_name(&packet.msg.plain())?.key().into();
        let route = self.route_to_room(&room);
        let Some(member) = self.own_name(id) else { return Ok(()) };
        if self.is_hidden(id, &room) {
            return Err(Code::NoSuchRoom);
        }
        let account = self.clients.get(id).and_then(Client::account);
        if let (Some(account), Some(owned)) = (account, self.archive.rooms.find(&room))
            && self.owned.is_member(account, owned)
        {
            return self.leave_owned(id, ordinal, account, owned);
        }
        self.leave_here(&room, id);
        self.query_home(id, ordinal, route, Query::Leave { room, member });
        Ok(())
    }

    pub(super) fn members(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room: Arc<str> = room_name(&packet.msg.plain())?.key().into();
        if self.is_hidden(id, &room) {
            return Err(Code::NoSuchRoom);
        }
        let home = self.end_of(self.route_to_room(&room));
        self.query_list(id, ordinal, Query::Members { room }, vec![home]);
        Ok(())
    }

    /// All rooms, or with `mine` those that one is in.
    pub(super) fn list_rooms(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let mine = self.has_accounts() && packet.msg.plain() == "mine";
        let rooms = self.clients.get(id).map(Client::rooms).unwrap_or_default().iter();
        let query = if mine {
            Query::RoomsOf { rooms: rooms.cloned().collect() }
        } else {
            let owned = &self.archive.rooms;
            let is_hidden =
                |key: &&Arc<str>| owned.find(key).is_some_and(|id| owned.is_private(id));
            Query::Rooms { hidden: rooms.filter(is_hidden).cloned().collect() }
        };
        self.query_list(id, ordinal, query, self.everybody());
        Ok(())
    }

    /// All sessions of a user are out of a room.
    pub(super) fn leave_here(&mut self, room: &str, id: ConnId) {
        for session in self.sessions_with(id) {
            self.rosters.remove(room, session);
            if let Some(client) = self.clients.get_mut(session) {
                client.cold().rooms.retain(|joined| **joined != *room);
            }
        }
    }
}

/// A room's name, without its `#`.
pub(super) fn room_name(argument: &str) -> Result<Name, Code> {
    let name = argument.strip_prefix('#').ok_or(Code::BadArgument)?;
    Name::parse(name).map_err(|_| Code::BadArgument)
}
