//! A stored packet into the queue of a session, or of a guest; where that is full the
//! session falls behind, and gets it from the store later. Never: who gets it.

use super::frames::Frames;
use super::posted::Posted;
use crate::accounts::AccountId;
use crate::archive::{PacketId, Post, Target};
use crate::chat::client::{ReceiptDue, Roles, Stage};
use crate::chat::id::{ConnId, WorkerId};
use crate::chat::shard::Shard;
use crate::chat::work;
use smallvec::SmallVec;

impl<S> Shard<S> {
    /// To the recipient's sessions, and to the sender's other ones.
    pub(super) fn hand_to_accounts(
        &mut self,
        post: &Post<Posted>,
        to: AccountId,
        frames: &mut Frames,
    ) {
        let sessions: SmallVec<[ConnId; 8]> = self.sessions.of(to).into();
        for id in sessions {
            self.hand_over(post, id, frames, false);
        }
        let Some((sender, _)) = post.sender.filter(|(sender, _)| *sender != to) else { return };
        if post.what.origin.sender.worker == self.topology.worker {
            let others: SmallVec<[ConnId; 8]> = self.sessions.of(sender).into();
            for id in others {
                if id != post.what.origin.sender.conn {
                    self.hand_over(post, id, frames, false);
                }
            }
        }
    }

    /// To one of many, unless it is the session that has sent it.
    pub(super) fn hand_to_one(&mut self, post: &Post<Posted>, id: ConnId, frames: &mut Frames) {
        if self.address(id) == post.what.origin.sender {
            return;
        }
        // Who has left since the members were looked up is nobody's session any more.
        let Some(client) = self.clients.get(id).filter(|client| client.is_user()) else { return };
        if client.roles.contains(Roles::ACCOUNT) {
            return self.hand_over(post, id, frames, true);
        }
        let extended = client.stored().is_some_and(|stored| stored.extended);
        let frame = frames.of(post, extended, true);
        self.deliver_frame(id, &frame);
    }

    /// To a session of an account: now, if it gets packets as they are committed and its
    /// queue has room for it.
    fn hand_over(&mut self, post: &Post<Posted>, id: ConnId, frames: &mut Frames, bulk: bool) {
        self.work.spend(work::FAN_OUT_DELIVERY);
        let half = self.settings.queue_bytes_max / 2;
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(stored) = client.stored_mut() else { return };
        if stored.stage != Stage::Live {
            if let Some((packet, _)) = frames.stored() {
                stored.skips(packet);
            }
            return;
        }
        let frame = frames.of(post, stored.extended, false);
        let length = frame.bytes.len();
        let Some(client) = self.clients.get(id) else { return };
        // The other half is for what isn't stored.
        let fits = client.outbound.is_empty() || client.queued_bytes() + length <= half;
        let queue = if fits { self.take_queue_for(id, length, None).ok() } else { None };
        let Some(mut queue) = queue else {
            if let Some((packet, _)) = frames.stored() {
                self.fall_behind(id, packet);
            }
            return;
        };
        queue.push_frame(&mut self.pool, &frame);
        if let Some((packet, _)) = frames.stored() {
            let wants = self.receipt_wanted(post, id);
            self.put_stored(id, packet, queue.queued_bytes(), wants);
        }
        self.put_back(id, queue, bulk);
    }

    /// Whether a session is one of the recipient's, and the sender wants to know.
    fn receipt_wanted(&self, post: &Post<Posted>, id: ConnId) -> Option<(AccountId, WorkerId)> {
        let (sender, _) = post.sender.filter(|_| post.what.receipts)?;
        let Target::Account(to) = post.target else { return None };
        let account = self.clients.get(id)?.account()?;
        let worker = post.what.origin.sender.worker;
        (account == to && to != sender).then_some((sender, worker))
    }

    /// Notes that a stored packet is the last in a session's queue, of so many bytes.
    fn put_stored(
        &mut self,
        id: ConnId,
        packet: PacketId,
        queued: usize,
        wants: Option<(AccountId, WorkerId)>,
    ) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.roles |= Roles::STORED;
        let Some(stored) = client.stored_mut() else { return };
        stored.first_live.get_or_insert(packet);
        let queued = stored.put(packet, queued);
        if let Some((sender, worker)) = wants {
            stored.want_receipt(ReceiptDue { queued, sender, worker });
        }
    }
}
