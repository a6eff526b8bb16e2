//! Closing: politely, kicked, refused, stuck, lost, at shutdown. A name is free
//! at once; what waits is still flushed; what never leaves is bounced. The table
//! of transitions is in `LIFECYCLE.md`.

use super::client::{Client, CloseMode, Pauses, Removal, Roles, State, Timers};
use super::effect::{Effect, Gone, Report};
use super::fan_outs::Bounces;
use super::id::{ConnId, Moment, Tag};
use super::message::ShardMessage;
use super::query_protocol::Query;
use super::routing::Route;
use super::shard::Shard;
use super::work;
use crate::limits;
use crate::wire::{Code, Endpoint};
use std::sync::Arc;

impl<S> Shard<S> {
    /// Takes a client out of the chat and lets its connection end by itself:
    /// once the other shards have dealt with all that it sent, and with what its
    /// name claimed there, and what waits is flushed.
    pub(super) fn close(&mut self, id: ConnId, mode: CloseMode) {
        self.answer_owed(id);
        self.abandon_claim(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_closing() {
            self.advance_closing(id);
            return;
        }
        let ended = client.input.has_ended() && mode == CloseMode::Linger;
        let mode = if ended { CloseMode::Close } else { mode };
        let (was_user, sent_remotely) =
            (client.is_user(), client.roles.contains(Roles::SENT_REMOTELY));
        let (since, announced, account) =
            (client.since, client.roles.contains(Roles::ANNOUNCED), client.account());
        let mut fenced = self.release_looks_of(id);
        if sent_remotely {
            fenced = self.others().collect();
        }
        self.drop_inbound(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        // What it has said and the store has not dealt with yet is one more.
        let posts = u32::from(client.posts_under_way() > 0);
        let rooms = client.begin_closing(mode, fenced.len() as u32 + posts);
        self.pending.remove(&id);
        self.asks.remove(&id);
        if self.presence.unwatch(id) {
            self.own_counters().watchers.subtract(1);
        }
        if was_user {
            self.own_counters().sessions.subtract(1);
            match account {
                Some(account) => self.session_closed((account, id), rooms, (since, announced)),
                None => self.unregister(id, rooms, (since, announced)),
            }
        }
        let requester = self.address(id);
        for worker in fenced {
            let query = Query::Fence;
            self.send(worker, ShardMessage::Query { requester, number: 0, query }, 0);
        }
        self.advance_closing(id);
    }

    /// Frees its name and announces its departure.
    pub(super) fn unregister(
        &mut self,
        id: ConnId,
        rooms: Vec<Arc<str>>,
        (since, announced): (Moment, bool),
    ) {
        let Some(client) = self.clients.get(id) else { return };
        let peer = client.peer;
        let Some(identity) = client.last_identity() else { return };
        let name: Box<str> = identity.name().into();
        self.directory.remove(identity.hash, id.slot);
        self.counters.user_left(self.topology.worker);
        self.leave_rooms(id, &name, rooms);
        self.users_changed();
        if !self.stopping {
            self.announce_departure(&name, since, announced);
        }
        if self.settings.reports_everyone {
            self.report(Report::Went { peer, name });
        }
    }

    fn leave_rooms(&mut self, id: ConnId, name: &str, rooms: Vec<Arc<str>>) {
        if rooms.is_empty() {
            return;
        }
        let Ok(member) = crate::wire::Name::parse(name) else { return };
        let member = Arc::new(member);
        let requester = self.address(id);
        self.work.spend_on_tick(work::LEAVE * rooms.len() as work::Units);
        for room in rooms {
            self.rosters.remove(&room, id);
            match self.route_to_room(&room) {
                Route::Here => drop(self.leave_room_here(&room, &member)),
                Route::Shard(home) => {
                    let query = Query::Leave { room, member: member.clone() };
                    self.send(home, ShardMessage::Query { requester, number: 0, query }, 64);
                }
            }
        }
    }

    /// If it is closing, flushed, and everything is answered: the next step of
    /// its end.
    pub(super) fn advance_closing(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let State::Closing(mode) = client.state() else { return };
        if client.input.is_gone() {
            // Nothing can be said and nobody reads it any more.
            self.drop_client(id);
            return;
        }
        let flushed = client.outbound.is_empty();
        match (client.fences(), mode) {
            (0, CloseMode::Bye) => {
                let ended = client.input.has_ended();
                client.set_close_mode(if ended { CloseMode::Close } else { CloseMode::Linger });
                self.say(id, Endpoint::Quit, "bye");
            }
            (0, CloseMode::Close) if flushed => self.drop_client(id),
            (0, CloseMode::Linger) if flushed => {
                client.begin_lingering();
                self.arm(id, Timers::LINGER, self.now.after(limits::LINGER));
                self.effects.push(Effect::Shutdown(id));
            }
            _ => {}
        }
    }

    /// One more shard has dealt with all that it sent.
    pub(super) fn fence_passed(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let cold = client.cold();
        cold.fences = cold.fences.saturating_sub(1);
        self.advance_closing(id);
    }

    /// Its connection is gone: what its socket has not taken is bounced.
    pub(super) fn drop_client(&mut self, id: ConnId) {
        if self.clients.get(id).is_some_and(|client| !client.is_closing()) {
            self.close(id, CloseMode::Close);
        }
        self.bounce_queue(id);
        self.drop_inbound(id);
        self.transport_holds(id, 0);
        if let Some(client) = self.clients.remove(id) {
            self.work.spend_on_tick(work::CLOSE);
            // What it was told meanwhile goes with it.
            self.queued.own -= client.outbound.memory_bytes();
            let Client { socket, peer, budget, .. } = client;
            self.effects.push(Effect::Close(Box::new(Gone { socket, peer, budget })));
        }
    }

    /// Empties its queue and refuses the packets to their senders: at once where they are
    /// few, else a slice a tick.
    pub(super) fn bounce_queue(&mut self, id: ConnId) {
        let tags = self.empty_queue(id);
        if tags.len() <= self.settings.fan_out_slice {
            for origin in tags.into_iter().flatten() {
                self.bounce(origin, Code::Undelivered, id);
            }
            return;
        }
        let name = self.clients.get(id).map(|client| client.name().into()).unwrap_or_default();
        self.bounces.push_back(Bounces { tags: tags.into_iter(), name });
    }

    /// Empties its queue; whose packets those were.
    fn empty_queue(&mut self, id: ConnId) -> Vec<Tag> {
        let Some(client) = self.clients.get_mut(id) else { return Vec::new() };
        client.output.torn |= client.outbound.is_torn();
        self.queued.own -= client.outbound.memory_bytes();
        let tags = client.outbound.take_unsent();
        if let Some(stored) = client.stored_mut() {
            stored.queue_is_lost();
        }
        if client.roles.contains(Roles::SEVERAL) { self.taken_by_none(id, tags) } else { tags }
    }

    pub(super) fn stuck_timed_out(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.outbound.is_empty() {
            return;
        }
        let due = client.last_progress.after(self.settings.stuck_timeout);
        if due > self.now {
            self.arm(id, Timers::STUCK, due);
            return;
        }
        let (peer, name) = (client.peer, client.name().into());
        let packets = client.outbound.packets();
        self.report(Report::Stuck { peer, name, packets });
        self.remove(id, Removal::Stuck);
    }

    /// What came of a client that is removed is handled: it goes.
    pub(super) fn finish_removal(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        match client.cold().removal.take() {
            Some(Removal::Kicked { reason }) => {
                self.say(id, Endpoint::Kick, &reason);
                self.close(id, CloseMode::Linger);
            }
            Some(Removal::Stuck) => self.end_stuck(id),
            Some(Removal::Full) => self.refuse(id, 0, Code::ServerFull, None),
            None => {}
        }
    }

    /// Gives up on one that read nothing for too long.
    fn end_stuck(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.output.final_flush = true;
        if client.state() == State::Closing(CloseMode::Bye) {
            // The reason is the last packet to it.
            client.set_close_mode(CloseMode::Linger);
        }
        // Closes first, so that what is bounced to itself is not answered.
        self.close(id, CloseMode::Linger);
        self.bounce_queue(id);
        self.refuse(id, 0, Code::Stuck, None);
        if self.clients.get(id).is_some_and(|client| client.outbound.is_empty()) {
            self.drop_client(id);
        }
    }

    /// The server stops: nothing more is read, what was read is handled.
    pub fn stop(&mut self, now: Moment) {
        self.now = now;
        self.stopping = true;
        for id in self.clients.ids(|client| !client.is_closing()) {
            self.answer_owed(id);
            if self.is_tick_over() {
                self.pause(id, Pauses::QUANTUM);
            } else {
                self.handle_inbound(id);
            }
        }
        self.check_invariants();
    }

    /// The time to flush is over: bounces the queues of clients that don't read.
    /// Others have only a little queued, such as what another worker bounced just
    /// now, and still get it.
    pub fn bounce_all(&mut self, now: Moment) {
        self.now = now;
        self.bounced_all = true;
        let waiting = self.clients.ids(|client| client.output.blocked && client.keeps_packets());
        // First all queues, then the refusals: these are to go out.
        let mut unsent = Vec::new();
        for id in waiting {
            unsent.extend(self.empty_queue(id).into_iter().flatten().map(|origin| (origin, id)));
        }
        self.abandon_posts();
        for (origin, recipient) in unsent {
            self.bounce(origin, Code::Undelivered, recipient);
        }
    }

    /// The last step of a shutdown: every connection is closed as if it had been
    /// refused, so that the peer can read to the end.
    pub fn hang_up(&mut self, now: Moment) {
        self.now = now;
        for id in self.connection_ids() {
            self.close(id, CloseMode::Linger);
        }
        self.tell_marks();
    }
}
