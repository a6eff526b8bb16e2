//! A worker's part that deals with bytes: who is ready, one `recv` a turn, one
//! flush a tick. Never: what the bytes mean, when the time for this is.

use super::{LAST_LISTENER, SIGNALS, WAKER, Worker};
use crate::chat::{ConnId, Effect, Ended};
use crate::net::socket::{Received, Sent, Socket};
use mio::event::Event;
use mio::{Interest, Token};
use std::io;

impl Worker {
    /// Remembers what an event says; nothing is done yet.
    pub(super) fn note(&mut self, event: &Event) {
        match event.token() {
            WAKER => {}
            SIGNALS => {
                if let Some(control) = &mut self.parts.control {
                    control.signalled();
                }
            }
            Token(token) if token > LAST_LISTENER - self.parts.listeners.len() => {
                self.accept_ready = true;
            }
            Token(token) => {
                let id = ConnId::from_bits(token as u64);
                if event.is_writable()
                    && let Some(socket) = self.parts.shard.socket(id)
                {
                    socket.is_full = false;
                    self.effects.push(Effect::Flush(id));
                }
                let ended = event.is_read_closed() || event.is_error();
                if event.is_readable() || ended {
                    self.queue_read(id, ended);
                }
            }
        }
    }

    pub(super) fn queue_read(&mut self, id: ConnId, read_until_would_block: bool) {
        let Some(socket) = self.parts.shard.socket(id) else { return };
        socket.read_until_would_block |= read_until_would_block;
        if !socket.read_queued {
            socket.read_queued = true;
            self.ready.push_back(id);
        }
    }

    /// Gives each of those in line one turn, unless messages are piling up
    /// somewhere: then nobody reads, and TCP tells the senders. How many had a
    /// turn.
    pub(super) fn read_ready(&mut self) -> io::Result<usize> {
        if self.ready.is_empty() || self.in_flight().is_congested() {
            return Ok(0);
        }
        let turns = self.ready.len();
        for _ in 0..turns {
            if self.parts.shard.is_tick_over() {
                // Others wait for what is due and for what is to be flushed.
                break;
            }
            if let Some(id) = self.ready.pop_front() {
                self.read(id);
                self.flush_early()?;
            }
        }
        Ok(turns)
    }

    /// One turn: one `recv`.
    fn read(&mut self, id: ConnId) {
        let wanted = self.parts.shard.wants_bytes(id);
        let turn = self.parts.shard.quantum_bytes();
        let Some(socket) = self.parts.shard.socket(id) else { return };
        socket.read_queued = false;
        if !wanted {
            // When it is wanted again, an effect says so; the end may have
            // been announced by then.
            socket.read_until_would_block = true;
            return;
        }
        let received = socket.receive(&mut self.scratch[..turn]);
        let read_until_would_block = socket.read_until_would_block;
        match received {
            Received::Bytes(count) => {
                self.parts.shard.received(self.now, id, &self.scratch[..count]);
                if read_until_would_block || count == turn {
                    self.queue_read(id, read_until_would_block);
                }
            }
            Received::Nothing => socket.read_until_would_block = false,
            Received::End => self.parts.shard.ended(self.now, id, Ended::Politely),
            Received::Broken => self.parts.shard.ended(self.now, id, Ended::Reset),
        }
    }

    /// Hands the socket what waits for it: one `send` as a rule, none where it
    /// is known to be full. How many bytes it took.
    pub(super) fn flush(&mut self, id: ConnId) -> usize {
        let mut taken = 0;
        while let Some((socket, outbound)) = self.parts.shard.to_send(id) {
            if socket.is_full {
                track_queued(&mut self.queue_bytes, socket, outbound.queued_bytes());
                // For last words it is too late then.
                self.parts.shard.blocked(self.now, id);
                break;
            }
            match socket.send(outbound) {
                Sent::Broken => {
                    self.parts.shard.broken(self.now, id);
                    break;
                }
                Sent::Bytes { count, full } => {
                    socket.is_full = full;
                    let left = outbound.queued_bytes() - count;
                    let rest = left > 0;
                    track_queued(&mut self.queue_bytes, socket, left);
                    taken += count;
                    if count > 0 {
                        self.parts.shard.sent(self.now, id, count);
                    }
                    if full {
                        self.parts.shard.blocked(self.now, id);
                    }
                    if full || !rest {
                        self.watch_for_room(id, full);
                        break;
                    }
                }
            }
        }
        taken
    }

    /// Write interest only while bytes remain.
    fn watch_for_room(&mut self, id: ConnId, watch: bool) {
        let Some(socket) = self.parts.shard.socket(id) else { return };
        if watch == socket.watched_for_room {
            return;
        }
        socket.watched_for_room = watch;
        let writable = Interest::READABLE | Interest::WRITABLE;
        let interest = if watch { writable } else { Interest::READABLE };
        let token = Token(id.to_bits() as usize);
        if self.parts.poll.registry().reregister(&mut socket.stream, token, interest).is_err() {
            self.parts.shard.broken(self.now, id);
        }
    }

    pub(super) fn register(&mut self, id: ConnId) {
        let Some(socket) = self.parts.shard.socket(id) else { return };
        let token = Token(id.to_bits() as usize);
        let interest = Interest::READABLE;
        if self.parts.poll.registry().register(&mut socket.stream, token, interest).is_err() {
            self.parts.shard.ended(self.now, id, Ended::Reset);
        }
    }
}

/// So much of its queue is left: as a rule nothing, as before.
fn track_queued(queue_bytes: &mut u64, socket: &mut Socket, left: usize) {
    if left > 0 || socket.left_bytes > 0 {
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        *queue_bytes += u64::from(left);
        *queue_bytes -= u64::from(socket.left_bytes);
        socket.left_bytes = left;
    }
}
