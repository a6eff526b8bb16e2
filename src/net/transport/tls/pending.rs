//! The rest of what a socket took in part. Never: more than one record with
//! text, so that who reads nothing holds no more than that.

use std::io::{self, ErrorKind, Write};

/// Bytes as they go over the wire. Owns no memory while there are none.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// The socket has them up to here.
    at: usize,
    /// Text of the queue that is in them, and how much of it was said to be
    /// taken. The first byte is said with the first of the record, the last not
    /// before the last: so a queue is torn exactly while its record is.
    text: usize,
    told: usize,
}

/// What a socket made of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// It has all of it; so much of the queue's text is taken now.
    Whole(usize),
    /// It takes no more; so much is to be said to be taken.
    InPart(usize),
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What is held here, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Whether a record with text is torn.
    pub(super) fn has_text(&self) -> bool {
        self.text > 0
    }

    /// How much of the queue's text has yet to be said to be taken.
    pub(super) fn untold(&self) -> usize {
        self.text - self.told
    }

    /// The rest of a record with so much of the queue's text, of which the socket
    /// has taken a part; how much of the text is to be said to be taken.
    pub(super) fn keep(&mut self, rest: &[u8], text: usize) -> usize {
        debug_assert!(self.is_empty());
        *self = Self { bytes: rest.to_vec(), text, ..Self::default() };
        self.tell_one()
    }

    /// Something without text, behind what is there.
    pub(super) fn append(&mut self, bytes: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
    }

    /// Gives up what is there.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes as much as the socket takes.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn flush(&mut self, socket: &mut impl Write) -> io::Result<Flushed> {
        let before = self.at;
        while self.at < self.bytes.len() {
            match socket.write(&self.bytes[self.at..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.at += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let told = if self.at > before { self.tell_one() } else { 0 };
                    return Ok(Flushed::InPart(told));
                }
                Err(error) => return Err(error),
            }
        }
        let rest = self.untold();
        self.clear();
        Ok(Flushed::Whole(rest))
    }

    /// One byte for each time that the socket took some: it isn't stuck.
    fn tell_one(&mut self) -> usize {
        let one = usize::from(self.told + 1 < self.text);
        self.told += one;
        one
    }
}
