//! **Routing**: whether a recipient is here or at another shard, and the one way back for
//! what can't be delivered. A recipient beyond this server would be one more [`Route`].
//! Never: what is sent.

use super::id::{ConnId, Origin, WorkerId};
use super::message::ShardMessage;
use super::shard::Shard;
use super::work;
use crate::wire::Code;
use compact_str::CompactString;

/// Where a packet, a query or a claim goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// What it is for is at home in this shard.
    Here,
    /// In another one: by message.
    Shard(WorkerId),
}

impl<S> Shard<S> {
    /// To the user, or the skeleton, of a hash.
    #[inline]
    pub(super) fn route_to(&self, hash: u64) -> Route {
        match self.hashing.home(hash) {
            home if home == self.topology.worker => Route::Here,
            home => Route::Shard(home),
        }
    }

    /// To the room of a key.
    pub(super) fn route_to_room(&self, key: &str) -> Route {
        self.route_to(self.hashing.room(key))
    }

    /// The worker at the end of a route.
    pub(super) fn end_of(&self, route: Route) -> WorkerId {
        match route {
            Route::Here => self.topology.worker,
            Route::Shard(worker) => worker,
        }
    }

    /// Refuses a packet for one of our clients to its sender, with the recipient's
    /// name.
    #[cold]
    #[inline(never)]
    pub(super) fn bounce(&mut self, origin: Origin, code: Code, recipient: ConnId) {
        let name: CompactString =
            self.clients.get(recipient).map(|c| c.name().into()).unwrap_or_default();
        self.refuse_origin(origin, code, Some(&name));
    }

    /// The share of what is given back in this tick.
    pub(super) fn serve_bounces(&mut self) {
        let budget = self.work.tick + self.settings.fan_out_work();
        while self.work.tick < budget
            && let Some(mut bounces) = self.bounces.pop_front()
        {
            while self.work.tick < budget
                && let Some(tag) = bounces.tags.next()
            {
                self.work.spend_on_tick(work::DELIVERY);
                if let Some(origin) = tag {
                    self.refuse_origin(origin, Code::Undelivered, Some(&bounces.name));
                }
            }
            if bounces.tags.len() > 0 {
                self.bounces.push_front(bounces);
            }
        }
    }

    /// Refuses a packet to its sender, wherever they are.
    pub(super) fn refuse_origin(&mut self, origin: Origin, code: Code, name: Option<&str>) {
        let Origin { sender, ordinal, .. } = origin;
        if sender.worker == self.topology.worker {
            self.refuse(sender.conn, ordinal.get(), code, name);
            return;
        }
        let name = name.map(CompactString::from);
        let ordinal = ordinal.get();
        self.send(sender.worker, ShardMessage::Refuse { to: sender.conn, ordinal, code, name }, 64);
    }
}
