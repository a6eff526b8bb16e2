//! What senders want to know of what they have sent: that it is stored, delivered, read.
//! Never: whether it is.

use crate::accounts::AccountId;
use crate::archive::{PacketId, StoredPacket};
use crate::chat::client::{Client, Pauses, Queued, ReceiptDue, Roles};
use crate::chat::id::ConnId;
use crate::chat::message::ShardMessage;
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::Endpoint;
use crate::wire::name::{KeyBuffer, key_of};
use compact_str::CompactString;
use smallvec::SmallVec;

impl<S> Shard<S> {
    /// The session that has sent it is told, if it wants to know.
    pub(super) fn tell_stored(&mut self, id: ConnId, ordinal: u64, packet: PacketId) {
        let stored = self.clients.get(id).and_then(Client::stored);
        if stored.is_some_and(|stored| stored.receipts) {
            self.say(id, Endpoint::Receipt, &format!("stored {ordinal} {}", packet.get()));
        }
    }

    /// Tells senders that a session has what they sent.
    pub(super) fn tell_receipts(&mut self, id: ConnId, receipts: Vec<ReceiptDue>) {
        for ReceiptDue { queued, sender, worker } in receipts {
            let Some(client) = self.clients.get(id) else { return };
            let Some(to) = client.account() else { return };
            let name: CompactString = client.name().into();
            if worker == self.topology.worker {
                self.delivered(sender, (to, &name), queued.id);
            } else {
                let message = ShardMessage::Delivered { sender, to, name, id: queued.id };
                self.send(worker, message, 0);
            }
        }
    }

    /// Everything up to that packet was handed to a session of `to`.
    pub(in crate::chat) fn delivered(
        &mut self,
        sender: AccountId,
        (to, name): (AccountId, &str),
        id: PacketId,
    ) {
        self.tell_sessions(sender, |stored| stored.is_delivery_news(to, id), "delivered", name, id);
    }

    /// An account has read everything up to that packet of another's.
    pub(super) fn tell_read(&mut self, (by, name): (AccountId, &str), to: AccountId, id: PacketId) {
        self.tell_sessions(to, |stored| stored.is_reading_news(by, id), "read", name, id);
    }

    fn tell_sessions(
        &mut self,
        account: AccountId,
        is_news: impl Fn(&mut crate::chat::client::StoredState) -> bool,
        what: &str,
        name: &str,
        id: PacketId,
    ) {
        let sessions: SmallVec<[ConnId; 8]> = self.sessions.of(account).into();
        for session in sessions {
            let stored = self.clients.get_mut(session).and_then(Client::stored_mut);
            if stored.is_some_and(|stored| stored.receipts && is_news(stored)) {
                self.say(session, Endpoint::Receipt, &format!("{what} {name} {}", id.get()));
            }
        }
    }

    /// Notes what a page has put into a queue, which holds so many bytes now.
    pub(super) fn put_page(&mut self, id: ConnId, queued: usize, packets: &[StoredPacket]) {
        let Some(last) = packets.last() else { return };
        let mut due: SmallVec<[ReceiptDue; 4]> = SmallVec::new();
        let Some(client) = self.clients.get_mut(id) else { return };
        client.roles |= Roles::STORED;
        let Some(stored) = client.stored_mut() else { return };
        let Queued { end, .. } = stored.put(last.id, queued);
        for packet in packets {
            let Some(sender) = packet.direct_from else { continue };
            let mut buffer = KeyBuffer::default();
            let Some(key) = key_of(packet.stamped.name(), &mut buffer) else { continue };
            let worker = self.hashing.home(self.hashing.user(key));
            due.push(ReceiptDue { queued: Queued { end, id: packet.id }, sender, worker });
        }
        let stored = self.clients.get_mut(id).and_then(Client::stored_mut);
        let Some(stored) = stored else { return };
        due.into_iter().for_each(|due| stored.want_receipt(due));
    }

    /// Something has come of a post: its sender may go on.
    pub(super) fn post_settled(&mut self, id: ConnId, bytes: usize) {
        self.archive.bytes_under_way -= bytes;
        let Some(client) = self.clients.get_mut(id) else { return };
        let posts = &mut client.cold().posts;
        posts.count = posts.count.saturating_sub(1);
        posts.bytes = posts.bytes.saturating_sub(bytes);
        let (count, bytes) = (posts.count, posts.bytes);
        if client.is_closing() {
            if count == 0 {
                self.fence_passed(id);
            }
        } else if client.pauses.contains(Pauses::POSTS)
            && bytes <= limits::POST_BYTES_PER_SESSION_MAX / 2
        {
            if self.archive.bytes_under_way <= self.post_bytes_max() / 2 {
                self.resume(id, Pauses::POSTS);
            } else {
                self.archive.paused.push_back(id);
            }
        }
    }

    /// Whether some of those who wait may go on.
    pub(in crate::chat) fn has_posters_to_resume(&self) -> bool {
        !self.archive.paused.is_empty() && self.archive.bytes_under_way <= self.post_bytes_max() / 4
    }

    /// Those who wait because too much of all is under way.
    pub(in crate::chat) fn resume_posters(&mut self) {
        while self.has_posters_to_resume()
            && !self.is_tick_over()
            && let Some(id) = self.archive.paused.pop_front()
        {
            let paused = self.clients.get(id).map(|client| client.pauses);
            if paused.is_some_and(|pauses| pauses.contains(Pauses::POSTS)) {
                self.resume(id, Pauses::POSTS);
            }
        }
    }
}
