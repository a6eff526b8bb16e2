//! When the disk refuses or doesn't answer in time: what was said is handed to those who
//! are here all the same, or to nobody; the store is asked now and then whether it is alive.
//! And the end: what a server that stops can't store is refused. Never: what the store does
//! about its disk.

use super::arrival::Arrival;
use super::posted::{ArchiveRequest, Posts};
use crate::archive::{Outcome, Request};
use crate::chat::effect::Effect;
use crate::chat::id::{ConnId, Moment};
use crate::chat::message::{Committed, ShardMessage};
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::Code;
use std::sync::Arc;

impl<S> Shard<S> {
    /// The end of a tick: what was said goes to the store; what it has had for too long
    /// is given up.
    pub(in crate::chat) fn serve_store(&mut self) {
        self.send_again();
        self.send_posts();
        let front = self.archive.under_way.front();
        if front.is_some_and(|posts| posts.since.after(limits::STORE_PATIENCE) <= self.now) {
            self.give_up_posts();
        }
        if let Some(probed) = self.archive.stalled
            && probed.after(limits::STALL_PROBE) <= self.now
        {
            self.probe_store();
        }
        if self.archive.marks_due.is_some_and(|due| due <= self.now) {
            self.tell_marks();
        }
        let now = self.now.0;
        if self.archive.paid_until_ns.len() > limits::STORE_RATES_SWEPT_MIN {
            self.archive.paid_until_ns.retain(|_, until| *until > now);
        }
    }

    /// When [`Shard::serve_store`] has something to do next.
    pub(in crate::chat) fn store_deadline(&self) -> Option<Moment> {
        let archive = &self.archive;
        if !archive.unsent.is_empty() {
            return Some(self.now.after(limits::POSTS_RETRY));
        }
        let front =
            archive.under_way.front().map(|posts| posts.since.after(limits::STORE_PATIENCE));
        let probe = archive.stalled.map(|probed| probed.after(limits::STALL_PROBE));
        [front, probe, archive.marks_due].into_iter().flatten().min()
    }

    /// The disk doesn't answer: nothing of what the store has is waited for any more. The
    /// rest is behind it in the same queue, so it is given up as well, or it would be
    /// overtaken.
    fn give_up_posts(&mut self) {
        while let Some(posts) = self.archive.under_way.front().map(|one| one.posts.clone()) {
            if !posts.give_up() {
                // Its outcome is on its way, and nothing may overtake that: the disk answers.
                return;
            }
            self.archive.settled(&posts);
            self.relay_posts(posts);
        }
        self.archive.unsent.clear();
        self.store_is_silent();
    }

    /// The disk doesn't answer: it is asked now and then whether it does.
    pub(in crate::chat) fn store_is_silent(&mut self) {
        self.own_counters().store_stalled.set(1);
        self.probe_store();
    }

    /// Hands posts on that are not stored.
    pub(super) fn relay_posts(&mut self, posts: Arc<Posts>) {
        let outcomes = vec![Outcome::NotKept; posts.posts.len()].into();
        let committed = Arc::new(Committed { posts, outcomes });
        let bytes = committed.bytes();
        for worker in self.others() {
            self.send(worker, ShardMessage::Committed(committed.clone()), bytes);
        }
        self.arrive(Arrival::committed(committed));
    }

    fn probe_store(&mut self) {
        self.archive.stalled = Some(self.now);
        // Nobody's connection: what counts is that there is a reply.
        let nobody = self.address(ConnId { slot: u32::MAX, generation: u32::MAX });
        let request = ArchiveRequest { from: Some((nobody, 0)), request: Request::Ping };
        self.effects.push(Effect::AskArchive(Box::new(request)));
    }

    /// The store says something: it is alive.
    pub(super) fn store_is_alive(&mut self) {
        if self.archive.stalled.take().is_some() {
            self.own_counters().store_stalled.set(0);
        }
    }

    /// The server stops, and the time to store is over: what isn't stored is refused.
    pub(in crate::chat) fn abandon_posts(&mut self) {
        self.send_posts();
        self.archive.unsent.clear();
        let under_way = std::mem::take(&mut self.archive.under_way);
        for posts in under_way.into_iter().map(|under_way| under_way.posts) {
            if !posts.give_up() {
                continue;
            }
            for post in &posts.posts {
                let origin = post.what.origin;
                self.post_settled(origin.sender.conn, post.packet.bytes().len());
                self.refuse(origin.sender.conn, origin.ordinal.get(), Code::Undelivered, None);
            }
        }
    }
}
