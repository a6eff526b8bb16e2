//! How far sessions are: what their sockets have taken moves their account's mark, if they
//! miss nothing. The store is told now and then, and at a session's end. Never: what is
//! replayed from a mark.

use super::posted::ArchiveRequest;
use crate::accounts::AccountId;
use crate::archive::{PacketId, Request, SessionNumber};
use crate::chat::client::{Client, Roles, Stage, StoredState};
use crate::chat::effect::Effect;
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::limits;

impl<S> Shard<S> {
    /// A session of an account has begun.
    pub(in crate::chat) fn begin_stored(&mut self, id: ConnId) {
        let number = self.session_number(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(account) = client.account() else { return };
        let stored = client.stored.get_or_insert_with(|| Box::new(StoredState::new(None)));
        (stored.number, stored.account) = (Some(number), Some(account));
        self.tell_mark(account);
        self.ask_archive(id, Request::Waiting { account });
    }

    /// Nobody else, before or after, has the same: the hash's key is drawn at each start.
    fn session_number(&self, id: ConnId) -> SessionNumber {
        let mut handle = b"stored".to_vec();
        handle.extend(id.to_bits().to_le_bytes());
        handle.extend(self.topology.worker.to_le_bytes());
        let secret = self.hashing.secret(&handle);
        let bytes = secret.into_iter().take(6);
        SessionNumber(bytes.fold(0, |number, byte| number << 8 | u64::from(byte)))
    }

    /// The first packet that is stored for its account behind the mark. Nothing was waiting
    /// at its welcome if it was handed that one itself.
    pub(super) fn waiting_was(&mut self, id: ConnId, first: Option<PacketId>) {
        let stored = self.clients.get_mut(id).and_then(Client::stored_mut);
        let Some(stored) = stored else { return };
        let was_live = |first| stored.first_live.is_some_and(|live| live <= first);
        stored.is_complete |= first.is_none_or(was_live);
    }

    /// Its socket takes so many bytes more of what waits for a session that has stored
    /// packets in its queue.
    pub(in crate::chat) fn stored_are_taken(&mut self, id: ConnId, bytes: usize) {
        let stored = self.clients.get_mut(id).and_then(Client::stored_mut);
        let Some(stored) = stored else { return };
        let handed = stored.sent(bytes);
        let (account, moves) = (stored.account, stored.is_complete);
        // One that may miss something doesn't have everything up to there.
        let receipts = if moves { stored.take_receipts() } else { Vec::new() };
        if let (Some(account), Some(handed), true) = (account, handed, moves) {
            self.handed(account, handed);
        }
        self.tell_receipts(id, receipts);
    }

    /// A session's own packet is stored: it has that.
    pub(super) fn own_post_stored(&mut self, id: ConnId, packet: PacketId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let (account, queued) = (client.account(), client.queued_bytes());
        let Some(stored) = client.stored_mut() else { return };
        if stored.stage != Stage::Live {
            // Behind what is in the store, too.
            return;
        }
        if queued > 0 && !stored.queued.is_empty() {
            // Behind what it has not been handed yet.
            stored.put(packet, queued);
        } else if let (Some(account), true) = (account, stored.is_complete) {
            self.handed(account, packet);
        }
    }

    /// Once its socket has what is in its queue now, it has everything up to there.
    pub(super) fn put_mark(&mut self, id: ConnId, upto: PacketId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let queued = client.queued_bytes();
        client.roles |= Roles::STORED;
        if let Some(stored) = client.stored_mut() {
            stored.put(upto, queued);
        }
    }

    fn handed(&mut self, account: AccountId, id: PacketId) {
        let mark = self.archive.marks.entry(account).or_insert(id);
        *mark = id.max(*mark);
        self.archive.marks_due.get_or_insert(self.now.after(limits::MARKS_DELAY));
    }

    /// A client says that it has everything up to there.
    pub(super) fn client_has(&mut self, account: AccountId, id: PacketId) {
        self.handed(account, id);
        self.tell_mark(account);
    }

    /// Tells the store how far an account is.
    pub(in crate::chat) fn tell_mark(&mut self, account: AccountId) {
        if let Some(id) = self.archive.marks.remove(&account) {
            self.tell_archive(Request::Handed(vec![(account, id)]));
        }
    }

    /// ... all of them.
    pub(in crate::chat) fn tell_marks(&mut self) {
        self.archive.marks_due = None;
        let marks = std::mem::take(&mut self.archive.marks);
        if !marks.is_empty() {
            self.tell_archive(Request::Handed(marks.into_iter().collect()));
        }
    }

    pub(in crate::chat) fn tell_archive(&mut self, request: Request) {
        self.send_posts();
        self.effects.push(Effect::AskArchive(Box::new(ArchiveRequest { from: None, request })));
    }
}
