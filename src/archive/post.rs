//! Packets to be stored, a tick's worth at a time, and what came of each. Never: storing
//! them.

use super::packet::{Micros, PacketId, Stamped};
use super::room::RoomId;
use crate::accounts::AccountId;
use crate::wire::packet::is_key;
use compact_str::CompactString;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whom a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Account(AccountId),
    Room(RoomId),
    Everyone,
}

/// Which session of an account has sent a packet: never the same twice, over restarts
/// either. Below 2^48.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionNumber(pub u64);

/// A key of one's own: 1 to 64 printable ASCII characters. What comes again with a key of
/// the last 24 hours isn't stored again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(CompactString);

impl Key {
    pub fn parse(text: &str) -> Option<Self> {
        is_key(text).then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A packet to be stored. `W` is what its shard knows of it besides, which the store
/// carries and never looks at.
#[derive(Debug)]
pub struct Post<W> {
    /// None for a guest, in a room with an owner.
    pub sender: Option<(AccountId, SessionNumber)>,
    pub target: Target,
    pub packet: Stamped,
    pub key: Option<Key>,
    pub what: W,
}

/// What one shard has to store in one tick. The shard keeps it too, until it hears of it.
#[derive(Debug)]
pub struct PostBatch<W> {
    pub posts: Vec<Post<W>>,
    state: AtomicU8,
}

const UNDER_WAY: u8 = 0;
const COMMITTED: u8 = 1;
const GIVEN_UP: u8 = 2;

impl<W> PostBatch<W> {
    pub fn new(posts: Vec<Post<W>>) -> Self {
        Self { posts, state: AtomicU8::new(UNDER_WAY) }
    }

    /// The store has an outcome for it, and hands it on. False where its shard has given
    /// it up: then nobody hears of it any more.
    pub fn commit(&self) -> bool {
        self.settle(COMMITTED)
    }

    /// Its shard waits no longer. False where an outcome is on its way.
    pub fn give_up(&self) -> bool {
        self.settle(GIVEN_UP)
    }

    /// Nobody waits for it any more, so it isn't to be stored.
    pub fn is_given_up(&self) -> bool {
        self.state.load(Ordering::Relaxed) == GIVEN_UP
    }

    /// One side wins; nothing else is passed on by this, so no order is needed.
    fn settle(&self, to: u8) -> bool {
        let order = Ordering::Relaxed;
        self.state.compare_exchange(UNDER_WAY, to, order, order).is_ok()
    }
}

/// What came of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the disk.
    Stored { id: PacketId, time: Micros },
    /// Its key was used for that one already: it is not handed on again.
    Again { id: PacketId },
    /// The disk refuses.
    NotKept,
    /// The account, or the room, isn't there any more.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_settled_once() {
        let batch = PostBatch::<()>::new(Vec::new());
        assert_eq!([batch.commit(), batch.commit(), batch.give_up()], [true, false, false]);
        assert!(!batch.is_given_up());
        let batch = PostBatch::<()>::new(Vec::new());
        assert_eq!([batch.give_up(), batch.commit()], [true, false]);
        assert!(batch.is_given_up());
    }

    #[test]
    fn a_key_is_short_printable_ascii() {
        let longest = "k".repeat(64);
        for good in ["a", "7 ~!", &longest] {
            assert_eq!(Key::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "\n", "é", "\u{7f}", &"k".repeat(65)] {
            assert_eq!(Key::parse(bad), None, "{bad:?}");
        }
    }
}
