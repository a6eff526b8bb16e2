//! Queued packets: the bytes of small ones copied into one buffer, large ones for
//! many shared. Never: an empty queue, for which [`super::Outbound`] keeps nothing.

use super::frame::{Frame, Owned, make_room};
use crate::wire::wipe::wipe_whole;
use smallvec::SmallVec;
use std::collections::{HashMap, VecDeque};
use std::io::IoSlice;
use std::mem;
use std::sync::Arc;

/// An emptied queue keeps no more capacity than this.
const KEPT_BYTES_MAX: usize = 4096;

/// About the size of an entry of the table of shares, in bytes.
const SHARE_BYTES: usize = 20;

/// Packets in order.
///
/// - **Invariant**: `queued` is the sum of what is left of the segments.
#[derive(Debug)]
pub(super) struct Packets<T> {
    bytes: Vec<u8>,
    /// The index of the first unsent byte of `bytes`.
    head: usize,
    /// Most queues hold no more than fits in here.
    segments: SmallVec<[Segment<T>; 2]>,
    /// The index of the first segment that isn't sent whole.
    first: usize,
    /// Bytes of that segment that are sent.
    torn: usize,
    /// Unsent bytes, shared ones too.
    queued: usize,
    /// Bytes of the server's own packets among these; a packet counts whole until it
    /// is sent whole.
    own: usize,
    /// The frames of the shared segments, in order.
    frames: VecDeque<Arc<Frame<T>>>,
    /// There is a secret in it, or was: its buffer is overwritten when it is empty.
    has_secret: bool,
    /// Bytes by owner, of segments not sent whole, from the first query on.
    #[expect(clippy::box_collection, reason = "every connection has a queue, and few this")]
    shares: Option<Box<HashMap<u64, usize>>>,
}

#[derive(Clone, Copy, Debug)]
struct Segment<T> {
    tag: T,
    length: u32,
    /// It is the next of `frames`, not of `bytes`.
    shared: bool,
}

impl<T> Default for Packets<T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            head: 0,
            segments: SmallVec::new(),
            first: 0,
            torn: 0,
            queued: 0,
            own: 0,
            frames: VecDeque::new(),
            has_secret: false,
            shares: None,
        }
    }
}

impl<T: Owned> Packets<T> {
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued
    }

    /// See [`super::Outbound::memory_bytes`].
    pub(super) fn memory_bytes(&self) -> usize {
        let copied = self.bytes.len() - self.head;
        let segments = if self.segments.spilled() { self.segments.capacity() } else { 0 };
        let shares = self.shares.as_ref().map_or(0, |shares| shares.capacity() * SHARE_BYTES);
        size_of::<Self>()
            + self.bytes.capacity()
            + segments * size_of::<Segment<T>>()
            + self.frames.capacity() * size_of::<Arc<Frame<T>>>()
            + (self.queued - copied)
            + shares
    }

    pub(super) fn own_bytes(&self) -> usize {
        self.own
    }

    pub(super) fn is_torn(&self) -> bool {
        self.torn > 0
    }

    /// Adds the packet that `write` appends.
    pub(super) fn push_with(&mut self, tag: T, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        write(&mut self.bytes);
        self.push(tag, self.bytes.len() - before, false);
    }

    /// Adds a frame for many.
    pub(super) fn push_frame(&mut self, frame: &Arc<Frame<T>>) {
        if frame.is_copied() {
            make_room(&mut self.bytes, frame.bytes.len());
            self.bytes.extend_from_slice(&frame.bytes);
        } else {
            self.frames.push_back(frame.clone());
        }
        self.push(frame.tag, frame.bytes.len(), !frame.is_copied());
    }

    fn push(&mut self, tag: T, length: usize, shared: bool) {
        self.queued += length;
        if let (Some(shares), Some(owner)) = (&mut self.shares, tag.owner()) {
            *shares.entry(owner).or_default() += length;
        }
        if tag.owner().is_none() {
            self.own += length;
        }
        let segments = self.segments.len();
        if segments == self.segments.capacity()
            && segments * size_of::<Segment<T>>() >= KEPT_BYTES_MAX
        {
            self.segments.reserve_exact(segments / 4);
        }
        // A packet is far from four gigabytes (`limits`).
        self.segments.push(Segment { tag, length: length as u32, shared });
    }

    /// All unsent bytes, where one slice holds them.
    pub(super) fn contiguous(&self) -> Option<&[u8]> {
        self.frames.is_empty().then(|| &self.bytes[self.head..])
    }

    /// See [`super::Outbound::fill`].
    pub(super) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut used = 0;
        let mut copied = self.head;
        let mut run = self.head;
        let mut torn = self.torn;
        let mut frames = self.frames.iter();
        for segment in &self.segments[self.first..] {
            if !segment.shared {
                run += segment.length as usize - torn;
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
            slices[used] = IoSlice::new(&frame.bytes[torn..]);
            used += 1;
            torn = 0;
        }
        if run > copied && used < slices.len() {
            slices[used] = IoSlice::new(&self.bytes[copied..run]);
            used += 1;
        }
        used
    }

    /// See [`super::Outbound::advance`].
    pub(super) fn advance(&mut self, sent: usize) -> usize {
        if sent >= self.queued {
            let whole = self.segments.len() - self.first;
            self.clear();
            return whole;
        }
        self.queued -= sent;
        let before = self.first;
        let mut left = self.torn + sent;
        while let Some(segment) = self.segments.get(self.first) {
            let length = segment.length as usize;
            if left < length {
                if !segment.shared {
                    self.head += left - self.torn;
                }
                break;
            }
            left -= length;
            if segment.shared {
                self.frames.pop_front();
            } else {
                self.head += length - self.torn;
            }
            self.torn = 0;
            self.first += 1;
            if segment.tag.owner().is_none() {
                self.own -= length;
            }
            if let (Some(shares), Some(owner)) = (&mut self.shares, segment.tag.owner())
                && let Some(share) = shares.get_mut(&owner)
            {
                *share -= length;
            }
        }
        self.torn = left;
        let whole = self.first - before;
        self.compact();
        whole
    }

    /// See [`super::Outbound::tags_within`].
    pub(super) fn tags_within(&self, bytes: usize) -> Vec<T> {
        let mut left = self.torn + bytes;
        let whole = |segment: &&Segment<T>| {
            let fits = left >= segment.length as usize;
            left = left.saturating_sub(segment.length as usize);
            fits
        };
        self.segments[self.first..].iter().take_while(whole).map(|segment| segment.tag).collect()
    }

    /// The tags of all packets that are not sent whole, in order.
    pub(super) fn tags(&self) -> impl Iterator<Item = T> {
        self.segments[self.first..].iter().map(|segment| segment.tag)
    }

    /// Moves the rest to the front once more is sent than waits, so that a
    /// queue that never empties stays bounded and each byte moves once.
    fn compact(&mut self) {
        if self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
            if self.bytes.capacity() > KEPT_BYTES_MAX.max(4 * self.bytes.len()) {
                // Frees what a queue that was long took.
                self.bytes.shrink_to(2 * self.bytes.len());
            }
        }
        if self.first > self.segments.len() / 2 {
            self.segments.drain(..self.first);
            self.first = 0;
        }
    }

    /// See [`super::Outbound::holds_secret`].
    pub(super) fn holds_secret(&mut self) {
        self.has_secret = true;
    }

    /// It is dropped.
    pub(super) fn forget(&mut self) {
        if self.has_secret {
            wipe_whole(&mut self.bytes);
        }
    }

    fn clear(&mut self) {
        if mem::take(&mut self.has_secret) {
            wipe_whole(&mut self.bytes);
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.segments.clear();
        if self.segments.capacity() > KEPT_BYTES_MAX / size_of::<Segment<T>>() {
            self.segments = SmallVec::new();
        }
        self.head = 0;
        self.first = 0;
        self.torn = 0;
        self.queued = 0;
        self.own = 0;
        self.frames.clear();
        self.frames.shrink_to(KEPT_BYTES_MAX / size_of::<Arc<Frame<T>>>());
        self.shares = None;
    }

    /// See [`super::Outbound::bytes_of`].
    pub(super) fn bytes_of(&mut self, owner: u64) -> usize {
        let waiting = &self.segments[self.first..];
        let shares = self.shares.get_or_insert_with(|| {
            let mut shares = Box::<HashMap<u64, usize>>::default();
            for segment in waiting {
                if let Some(owner) = segment.tag.owner() {
                    *shares.entry(owner).or_default() += segment.length as usize;
                }
            }
            shares
        });
        shares.get(&owner).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::COPIED_FRAME_BYTES_MAX;

    impl Owned for [u32; 6] {
        fn owner(self) -> Option<u64> {
            None
        }
    }

    fn push(packets: &mut Packets<u32>, tag: u32, length: usize) {
        packets.push_with(tag, |out| out.resize(out.len() + length, b'x'));
    }

    #[test]
    fn a_queue_that_never_empties_stays_bounded() {
        let mut packets = Packets::default();
        push(&mut packets, 0, 70);
        for tag in 1..1000 {
            push(&mut packets, tag, 100);
            packets.advance(100);
            assert!(packets.is_torn());
        }
        assert_eq!(packets.queued_bytes(), 70);
        assert!(packets.bytes.capacity() < 2000, "{}", packets.bytes.capacity());
        assert!(packets.segments.capacity() < 20, "{}", packets.segments.capacity());
    }

    /// Each byte is moved once at the most.
    #[test]
    fn bytes_are_not_moved_until_more_are_sent_than_wait() {
        let mut packets = Packets::default();
        push(&mut packets, 0, 1000);
        assert!(!packets.is_torn(), "nothing of it is sent");
        assert_eq!((packets.advance(500), packets.head), (0, 500));
        assert_eq!((packets.advance(1), packets.head), (0, 0));
    }

    #[test]
    fn an_empty_queue_frees_capacity_over_the_bound() {
        let mut packets = Packets::default();
        for tag in 0..10_000 {
            push(&mut packets, tag, 10);
        }
        assert_eq!(packets.advance(100_000), 10_000);
        assert!(packets.bytes.capacity() <= KEPT_BYTES_MAX);
        assert!(packets.segments.capacity() * size_of::<Segment<u32>>() <= KEPT_BYTES_MAX);
        // Capacity within the bound is kept for the next queue.
        for tag in 0..20 {
            push(&mut packets, tag, 10);
        }
        let (bytes, segments) = (packets.bytes.capacity(), packets.segments.capacity());
        assert_eq!(packets.advance(200), 20);
        assert_eq!((packets.bytes.capacity(), packets.segments.capacity()), (bytes, segments));
    }

    #[test]
    fn slices_are_filled_from_the_front_however_few_they_are() {
        let mut packets = Packets::default();
        push(&mut packets, 0, 3);
        push(&mut packets, 1, 4);
        assert_eq!(packets.contiguous(), Some(&b"xxxxxxx"[..]));
        let small = vec![b'y'; COPIED_FRAME_BYTES_MAX];
        packets.push_frame(&Arc::new(Frame { tag: 2, bytes: small.into() }));
        assert!(packets.contiguous().is_some());
        packets.advance(7 + COPIED_FRAME_BYTES_MAX - 6);
        let large = vec![b'z'; COPIED_FRAME_BYTES_MAX + 1];
        packets.push_frame(&Arc::new(Frame { tag: 3, bytes: large.into() }));
        assert_eq!(packets.contiguous(), None);
        push(&mut packets, 4, 5);
        packets.advance(1);
        for count in 0..=4 {
            let mut slices = [IoSlice::new(&[]); 4];
            let used = packets.fill(&mut slices[..count]);
            let lengths: Vec<usize> = slices[..used].iter().map(|slice| slice.len()).collect();
            assert_eq!(lengths, [5, COPIED_FRAME_BYTES_MAX + 1, 5][..count.min(3)]);
        }
    }

    #[test]
    fn no_slice_is_empty() {
        let mut packets = Packets::default();
        for tag in 0..3 {
            let large = vec![b'z'; COPIED_FRAME_BYTES_MAX + 1];
            packets.push_frame(&Arc::new(Frame { tag, bytes: large.into() }));
        }
        let mut slices = [IoSlice::new(&[]); 4];
        let used = packets.fill(&mut slices);
        let lengths: Vec<usize> = slices[..used].iter().map(|slice| slice.len()).collect();
        assert_eq!(lengths, [COPIED_FRAME_BYTES_MAX + 1; 3]);
    }

    #[test]
    fn segments_are_moved_once_more_are_sent_than_wait() {
        let mut packets = Packets::default();
        for tag in 0..4 {
            push(&mut packets, tag, 10);
        }
        for (first, sent) in [(1, 10), (2, 10), (0, 10)] {
            assert_eq!((packets.advance(sent), packets.first), (1, first));
        }
        assert_eq!(packets.tags().collect::<Vec<u32>>(), [3]);
    }

    #[test]
    fn room_for_segments_is_kept_up_to_the_bound() {
        // 32 bytes each, so that what is doubled meets the bound.
        let mut packets = Packets::<[u32; 6]>::default();
        let most = KEPT_BYTES_MAX / size_of::<Segment<[u32; 6]>>();
        for (count, kept) in [(most, most), (most + 1, 2)] {
            for _ in 0..count {
                packets.push_with([0; 6], |out| out.push(b'x'));
            }
            packets.advance(count);
            assert_eq!(packets.segments.capacity(), kept);
        }
    }
}
