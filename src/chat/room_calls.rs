//! The endpoints about rooms: joining, leaving, who is in one. Never: the tables.

use super::id::ConnId;
use super::query_protocol::Query;
use super::shard::Shard;
use crate::limits;
use crate::wire::{Code, Name, Packet};
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// The client is in the room at once, for all room messages that come by here; the
    /// room's home counts.
    pub(super) fn join(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room = Arc::new(room_name(&packet.msg.plain())?);
        let Some(member) = self.own_name(id) else { return Ok(()) };
        if !self.rosters.contains(room.key(), id) {
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
        self.query_home(id, ordinal, route, Query::Join { room, member, budget });
        Ok(())
    }

    pub(super) fn leave_room(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room: Arc<str> = room_name(&packet.msg.plain())?.key().into();
        let route = self.route_to_room(&room);
        let Some(member) = self.own_name(id) else { return Ok(()) };
        self.leave_here(&room, id);
        self.query_home(id, ordinal, route, Query::Leave { room, member });
        Ok(())
    }

    pub(super) fn members(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room: Arc<str> = room_name(&packet.msg.plain())?.key().into();
        let home = self.end_of(self.route_to_room(&room));
        self.query_list(id, ordinal, Query::Members { room }, vec![home]);
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
fn room_name(argument: &str) -> Result<Name, Code> {
    let name = argument.strip_prefix('#').ok_or(Code::BadArgument)?;
    Name::parse(name).map_err(|_| Code::BadArgument)
}
