//! The queue for one socket: packets in order, each with a tag that names its
//! sender, so that what never reaches the socket can be bounced.
//! Never: the socket, what a tag means, whether a packet may be added.

mod frame;
mod packets;

pub use frame::{Frame, Owned, make_room};

use crate::limits::POOLED_QUEUES_MAX;
use packets::Packets;
use std::io::IoSlice;
use std::mem;
use std::sync::Arc;

/// A queue of packets on their way to one socket: two words, whatever waits.
///
/// Small packets are copied one behind the other, so that one `send` takes
/// them all. A frame for many that waits alone, and one too large to be
/// copied, is shared between their queues.
///
/// - **In**: [`push_with`](Self::push_with), [`push_frame`](Self::push_frame).
/// - **Out**: [`contiguous`](Self::contiguous) or [`fill`](Self::fill), then
///   [`advance`](Self::advance); at the end [`take_unsent`](Self::take_unsent).
/// - **Invariant**: an empty queue owns no memory.
#[derive(Debug)]
pub struct Outbound<T>(Waiting<T>);

#[derive(Debug)]
enum Waiting<T> {
    Nothing,
    /// One frame for many, not sent in part: to queue it touches no memory but its
    /// reference count.
    Frame(Arc<Frame<T>>),
    Packets(Box<Packets<T>>),
}

/// Buffers of queues that emptied, reused (still in the cache) by the next.
#[derive(Debug)]
pub struct BufferPool<T>(Vec<Box<Packets<T>>>);

impl<T> Default for Outbound<T> {
    fn default() -> Self {
        Self(Waiting::Nothing)
    }
}

impl<T> Default for BufferPool<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Owned> Outbound<T> {
    /// Bytes that wait.
    pub fn queued_bytes(&self) -> usize {
        match &self.0 {
            Waiting::Nothing => 0,
            Waiting::Frame(frame) => frame.bytes.len(),
            Waiting::Packets(packets) => packets.queued_bytes(),
        }
    }

    /// The memory that it takes, in bytes: a frame for many counts whole, since this
    /// may be its last reference.
    pub fn memory_bytes(&self) -> usize {
        match &self.0 {
            Waiting::Nothing => 0,
            Waiting::Frame(frame) => frame.bytes.len(),
            Waiting::Packets(packets) => packets.memory_bytes(),
        }
    }

    /// Queued bytes of the server's own packets.
    pub fn own_bytes(&self) -> usize {
        match &self.0 {
            Waiting::Packets(packets) => packets.own_bytes(),
            _ => 0,
        }
    }

    /// Queued bytes of one owner. The first call counts them; from then on the sum
    /// is kept up with each packet, until the queue is empty.
    pub fn bytes_of(&mut self, owner: u64) -> usize {
        match &mut self.0 {
            Waiting::Nothing => 0,
            Waiting::Frame(frame) if frame.tag.owner() == Some(owner) => frame.bytes.len(),
            Waiting::Frame(_) => 0,
            Waiting::Packets(packets) => packets.bytes_of(owner),
        }
    }

    /// Packets that wait, a torn one too.
    pub fn packets(&self) -> usize {
        match &self.0 {
            Waiting::Nothing => 0,
            Waiting::Frame(_) => 1,
            Waiting::Packets(packets) => packets.tags().count(),
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Waiting::Nothing)
    }

    /// Whether the first packet is sent in part, so that nothing but its rest
    /// can follow.
    pub fn is_torn(&self) -> bool {
        matches!(&self.0, Waiting::Packets(packets) if packets.is_torn())
    }

    /// Whether a packet with such a tag waits.
    pub fn has(&self, wanted: impl Fn(T) -> bool) -> bool {
        match &self.0 {
            Waiting::Nothing => false,
            Waiting::Frame(frame) => wanted(frame.tag),
            Waiting::Packets(packets) => packets.tags().any(wanted),
        }
    }

    /// What was added last is a secret: where it lies is overwritten once it is gone.
    pub fn holds_secret(&mut self) {
        if let Waiting::Packets(packets) = &mut self.0 {
            packets.holds_secret();
        }
    }

    /// Adds the packet that `write` appends.
    pub fn push_with(
        &mut self,
        pool: &mut BufferPool<T>,
        tag: T,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.as_packets(pool).push_with(tag, write);
    }

    /// Adds a frame for many.
    pub fn push_frame(&mut self, pool: &mut BufferPool<T>, frame: &Arc<Frame<T>>) {
        if self.is_empty() {
            self.0 = Waiting::Frame(frame.clone());
        } else {
            self.as_packets(pool).push_frame(frame);
        }
    }

    /// What waits, where one slice holds it all: the usual case.
    pub fn contiguous(&self) -> Option<&[u8]> {
        match &self.0 {
            Waiting::Nothing => Some(&[]),
            Waiting::Frame(frame) => Some(&frame.bytes),
            Waiting::Packets(packets) => packets.contiguous(),
        }
    }

    /// Points `slices` at what waits, from the front on; returns how many of
    /// them are used.
    pub fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match (&self.0, slices.first_mut()) {
            (Waiting::Nothing, _) | (_, None) => 0,
            (Waiting::Frame(frame), Some(slice)) => {
                *slice = IoSlice::new(&frame.bytes);
                1
            }
            (Waiting::Packets(packets), _) => packets.fill(slices),
        }
    }

    /// The tags of the packets that the socket will have whole once it has taken so
    /// many bytes more.
    pub fn tags_within(&self, bytes: usize) -> Vec<T> {
        match &self.0 {
            Waiting::Frame(frame) if bytes >= frame.bytes.len() => vec![frame.tag],
            Waiting::Nothing | Waiting::Frame(_) => Vec::new(),
            Waiting::Packets(packets) => packets.tags_within(bytes),
        }
    }

    /// Says that the socket took the first `sent` bytes; returns how many
    /// packets it now has whole.
    pub fn advance(&mut self, pool: &mut BufferPool<T>, sent: usize) -> usize {
        match &mut self.0 {
            Waiting::Nothing => 0,
            Waiting::Frame(frame) if sent >= frame.bytes.len() => {
                self.0 = Waiting::Nothing;
                1
            }
            Waiting::Frame(_) => self.as_packets(pool).advance(sent),
            Waiting::Packets(packets) => {
                let whole = packets.advance(sent);
                if packets.queued_bytes() == 0
                    && let Waiting::Packets(emptied) = mem::replace(&mut self.0, Waiting::Nothing)
                {
                    pool.keep(emptied);
                }
                whole
            }
        }
    }

    /// Empties the queue: the tags of all packets that the socket doesn't
    /// have whole, in order.
    pub fn take_unsent(&mut self) -> Vec<T> {
        match mem::replace(&mut self.0, Waiting::Nothing) {
            Waiting::Nothing => Vec::new(),
            Waiting::Frame(frame) => vec![frame.tag],
            Waiting::Packets(mut packets) => {
                let tags = packets.tags().collect();
                packets.forget();
                tags
            }
        }
    }

    /// As packets one behind the other.
    #[inline]
    fn as_packets(&mut self, pool: &mut BufferPool<T>) -> &mut Packets<T> {
        if !matches!(self.0, Waiting::Packets(_)) {
            let mut packets = pool.0.pop().unwrap_or_default();
            if let Waiting::Frame(frame) = &self.0 {
                packets.push_frame(frame);
            }
            self.0 = Waiting::Packets(packets);
        }
        match &mut self.0 {
            Waiting::Packets(packets) => packets,
            _ => unreachable!("made so above"),
        }
    }
}

impl<T> BufferPool<T> {
    fn keep(&mut self, emptied: Box<Packets<T>>) {
        if self.0.len() < POOLED_QUEUES_MAX {
            self.0.push(emptied);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::COPIED_FRAME_BYTES_MAX;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    impl Owned for u32 {
        fn owner(self) -> Option<u64> {
            (!self.is_multiple_of(3)).then_some(u64::from(self % 3))
        }
    }

    /// A model of the queue that keeps every byte by itself.
    #[derive(Default)]
    struct Shadow {
        bytes: VecDeque<u8>,
        ends: VecDeque<(u32, usize)>,
        pushed: usize,
        sent: usize,
        /// Where the first packet begins that is not sent whole.
        done: usize,
    }

    impl Shadow {
        /// Of packets that are not sent whole; a torn one counts whole.
        fn bytes_of(&self, owner: u64) -> usize {
            let mut begin = self.done;
            let mut bytes = 0;
            for &(tag, end) in &self.ends {
                bytes += if tag.owner() == Some(owner) { end - begin } else { 0 };
                begin = end;
            }
            bytes
        }
    }

    fn gather(queue: &Outbound<u32>) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let used = queue.fill(&mut slices);
        slices[..used].iter().flat_map(|slice| slice.iter().copied()).collect()
    }

    #[test]
    fn a_frame_alone_needs_no_buffer_until_something_follows() {
        let mut queue = Outbound::default();
        let mut pool = BufferPool::default();
        assert_eq!(queue.contiguous(), Some(&[][..]));
        let frame = Arc::new(Frame { tag: 1, bytes: (*b"frame").into() });
        queue.push_frame(&mut pool, &frame);
        assert_eq!((Arc::strong_count(&frame), queue.contiguous()), (2, Some(&b"frame"[..])));
        assert!(!queue.is_torn());
        // Sent in part, or with something behind it, it is copied.
        assert_eq!(queue.advance(&mut pool, 2), 0);
        assert_eq!((Arc::strong_count(&frame), queue.contiguous()), (1, Some(&b"ame"[..])));
        assert!(queue.is_torn());
        queue.push_with(&mut pool, 2, |out| out.extend_from_slice(b"more"));
        assert_eq!(queue.contiguous(), Some(&b"amemore"[..]));
        assert_eq!(queue.advance(&mut pool, 7), 2);
        queue.push_frame(&mut pool, &frame);
        assert_eq!((queue.advance(&mut pool, 5), Arc::strong_count(&frame)), (1, 1));
    }

    #[test]
    fn emptied_queues_are_pooled_up_to_the_bound() {
        let mut pool = BufferPool::default();
        let mut queues: Vec<Outbound<u32>> = Vec::new();
        for tag in 0..=POOLED_QUEUES_MAX as u32 {
            let mut queue = Outbound::default();
            queue.push_with(&mut pool, tag, |out| out.push(b'x'));
            queues.push(queue);
        }
        for (emptied, queue) in queues.iter_mut().enumerate() {
            assert_eq!(pool.0.len(), emptied);
            assert_eq!(queue.advance(&mut pool, 1), 1);
        }
        assert_eq!(pool.0.len(), POOLED_QUEUES_MAX);
        queues[0].push_with(&mut pool, 0, |out| out.push(b'x'));
        assert_eq!(pool.0.len(), POOLED_QUEUES_MAX - 1);
    }

    proptest! {
        #[test]
        fn it_sends_what_was_pushed(
            steps in prop::collection::vec((0u8..4, 1usize..40), 1..60),
        ) {
            let mut queue = Outbound::default();
            let mut pool = BufferPool::default();
            let mut shadow = Shadow::default();
            for (tag, (kind, size)) in steps.into_iter().enumerate() {
                let tag = tag as u32;
                // Of the frames for many, some are too large to be copied.
                let size = if kind == 2 { COPIED_FRAME_BYTES_MAX + size } else { size };
                let packet: Vec<u8> = (0..size).map(|i| (tag as usize * 7 + i) as u8).collect();
                match kind {
                    0 => queue.push_with(&mut pool, tag, |out| out.extend_from_slice(&packet)),
                    1 | 2 => {
                        let frame = Frame { tag, bytes: packet.as_slice().into() };
                        queue.push_frame(&mut pool, &Arc::new(frame));
                    }
                    _ => {
                        let sent = (size * size).min(queue.queued_bytes());
                        let whole = queue.advance(&mut pool, sent);
                        shadow.bytes.drain(..sent);
                        shadow.sent += sent;
                        let before = shadow.ends.len();
                        let whole_ends = shadow.ends.iter().map(|&(_, end)| end);
                        let last = whole_ends.filter(|&end| end <= shadow.sent).max();
                        shadow.done = last.unwrap_or(shadow.done);
                        shadow.ends.retain(|&(_, end)| end > shadow.sent);
                        if size % 4 == 0 {
                            prop_assert_eq!(queue.bytes_of(1), shadow.bytes_of(1));
                        }
                        prop_assert_eq!(whole, before - shadow.ends.len());
                        continue;
                    }
                }
                shadow.pushed += size;
                shadow.bytes.extend(&packet);
                shadow.ends.push_back((tag, shadow.pushed));
            }
            prop_assert_eq!(queue.queued_bytes(), shadow.bytes.len());
            prop_assert_eq!(queue.is_empty(), shadow.bytes.is_empty());
            if let Some(bytes) = queue.contiguous() {
                prop_assert_eq!(bytes, shadow.bytes.make_contiguous());
            }
            if shadow.ends.len() < 32 {
                prop_assert_eq!(gather(&queue), shadow.bytes.iter().copied().collect::<Vec<_>>());
            }
            let tags: Vec<u32> = shadow.ends.iter().map(|&(tag, _)| tag).collect();
            for owner in [1, 2] {
                prop_assert_eq!(queue.bytes_of(owner), shadow.bytes_of(owner));
            }
            prop_assert_eq!(queue.take_unsent(), tags);
            prop_assert!(queue.is_empty());
        }
    }
}
