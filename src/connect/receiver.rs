//! Packets in, one at a time, bounded in bytes and in time. Never: what they
//! mean.

use super::deadline::Deadline;
use super::error::Error;
use super::transport::ReadHalf;
use crate::wire::answer::IP_BYTES_MAX;
use crate::wire::name::NAME_BYTES_MAX;
use crate::wire::{Framer, Received, Step};

/// What we take at the most, in bytes of a packet; servers may be told to let
/// longer ones pass than we send.
pub const RECEIVED_PACKET_BYTES_MAX: usize = 4 << 20;
/// What is read at once, in bytes.
const READ_BYTES: usize = 64 << 10;
/// A buffer that is larger, in bytes, is given back once it is empty.
const KEPT_BUFFER_BYTES_MAX: usize = 4 * READ_BYTES;

/// What came from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Packet(Received),
    /// Something that is no packet; reading goes on behind it.
    Malformed,
}

/// The half that reads.
///
/// - **Invariant**: `buffer` holds one unfinished packet and what was read in
///   one go, at the most; it has room for twice that.
#[derive(Debug)]
pub struct Receiver {
    half: ReadHalf,
    framer: Framer,
    buffer: Vec<u8>,
    /// Where the bytes not yet taken begin in `buffer`.
    at: usize,
    drained: bool,
}

impl Receiver {
    pub(super) fn new(half: ReadHalf) -> Self {
        Self { half, framer: Framer::default(), buffer: Vec::new(), at: 0, drained: true }
    }

    /// Whether nothing whole is left of what was read: the next call of
    /// [`Self::receive`] may wait.
    pub fn is_drained(&self) -> bool {
        self.drained
    }

    /// The next packet; waits for it, for ever where there is no deadline.
    /// `None` is the end.
    ///
    /// # Errors
    /// [`Error::TimedOut`], the connection is lost, or a packet goes on for too
    /// long.
    pub fn receive(&mut self, deadline: Option<Deadline>) -> Result<Option<Incoming>, Error> {
        loop {
            let bytes = &self.buffer[self.at..];
            match self.framer.next(bytes, RECEIVED_PACKET_BYTES_MAX) {
                Step::Packet { start, end } => {
                    let packet = Received::parse(&bytes[start..end]).ok().filter(is_plausible);
                    self.at += end;
                    self.look_ahead();
                    return Ok(Some(packet.map_or(Incoming::Malformed, Incoming::Packet)));
                }
                Step::Malformed { end } => {
                    self.at += end;
                    self.look_ahead();
                    return Ok(Some(Incoming::Malformed));
                }
                Step::TooLarge => return Err(Error::Endless),
                Step::More { keep } => {
                    self.at += keep;
                    if !self.read_more(deadline)? {
                        return Ok(self.framer.finish().then_some(Incoming::Malformed));
                    }
                }
            }
        }
    }

    /// Bytes of memory that are kept of what has come.
    pub fn kept_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Nothing is left, or the beginning of a packet at the most: the server
    /// ends each by a line break.
    fn look_ahead(&mut self) {
        self.drained = !self.buffer[self.at..].trim_ascii_start().contains(&b'\n');
    }

    /// False at the end of the stream.
    fn read_more(&mut self, deadline: Option<Deadline>) -> Result<bool, Error> {
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_BUFFER_BYTES_MAX {
            self.buffer = Vec::new();
        }
        let length = self.buffer.len();
        self.buffer.resize(length + READ_BYTES, 0);
        let count = self.half.read(&mut self.buffer[length..], deadline);
        self.buffer.truncate(length + *count.as_ref().unwrap_or(&0));
        Ok(count? > 0)
    }
}

/// Names and addresses that a server may send; only the text may be long.
fn is_plausible(packet: &Received) -> bool {
    // A room has a `#` in front of its name.
    packet.name.len() <= NAME_BYTES_MAX
        && packet.to.len() <= NAME_BYTES_MAX + 1
        && packet.ip.len() <= IP_BYTES_MAX
}
