//! A frame for many, put into their queues: at once where these are few, else a
//! slice a tick, so that nobody waits behind thousands of recipients. What its sender
//! says meanwhile keeps its place behind it. Never: who is in a room.

use super::client::{Client, Pauses};
use super::fan_outs::{Deferred, Served, What};
use super::id::{Address, Frame, Origin};
use super::lists::Requester;
use super::message::ShardMessage;
use super::query_protocol::{Query, Reply};
use super::shard::Shard;
use std::num::NonZeroU64;
use std::sync::Arc;

impl<S> Shard<S> {
    /// This shard's share of a room message: those members who are here.
    pub(super) fn publish_to_members(
        &mut self,
        sender: Address,
        room: &Arc<str>,
        frame: &Arc<Frame>,
    ) {
        let members = self.rosters.count(room);
        if members <= self.settings.fan_out_slice && !self.fan_outs.holds(sender) {
            let mut served = self.served_at_first(sender);
            for member in self.rosters.of(room) {
                if self.address(member) != sender {
                    self.deliver_to_user(member, frame, &mut served);
                }
            }
            return;
        }
        let served = self.served_at_first(sender);
        let what = What::Room { room: room.clone(), frame: frame.clone(), members: None, served };
        self.defer(sender, what, frame.bytes.len());
    }

    /// This shard's share of a broadcast: how many users it is for, at once or by
    /// message when all have it.
    pub(super) fn broadcast_here(
        &mut self,
        sender: Address,
        frame: &Arc<Frame>,
        requester: Requester,
    ) -> Option<Reply> {
        let few = self.clients.slots() as usize <= self.settings.fan_out_slice;
        if few && !self.fan_outs.holds(sender) {
            let mut slot = 0;
            let mut served = self.served_at_first(sender);
            return Some(Reply::Broadcast(self.broadcast_to_slots(
                sender,
                frame,
                &mut slot,
                &mut served,
                u32::MAX,
            )));
        }
        let served = self.served_at_first(sender);
        let frame_for_all = frame.clone();
        let what = What::Everybody { frame: frame_for_all, slot: 0, users: 0, requester, served };
        self.defer(sender, what, frame.bytes.len());
        None
    }

    /// Whether a message has to wait behind what its sender has said before: then it
    /// does.
    pub(super) fn hold_back(
        &mut self,
        message: ShardMessage<S>,
        bytes: &[u8],
    ) -> Option<ShardMessage<S>> {
        if self.fan_outs.is_empty() {
            return Some(message);
        }
        match message {
            ShardMessage::Direct { origin, hash, key, frame }
                if self.fan_outs.holds(origin.sender) =>
            {
                let (key, frame) = (key.of(bytes), frame.of(bytes));
                let weight = key.len() + frame.len();
                let (key, frame, ordinal) = (key.into(), frame.into(), origin.ordinal.get());
                self.defer(origin.sender, What::Direct { ordinal, hash, key, frame }, weight);
                None
            }
            ShardMessage::Query { requester, number, query }
                if self.fan_outs.holds(requester) && !matches!(query, Query::Broadcast { .. }) =>
            {
                let weight = query.extra_bytes();
                self.defer(requester, What::Query { number, query }, weight);
                None
            }
            message => Some(message),
        }
    }

    /// Puts it at the end of the queue; a sender of ours is not heard until it is done.
    fn defer(&mut self, sender: Address, what: What, weight: usize) {
        let is_ours = sender.worker == self.topology.worker;
        let weight = if is_ours { 0 } else { weight };
        self.fan_outs.push(Deferred { sender, what, weight });
        if is_ours {
            self.pause(sender.conn, Pauses::FAN_OUT);
        }
    }

    /// The share of fan-outs in this tick: what is left of it, and a little at the
    /// least.
    pub(super) fn serve_fan_outs(&mut self) {
        let budget =
            (self.work.tick + self.settings.fan_out_work()).max(self.settings.tick_work_max);
        while self.work.tick < budget
            && let Some(deferred) = self.fan_outs.take()
        {
            self.serve_deferred(deferred, budget);
        }
    }

    fn serve_deferred(&mut self, deferred: Deferred, budget: u32) {
        let Deferred { sender, what, weight } = deferred;
        let unfinished = match what {
            What::Room { room, frame, members, mut served } => {
                let again = members.is_some();
                let mut members = members.unwrap_or_else(|| self.rosters.of(&room).into_iter());
                for member in members.by_ref() {
                    // Who has left since the first slice has been told so.
                    let is_in = !again || self.rosters.contains(&room, member);
                    if is_in && self.address(member) != sender {
                        self.deliver_to_user(member, &frame, &mut served);
                    }
                    if self.work.tick >= budget {
                        break;
                    }
                }
                let left = members.len() > 0;
                left.then_some(What::Room { room, frame, members: Some(members), served })
            }
            What::Everybody { frame, mut slot, mut users, requester, mut served } => {
                users += self.broadcast_to_slots(sender, &frame, &mut slot, &mut served, budget);
                if slot < self.clients.slots() {
                    Some(What::Everybody { frame, slot, users, requester, served })
                } else {
                    self.reply(requester, Reply::Broadcast(users));
                    None
                }
            }
            What::Direct { ordinal, hash, key, frame } => {
                let ordinal = NonZeroU64::MIN.saturating_add(ordinal.saturating_sub(1));
                self.direct_arrived(Origin { sender, ordinal, shared: false }, hash, &key, &frame);
                None
            }
            What::Query { number, query } => {
                self.query_arrived((sender, number), &query);
                None
            }
        };
        if let Some(what) = unfinished {
            return self.fan_outs.put_back(Deferred { sender, what, weight });
        }
        if self.fan_outs.done(sender, weight) && sender.worker == self.topology.worker {
            self.resume(sender.conn, Pauses::FAN_OUT);
        }
    }

    /// Puts the frame into the queues of users from a slot on, until the tick has cost
    /// so much; how many users that were.
    fn broadcast_to_slots(
        &mut self,
        sender: Address,
        frame: &Arc<Frame>,
        slot: &mut u32,
        served: &mut Served,
        budget: u32,
    ) -> u64 {
        let mut users = 0;
        // One walk over the clients: with thousands of them each look is one
        // into memory that is not at hand.
        while *slot < self.clients.slots() && self.work.tick < budget {
            let user = self.clients.at(*slot).is_some_and(Client::is_user);
            if let Some(id) = self.clients.id_at(*slot)
                && user
                && self.address(id) != sender
            {
                users += u64::from(self.deliver_to_user(id, frame, served));
            }
            *slot += 1;
        }
        users
    }
}
