//! From queue to socket: whose turn it is, what the socket took, what becomes
//! of those whose sockets take no more. Never: what is put into a queue.

use super::client::{Input, Pauses, Roles, Timers};
use super::id::{ConnId, Moment, Tag};
use super::shard::Shard;
use super::work;
use crate::wire::Outbound;
use std::mem;

impl<S> Shard<S> {
    /// Whether a queue has filled by more than a quarter since the last call: it
    /// should be flushed before more comes.
    pub fn take_above_high_water(&mut self) -> bool {
        mem::take(&mut self.above_high_water)
    }

    /// The next who may be flushed in this tick, besides those for whom there
    /// is an effect: the caller takes a few of them.
    pub fn next_bulk_flush(&mut self) -> Option<ConnId> {
        loop {
            let id = self.bulk_queue.pop_front()?;
            if let Some(client) = self.clients.get_mut(id) {
                client.output.flush.unqueue_bulk();
                return Some(id);
            }
        }
    }

    /// Its socket and what waits for it, if something does.
    pub fn to_send(&mut self, id: ConnId) -> Option<(&mut S, &mut Outbound<Tag>)> {
        let client = self.clients.get_mut(id)?;
        client.output.flush.unqueue();
        if client.input.is_gone() || client.outbound.is_empty() {
            return None;
        }
        Some((&mut client.socket, &mut client.outbound))
    }

    /// Its socket took so many bytes of what waits.
    pub fn sent(&mut self, now: Moment, id: ConnId, bytes: usize) {
        self.now = now;
        let over = self.queued.all() > self.settings.queues_bytes_max;
        let Some(client) = self.clients.get_mut(id) else { return };
        let roles = client.roles;
        let client = if roles.intersects(Roles::SEVERAL | Roles::STORED) {
            self.packets_are_taken(id, bytes, roles);
            let Some(client) = self.clients.get_mut(id) else { return };
            client
        } else {
            client
        };
        self.queued.own -= client.outbound.memory_bytes();
        let packets = client.outbound.advance(&mut self.pool, bytes);
        self.queued.own += client.outbound.memory_bytes();
        self.work.spend_on_tick(work::of_sent(bytes));
        client.last_progress = now;
        client.output.blocked = false;
        let counters = self.counters.of(self.topology.worker);
        counters.bytes_out.add(bytes as u64);
        counters.packets_out.add(packets as u64);
        let (pauses, closing) = (client.pauses, client.is_closing());
        if pauses.contains(Pauses::QUEUE) && self.is_queue_short(id, over) {
            self.resume(id, Pauses::QUEUE);
        }
        if pauses.contains(Pauses::LISTING) {
            self.continue_listing(id);
        }
        if roles.contains(Roles::STORED) {
            self.catch_up(id);
        }
        if closing {
            self.advance_closing(id);
        }
    }

    /// Whether its own queue makes it wait no longer; `over` says that all queues together
    /// were over their bound.
    #[inline(never)]
    fn is_queue_short(&self, id: ConnId, over: bool) -> bool {
        let share = if over { self.queue_share() } else { usize::MAX };
        self.clients.get(id).is_some_and(|client| {
            client.queued_bytes() <= self.settings.queue_bytes_max
                && client.outbound.memory_bytes() <= share
        })
    }

    /// What follows for others from what its socket has taken.
    fn packets_are_taken(&mut self, id: ConnId, bytes: usize, roles: Roles) {
        if roles.contains(Roles::SEVERAL) {
            self.shared_are_taken(id, bytes);
        }
        if roles.contains(Roles::STORED) {
            self.stored_are_taken(id, bytes);
        }
    }

    /// Its socket takes no more for now; a timer watches from here on.
    pub fn blocked(&mut self, now: Moment, id: ConnId) {
        self.now = now;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.output.blocked = true;
        if client.output.final_flush {
            self.drop_client(id);
        } else if self.bounced_all && client.keeps_packets() {
            // The server's time to flush is over.
            self.bounce_queue(id);
        } else if !client.timers.contains(Timers::STUCK) {
            client.last_progress = now;
            self.arm(id, Timers::STUCK, now.after(self.settings.stuck_timeout));
        }
    }

    /// Its socket can't be written any more. What it had sent is still read,
    /// up to the error that ends it; what waits for it is bounced then.
    pub fn broken(&mut self, now: Moment, id: ConnId) {
        self.now = now;
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_closing() {
            self.drop_client(id);
        } else {
            client.input = Input::Broken;
            self.handle_inbound(id);
        }
        self.check_invariants();
    }

    /// Whether nothing waits for any socket, and nothing is left to be handled.
    pub fn is_flushed(&self) -> bool {
        !self.has_work_left()
            && !self.archive.has_posts()
            && self.clients.iter().all(|(_, client)| client.outbound.is_empty())
    }

    /// What waits for its socket, as [`Shard::to_send`] has it, read-only.
    pub fn queued(&self, id: ConnId) -> Option<&Outbound<Tag>> {
        self.clients.get(id).map(|client| &client.outbound)
    }
}
