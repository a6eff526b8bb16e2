//! What a session has to do with stored packets: how it wants them, how far it is. Never:
//! handing one over.

use crate::accounts::AccountId;
use crate::archive::{PacketId, SessionNumber};
use crate::chat::id::Moment;
use smallvec::SmallVec;

/// Senders who want to know from one session, at once.
const RECEIPTS_DUE_MAX: usize = 64;
/// Accounts of which a session remembers what it was told.
const RECEIPTS_TOLD_MAX: usize = 256;

/// Of a session that gets stored packets, or wants them in the extended form. What a packet
/// for thousands touches of each of them comes first, in two cache lines.
#[derive(Debug)]
#[repr(C)]
pub struct StoredState {
    /// Bytes that its socket has taken since this began.
    pub taken: u64,
    /// Where in its queue's bytes stored packets end, the last of them merged.
    pub queued: SmallVec<[Queued; 2]>,
    /// The first packet that it was handed live.
    pub first_live: Option<PacketId>,
    /// Of whom it is a session: none for a guest.
    pub account: Option<AccountId>,
    /// `/extend on`.
    pub extended: bool,
    /// `/receipts on`.
    pub receipts: bool,
    /// Nothing was waiting for its account at its welcome, or its `/replay` was answered:
    /// what it is handed moves its account's mark.
    pub is_complete: bool,
    /// Where it goes on if a `/replay` from its account's mark can't begin: behind this id.
    /// None: live.
    pub resumes_after: Option<u64>,
    /// Who wants to know once it has what of theirs.
    pub receipts_due: Vec<ReceiptDue>,
    pub stage: Stage,
    /// None for a guest.
    pub number: Option<SessionNumber>,
    /// The ordinal of the `/replay` that is to be answered, and the last id for it.
    pub replay: Option<Replay>,
    /// Of what others' sessions were told: it only grows.
    pub told_delivered: Vec<(AccountId, PacketId)>,
    pub told_read: Vec<(AccountId, PacketId)>,
}

/// Where a session gets stored packets from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// As they are committed.
    Live,
    /// From the store, from behind this id on, once its queue has room. (0: from the first.)
    Behind { after: u64 },
    /// The same, once a moment is over: the store could not be read.
    Postponed { after: u64 },
    /// The same; a page is under way. None: from behind its account's mark on.
    Fetching { after: Option<u64>, number: u32, since: Moment },
}

/// A `/replay` under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    pub ordinal: u64,
    /// The last packet so far, or where it began.
    pub last: u64,
}

/// A stored packet in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its end, in bytes as [`StoredState::taken`] counts.
    pub end: u64,
    pub id: PacketId,
}

/// A sender who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptDue {
    pub queued: Queued,
    pub sender: AccountId,
    pub worker: u16,
}

impl StoredState {
    pub(in crate::chat) fn new(number: Option<SessionNumber>) -> Self {
        Self {
            taken: 0,
            queued: SmallVec::new(),
            first_live: None,
            account: None,
            extended: false,
            receipts: false,
            is_complete: false,
            resumes_after: None,
            receipts_due: Vec::new(),
            stage: Stage::Live,
            number,
            replay: None,
            told_delivered: Vec::new(),
            told_read: Vec::new(),
        }
    }

    /// Something was put into its queue, which holds so many bytes now. Two places are
    /// kept: what the socket has is known a little late, and never too early.
    pub(in crate::chat) fn put(&mut self, id: PacketId, queued_bytes: usize) -> Queued {
        let queued = Queued { end: self.taken + queued_bytes as u64, id };
        match self.queued.as_mut_slice() {
            [_, last] => *last = queued,
            _ => self.queued.push(queued),
        }
        queued
    }

    /// A packet was committed that it isn't handed now.
    pub(in crate::chat) fn skips(&mut self, id: PacketId) {
        if matches!(self.stage, Stage::Fetching { after: None, .. }) {
            self.resumes_after.get_or_insert(id.get() - 1);
        }
    }

    /// How far it is in the store. None: live.
    pub(in crate::chat) fn behind(&self) -> Option<u64> {
        match self.stage {
            Stage::Live => None,
            Stage::Behind { after } | Stage::Postponed { after } => Some(after),
            Stage::Fetching { after, .. } => after.or(self.resumes_after),
        }
    }

    /// What waited for its socket never goes there.
    pub(in crate::chat) fn queue_is_lost(&mut self) {
        self.queued.clear();
        self.receipts_due.clear();
        self.is_complete = false;
    }

    /// A sender wants to know; only of so many, and of the last packet of each.
    pub(in crate::chat) fn want_receipt(&mut self, due: ReceiptDue) {
        let is_same = |other: &ReceiptDue| other.sender == due.sender;
        if let Some(at) = self.receipts_due.iter().position(is_same) {
            self.receipts_due[at] = due;
        } else if self.receipts_due.len() < RECEIPTS_DUE_MAX {
            self.receipts_due.push(due);
        }
    }

    /// Senders who wait no longer.
    pub(in crate::chat) fn take_receipts(&mut self) -> Vec<ReceiptDue> {
        let taken = self.taken;
        self.receipts_due.extract_if(.., |due| due.queued.end <= taken).collect()
    }

    /// Whether it is news that an account was handed everything up to there.
    pub(in crate::chat) fn is_delivery_news(&mut self, to: AccountId, id: PacketId) -> bool {
        is_news(&mut self.told_delivered, to, id)
    }

    /// ... has read everything up to there.
    pub(in crate::chat) fn is_reading_news(&mut self, by: AccountId, id: PacketId) -> bool {
        is_news(&mut self.told_read, by, id)
    }

    /// Its socket took so many bytes; the last stored packet that it has whole now, if that
    /// is news.
    pub(in crate::chat) fn sent(&mut self, bytes: usize) -> Option<PacketId> {
        self.taken += bytes as u64;
        let taken = self.taken;
        let whole = self.queued.iter().take_while(|queued| queued.end <= taken).count();
        self.queued.drain(..whole).next_back().map(|queued| queued.id)
    }
}

fn is_news(told: &mut Vec<(AccountId, PacketId)>, about: AccountId, id: PacketId) -> bool {
    match told.iter_mut().find(|(other, _)| *other == about) {
        Some((_, told)) => id > std::mem::replace(told, id.max(*told)),
        None => {
            if told.len() >= RECEIPTS_TOLD_MAX {
                told.remove(0);
            }
            told.push((about, id));
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> PacketId {
        PacketId::new(number).unwrap()
    }

    #[test]
    fn what_the_socket_has_is_never_said_too_early() {
        let mut state = StoredState::new(None);
        state.put(id(1), 100);
        state.put(id(2), 250);
        assert_eq!(state.sent(99), None);
        assert_eq!(state.sent(1), Some(id(1)));
        assert_eq!(state.sent(0), None, "it is no news");
        // Two more: the last of them stands for both.
        state.put(id(3), 200);
        state.put(id(4), 260);
        assert_eq!(state.sent(150), Some(id(2)));
        assert_eq!(state.sent(109), None);
        assert_eq!(state.sent(1), Some(id(4)));
        assert_eq!(state.taken, 360);
    }
}
