//! What waits for its turn: one of each address after the other, so that nobody takes
//! the place of others by asking often. Bounded. Never: what it waits for.

use super::peer::Peer;
use std::collections::{HashMap, VecDeque};

/// A queue that serves addresses in turn.
///
/// - **Invariant**: `turns` has each key of `waiting` once, and no queue is empty.
#[derive(Debug)]
pub struct FairQueue<T> {
    waiting: HashMap<Peer, VecDeque<T>>,
    turns: VecDeque<Peer>,
    length: usize,
    length_max: usize,
}

/// What has found no room.
#[derive(Debug, PartialEq, Eq)]
pub struct NoRoom<T>(pub T);

impl<T> FairQueue<T> {
    /// One for at most so many.
    pub fn new(length_max: usize) -> Self {
        Self { waiting: HashMap::new(), turns: VecDeque::new(), length: 0, length_max }
    }

    /// Adds one. Where the queue is full, the newest of who has most in it goes.
    ///
    /// # Errors
    /// What has no room: the new one, or another that was there.
    pub fn push(&mut self, peer: Peer, item: T) -> Result<(), NoRoom<T>> {
        let mut dropped = None;
        if self.length >= self.length_max {
            let longest = self.waiting.iter().max_by_key(|(_, queue)| queue.len());
            let longest = longest.map(|(peer, queue)| (*peer, queue.len()));
            let own = self.waiting.get(&peer).map_or(0, VecDeque::len);
            match longest {
                Some((longest, length)) if length > own + 1 => dropped = self.drop_newest(longest),
                _ => return Err(NoRoom(item)),
            }
        }
        let queue = self.waiting.entry(peer).or_default();
        if queue.is_empty() {
            self.turns.push_back(peer);
        }
        queue.push_back(item);
        self.length += 1;
        dropped.map_or(Ok(()), |dropped| Err(NoRoom(dropped)))
    }

    /// The oldest of the address whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let peer = self.turns.pop_front()?;
        let queue = self.waiting.get_mut(&peer)?;
        let item = queue.pop_front()?;
        self.length -= 1;
        if queue.is_empty() {
            self.waiting.remove(&peer);
        } else {
            self.turns.push_back(peer);
        }
        Some(item)
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// `peer` has more than one, so its turn stays.
    fn drop_newest(&mut self, peer: Peer) -> Option<T> {
        let dropped = self.waiting.get_mut(&peer)?.pop_back()?;
        self.length -= 1;
        Some(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u8) -> Peer {
        Peer::of([10, 0, 0, number].into())
    }

    #[test]
    fn addresses_are_served_in_turn_and_each_in_its_order() {
        let mut queue = FairQueue::new(10);
        for item in ["a1", "a2", "a3"] {
            queue.push(peer(1), item).unwrap();
        }
        queue.push(peer(2), "b1").unwrap();
        assert_eq!(queue.pop(), Some("a1"));
        queue.push(peer(3), "c1").unwrap();
        queue.push(peer(2), "b2").unwrap();
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, ["b1", "a2", "c1", "b2", "a3"]);
        assert!(queue.is_empty() && queue.turns.is_empty() && queue.waiting.is_empty());
    }

    #[test]
    fn a_full_queue_drops_what_came_last_from_who_has_most() {
        let mut queue = FairQueue::new(3);
        for item in ["a1", "a2", "a3"] {
            queue.push(peer(1), item).unwrap();
        }
        assert_eq!(queue.push(peer(1), "a4"), Err(NoRoom("a4")));
        assert_eq!(queue.push(peer(2), "b1"), Err(NoRoom("a3")));
        assert_eq!(queue.push(peer(2), "b2"), Err(NoRoom("b2")), "it would have as many");
        assert_eq!(queue.push(peer(3), "c1"), Err(NoRoom("a2")));
        assert_eq!(queue.push(peer(4), "d1"), Err(NoRoom("d1")), "each has one");
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, ["a1", "b1", "c1"]);
    }
}
