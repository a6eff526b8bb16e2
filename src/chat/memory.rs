//! Bounds on the memory of all connections together: queues, input that is not
//! handled yet, lists being sent. Each worker knows its own sums to the byte, and
//! those of the others as of their last tick. Over a bound, the connections that
//! hold most are closed. Never: what one connection may hold for itself.

use super::client::{Client, Pauses, Removal};
use super::effect::Report;
use super::id::{ConnId, Moment};
use super::memory_bounds::TooMuch;
use super::shard::Shard;
use crate::limits;
use std::mem;

/// While all queues are over their bound, a queue that is shorter than this part
/// of an even share still takes something: so what is on top of the bound is
/// bounded, too.
const QUEUE_SHARES: usize = 16;

impl<S> Shard<S> {
    /// What a queue may hold while all are over their bound.
    pub(super) fn queue_share(&self) -> usize {
        self.settings.queues_bytes_max / (QUEUE_SHARES * self.counters.users().max(1))
    }

    /// Takes its input that is not handled yet.
    pub(super) fn take_inbound(&mut self, id: ConnId) -> Vec<u8> {
        let Some(client) = self.clients.get_mut(id) else { return Vec::new() };
        self.kept.own -= client.inbound.capacity();
        mem::take(&mut client.inbound)
    }

    /// So many bytes lie in a connection's transport that are not whole yet: they
    /// count as input that is kept.
    pub fn transport_holds(&mut self, id: ConnId, bytes: usize) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let before = mem::replace(&mut client.transport_bytes, bytes);
        self.kept.own = self.kept.own - before as usize + bytes as usize;
    }

    /// The end of a tick: publishes what is held here, reads what is held elsewhere,
    /// and closes those that hold most of what is over its bound.
    pub(super) fn balance_memory(&mut self) {
        let (own, kept) = (self.queued.own as u64, self.kept.own as u64);
        self.own_counters().queued_bytes.set(own);
        self.own_counters().kept_bytes.set(kept);
        self.queued.others = (self.counters.sum(|counters| &counters.queued_bytes) - own) as usize;
        self.kept.others = (self.counters.sum(|counters| &counters.kept_bytes) - kept) as usize;
        if self.now < self.shed_after {
            return;
        }
        let settings = self.settings.clone();
        let over = [
            (TooMuch::Answers, self.queued.all(), settings.queues_hard_max()),
            (TooMuch::Input, self.kept.all(), settings.input_bytes_max()),
            (TooMuch::List, self.counters.list_bytes(), settings.list_bytes_max()),
        ];
        for (what, all, most) in over {
            if all > most {
                self.shed_after = self.now.after(limits::SHED_INTERVAL);
                // A little more than the excess, so that this isn't needed in each
                // tick.
                self.shed(what, all - most + most / 32);
            }
        }
    }

    /// Whether a bound is exceeded: then a tick is due, though nothing else happens.
    pub(super) fn has_too_much(&self) -> bool {
        self.queued.all() > self.settings.queues_hard_max()
            || self.kept.all() > self.settings.input_bytes_max()
            || self.counters.list_bytes() > self.settings.list_bytes_max()
    }

    /// Removes the clients that hold most, until so many bytes are free.
    fn shed(&mut self, what: TooMuch, bytes: usize) {
        if what == TooMuch::List {
            self.forget_lists();
        }
        let floor = limits::SHED_BYTES_MIN;
        let mut holders: Vec<(usize, ConnId)> = self
            .clients
            .iter()
            .filter(|(_, client)| !client.input.is_drained())
            .map(|(id, client)| (held_by(client, what, self.now), id))
            .filter(|&(held, _)| held >= floor)
            .collect();
        holders.sort_unstable_by(|one, other| other.cmp(one));
        let mut freed = 0;
        for (held, id) in holders.into_iter().take(limits::SHED_MAX) {
            if freed >= bytes {
                return;
            }
            freed += held;
            let Some(client) = self.clients.get(id) else { continue };
            let (peer, name) = (client.peer, client.name().into());
            self.report(Report::TooMuch { peer, name, what, bytes: held });
            self.remove(id, if what == TooMuch::Input { Removal::Full } else { Removal::Stuck });
        }
    }
}

/// What a client holds of that kind, in bytes. Answers count only while its socket is
/// blocked, a list only once it is old.
fn held_by<S>(client: &Client<S>, what: TooMuch, now: Moment) -> usize {
    match what {
        TooMuch::Answers if client.output.blocked => client.outbound.own_bytes(),
        TooMuch::Answers => 0,
        TooMuch::Input if client.is_closing() => 0,
        TooMuch::Input => client.inbound.capacity() + client.transport_bytes as usize,
        TooMuch::List if client.pauses.contains(Pauses::LISTING) => client.old_list_bytes(now),
        TooMuch::List => 0,
    }
}
