//! Whether a packet is stored, and its way to the store: what is said in a tick goes there
//! together. Senders wait while too much of theirs is under way. Never: what comes of it.

use super::posted::{Posted, Posts};
use super::state::UnderWay;
use crate::accounts::AccountId;
use crate::archive::{Key, Post, PostBatch, RoomId, Stamped, Target};
use crate::chat::client::{Client, Pauses, Timers};
use crate::chat::effect::Effect;
use crate::chat::id::{ConnId, Moment};
use crate::chat::routing::Route;
use crate::chat::shard::Shard;
use crate::chat::work;
use crate::limits;
use crate::wire::Packet;
use std::mem;
use std::sync::Arc;

impl<S> Shard<S> {
    /// The account of a name, wherever it is at home: what another account says to it is
    /// stored.
    #[inline(never)]
    pub(in crate::chat) fn account_of(&self, hash: u64, key: &str) -> Option<AccountId> {
        match self.route_to(hash) {
            Route::Here => self.known.find(hash, key).map(|entry| entry.id),
            Route::Shard(_) => self.known.elsewhere(hash),
        }
    }

    /// A packet from one account to another.
    pub(in crate::chat) fn post_direct(
        &mut self,
        id: ConnId,
        ordinal: u64,
        to: AccountId,
        packet: &Packet<'_>,
    ) {
        self.post(id, ordinal, Target::Account(to), packet, None);
    }

    /// A packet to a room with an owner.
    pub(in crate::chat) fn post_to_room(
        &mut self,
        id: ConnId,
        ordinal: u64,
        room: RoomId,
        packet: &Packet<'_>,
    ) {
        self.post(id, ordinal, Target::Room(room), packet, None);
    }

    /// A broadcast by an account: the query counts whom it is for.
    pub(in crate::chat) fn post_to_all(
        &mut self,
        id: ConnId,
        ordinal: u64,
        query: u32,
        packet: &Packet<'_>,
    ) {
        self.post(id, ordinal, Target::Everyone, packet, Some(query));
    }

    fn post(
        &mut self,
        id: ConnId,
        ordinal: u64,
        target: Target,
        packet: &Packet<'_>,
        query: Option<u32>,
    ) {
        let origin = self.origin(id, ordinal);
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(identity) = client.identity() else { return };
        let (to, msg) = (&packet.to, packet.msg.raw());
        let stamped = Stamped::behind(&identity.stamp, identity.name().len(), to, msg);
        let bytes = stamped.bytes().len();
        let account = client.account();
        let number = client.stored().and_then(|stored| stored.number);
        let receipts = client.stored().is_some_and(|stored| stored.receipts);
        let key = packet.key.as_deref().and_then(Key::parse).filter(|_| account.is_some());
        let cold = client.cold();
        cold.posts.count += 1;
        cold.posts.bytes += bytes;
        let is_over = cold.posts.bytes > limits::POST_BYTES_PER_SESSION_MAX;
        let sender = account.zip(number);
        let what = Posted { origin, query, receipts };
        let post = Post { sender, target, packet: stamped, key, what };
        let others = self.archive.bytes_under_way;
        self.archive.bytes_under_way += bytes;
        if others > 0 && others + bytes > self.post_bytes_max() {
            // Its sender waits while it has others under way, so it overtakes none of them.
            self.relay_posts(Arc::new(PostBatch::new(vec![post])));
        } else {
            self.archive.said.push(post);
        }
        self.work.spend(work::POST);
        if is_over || self.archive.bytes_under_way > self.post_bytes_max() / 2 {
            // It goes on once it has less under way, or, if that is none of its own, all have.
            self.pause(id, Pauses::POSTS);
            if !is_over {
                self.archive.paused.push_back(id);
            }
        }
        if let Some(account) = account {
            self.pay_for_post(id, account, bytes);
        }
        if self.archive.said.len() >= limits::POSTS_PER_BATCH_MAX {
            self.send_posts();
        }
    }

    /// This worker's part of what may be under way.
    pub(super) fn post_bytes_max(&self) -> usize {
        limits::POST_BYTES_MAX / self.topology.workers
    }

    /// Counts what is stored against an account's share of the disk's time. Over it, its
    /// session is read later.
    fn pay_for_post(&mut self, id: ConnId, account: AccountId, bytes: usize) {
        let Some(ns_per_byte) = self.settings.store_ns_per_byte() else { return };
        let paid_until = self.archive.paid_until_ns.entry(account).or_default();
        let cost = ns_per_byte.saturating_mul(bytes as u64);
        *paid_until = (*paid_until).max(self.now.0).saturating_add(cost);
        let saved_up = ns_per_byte.saturating_mul(limits::STORE_RATE_BURST_BYTES);
        let due = Moment(paid_until.saturating_sub(saved_up));
        if due > self.now {
            self.arm(id, Timers::STORE_RATE, due);
            self.pause(id, Pauses::STORE_RATE);
        }
    }

    /// Its account may be within its share again.
    pub(in crate::chat) fn store_rate_timed_out(&mut self, id: ConnId) {
        let account = self.clients.get(id).and_then(Client::account);
        let paid_until = account.and_then(|account| self.archive.paid_until_ns.get(&account));
        let saved_up = self.settings.store_ns_per_byte().unwrap_or_default();
        let saved_up = saved_up.saturating_mul(limits::STORE_RATE_BURST_BYTES);
        let due = paid_until.map_or(self.now, |until| Moment(until.saturating_sub(saved_up)));
        if due > self.now {
            // Another session of it has written meanwhile.
            return self.arm(id, Timers::STORE_RATE, due);
        }
        self.resume(id, Pauses::STORE_RATE);
    }

    /// Hands the store what was said so far.
    pub(in crate::chat) fn send_posts(&mut self) {
        if self.archive.said.is_empty() {
            return;
        }
        let posts = Arc::new(PostBatch::new(mem::take(&mut self.archive.said)));
        if self.archive.stalled.is_some() {
            return self.relay_posts(posts);
        }
        self.archive.under_way.push_back(UnderWay { posts: posts.clone(), since: self.now });
        if self.archive.unsent.is_empty() {
            self.effects.push(Effect::Post(posts));
        } else {
            self.archive.unsent.push_back(posts);
        }
    }

    /// The store's queue has no room for these: they go there in the next tick, and what is
    /// said meanwhile behind them.
    pub fn posts_refused(&mut self, now: Moment, posts: Arc<Posts>) {
        self.now = now;
        self.archive.unsent.push_back(posts);
    }

    /// Whether posts wait for room in the store's queue: others go behind them.
    pub fn has_unsent_posts(&self) -> bool {
        !self.archive.unsent.is_empty()
    }

    /// Tries again.
    pub(super) fn send_again(&mut self) {
        self.effects.extend(self.archive.unsent.drain(..).map(Effect::Post));
    }
}
