//! Scatter-gather queries: what other shards have a part in is asked on behalf
//! of a client, replied to by each shard for its own, and put together when all
//! have replied. Meanwhile the client is paused. What only this shard has to
//! reply to is replied to at once, the same way.

use super::accounts::time;
use super::address::AddressBudget;
use super::archive::arrival::Arrival;
use super::client::{Client, Pauses, Removal, Roles, Timers};
use super::effect::Report;
use super::id::{Address, ConnId, WorkerId};
use super::lists::Requester;
use super::message::ShardMessage;
use super::query_protocol::{Joined, Joiner, PendingQuery, Query, Reply, WhoIs};
use super::rooms::Left;
use super::routing::Route;
use super::shard::Shard;
use super::work;
use crate::limits;
use crate::wire::{Code, Endpoint, Name, Who};
use std::sync::Arc;

/// About what a reply holds, in bytes: a list is shared, not copied.
const REPLY_BYTES: usize = 64;

impl<S> Shard<S> {
    /// Asks the one shard that knows.
    pub(super) fn query_home(&mut self, id: ConnId, ordinal: u64, route: Route, query: Query) {
        self.query(id, ordinal, query, &[self.end_of(route)]);
    }

    /// Asks every shard, this one too.
    pub(super) fn query_all(&mut self, id: ConnId, ordinal: u64, query: Query) {
        self.query(id, ordinal, query, &self.everybody());
    }

    /// All workers, this one too.
    pub(super) fn everybody(&self) -> Vec<WorkerId> {
        (0..self.topology.workers as WorkerId).collect()
    }

    pub(super) fn query(&mut self, id: ConnId, ordinal: u64, query: Query, whom: &[WorkerId]) {
        let requester = self.address(id);
        self.next_query = self.next_query.wrapping_add(1);
        let number = self.next_query;
        let mut pending = PendingQuery::new(number, self.now, ordinal, whom.len());
        for &worker in whom {
            if worker == self.topology.worker {
                if let Some(reply) = self.reply_to((requester, number), &query) {
                    pending.add(reply);
                }
            } else {
                let weight = query.extra_bytes();
                let query = query.clone();
                self.send(worker, ShardMessage::Query { requester, number, query }, weight);
            }
        }
        if pending.missing == 0 {
            self.complete_query(id, pending);
            return;
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        client.roles |= Roles::SENT_REMOTELY;
        self.pending.insert(id, pending);
        self.pause(id, Pauses::QUERY);
    }

    /// A query that goes to all by way of the store: its number.
    pub(super) fn expect_all(&mut self, id: ConnId, ordinal: u64) -> u32 {
        self.next_query = self.next_query.wrapping_add(1);
        let pending = PendingQuery::new(self.next_query, self.now, ordinal, self.topology.workers);
        self.pending.insert(id, pending);
        self.pause(id, Pauses::QUERY);
        self.next_query
    }

    /// Nothing comes of that query any more; its client has been told.
    pub(super) fn forget_query(&mut self, id: ConnId, number: Option<u32>) {
        if self.pending.get(&id).map(|pending| pending.number) == number {
            self.pending.remove(&id);
            self.resume(id, Pauses::QUERY);
        }
    }

    /// Asks what a client has been waiting to ask.
    pub(super) fn ask(&mut self, id: ConnId, number: u32, query: &Query, whom: &[WorkerId]) {
        let requester = self.address(id);
        for &worker in whom {
            if worker != self.topology.worker {
                if let Some(client) = self.clients.get_mut(id) {
                    client.roles |= Roles::SENT_REMOTELY;
                }
                let (weight, query) = (query.extra_bytes(), query.clone());
                self.send(worker, ShardMessage::Query { requester, number, query }, weight);
            } else if let Some(reply) = self.reply_to((requester, number), query) {
                self.reply_arrived(id, number, reply);
            }
        }
    }

    /// Another shard asks.
    pub(super) fn query_arrived(&mut self, requester: Requester, query: &Query) {
        if let Some(reply) = self.reply_to(requester, query) {
            self.reply(requester, reply);
        }
    }

    /// Replies to a query, wherever it came from.
    pub(super) fn reply(&mut self, requester: Requester, reply: Reply) {
        let (Address { worker, conn }, number) = requester;
        if worker == self.topology.worker {
            self.reply_arrived(conn, number, reply);
        } else {
            self.send(worker, ShardMessage::Reply { to: conn, number, reply }, REPLY_BYTES);
        }
    }

    /// Another shard has replied.
    pub(super) fn reply_arrived(&mut self, id: ConnId, number: u32, reply: Reply) {
        if matches!(reply, Reply::Fence) {
            return self.fence_passed(id);
        }
        let Some(pending) = self.pending.get_mut(&id) else { return };
        if pending.number != number {
            return;
        }
        pending.add(reply);
        if pending.missing > 0 {
            return;
        }
        if let Some(pending) = self.pending.remove(&id) {
            if let Some(client) = self.clients.get_mut(id) {
                client.pauses -= Pauses::QUERY;
            }
            self.complete_query(id, pending);
        }
        self.handle_inbound(id);
    }

    /// A shard has not replied in time. Its client must not wait for ever: the
    /// packet counts as not delivered, and later replies mean nothing.
    pub(super) fn query_timed_out(&mut self, id: ConnId) {
        let Some(pending) = self.pending.get(&id) else { return };
        let (ordinal, due) = (pending.ordinal, pending.since.after(limits::QUERY_TIMEOUT));
        if due > self.now {
            // That was the timer of an earlier query.
            return self.arm(id, Timers::QUERY, due);
        }
        self.pending.remove(&id);
        let name = self.clients.get(id).map_or("", Client::name).into();
        self.report(Report::QueryTimedOut { name });
        self.refuse(id, ordinal, Code::Undelivered, None);
        self.resume(id, Pauses::QUERY);
    }

    /// What this shard knows, or does, about a query: at once, or, for a list, when
    /// it has been collected.
    fn reply_to(&mut self, requester: Requester, query: &Query) -> Option<Reply> {
        if query.is_about_rooms() && !self.archive.arrivals.is_empty() {
            let query = query.clone();
            self.archive.arrivals.push_back(Arrival::Query { requester, query });
            return None;
        }
        self.reply_now(requester, query)
    }

    /// What the store has said before is carried out.
    pub(super) fn answer_in_turn(&mut self, requester: Requester, query: &Query) {
        if let Some(reply) = self.reply_now(requester, query) {
            self.reply(requester, reply);
        }
    }

    fn reply_now(&mut self, requester: Requester, query: &Query) -> Option<Reply> {
        self.work.spend(work::QUERY);
        Some(match query {
            Query::Broadcast { sender, frame } => {
                return self.broadcast_here(*sender, frame, requester);
            }
            Query::List => Reply::List(vec![self.users_part(requester)?]),
            Query::Rooms { hidden } => Reply::Rooms(self.all_rooms_part(requester, hidden)?),
            Query::RoomsOf { rooms } => {
                Reply::Rooms(self.rooms_part_of(rooms).into_iter().collect())
            }
            Query::Members { room } => Reply::Members(self.members_part(room)),
            Query::RoomExists { room } => Reply::RoomExists(self.rooms.get(room).is_some()),
            Query::Who { key, hash } => self.who_is(*hash, key),
            Query::Join { room, member, budget, joiner } => {
                let joined = self.join_room_here(room, (member, *joiner), budget.as_ref());
                Reply::Join { room: room.clone(), joined }
            }
            Query::Joined { room, member } => {
                let joined = self.joined_here(room, member);
                Reply::Join { room: member.clone(), joined }
            }
            Query::Room { room, why } => {
                let text = self.room_text(room).map(Into::into);
                Reply::Room { room: room.clone(), text, why: why.clone() }
            }
            Query::About(about) => {
                Reply::About { about: about.clone(), person: self.wish_arrived(about) }
            }
            Query::Expelled { about, text } => {
                self.expelled_here(about);
                Reply::Expelled { text: text.clone() }
            }
            Query::Leave { room, member } => Reply::Leave(self.leave_room_here(room, member)),
            Query::Kick { key, hash, reason, by } => Reply::Kick(self.kick(*hash, key, reason, by)),
            Query::Pause => Reply::Pause,
            Query::Fence => Reply::Fence,
        })
    }

    /// All have replied: tells the client.
    fn complete_query(&mut self, id: ConnId, pending: PendingQuery) {
        let ordinal = pending.ordinal;
        let Some(reply) = pending.into_reply() else { return };
        let refusal = match reply {
            Reply::Broadcast(users) => {
                self.report_broadcast(id, users);
                return self.say(id, Endpoint::Broadcast, &users.to_string());
            }
            Reply::List(entries) => return self.begin_listing(id, Endpoint::List, entries),
            Reply::Rooms(entries) => return self.begin_listing(id, Endpoint::Rooms, entries),
            Reply::Members(Some(entries)) => {
                return self.begin_listing(id, Endpoint::Members, vec![entries]);
            }
            Reply::Members(None) | Reply::RoomExists(false) => Code::NoSuchRoom,
            Reply::RoomExists(true) => Code::NotMember,
            Reply::Who(Some(WhoIs { name, ip, seconds })) => {
                let who = Who { name: &name, ip: &ip.to_string(), seconds };
                return self.say(id, Endpoint::Who, &who.to_string());
            }
            Reply::Away { name, last_seen } => {
                let time = time(last_seen);
                return self.say(id, Endpoint::Who, &format!("{name} away {time}"));
            }
            Reply::Who(None) | Reply::Kick(None) => Code::NoSuchUser,
            Reply::Join { room, joined } => return self.joined(id, ordinal, &room, joined),
            Reply::Room { room, text, why } => {
                return self.room_is(id, ordinal, (&room, text.as_deref()), &why);
            }
            Reply::About { about, person } => {
                return self.about_replied(id, ordinal, about, person);
            }
            Reply::Expelled { text } => return self.say(id, Endpoint::Expel, &text),
            Reply::Leave(Left::Yes(room)) => {
                self.report_room(id, &room, false);
                return self.say(id, Endpoint::Leave, &room);
            }
            Reply::Leave(Left::NotMember) => Code::NotMember,
            Reply::Leave(Left::NoSuchRoom) => Code::NoSuchRoom,
            Reply::Kick(Some(name)) => return self.say(id, Endpoint::Kick, &name),
            // The refusals that were waited for came before the reply.
            Reply::Pause | Reply::Fence => return,
        };
        self.refuse(id, ordinal, refusal, None);
    }

    /// Somebody joins a room whose home is here.
    fn join_room_here(
        &mut self,
        room: &Name,
        (member, joiner): (&Name, Joiner),
        budget: Option<&Arc<AddressBudget>>,
    ) -> Joined {
        if let Some(owned) = self.needs_permit(room, member)
            && let Some(refused) = self.not_here(owned, joiner)
        {
            return refused;
        }
        let is_new = self.rooms.get(room.key()).is_none();
        let bytes = self.rooms.bytes_of_joining(room, member);
        if !self.counters.room_bytes_taken(bytes) {
            return Joined::TooManyRooms;
        }
        if is_new && budget.is_some_and(|budget| !budget.take_room()) {
            self.counters.room_bytes_freed(bytes);
            return Joined::TooManyRooms;
        }
        if is_new && !self.counters.room_made() {
            budget.inspect(|budget| budget.give_room_back());
            self.counters.room_bytes_freed(bytes);
            return Joined::TooManyRooms;
        }
        self.rooms_changed();
        let room = self.rooms.join(room, member, budget);
        let (room, members) = (room.shown.clone(), room.members.len());
        match joiner {
            Joiner::Account if is_new => Joined::Made { room, members },
            _ => Joined::Yes { room, members },
        }
    }

    /// A member leaves a room whose home is here.
    pub(super) fn leave_room_here(&mut self, room: &str, member: &Name) -> Left {
        let has_bars = self.rooms.get(room).is_some_and(|room| room.has_bars);
        let (left, freed) = self.rooms.leave(room, member.key());
        self.counters.room_bytes_freed(freed);
        if matches!(left, Left::Yes(_)) {
            self.rooms_changed();
            if self.rooms.get(room).is_none() {
                self.counters.room_gone();
                if has_bars {
                    self.end_bars(&room.into());
                }
            }
        }
        left
    }

    /// The session that is here longest, or since when there is none.
    fn who_is(&self, hash: u64, key: &str) -> Reply {
        let here = self.find(hash, key).and_then(|id| self.clients.get(id));
        if let Some(client) = here {
            let seconds = self.now.since(client.since).as_secs();
            return Reply::Who(Some(WhoIs {
                name: client.name().into(),
                ip: client.peer,
                seconds,
            }));
        }
        match self.known.find(hash, key) {
            Some(away) => Reply::Away { name: away.name.clone(), last_seen: away.last_seen() },
            None => Reply::Who(None),
        }
    }

    /// Reports a broadcast of an operator.
    fn report_broadcast(&mut self, id: ConnId, users: u64) {
        let Some(client) = self.clients.get(id) else { return };
        if client.roles.contains(Roles::OPERATOR) {
            let (peer, name) = (client.peer, client.name().into());
            self.report(Report::Broadcast { peer, name, users });
        }
    }

    pub(super) fn report_room(&mut self, id: ConnId, room: &str, is_in: bool) {
        if !self.settings.reports_everyone {
            return;
        }
        let Some(client) = self.clients.get(id) else { return };
        let (name, room) = (client.name().into(), room.into());
        self.report(match is_in {
            true => Report::Joined { name, room },
            false => Report::Left { name, room },
        });
    }

    fn kick(&mut self, hash: u64, key: &str, reason: &str, by: &str) -> Option<Box<str>> {
        let id = self.find(hash, key)?;
        let client = self.clients.get(id)?;
        let (name, peer): (Box<str>, _) = (client.name().into(), client.peer);
        self.report(Report::Kicked { name: name.clone(), peer, by: by.into() });
        let reason: Arc<str> = reason.into();
        for session in self.sessions_with(id) {
            self.remove(session, Removal::Kicked { reason: reason.clone() });
        }
        Some(name)
    }
}
