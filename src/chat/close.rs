//! Going: politely, kicked, refused, stuck, lost, at shutdown. A name is free
//! at once; what waits is still flushed; what never leaves is bounced.

use super::client::{Client, Flags, Stage, Then};
use super::deadlines::Kind;
use super::id::{ConnId, Moment, Tag};
use super::message::{Query, ShardMessage};
use super::refusal::Code;
use super::shard::{Effect, Gone, Report, Shard};
use crate::limits;
use std::sync::Arc;

impl<S> Shard<S> {
    /// Takes a client out of the chat and lets its connection end by itself:
    /// once the other shards have dealt with all that it sent, and what waits
    /// is flushed.
    pub(super) fn leave(&mut self, id: ConnId, then: Then) {
        self.answer_guesser(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_closing() {
            self.settle(id);
            return;
        }
        let ended = client.flags.ended && then == Then::Linger;
        let then = if ended { Then::Close } else { then };
        let fences = if client.flags.sent_remotely { self.topology.workers as u32 - 1 } else { 0 };
        let name: Box<str> = client.name().into();
        client.inbound = Vec::new();
        let stage = Stage::Closing { name, fences, then };
        let left = client.enter(stage);
        let rooms = client.extras.take().map(|extras| extras.rooms).unwrap_or_default();
        self.pending.remove(&id);
        if let Stage::User(identity) = left {
            self.directory.remove(identity.hash, id.slot);
            self.confusables.remove(&self.hashing, identity.name(), identity.key());
            self.counters.user_left(self.topology.worker);
            self.leave_rooms(id, identity.name(), rooms);
            if self.watchers.remove(&id) {
                self.own_counters().watchers.subtract(1);
            }
            if !self.stopping {
                self.announce(false, identity.name());
            }
        }
        if fences > 0 {
            let requester = self.address(id);
            for worker in self.others() {
                self.send(worker, ShardMessage::Query { requester, query: Query::Fence }, 0);
            }
        }
        self.settle(id);
    }

    fn leave_rooms(&mut self, id: ConnId, name: &str, rooms: Vec<Arc<str>>) {
        if rooms.is_empty() {
            return;
        }
        let Ok(member) = crate::wire::Name::parse(name) else { return };
        let member = Arc::new(member);
        let requester = self.address(id);
        for room in rooms {
            self.rosters.remove(&room, id);
            let home = self.hashing.home(self.hashing.room(&room));
            if home == self.topology.worker {
                self.leave_room_here(&room, &member);
            } else {
                let query = Query::Leave { room, member: member.clone() };
                self.send(home, ShardMessage::Query { requester, query }, 64);
            }
        }
    }

    /// If it has left, is flushed and everything is complete_query: the next step of
    /// its end.
    pub(super) fn settle(&mut self, id: ConnId) {
        let now = self.now;
        let Some(client) = self.clients.get_mut(id) else { return };
        let Flags { reset, ended, .. } = client.flags;
        let flushed = client.outbound.is_empty();
        let Some((&mut fences, then)) = client.closing() else { return };
        if reset {
            // Nothing can be said and nobody reads it any more.
            self.drop_client(id);
            return;
        }
        match (fences, *then) {
            (0, Then::Bye) => {
                *then = if ended { Then::Close } else { Then::Linger };
                self.say(id, "/quit", "bye");
            }
            (0, Then::Close) if flushed => self.drop_client(id),
            (0, Then::Linger) if flushed => {
                *then = Then::Lingering;
                self.deadlines.push(now.after(limits::LINGER), Kind::Linger, id);
                self.effects.push(Effect::Shutdown(id));
            }
            _ => {}
        }
    }

    /// Its connection is gone: what its socket has not taken is bounced.
    pub(super) fn drop_client(&mut self, id: ConnId) {
        if self.clients.get(id).is_some_and(|client| !client.is_closing()) {
            self.leave(id, Then::Close);
        }
        self.bounce_queue(id);
        if let Some(client) = self.clients.remove(id) {
            let Client { socket, peer, .. } = client;
            self.effects.push(Effect::Close(Box::new(Gone { socket, peer })));
        }
    }

    /// Empties its queue; the senders hear of it. How many packets there were.
    pub(super) fn bounce_queue(&mut self, id: ConnId) -> usize {
        let unsent = self.empty_queue(id);
        let packets = unsent.len();
        for origin in unsent.into_iter().flatten() {
            self.bounce(origin, Code::Undelivered, id);
        }
        packets
    }

    /// Empties its queue; whose packets those were.
    fn empty_queue(&mut self, id: ConnId) -> Vec<Tag> {
        let Some(client) = self.clients.get_mut(id) else { return Vec::new() };
        client.flags.mute |= client.outbound.is_torn();
        client.outbound.take_unsent()
    }

    pub(super) fn stuck_due(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.flags.watched = false;
        if client.outbound.is_empty() {
            return;
        }
        let due = client.moved.after(self.settings.stuck_timeout);
        if due > self.now {
            client.flags.watched = true;
            self.deadlines.push(due, Kind::Stuck, id);
            return;
        }
        let (peer, name) = (client.peer, client.name().into());
        if !client.is_closing() {
            self.hurry(id);
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        client.flags.last_words = true;
        if let Some((_, then @ Then::Bye)) = client.closing() {
            // The reason is the last that is said.
            *then = Then::Linger;
        }
        // Leaves first, so that what is bounced to itself is not complete_query.
        self.leave(id, Then::Linger);
        let packets = self.bounce_queue(id);
        self.report(Report::Stuck { peer, name, packets });
        self.refuse(id, 0, Code::Stuck, None);
        if self.clients.get(id).is_some_and(|client| client.outbound.is_empty()) {
            self.drop_client(id);
        }
    }

    pub(super) fn linger_due(&mut self, id: ConnId) {
        if self.clients.get(id).is_some_and(Client::is_lingering) {
            self.drop_client(id);
        }
    }

    /// The server stops: nothing more is read, what was read is handled.
    pub fn stop(&mut self, now: Moment) {
        self.now = now;
        self.stopping = true;
        for id in self.clients.ids(|client| !client.is_closing()) {
            self.answer_guesser(id);
            self.resume(id);
        }
    }

    /// The server has stopped: what waits for those who don't read is given
    /// back. Who reads has only a little in the queue, such as what another
    /// worker bounced just now, and gets it.
    pub fn bounce_all(&mut self, now: Moment) {
        self.now = now;
        self.bounced_all = true;
        let waiting = self.clients.ids(|client| client.flags.blocked && client.keeps_packets());
        // First all queues, then the refusals: these are to go out.
        let mut unsent = Vec::new();
        for id in waiting {
            unsent.extend(self.empty_queue(id).into_iter().flatten().map(|origin| (origin, id)));
        }
        for (origin, recipient) in unsent {
            self.bounce(origin, Code::Undelivered, recipient);
        }
    }

    /// The server has said all that it can: every connection is closed as if
    /// it had been refused, so that the peer can read to the end.
    pub fn hang_up(&mut self, now: Moment) {
        self.now = now;
        for id in self.connection_ids() {
            self.leave(id, Then::Linger);
        }
    }
}
