//! Packets for an account with several sessions: each gets them, and the sender is told
//! only of what no session took. Never: packets for a guest, or for one session.

use crate::accounts::AccountId;
use crate::chat::client::{Client, Roles};
use crate::chat::fan_outs::Served;
use crate::chat::id::{Address, ConnId, Frame, Origin, Tag};
use crate::chat::shard::Shard;
use crate::chat::work;
use crate::wire::outbound::make_room;
use crate::wire::{Code, Outbound};
use smallvec::SmallVec;
use std::sync::Arc;

impl<S> Shard<S> {
    /// The accounts that a frame of this sender isn't for: its own.
    pub(in crate::chat) fn served_at_first(&self, sender: Address) -> Served {
        let sender = (sender.worker == self.topology.worker).then_some(sender.conn);
        let account = sender.and_then(|id| self.clients.get(id)).and_then(Client::account);
        account.into_iter().collect()
    }

    /// Puts a frame for many into the queue of one, or into those of all its account's
    /// sessions, if it has not reached these. Whether it is one more user.
    pub(in crate::chat) fn deliver_to_user(
        &mut self,
        to: ConnId,
        frame: &Arc<Frame>,
        served: &mut Served,
    ) -> bool {
        let Some(client) = self.clients.get(to) else { return false };
        if client.roles.contains(Roles::ACCOUNT)
            && let Some(account) = client.account()
        {
            let several = client.roles.contains(Roles::SEVERAL);
            if !served.insert(account) {
                return false;
            }
            if several {
                self.deliver_to_sessions(account, frame.tag, &frame.bytes);
                return true;
            }
        }
        self.deliver_frame(to, frame);
        true
    }

    /// Puts a packet into the queues of all sessions of an account, or bounces it if none
    /// has room.
    pub(in crate::chat) fn deliver_to_sessions(
        &mut self,
        account: AccountId,
        tag: Tag,
        bytes: &[u8],
    ) {
        let sessions: SmallVec<[ConnId; 8]> = self.sessions.of(account).into();
        let Some(&first) = sessions.first() else { return };
        let mut ready: SmallVec<[(ConnId, Outbound<Tag>); 8]> = SmallVec::new();
        let mut refusal = Code::Busy;
        for &id in &sessions {
            self.work.spend(work::DELIVERY);
            match self.take_queue_for(id, bytes.len(), tag) {
                Ok(queue) => ready.push((id, queue)),
                Err(code) => refusal = code,
            }
        }
        let mut tag = tag;
        match (ready.len(), &mut tag) {
            (0, Some(origin)) => {
                let origin = *origin;
                return self.bounce(origin, refusal, first);
            }
            (2.., Some(origin)) => {
                origin.shared = true;
                self.sessions.share(account, *origin, ready.len() as u32);
            }
            _ => {}
        }
        for (id, mut queue) in ready {
            queue.push_with(&mut self.pool, tag, |out| {
                make_room(out, bytes.len());
                out.extend_from_slice(bytes);
            });
            self.put_queue(id, queue);
        }
    }

    /// A socket takes so many bytes more of what waits for a session that is, or was, one
    /// of several: what it has whole then was not in vain elsewhere.
    pub(in crate::chat) fn shared_are_taken(&mut self, id: ConnId, bytes: usize) {
        let Some(client) = self.clients.get(id) else { return };
        let Some(session) = client.session() else { return };
        for origin in client.outbound.tags_within(bytes).into_iter().flatten() {
            if origin.shared {
                self.sessions.taken(session.account, origin);
            }
        }
    }

    /// Of what a session won't take, those packets of which their senders are to be told.
    pub(in crate::chat) fn taken_by_none(&mut self, id: ConnId, mut tags: Vec<Tag>) -> Vec<Tag> {
        let session = self.clients.get(id).and_then(Client::session);
        let Some(session) = session else { return tags };
        tags.retain(|tag| match tag {
            Some(origin @ Origin { shared: true, .. }) => {
                self.sessions.given_back(session.account, *origin)
            }
            _ => true,
        });
        tags
    }
}
