//! Packets for people and rooms: checked, stamped, put into queues or messages. Never:
//! endpoints, where a recipient is, the way back.

use super::client::{Client, Identity, Pauses, Roles};
use super::effect::Effect;
use super::id::{ConnId, Frame, Origin, Tag, WorkerId};
use super::message::ShardMessage;
use super::query_protocol::Query;
use super::routing::Route;
use super::shard::Shard;
use super::work;
use crate::accounts::AccountId;
use crate::limits;
use crate::wire::name::{KeyBuffer, key_of};
use crate::wire::outbound::make_room;
use crate::wire::{Code, Outbound, Owned, Packet, packet};
use std::mem;
use std::sync::Arc;

impl<S> Shard<S> {
    /// A packet of one who has a name; its ordinal is counted already.
    pub(super) fn handle(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) {
        let Some(client) = self.clients.get(id) else { return };
        let Some(identity) = client.identity().filter(|identity| is_own(identity, &packet.name))
        else {
            return self.handle_before_welcome(id, ordinal, packet);
        };
        match packet.to.as_bytes().first() {
            Some(b'/') => self.endpoint(id, ordinal, packet),
            Some(b'#') => self.publish_to_room(id, ordinal, packet),
            _ => {
                let length = stamped_bytes(identity, packet);
                let is_account = client.roles.contains(Roles::ACCOUNT);
                self.send_to_user(id, ordinal, packet, (length, is_account));
            }
        }
    }

    /// The length is the packet's, stamped; and whether an account has sent it.
    fn send_to_user(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
        (length, is_account): (usize, bool),
    ) {
        let mut buffer = KeyBuffer::default();
        match key_of(&packet.to, &mut buffer) {
            Some(key) => self.send_to_key(id, ordinal, key, packet, (length, is_account)),
            None => self.refuse(id, ordinal, Code::NoSuchUser, None),
        }
        if buffer.was_folded() {
            self.work.spend(work::FOREIGN_NAME);
        }
    }

    fn send_to_key(
        &mut self,
        id: ConnId,
        ordinal: u64,
        key: &str,
        packet: &Packet<'_>,
        (length, is_account): (usize, bool),
    ) {
        let hash = self.hashing.user(key);
        if is_account && let Some(account) = self.account_of(hash, key) {
            return self.post_direct(id, ordinal, account, packet);
        }
        let origin = self.origin(id, ordinal);
        if let Route::Shard(home) = self.route_to(hash) {
            let Some(client) = self.clients.get_mut(id) else { return };
            client.roles |= Roles::SENT_REMOTELY;
            let Some(identity) = client.identity() else { return };
            let outbox = &mut self.outboxes[usize::from(home)];
            outbox.direct(origin, hash, key, |out| push_stamped(out, identity, packet));
            self.work.spend(work::FLUSH);
            self.above_high_water |= outbox.bytes.len() > limits::BATCH_BYTES_MARK;
            return;
        }
        let Some(to) = self.find(hash, key) else {
            self.refuse(id, ordinal, Code::NoSuchUser, None);
            return;
        };
        let mut queue = if let Some(queue) = self.take_short_queue(to, length) {
            queue
        } else {
            if let Some(account) = self.has_several(to) {
                return self.send_to_sessions(id, account, origin, packet);
            }
            match self.take_queue_for(to, length, Some(origin)) {
                Ok(queue) => queue,
                Err(code) => return self.bounce(origin, code, to),
            }
        };
        if let Some(identity) = self.clients.get(id).and_then(Client::identity) {
            let write = |out: &mut Vec<u8>| push_stamped(out, identity, packet);
            queue.push_with(&mut self.pool, Some(origin), write);
        }
        self.put_queue(to, queue);
    }

    /// A stamped packet for one of ours, from another shard.
    pub(super) fn direct_arrived(&mut self, origin: Origin, hash: u64, key: &[u8], frame: &[u8]) {
        let key = std::str::from_utf8(key).unwrap_or_default();
        let Some(to) = self.find(hash, key) else {
            self.refuse_origin(origin, Code::NoSuchUser, None);
            return;
        };
        let mut queue = if let Some(queue) = self.take_short_queue(to, frame.len()) {
            queue
        } else {
            if let Some(account) = self.has_several(to) {
                return self.deliver_to_sessions(account, Some(origin), frame);
            }
            match self.take_queue_for(to, frame.len(), Some(origin)) {
                Ok(queue) => queue,
                Err(code) => return self.bounce(origin, code, to),
            }
        };
        queue.push_with(&mut self.pool, Some(origin), |out| {
            make_room(out, frame.len());
            out.extend_from_slice(frame);
        });
        self.put_queue(to, queue);
    }

    /// Whose sessions they are, where these are several.
    #[inline]
    fn has_several(&self, to: ConnId) -> Option<AccountId> {
        let client = self.clients.get(to).filter(|client| client.roles.contains(Roles::SEVERAL))?;
        client.account()
    }

    #[inline(never)]
    fn send_to_sessions(
        &mut self,
        id: ConnId,
        account: AccountId,
        origin: Origin,
        packet: &Packet<'_>,
    ) {
        let Some(identity) = self.clients.get(id).and_then(Client::identity) else { return };
        let mut frame = Vec::new();
        push_stamped(&mut frame, identity, packet);
        self.deliver_to_sessions(account, Some(origin), &frame);
    }

    #[inline(never)]
    fn publish_to_room(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) {
        let mut buffer = KeyBuffer::default();
        let Some(room) = key_of(&packet.to[1..], &mut buffer).map(Arc::<str>::from) else {
            self.refuse(id, ordinal, Code::NoSuchRoom, None);
            return;
        };
        if !self.rosters.contains(&room, id) {
            if self.is_hidden(id, &room) {
                return self.refuse(id, ordinal, Code::NoSuchRoom, None);
            }
            let route = self.route_to_room(&room);
            self.query_home(id, ordinal, route, Query::RoomExists { room });
            return;
        }
        if let Some(owned) = self.archive.rooms.find(&room) {
            return self.post_to_room(id, ordinal, owned, packet);
        }
        let Some(frame) = self.stamped_frame(id, ordinal, packet) else { return };
        let sender = self.address(id);
        for worker in self.others() {
            let message =
                ShardMessage::RoomMessage { sender, room: room.clone(), frame: frame.clone() };
            self.send(worker, message, frame.bytes.len());
        }
        self.publish_to_members(sender, &room, &frame);
        self.wait_for_refusals(id, ordinal);
    }

    /// After a few room messages the sender waits until the other workers have dealt
    /// with them: each may bring a refusal from every member, and these are
    /// never refused themselves.
    fn wait_for_refusals(&mut self, id: ConnId, ordinal: u64) {
        if self.topology.workers == 1 {
            return;
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        client.roles |= Roles::SENT_REMOTELY;
        client.cold().publishes_in_flight += 1;
        if client.cold().publishes_in_flight >= limits::PUBLISHES_IN_FLIGHT_MAX {
            client.cold().publishes_in_flight = 0;
            let others: Vec<WorkerId> = self.others().collect();
            self.query(id, ordinal, Query::Pause, &others);
        }
    }

    /// The packet as its recipients get it, to be shared between them.
    pub(super) fn stamped_frame(
        &self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Option<Arc<Frame>> {
        let identity = self.clients.get(id)?.identity()?;
        let mut bytes = Vec::with_capacity(stamped_bytes(identity, packet));
        push_stamped(&mut bytes, identity, packet);
        let tag = Some(self.origin(id, ordinal));
        Some(Arc::new(Frame { tag, bytes: bytes.into() }))
    }

    /// Puts a frame for many into one queue, or bounces it.
    pub(super) fn deliver_frame(&mut self, to: ConnId, frame: &Arc<Frame>) {
        self.work.spend(work::FAN_OUT_DELIVERY);
        match (self.take_queue_for(to, frame.bytes.len(), frame.tag), frame.tag) {
            (Ok(mut queue), _) => {
                queue.push_frame(&mut self.pool, frame);
                self.put_back(to, queue, true);
            }
            (Err(code), Some(origin)) => self.bounce(origin, code, to),
            (Err(_), None) => {}
        }
    }

    /// The recipient's queue for a packet of so many bytes, in the usual case: it is its
    /// user's only session, its queue is short, and all together are within their bound.
    /// All other cases are [`Shard::take_queue_for`]'s.
    #[inline(always)]
    fn take_short_queue(&mut self, to: ConnId, bytes: usize) -> Option<Outbound<Tag>> {
        let settings = &self.settings;
        let is_within = self.queued.all() + bytes <= settings.queues_bytes_max;
        let client = self.clients.get_mut(to)?;
        let is_short = client.queued_bytes() + bytes <= settings.queue_bytes_max / 2;
        if !is_within || !is_short || self.bounced_all || client.roles.contains(Roles::SEVERAL) {
            return None;
        }
        if client.outbound.is_empty() {
            // Here a queue begins.
            client.last_progress = self.now;
        } else {
            self.queued.own -= client.outbound.memory_bytes();
        }
        Some(mem::take(&mut client.outbound))
    }

    /// The recipient's queue for a packet of so many bytes, or why it is refused.
    /// After [`Shard::bounce_all`] every packet is refused.
    #[inline]
    pub(super) fn take_queue_for(
        &mut self,
        to: ConnId,
        bytes: usize,
        tag: Tag,
    ) -> Result<Outbound<Tag>, Code> {
        if self.bounced_all {
            return Err(Code::Undelivered);
        }
        // The usual case: an empty queue takes any packet.
        let within = self.queued.all() + bytes <= self.settings.queues_reserve_max();
        if within
            && let Some(client) = self.clients.get_mut(to)
            && client.outbound.is_empty()
        {
            client.last_progress = self.now;
            return Ok(Outbound::default());
        }
        if self.has_room(to, bytes, tag) { Ok(self.take_queue(to)) } else { Err(Code::Busy) }
    }

    /// An empty queue takes any packet, a filled one up to its bound; of one
    /// sender up to half of that, so that nobody can fill it against others; and
    /// while all queues together are over their bound, the long ones nothing (empty
    /// ones no long packet either, once their reserve is used up).
    pub(super) fn has_room(&mut self, to: ConnId, bytes: usize, tag: Tag) -> bool {
        let bound = self.settings.queue_bytes_max;
        let all = self.queued.all() + bytes;
        let over = all > self.settings.queues_bytes_max;
        let within_reserve = all <= self.settings.queues_reserve_max();
        // Computed only where it is needed.
        let share = if over { self.queue_share() } else { usize::MAX };
        let Some(client) = self.clients.get_mut(to) else { return true };
        if client.outbound.is_empty() {
            return within_reserve || bytes <= share;
        }
        let after = client.queued_bytes() + bytes;
        if after > bound || over && client.outbound.memory_bytes() + bytes > share {
            return false;
        }
        // Below half of the bound nobody can have more than that.
        if after <= bound / 2 {
            return true;
        }
        let Some(owner) = tag.owner() else { return true };
        // `bytes_of` may make the queue larger: it keeps a table from then on.
        let before = client.outbound.memory_bytes();
        let owned = client.outbound.bytes_of(owner);
        self.queued.own += client.outbound.memory_bytes() - before;
        owned + bytes <= bound / 2
    }

    /// Its queue, for a moment; it has to be put back.
    pub(super) fn take_queue(&mut self, id: ConnId) -> Outbound<Tag> {
        let Some(client) = self.clients.get_mut(id) else { return Outbound::default() };
        if client.outbound.is_empty() {
            // Here a queue begins.
            client.last_progress = self.now;
        }
        self.queued.own -= client.outbound.memory_bytes();
        mem::take(&mut client.outbound)
    }

    /// Puts its queue back, with something new in it.
    pub(super) fn put_queue(&mut self, id: ConnId, queue: Outbound<Tag>) {
        self.put_back(id, queue, false);
    }

    /// ... which is to be flushed in this tick, or, if it is a frame for many,
    /// when the bulk flush queue gets to it.
    pub(super) fn put_back(&mut self, id: ConnId, queue: Outbound<Tag>, bulk: bool) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let queued = queue.queued_bytes();
        self.queued.own += queue.memory_bytes();
        client.outbound = queue;
        let client = if self.queued.all() > self.settings.queues_bytes_max {
            self.pause_over_share(id);
            let Some(client) = self.clients.get_mut(id) else { return };
            client
        } else {
            client
        };
        if queued > self.settings.queue_bytes_max / 4 {
            // Rare, so these bounds are looked at only here.
            if queued > self.settings.queue_bytes_max && !client.is_closing() {
                client.pauses |= Pauses::QUEUE;
            }
            if !client.output.blocked {
                self.above_high_water = true;
                // A flush that is queued already may be held; this one is not.
                client.output.flush.queue();
                if !matches!(self.effects.last(), Some(Effect::Flush(last)) if *last == id) {
                    self.effects.push(Effect::Flush(id));
                }
                return;
            }
        }
        if bulk {
            if client.output.flush.queue_bulk() {
                self.bulk_queue.push_back(id);
            }
        } else if client.output.flush.queue() {
            self.work.spend(work::FLUSH);
            self.effects.push(Effect::Flush(id));
        }
    }

    /// While all queues are over their bound, a client with more than its share of
    /// them is paused.
    fn pause_over_share(&mut self, id: ConnId) {
        let share = self.queue_share();
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.outbound.memory_bytes() > share && !client.is_closing() {
            client.pauses |= Pauses::QUEUE;
        }
    }
}

/// Whether a client may call itself so: its own name, in any case.
fn is_own(identity: &Identity, claimed: &str) -> bool {
    if claimed == identity.name() {
        return true;
    }
    let mut buffer = KeyBuffer::default();
    key_of(claimed, &mut buffer).is_some_and(|key| key == identity.key())
}

/// The packet with its sender as the server knows them. `to` and `msg` go
/// through as they came: a valid recipient's name holds nothing to escape.
fn push_stamped(out: &mut Vec<u8>, identity: &Identity, packet: &Packet<'_>) {
    make_room(out, stamped_bytes(identity, packet));
    out.extend_from_slice(identity.stamp.as_bytes());
    out.extend_from_slice(packet.to.as_bytes());
    out.extend_from_slice(packet::MSG);
    out.extend_from_slice(packet.msg.raw().as_bytes());
    out.extend_from_slice(packet::END);
}

fn stamped_bytes(identity: &Identity, packet: &Packet<'_>) -> usize {
    identity.stamp.len()
        + packet.to.len()
        + packet::MSG.len()
        + packet.msg.raw().len()
        + packet::END.len()
}
