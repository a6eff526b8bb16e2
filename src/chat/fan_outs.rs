//! What is under way from one sender to many clients of this shard: a queue of
//! frames that are put into a slice of the recipients' queues at a time, and, in its
//! order, what the same sender said behind one. What is given back to many senders, too. Never: how a frame is put into a
//! queue.

use super::id::{Address, ConnId, Frame, Tag};
use super::lists::Requester;
use super::query_protocol::Query;
use crate::accounts::AccountId;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The accounts that a frame for many has reached, or isn't for: each gets it once,
/// whichever sessions come and go while it is handed out.
pub(super) type Served = BTreeSet<AccountId>;

/// The queue.
#[derive(Debug, Default)]
pub(super) struct FanOuts {
    queue: VecDeque<Deferred>,
    /// Who has something in the queue, and how much.
    senders: BTreeMap<Address, usize>,
    /// What came from other shards, in bytes.
    weight: usize,
}

/// One thing in the queue, of one sender.
#[derive(Debug)]
pub(super) struct Deferred {
    pub sender: Address,
    pub what: What,
    /// What it held of a batch, in bytes; nothing, if it is from this shard.
    pub weight: usize,
}

#[derive(Debug)]
pub(super) enum What {
    /// A frame for the members of a room: those who have it yet to come, once
    /// somebody has looked who that is.
    Room {
        room: Arc<str>,
        frame: Arc<Frame>,
        members: Option<std::vec::IntoIter<ConnId>>,
        served: Served,
    },
    /// A frame for everybody, from this slot on; how many it was for so far, and whose
    /// query waits for that.
    Everybody { frame: Arc<Frame>, slot: u32, users: u64, requester: Requester, served: Served },
    /// A packet for one.
    Direct { ordinal: u64, hash: u64, key: Box<[u8]>, frame: Box<[u8]> },
    /// A query.
    Query { number: u32, query: Query },
}

/// Packets that are to be given back to their senders, a slice at a time: their
/// recipient's queue is gone.
#[derive(Debug)]
pub(super) struct Bounces {
    pub tags: std::vec::IntoIter<Tag>,
    /// Who didn't get them.
    pub name: CompactString,
}

impl FanOuts {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether what this one says has to wait behind what it has said.
    #[inline]
    pub(super) fn holds(&self, sender: Address) -> bool {
        !self.queue.is_empty() && self.senders.contains_key(&sender)
    }

    /// Puts something at the end of the queue.
    pub(super) fn push(&mut self, deferred: Deferred) {
        *self.senders.entry(deferred.sender).or_default() += 1;
        self.weight += deferred.weight;
        self.queue.push_back(deferred);
    }

    /// Takes the first, which counts until [`FanOuts::done`] is told.
    pub(super) fn take(&mut self) -> Option<Deferred> {
        self.queue.pop_front()
    }

    /// Puts the first back, which is not done with.
    pub(super) fn put_back(&mut self, deferred: Deferred) {
        self.queue.push_front(deferred);
    }

    /// The one taken of this sender is done with; whether nothing of theirs is left.
    pub(super) fn done(&mut self, sender: Address, weight: usize) -> bool {
        self.weight -= weight;
        let Some(left) = self.senders.get_mut(&sender) else { return true };
        *left -= 1;
        let none = *left == 0;
        if none {
            self.senders.remove(&sender);
        }
        none
    }

    /// What is held of other shards' messages, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deferred(slot: u32, weight: usize) -> Deferred {
        let conn = ConnId { slot, generation: 0 };
        let what = What::Query { number: 0, query: Query::Fence };
        Deferred { sender: Address { worker: 0, conn }, what, weight }
    }

    #[test]
    fn a_sender_is_held_until_the_last_of_theirs_is_done() {
        let mut fan_outs = FanOuts::default();
        let sender = deferred(1, 0).sender;
        fan_outs.push(deferred(1, 10));
        fan_outs.push(deferred(2, 5));
        fan_outs.push(deferred(1, 10));
        assert_eq!((fan_outs.holds(sender), fan_outs.weight()), (true, 25));
        let first = fan_outs.take().unwrap();
        fan_outs.put_back(first);
        let first = fan_outs.take().unwrap();
        assert!(!fan_outs.done(first.sender, first.weight) && fan_outs.holds(sender));
        let second = fan_outs.take().unwrap();
        assert!(fan_outs.done(second.sender, second.weight));
        let third = fan_outs.take().unwrap();
        assert!(fan_outs.done(third.sender, third.weight));
        assert!(!fan_outs.holds(sender) && fan_outs.is_empty());
        assert_eq!(fan_outs.weight(), 0);
    }
}
