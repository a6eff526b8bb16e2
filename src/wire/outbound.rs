//! What waits for one socket: packets in order, each with a tag that says
//! whose it is, so that what never reaches the socket can be given back.
//! Never: the socket, what a tag means, whether a packet may be added.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

/// A queue that gave its bytes away keeps no more room than this.
const KEPT_BYTES_MAX: usize = 4096;

/// A queue of packets on their way to one socket.
///
/// Small packets are copied one behind the other, so that one `send` takes
/// them all; a frame for many recipients is shared between their queues.
///
/// - **In**: [`push_with`](Self::push_with), [`push_shared`](Self::push_shared).
/// - **Out**: [`fill`](Self::fill), then [`advance`](Self::advance); at the
///   end [`take_unsent`](Self::take_unsent).
/// - **Invariant**: `queued` is the sum of what is left of the parcels.
#[derive(Debug)]
pub struct Outbound<T> {
    bytes: Vec<u8>,
    /// Where the first unsent byte of `bytes` is.
    head: usize,
    parcels: VecDeque<Parcel<T>>,
    /// How much of the first parcel is sent.
    torn: usize,
    /// Bytes that wait, shared ones too.
    queued: usize,
    /// Those of the parcels that are shared, in order.
    frames: VecDeque<Arc<[u8]>>,
}

#[derive(Debug)]
struct Parcel<T> {
    tag: T,
    length: usize,
    /// It is the next of `frames`, not of `bytes`.
    shared: bool,
}

impl<T> Default for Outbound<T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            head: 0,
            parcels: VecDeque::new(),
            torn: 0,
            queued: 0,
            frames: VecDeque::new(),
        }
    }
}

impl<T> Outbound<T> {
    /// Bytes that wait.
    pub fn queued_bytes(&self) -> usize {
        self.queued
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Whether the first packet is sent in part, so that nothing but its rest
    /// can follow.
    pub fn is_torn(&self) -> bool {
        self.torn > 0
    }

    /// Adds the packet that `write` appends.
    pub fn push_with(&mut self, tag: T, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        write(&mut self.bytes);
        let length = self.bytes.len() - before;
        self.queued += length;
        self.parcels.push_back(Parcel { tag, length, shared: false });
    }

    /// Adds a packet that is shared with other queues.
    pub fn push_shared(&mut self, tag: T, frame: Arc<[u8]>) {
        self.queued += frame.len();
        self.parcels.push_back(Parcel { tag, length: frame.len(), shared: true });
        self.frames.push_back(frame);
    }

    /// What waits, where one slice holds it all: the usual case.
    pub fn contiguous(&self) -> Option<&[u8]> {
        self.frames.is_empty().then(|| &self.bytes[self.head..])
    }

    /// Points `slices` at what waits, from the front on; returns how many of
    /// them are used.
    pub fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut used = 0;
        let mut copied = self.head;
        let mut run = self.head;
        let mut torn = self.torn;
        let mut frames = self.frames.iter();
        for parcel in &self.parcels {
            if !parcel.shared {
                run += parcel.length - torn;
                torn = 0;
                continue;
            }
            let Some(frame) = frames.next() else { break };
            if run > copied {
                if used == slices.len() {
                    return used;
                }
                slices[used] = IoSlice::new(&self.bytes[copied..run]);
                used += 1;
                copied = run;
            }
            if used == slices.len() {
                return used;
            }
            slices[used] = IoSlice::new(&frame[torn..]);
            used += 1;
            torn = 0;
        }
        if run > copied && used < slices.len() {
            slices[used] = IoSlice::new(&self.bytes[copied..run]);
            used += 1;
        }
        used
    }

    /// Says that the socket took the first `sent` bytes; returns how many
    /// packets it now has whole.
    pub fn advance(&mut self, sent: usize) -> usize {
        if sent >= self.queued {
            let whole = self.parcels.len();
            self.clear();
            return whole;
        }
        self.queued -= sent;
        let mut whole = 0;
        let mut left = self.torn + sent;
        while let Some(first) = self.parcels.front() {
            if left < first.length {
                if !first.shared {
                    self.head += left - self.torn;
                }
                break;
            }
            left -= first.length;
            if first.shared {
                self.frames.pop_front();
            } else {
                self.head += first.length - self.torn;
            }
            self.torn = 0;
            self.parcels.pop_front();
            whole += 1;
        }
        self.torn = left;
        self.compact();
        whole
    }

    /// Empties the queue: the tags of all packets that the socket doesn't
    /// have whole, in order.
    pub fn take_unsent(&mut self) -> Vec<T> {
        let tags = self.parcels.drain(..).map(|parcel| parcel.tag).collect();
        self.clear();
        tags
    }

    /// Moves the rest to the front once more is sent than waits, so that a
    /// queue that never empties stays bounded and each byte moves once.
    fn compact(&mut self) {
        if self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.parcels.clear();
        self.parcels.shrink_to(KEPT_BYTES_MAX / size_of::<Parcel<T>>());
        self.head = 0;
        self.torn = 0;
        self.queued = 0;
        self.frames.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The queue's shadow: every byte by itself.
    #[derive(Default)]
    struct Shadow {
        bytes: VecDeque<u8>,
        ends: VecDeque<(u32, usize)>,
        pushed: usize,
        sent: usize,
    }

    fn gather(queue: &Outbound<u32>) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let used = queue.fill(&mut slices);
        slices[..used].iter().flat_map(|slice| slice.iter().copied()).collect()
    }

    fn push(queue: &mut Outbound<u32>, tag: u32, length: usize) {
        queue.push_with(tag, |out| out.resize(out.len() + length, b'x'));
    }

    #[test]
    fn a_queue_that_never_empties_stays_bounded() {
        let mut queue = Outbound::default();
        push(&mut queue, 0, 70);
        for tag in 1..1000 {
            push(&mut queue, tag, 100);
            queue.advance(100);
            assert!(queue.is_torn() && !queue.is_empty());
        }
        assert_eq!(queue.queued_bytes(), 70);
        assert!(queue.bytes.capacity() < 2000, "{}", queue.bytes.capacity());
    }

    /// Each byte is moved once at the most.
    #[test]
    fn nothing_is_moved_for_a_little_room() {
        let mut queue = Outbound::default();
        push(&mut queue, 0, 1000);
        assert!(!queue.is_torn(), "nothing of it is sent");
        assert_eq!((queue.advance(500), queue.head), (0, 500));
        assert_eq!((queue.advance(1), queue.head), (0, 0));
    }

    #[test]
    fn an_empty_one_gives_its_room_back() {
        let mut queue = Outbound::default();
        for tag in 0..10_000 {
            push(&mut queue, tag, 10);
        }
        assert_eq!(queue.advance(100_000), 10_000);
        assert!(queue.bytes.capacity() <= KEPT_BYTES_MAX);
        let parcels = queue.parcels.capacity() * size_of::<Parcel<u32>>();
        assert!((KEPT_BYTES_MAX / 2..=KEPT_BYTES_MAX).contains(&parcels), "{parcels}");
    }

    #[test]
    fn few_slices_hold_what_comes_first() {
        let mut queue = Outbound::default();
        push(&mut queue, 0, 3);
        push(&mut queue, 1, 4);
        assert_eq!(queue.contiguous(), Some(&b"xxxxxxx"[..]));
        queue.push_shared(2, Arc::from(&b"shared"[..]));
        assert_eq!(queue.contiguous(), None);
        push(&mut queue, 3, 5);
        queue.advance(1);
        for count in 0..=4 {
            let mut slices = [IoSlice::new(&[]); 4];
            let used = queue.fill(&mut slices[..count]);
            let lengths: Vec<usize> = slices[..used].iter().map(|slice| slice.len()).collect();
            assert_eq!(lengths, [6, 6, 5][..count.min(3)]);
        }
    }

    proptest! {
        #[test]
        fn it_sends_what_was_pushed(
            steps in prop::collection::vec((0u8..3, 1usize..40), 1..60),
        ) {
            let mut queue = Outbound::default();
            let mut shadow = Shadow::default();
            for (tag, (kind, size)) in steps.into_iter().enumerate() {
                let tag = tag as u32;
                let packet: Vec<u8> = (0..size).map(|i| (tag as usize * 7 + i) as u8).collect();
                match kind {
                    0 => queue.push_with(tag, |out| out.extend_from_slice(&packet)),
                    1 => queue.push_shared(tag, Arc::from(packet.as_slice())),
                    _ => {
                        let sent = size.min(queue.queued_bytes());
                        let whole = queue.advance(sent);
                        shadow.bytes.drain(..sent);
                        shadow.sent += sent;
                        let before = shadow.ends.len();
                        shadow.ends.retain(|&(_, end)| end > shadow.sent);
                        prop_assert_eq!(whole, before - shadow.ends.len());
                        continue;
                    }
                }
                shadow.pushed += size;
                shadow.bytes.extend(&packet);
                shadow.ends.push_back((tag, shadow.pushed));
            }
            prop_assert_eq!(queue.queued_bytes(), shadow.bytes.len());
            if shadow.ends.len() < 32 {
                prop_assert_eq!(gather(&queue), shadow.bytes.iter().copied().collect::<Vec<_>>());
            }
            let tags: Vec<u32> = shadow.ends.iter().map(|&(tag, _)| tag).collect();
            prop_assert_eq!(queue.take_unsent(), tags);
            prop_assert!(queue.is_empty());
        }
    }
}
