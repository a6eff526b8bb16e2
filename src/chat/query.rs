//! Queries that other shards have a part in: pending on behalf of a client,
//! complete_query by each shard for its own, put together when all have complete_query.
//! Meanwhile the client is not heard further. What only this shard has to
//! reply is complete_query at once, the same way.

use super::client::{Client, Then};
use super::id::{Address, ConnId, WorkerId};
use super::message::{Entry, Frame, Query, Reply, ShardMessage, WhoIs};
use super::refusal::Code;
use super::rooms::Left;
use super::shard::{Report, Shard};
use crate::wire::Name;
use std::sync::Arc;

/// A client's query that is under way.
#[derive(Debug)]
pub struct PendingQuery {
    ordinal: u64,
    endpoint: &'static str,
    /// Shards that have not complete_query yet.
    missing: usize,
    count: u64,
    entries: Vec<Entry>,
    /// What isn't a count or a list.
    other: Option<Reply>,
}

impl<S> Shard<S> {
    /// Asks the one shard that knows.
    pub(super) fn query_home(&mut self, id: ConnId, ordinal: u64, home: WorkerId, query: Query) {
        self.ask(id, ordinal, query, &[home]);
    }

    /// Asks every shard, this one too.
    pub(super) fn query_all(&mut self, id: ConnId, ordinal: u64, query: Query) {
        let everybody: Vec<WorkerId> = (0..self.topology.workers as WorkerId).collect();
        self.ask(id, ordinal, query, &everybody);
    }

    pub(super) fn ask(&mut self, id: ConnId, ordinal: u64, query: Query, whom: &[WorkerId]) {
        let requester = self.address(id);
        let mut pending = PendingQuery {
            ordinal,
            endpoint: endpoint_of(&query),
            missing: whom.len(),
            count: 0,
            entries: Vec::new(),
            other: None,
        };
        for &worker in whom {
            if worker == self.topology.worker {
                pending.add(self.reply_to(&query));
            } else {
                let weight = query.extra_bytes();
                self.send(worker, ShardMessage::Query { requester, query: query.clone() }, weight);
            }
        }
        if pending.missing == 0 {
            self.complete_query(id, pending);
            return;
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        client.flags.held_asking = true;
        client.flags.sent_remotely = true;
        self.pending.insert(id, pending);
    }

    /// Another shard asks.
    pub(super) fn query_arrived(&mut self, requester: Address, query: &Query) {
        let reply = self.reply_to(query);
        let weight = reply.extra_bytes();
        self.send(requester.worker, ShardMessage::Reply { to: requester.conn, reply }, weight);
    }

    /// Another shard has complete_query.
    pub(super) fn reply_arrived(&mut self, id: ConnId, reply: Reply) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Some((fences, _)) = client.closing() {
            if matches!(reply, Reply::Done) {
                *fences -= 1;
                self.settle(id);
            }
            return;
        }
        let Some(pending) = self.pending.get_mut(&id) else { return };
        pending.add(reply);
        if pending.missing > 0 {
            return;
        }
        client.flags.held_asking = false;
        if let Some(pending) = self.pending.remove(&id) {
            self.complete_query(id, pending);
        }
        self.resume(id);
    }

    /// What this shard knows, or does, about a query.
    fn reply_to(&mut self, query: &Query) -> Reply {
        match query {
            Query::Broadcast { sender, frame } => Reply::Count(self.broadcast_here(*sender, frame)),
            Query::List => Reply::Entries(self.users()),
            Query::Rooms => Reply::Entries(self.rooms_here()),
            Query::Members { room } => match self.rooms.get(room) {
                Some(room) => Reply::Entries(
                    room.members
                        .iter()
                        .map(|(key, name)| Entry { key: key.clone(), line: name.clone() })
                        .collect(),
                ),
                None => Reply::NoRoom,
            },
            Query::RoomSize { room } => match self.rooms.get(room) {
                Some(room) => Reply::Count(room.members.len() as u64),
                None => Reply::NoRoom,
            },
            Query::Who { key, hash } => Reply::Who(self.who_is(*hash, key)),
            Query::Join { room, member } => {
                let known = self.rooms.get(room.key()).is_some();
                if !known && !self.counters.room_made() {
                    return Reply::TooManyRooms;
                }
                let room = self.rooms.join(room, member);
                Reply::Joined { room: room.shown.clone(), members: room.members.len() }
            }
            Query::Leave { room, member } => Reply::Left(self.leave_room_here(room, member)),
            Query::Kick { key, hash, reason } => Reply::Kicked(self.kick(*hash, key, reason)),
            Query::Pause => Reply::Count(0),
            Query::Fence => Reply::Done,
        }
    }

    /// All have complete_query: tells the client.
    fn complete_query(&mut self, id: ConnId, pending: PendingQuery) {
        let PendingQuery { ordinal, endpoint, count, mut entries, other, .. } = pending;
        let refusal = match (endpoint, other) {
            // What was waited for has come before.
            (PAUSE, _) => return,
            ("/broadcast", _) => return self.say(id, endpoint, &count.to_string()),
            // A room message by one who is no member.
            ("", Some(Reply::NoRoom)) | ("/members", Some(Reply::NoRoom)) => Code::NoSuchRoom,
            ("", _) => Code::NotMember,
            ("/list" | "/rooms" | "/members", _) => {
                entries.sort_unstable();
                return self.say_pages(id, endpoint, &entries);
            }
            (_, Some(Reply::Who(Some(WhoIs { name, ip, seconds })))) => {
                return self.say(id, endpoint, &format!("{name} {ip} {seconds}"));
            }
            (_, Some(Reply::Joined { room, members })) => {
                return self.say(id, endpoint, &format!("{room} {members}"));
            }
            (_, Some(Reply::TooManyRooms)) => {
                self.forget_newest_room(id);
                Code::BadArgument
            }
            (_, Some(Reply::Left(Left::Yes(room)))) => return self.say(id, endpoint, &room),
            (_, Some(Reply::Left(Left::NotMember))) => Code::NotMember,
            (_, Some(Reply::Left(Left::NoSuchRoom))) => Code::NoSuchRoom,
            (_, Some(Reply::Kicked(Some(name)))) => return self.say(id, endpoint, &name),
            _ => Code::NoSuchUser,
        };
        self.refuse(id, ordinal, refusal, None);
    }

    /// Its share of a broadcast: how many users it is for.
    fn broadcast_here(&mut self, sender: Address, frame: &Arc<Frame>) -> u64 {
        let mut others = 0;
        // One walk over the clients: with thousands of them each look is one
        // into memory that is not at hand.
        for slot in 0..self.clients.slots() {
            let user = self.clients.at(slot).is_some_and(Client::is_user);
            if let Some(id) = self.clients.id_at(slot)
                && user
                && self.address(id) != sender
            {
                others += 1;
                self.deliver_frame(id, frame);
            }
        }
        others
    }

    /// All users here.
    fn users(&self) -> Vec<Entry> {
        let identities = self.clients.iter().filter_map(|(_, client)| client.identity());
        let entry = |key: &str, name: &str| Entry { key: key.into(), line: name.into() };
        let mut users: Vec<Entry> = identities.map(|i| entry(i.key(), i.name())).collect();
        users.sort_unstable();
        users
    }

    /// All rooms whose home is here, in order.
    fn rooms_here(&self) -> Vec<Entry> {
        let line = |shown: &str, members: usize| format!("{shown} {members}").into();
        self.rooms
            .iter()
            .map(|(key, room)| Entry {
                key: key.into(),
                line: line(&room.shown, room.members.len()),
            })
            .collect()
    }

    /// A member leaves a room whose home is here.
    pub(super) fn leave_room_here(&mut self, room: &str, member: &Name) -> Left {
        let left = self.rooms.leave(room, member.key());
        if matches!(left, Left::Yes(_)) && self.rooms.get(room).is_none() {
            self.counters.room_gone();
        }
        left
    }

    /// The room that a client was about to join isn't made; it has not been
    /// heard since.
    fn forget_newest_room(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Some(room) = client.extras().rooms.pop() {
            self.rosters.remove(&room, id);
        }
    }

    fn who_is(&self, hash: u64, key: &str) -> Option<WhoIs> {
        let client = self.clients.get(self.find(hash, key)?)?;
        let seconds = self.now.since(client.since).as_secs();
        Some(WhoIs { name: client.name().into(), ip: client.peer, seconds })
    }

    fn kick(&mut self, hash: u64, key: &str, reason: &str) -> Option<Box<str>> {
        let id = self.find(hash, key)?;
        let client = self.clients.get(id)?;
        let (name, peer): (Box<str>, _) = (client.name().into(), client.peer);
        self.hurry(id);
        self.say(id, "/kick", reason);
        self.leave(id, Then::Linger);
        self.report(Report::Kicked { name: name.clone(), peer });
        Some(name)
    }
}

impl PendingQuery {
    fn add(&mut self, reply: Reply) {
        self.missing -= 1;
        match reply {
            Reply::Count(count) => self.count += count,
            Reply::Entries(entries) => self.entries.extend(entries),
            other => self.other = Some(other),
        }
    }
}

/// No endpoint: a query whose reply says only that it has come.
const PAUSE: &str = "pause";

/// Under which name the reply is given; a room message to a room gets none.
fn endpoint_of(query: &Query) -> &'static str {
    match query {
        Query::Broadcast { .. } => "/broadcast",
        Query::List => "/list",
        Query::Rooms => "/rooms",
        Query::Members { .. } => "/members",
        Query::RoomSize { .. } | Query::Fence => "",
        Query::Who { .. } => "/who",
        Query::Join { .. } => "/join",
        Query::Leave { .. } => "/leave",
        Query::Kick { .. } => "/kick",
        Query::Pause => PAUSE,
    }
}
