//! A transport that follows the script of a test, to see that the loop relies on
//! nothing but what the module's document promises.

use super::outcome::{Received, Sent};
use super::status::Status;
use crate::wire::{Outbound, Owned};
use mio::net::UnixStream;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What it does, and what was done with it.
#[derive(Debug, Default)]
pub struct Script {
    /// What the reads bring. `more` says that there may be more.
    pub reads: VecDeque<(&'static [u8], bool)>,
    /// While it reads it has bytes of its own to write, and waits for room.
    pub blocked_by_reading: bool,
    /// How much each write takes, at most; behind the last, everything.
    pub takes: VecDeque<usize>,
    /// A write that takes less than all leaves it ready for the next.
    pub takes_again: bool,
    pub sent: Vec<u8>,
    pub writes: usize,
    pub is_shut: bool,
}

/// The transport. Its socket makes events, and carries nothing.
#[derive(Debug)]
pub struct Scripted {
    pub(super) stream: UnixStream,
    pub(super) status: Status,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    pub fn new(stream: UnixStream, script: Arc<Mutex<Script>>) -> Self {
        Self { stream, status: Status::default(), script }
    }

    pub fn receive(&mut self, into: &mut [u8]) -> Received {
        let mut script = lock(&self.script);
        self.status.blocked |= script.blocked_by_reading;
        let Some((bytes, more)) = script.reads.pop_front() else { return Received::Drained(0) };
        into[..bytes.len()].copy_from_slice(bytes);
        if more { Received::MaybeMore(bytes.len()) } else { Received::Drained(bytes.len()) }
    }

    pub fn send<T: Owned>(&mut self, outbound: &Outbound<T>) -> Sent {
        let mut script = lock(&self.script);
        let waiting = outbound.contiguous().unwrap_or_default();
        let bytes = script.takes.pop_front().unwrap_or(waiting.len()).min(waiting.len());
        script.writes += 1;
        script.sent.extend_from_slice(&waiting[..bytes]);
        self.status.blocked = bytes < waiting.len() && !script.takes_again;
        Sent::Taken { bytes, blocked: self.status.blocked }
    }

    pub fn shutdown(&mut self) {
        lock(&self.script).is_shut = true;
    }

    pub fn dismiss(self, words: &[u8]) {
        lock(&self.script).sent.extend_from_slice(words);
    }

    pub fn local_ip(&self) -> io::Result<IpAddr> {
        Ok(Ipv4Addr::LOCALHOST.into())
    }
}

/// A test that has failed has poisoned it; then nothing counts any more.
fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}
