//! Packets out, counted: the ordinal of each is what refusals call it by.
//! Never: what they say.

use super::deadline::Deadline;
use super::error::{Error, SENT_PACKET_BYTES_MAX, TooLong};
use super::transport::WriteHalf;
use crate::wire::packet::push_packet;
use crate::wire::{JsonText, Welcome};
use std::time::Duration;

/// A packet's bytes, the line break behind it included.
///
/// # Errors
/// [`TooLong`].
pub fn pack(name: &str, ip: &str, to: &str, msg: &str) -> Result<Vec<u8>, TooLong> {
    let mut line = Vec::new();
    push_packet(&mut line, name, ip, to, &JsonText::escape(msg));
    // The line break doesn't count.
    let bytes = line.len() - 1;
    if bytes > SENT_PACKET_BYTES_MAX { Err(TooLong { bytes }) } else { Ok(line) }
}

/// The half that sends.
#[derive(Debug)]
pub struct Sender {
    half: WriteHalf,
    name: String,
    ip: String,
    sent: u64,
    /// Bytes of packets that the socket hasn't taken yet.
    waiting: Vec<u8>,
}

impl Sender {
    /// `sent` packets were sent before.
    pub(super) fn new(half: WriteHalf, welcome: &Welcome, sent: u64) -> Self {
        let (name, ip) = (welcome.name.clone(), welcome.ip.clone());
        Self { half, name, ip, sent, waiting: Vec::new() }
    }

    /// Adds a packet to what waits; returns its ordinal. [`Self::send`] or
    /// [`Self::flush`] sends it.
    ///
    /// # Errors
    /// [`TooLong`]; nothing is added then.
    pub fn push(&mut self, to: &str, msg: &str) -> Result<u64, TooLong> {
        let line = pack(&self.name, &self.ip, to, msg)?;
        self.waiting.extend_from_slice(&line);
        self.sent += 1;
        Ok(self.sent)
    }

    /// The ordinal that the next packet gets.
    pub fn next_ordinal(&self) -> u64 {
        self.sent + 1
    }

    /// Bytes that wait for the socket.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.len()
    }

    /// Sends what waits, as much as the socket takes while it waits for it no
    /// longer than `patience` at a time.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn flush(&mut self, patience: Duration) -> Result<(), Error> {
        let mut written = 0;
        while written < self.waiting.len() {
            match self.half.write(&self.waiting[written..], patience)? {
                0 => break,
                count => written += count,
            }
        }
        self.waiting.drain(..written);
        Ok(())
    }

    /// Sends all that waits.
    ///
    /// # Errors
    /// The server doesn't take it by the deadline, or the connection is lost.
    pub fn send(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.half.write_all(&self.waiting, deadline)?;
        self.waiting.clear();
        Ok(())
    }

    /// Ends our half; what the server still has to say comes all the same.
    pub fn half_close(&self) {
        self.half.half_close();
    }

    /// Ends both halves, so that the thread that reads ends as well.
    pub fn close(&self) {
        self.half.close();
    }
}
