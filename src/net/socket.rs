//! One connection's socket: how it is read and written, and what is known of
//! its readiness. Never: what the bytes mean.

use crate::limits;
use crate::wire::{Outbound, Owned};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

/// A socket as its shard carries it.
#[derive(Debug)]
pub struct Socket {
    pub stream: TcpStream,
    /// It is in the queue of those to be read.
    pub read_queued: bool,
    /// A short read doesn't mean that it is drained: the end may be behind it.
    pub read_until_would_block: bool,
    /// It took no more; an event will say when it does.
    pub is_full: bool,
    /// Watched for being writable.
    pub watched_for_room: bool,
    /// It counts as a client of its address, and isn't told to go away at the
    /// admission.
    pub is_client: bool,
    /// What it left of its queue when it was last looked at.
    pub left_bytes: u32,
}

/// What one `recv` brought.
pub enum Received {
    Bytes(usize),
    /// For now there is nothing.
    Nothing,
    End,
    Broken,
}

/// What one `send` did.
pub enum Sent {
    /// The socket took so many bytes; `full` says that it takes no more.
    Bytes {
        count: usize,
        full: bool,
    },
    Broken,
}

impl Socket {
    pub fn new(stream: TcpStream, is_client: bool) -> Self {
        Self {
            stream,
            read_queued: false,
            read_until_would_block: false,
            is_full: false,
            watched_for_room: false,
            is_client,
            left_bytes: 0,
        }
    }

    /// One `recv`.
    pub fn receive(&mut self, scratch: &mut [u8]) -> Received {
        loop {
            return match self.stream.read(scratch) {
                Ok(0) => Received::End,
                Ok(count) => Received::Bytes(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => Received::Nothing,
                Err(_) => Received::Broken,
            };
        }
    }

    /// One `send`, or one `writev` where frames are shared.
    pub fn send<T: Owned>(&mut self, outbound: &Outbound<T>) -> Sent {
        loop {
            let (result, asked) = match outbound.contiguous() {
                Some(bytes) => (self.stream.write(bytes), bytes.len()),
                None => self.send_slices(outbound),
            };
            return match result {
                Ok(count) => Sent::Bytes { count, full: count < asked },
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    Sent::Bytes { count: 0, full: true }
                }
                Err(_) => Sent::Broken,
            };
        }
    }

    fn send_slices<T: Owned>(&mut self, outbound: &Outbound<T>) -> (io::Result<usize>, usize) {
        let mut slices = [IoSlice::new(&[]); limits::SLICES_MAX];
        let used = outbound.fill(&mut slices);
        let asked = slices[..used].iter().map(|slice| slice.len()).sum();
        (self.stream.write_vectored(&slices[..used]), asked)
    }
}

// It has its place in the first cache line of a client. (For debugging, `mio`
// notes down more of a socket.)
#[cfg(not(debug_assertions))]
const _: () = assert!(size_of::<Socket>() <= size_of::<[u32; 4]>());
