//! What other shards have sent: carried out in its order, as much of it as
//! there is time for in a tick: so that sockets are read as well. Never: what a message asks for.

use super::accounts::sweep_queue::Whom;
use super::archive::arrival::Arrival;
use super::id::Moment;
use super::message::{Batch, Mail, ShardMessage};
use super::shard::Shard;
use super::work;

impl<S> Shard<S> {
    /// Carries out what another shard sent, behind what came before: what there is no
    /// time for in this tick stays for the next.
    pub fn handle_batch(&mut self, now: Moment, batch: Batch<S>) {
        let Batch { messages, bytes, .. } = batch;
        self.mail.push_back(Mail { messages: messages.into_iter(), bytes });
        self.read_mail(now);
    }

    /// Goes on with what there was no time for.
    pub fn read_mail(&mut self, now: Moment) {
        self.now = now;
        let budget = self.settings.mail_work();
        while self.work.tick < budget
            && let Some(mut mail) = self.mail.pop_front()
        {
            while self.work.tick < budget
                && let Some(message) = mail.messages.next()
            {
                self.work.spend_on_tick(work::MESSAGE);
                if let Some(message) = self.hold_back(message, &mail.bytes) {
                    self.handle_message(message, &mail.bytes);
                }
            }
            if mail.messages.len() > 0 {
                self.mail.push_front(mail);
            }
        }
        self.check_invariants();
    }

    /// Whether there was no time for some of it.
    pub fn has_mail(&self) -> bool {
        !self.mail.is_empty()
    }

    /// What was taken of messages and is not dealt with yet, in bytes, besides what
    /// [`Shard::has_mail`] tells of.
    pub fn held_back_bytes(&self) -> usize {
        self.fan_outs.weight()
    }

    fn handle_message(&mut self, message: ShardMessage<S>, bytes: &[u8]) {
        match message {
            ShardMessage::Direct { origin, hash, key, frame } => {
                self.direct_arrived(origin, hash, key.of(bytes), frame.of(bytes));
            }
            ShardMessage::RoomMessage { sender, room, frame } => {
                self.publish_to_members(sender, &room, &frame);
            }
            ShardMessage::Refuse { to, ordinal, code, name } => {
                self.refuse(to, ordinal, code, name.as_deref());
            }
            ShardMessage::Query { requester, number, query } => {
                self.query_arrived((requester, number), &query);
            }
            ShardMessage::Reply { to, number, reply } => self.reply_arrived(to, number, reply),
            ShardMessage::ClaimLook { claimer, look } => self.look_claimed(claimer, look),
            ShardMessage::LookReply { to, look, granted } => self.look_replied(to, look, granted),
            ShardMessage::GuardLook { skeleton, on } => self.skeletons.guard(skeleton, on),
            ShardMessage::ReleaseLook(look) => self.skeletons.release(look),
            ShardMessage::StoreReply { to, number, reply } => {
                self.store_replied(to, number, *reply);
            }
            ShardMessage::Notice(notice) => self.noticed(&notice),
            ShardMessage::Committed(committed) => self.committed_arrived(committed),
            ShardMessage::ArchiveReply { to, number, reply } => {
                self.arrive(Arrival::Reply { to, number, reply });
            }
            ShardMessage::ArchiveNotice(notice) => self.arrive(Arrival::Notice(notice)),
            ShardMessage::Delivered { sender, to, name, id } => {
                self.delivered(sender, (to, &name), id);
            }
            ShardMessage::RoomNews { room, text, by } => self.room_news_arrived(&room, text, by),
            ShardMessage::RoomEnded { room } => self.owned.unbar_all(&room),
            ShardMessage::Evict { skeleton } => self.sweep(Whom::LooksLike(skeleton)),
            ShardMessage::Presence(news) => self.presence_arrived(news),
            ShardMessage::Handoff(handoff) => self.arrived(*handoff),
        }
    }
}
