//! Plain TCP. Never: what the bytes mean.

use super::outcome::{Received, Sent};
use super::status::Status;
use crate::limits;
use crate::wire::{Outbound, Owned};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, Shutdown};

/// A TCP connection.
#[derive(Debug)]
pub struct Tcp {
    pub(super) stream: TcpStream,
    pub(super) status: Status,
}

impl Tcp {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, status: Status::default() }
    }

    /// One `recv`. A short one has drained the socket (epoll(7), question 9),
    /// which saves a second one that would return nothing.
    pub fn receive(&mut self, into: &mut [u8]) -> Received {
        loop {
            return match self.stream.read(into) {
                Ok(0) => Received::End,
                Ok(count) if count == into.len() || self.status.recheck => {
                    Received::MaybeMore(count)
                }
                Ok(count) => Received::Drained(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.status.recheck = false;
                    Received::Drained(0)
                }
                Err(_) => Received::Broken,
            };
        }
    }

    /// One `send`, or one `writev` where frames are shared. A short one has
    /// filled the socket (epoll(7), question 9).
    pub fn send<T: Owned>(&mut self, outbound: &Outbound<T>) -> Sent {
        loop {
            let (result, asked) = match outbound.contiguous() {
                Some(bytes) => (self.stream.write(bytes), bytes.len()),
                None => self.send_slices(outbound),
            };
            let bytes = match result {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(_) => return Sent::Broken,
            };
            self.status.blocked = bytes < asked;
            return Sent::Taken { bytes, blocked: self.status.blocked };
        }
    }

    fn send_slices<T: Owned>(&mut self, outbound: &Outbound<T>) -> (io::Result<usize>, usize) {
        let mut slices = [IoSlice::new(&[]); limits::SLICES_MAX];
        let used = outbound.fill(&mut slices);
        let asked = slices[..used].iter().map(|slice| slice.len()).sum();
        (self.stream.write_vectored(&slices[..used]), asked)
    }

    /// Ends the sending half. That fails where the peer is gone, which the next
    /// read tells.
    pub fn shutdown(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Writes `words` and ends the sending half, without waiting for the peer to
    /// read them: a new socket has room for them, but bytes that came meanwhile
    /// may turn the close into a reset.
    pub fn dismiss(mut self, words: &[u8]) {
        // If it fails, nothing can be done about it.
        let _ = self.stream.write(words);
        self.shutdown();
    }

    /// The address that the peer has connected to.
    ///
    /// # Errors
    /// The system's error.
    pub fn local_ip(&self) -> io::Result<IpAddr> {
        Ok(self.stream.local_addr()?.ip().to_canonical())
    }
}
