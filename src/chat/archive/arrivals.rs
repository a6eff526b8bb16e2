//! What the store says about packets: carried out in its order, a slice a tick, so that
//! nobody waits behind a packet for thousands. Never: what is put into a queue.

use super::arrival::{Arrival, Audience, HandingOn, RoomNews};
use super::frames::Frames;
use crate::archive::{Notice, Outcome, Post, Target};
use crate::chat::archive::posted::Posted;
use crate::chat::id::Moment;
use crate::chat::message::Committed;
use crate::chat::query_protocol;
use crate::chat::settings::StoreFailure;
use crate::chat::shard::Shard;
use crate::chat::work::{self, Units};
use crate::wire::Code;
use std::sync::Arc;

impl<S> Shard<S> {
    /// The store says something about packets.
    pub(in crate::chat) fn arrive(&mut self, arrival: Arrival) {
        let is_first = self.archive.arrivals.is_empty();
        self.archive.arrivals.push_back(arrival);
        if is_first {
            let budget = self.settings.mail_work();
            self.carry_out_arrivals(budget);
        }
    }

    /// What comes of one thing is told before the next.
    pub(in crate::chat) fn arrive_first(&mut self, news: RoomNews) {
        if news.members.len() > 0 {
            self.archive.arrivals.push_front(Arrival::News(news));
        }
    }

    pub(in crate::chat) fn committed_arrived(&mut self, committed: Arc<Committed>) {
        self.arrive(Arrival::committed(committed));
    }

    /// The share of what the store has said in this tick: what is left of it, and a little
    /// at the least.
    pub(in crate::chat) fn serve_arrivals(&mut self) {
        let least = self.work.tick + self.settings.fan_out_work();
        self.carry_out_arrivals(least.max(self.settings.tick_work_max));
    }

    fn carry_out_arrivals(&mut self, budget: Units) {
        while self.work.tick < budget
            && let Some(arrival) = self.archive.arrivals.pop_front()
        {
            match arrival {
                Arrival::Committed(mut handing_on) => {
                    if !self.hand_on(&mut handing_on, budget) {
                        return self.archive.arrivals.push_front(Arrival::Committed(handing_on));
                    }
                }
                Arrival::Reply { to, number, reply } => self.archive_replied(to, number, *reply),
                Arrival::Notice(notice) => self.archive_noticed(&notice),
                Arrival::News(mut news) => {
                    if !self.tell_news(&mut news, budget) {
                        return self.archive.arrivals.push_front(Arrival::News(news));
                    }
                }
                Arrival::Query { requester, query } => self.answer_in_turn(requester, &query),
            }
        }
    }

    /// Goes on handing posts on; whether all are.
    fn hand_on(&mut self, handing_on: &mut HandingOn, budget: Units) -> bool {
        let HandingOn { committed, at, frames, audience } = handing_on;
        let Committed { posts, outcomes } = &**committed;
        if *at == 0 && matches!(audience, Audience::NotBegun) {
            self.archive.settled(posts);
        }
        while let (Some(post), Some(outcome)) = (posts.posts.get(*at), outcomes.get(*at)) {
            if self.work.tick >= budget {
                return false;
            }
            if self.is_handed_on(*outcome) {
                frames.begin(*outcome);
                if !self.hand_to_audience(post, frames, audience, budget) {
                    return false;
                }
            }
            self.outcome_arrived(post, *outcome);
            (*at, *frames, *audience) = (*at + 1, Frames::default(), Audience::NotBegun);
        }
        true
    }

    fn is_handed_on(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Stored { .. } => true,
            Outcome::NotKept => self.settings.store_failure == StoreFailure::Relay,
            Outcome::Again { .. } | Outcome::Gone => false,
        }
    }

    /// To those of its audience who are here; whether all have it.
    fn hand_to_audience(
        &mut self,
        post: &Post<Posted>,
        frames: &mut Frames,
        audience: &mut Audience,
        budget: Units,
    ) -> bool {
        match post.target {
            Target::Account(to) => {
                self.hand_to_accounts(post, to, frames);
                true
            }
            Target::Room(room) => {
                if matches!(audience, Audience::NotBegun) {
                    let key = self.archive.rooms.get(room).map(|room| room.name.key());
                    let members = key.map(|key| self.rosters.of(key)).unwrap_or_default();
                    *audience = Audience::Members(members.into_iter());
                }
                let Audience::Members(members) = audience else { return true };
                for member in members.by_ref() {
                    self.hand_to_one(post, member, frames);
                    if self.work.tick >= budget {
                        break;
                    }
                }
                members.len() == 0
            }
            Target::Everyone => self.hand_to_everyone(post, frames, audience, budget),
        }
    }

    fn hand_to_everyone(
        &mut self,
        post: &Post<Posted>,
        frames: &mut Frames,
        audience: &mut Audience,
        budget: Units,
    ) -> bool {
        if matches!(audience, Audience::NotBegun) {
            *audience = Audience::Everyone { slot: 0, users: 0 };
        }
        let Audience::Everyone { slot, users } = audience else { return true };
        let sender = post.sender.map(|(account, _)| account);
        while *slot < self.clients.slots() && self.work.tick < budget {
            if let Some(id) = self.clients.id_at(*slot)
                && let Some(client) = self.clients.get(id).filter(|client| client.is_user())
            {
                let account = client.stored().and_then(|stored| stored.account);
                // Each user once, and not the sender.
                let counts = match account {
                    Some(one) => Some(one) != sender && self.sessions.of(one).first() == Some(&id),
                    None => self.address(id) != post.what.origin.sender,
                };
                *users += u64::from(counts);
                self.hand_to_one(post, id, frames);
            }
            *slot += 1;
        }
        if *slot < self.clients.slots() {
            return false;
        }
        if let Some(number) = post.what.query {
            let requester = (post.what.origin.sender, number);
            self.reply(requester, query_protocol::Reply::Broadcast(*users));
        }
        true
    }

    /// What the sender is told, if it is here.
    fn outcome_arrived(&mut self, post: &Post<Posted>, outcome: Outcome) {
        let origin = post.what.origin;
        if origin.sender.worker != self.topology.worker {
            return;
        }
        let (id, ordinal) = (origin.sender.conn, origin.ordinal.get());
        match outcome {
            Outcome::Stored { id: packet, .. } => {
                self.own_post_stored(id, packet);
                self.tell_stored(id, ordinal, packet);
            }
            Outcome::Again { id: packet } => self.tell_stored(id, ordinal, packet),
            Outcome::NotKept => {
                let relayed = self.settings.store_failure == StoreFailure::Relay;
                let code = if relayed { Code::NotKept } else { Code::NotSent };
                self.refuse(id, ordinal, code, None);
            }
            Outcome::Gone => {
                let is_room = matches!(post.target, Target::Room(_));
                let code = if is_room { Code::NoSuchRoom } else { Code::NoSuchUser };
                self.refuse(id, ordinal, code, None);
            }
        }
        if post.what.query.is_some() && !self.is_handed_on(outcome) {
            self.forget_query(id, post.what.query);
        }
        self.post_settled(id, post.packet.bytes().len());
    }

    fn archive_noticed(&mut self, notice: &Notice) {
        self.work.spend_on_tick(work::MESSAGE);
        match notice {
            Notice::Read { account, name, with, id } => {
                self.tell_read((*account, name.shown()), *with, *id);
            }
            about_room => self.room_noticed(about_room),
        }
    }

    /// The store tells something about packets or rooms: what there is, before anybody
    /// comes.
    pub fn inform_archive(&mut self, now: Moment, notice: &Notice) {
        self.now = now;
        self.archive_noticed(notice);
    }
}
