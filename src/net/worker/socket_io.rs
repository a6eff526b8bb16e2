//! A worker's reading and writing: which sockets are ready, one read a turn, one
//! flush a tick. Never: what the bytes mean, or how a kind of transport is read.

use super::state::{LAST_LISTENER, SIGNALS, WAKER, Worker};
use crate::chat::{Code, ConnId, Ended};
use crate::net::transport::{Readiness, Received, Sent, Transport};
use crate::wire::wipe::wipe;
use mio::Token;
use mio::event::Event;
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
                let Some(transport) = self.parts.shard.socket(id) else { return };
                let readiness = transport.notice(Readiness::of(event));
                if readiness.broken {
                    self.broken.push_back(id);
                }
                if readiness.writable {
                    self.writable.push_back(id);
                }
                if readiness.readable {
                    self.queue_read(id);
                }
            }
        }
    }

    /// Tells the shard whose connections are broken, as many as there is time for.
    pub(super) fn tell_broken(&mut self) {
        while !self.parts.shard.is_tick_over()
            && let Some(id) = self.broken.pop_front()
        {
            self.parts.shard.hung_up(self.now, id);
        }
    }

    /// Queues it to be read.
    pub(super) fn queue_read(&mut self, id: ConnId) {
        let Some(transport) = self.parts.shard.socket(id) else { return };
        let status = transport.status_mut();
        if !std::mem::replace(&mut status.read_queued, true) {
            if self.parts.shard.goes_first(id) {
                self.ready.push_back(id);
            } else {
                self.ready_later.push_back(id);
            }
        }
    }

    /// [`Worker::queue_read`] of one whose events may have been passed over.
    pub(super) fn queue_read_rechecked(&mut self, id: ConnId) {
        let Some(transport) = self.parts.shard.socket(id) else { return };
        transport.recheck();
        self.queue_read(id);
    }

    /// Reads each queued connection once, unless a mailbox is congested: then nothing
    /// is read, and TCP slows the senders. First those whose address has used little
    /// work, and the effects of that; then the others. Returns how many were read, and
    /// whether there was no time for some of those who go first.
    pub(super) fn read_ready(&mut self) -> io::Result<(usize, bool)> {
        let waiting = self.ready.len() + self.ready_later.len();
        if waiting == 0 || self.in_flight().is_congested() {
            return Ok((0, false));
        }
        let mut turns = 0;
        let mut cut_short = false;
        for _ in 0..self.ready.len() {
            if self.parts.shard.is_tick_over() {
                // Others wait for what is due and for what is to be flushed.
                cut_short = turns > 0;
                break;
            }
            let Some(id) = self.ready.pop_front() else { break };
            if !self.parts.shard.goes_first(id) {
                // Much has been done for its address since it was put in line.
                self.ready_later.push_back(id);
                continue;
            }
            self.read(id);
            self.flush_early()?;
            turns += 1;
        }
        if self.ready_later.is_empty() {
            return Ok((turns, cut_short));
        }
        let flushes_wait = cut_short || !self.flushes.is_empty();
        if !flushes_wait {
            self.carry_out();
            self.send_batches()?;
        }
        for turn in 0..self.ready_later.len() {
            // One at the least, or those who go first could keep all others from it.
            if turn > 0 && (flushes_wait || self.parts.shard.is_tick_over()) {
                break;
            }
            if let Some(id) = self.ready_later.pop_front() {
                self.read(id);
                self.flush_early()?;
                turns += 1;
            }
        }
        Ok((turns, cut_short))
    }

    /// One turn: one read.
    fn read(&mut self, id: ConnId) {
        let wanted = self.parts.shard.wants_bytes(id);
        let turn = self.parts.shard.quantum_bytes();
        let Some(transport) = self.parts.shard.socket(id) else { return };
        let status = transport.status_mut();
        status.read_queued = false;
        // What it says first may be a handshake, which costs as much as a login.
        let waits = wanted && status.fresh && self.parts.shard.waits_to_begin(self.now, id);
        let Some(transport) = self.parts.shard.socket(id) else { return };
        if !wanted || waits {
            // An effect resumes reading; the end of the stream may have been
            // announced by then.
            transport.recheck();
            return;
        }
        let received = transport.receive(&mut self.scratch, turn, &mut self.parts.transports);
        let held = transport.held_bytes();
        if transport.is_interest_stale() {
            self.update_interest(id);
        }
        if let Some(bytes) = held {
            self.parts.shard.transport_holds(id, bytes);
        }
        self.account_for_tls(id);
        match received {
            Received::Drained(count) => self.hand_on(id, count),
            Received::MaybeMore(count) => {
                self.hand_on(id, count);
                self.queue_read(id);
            }
            Received::Unencrypted => {
                self.parts.shard.refused_opening(self.now, id, Code::TlsRequired);
            }
            Received::End => self.parts.shard.ended(self.now, id, Ended::Politely),
            Received::Broken => self.parts.shard.ended(self.now, id, Ended::Reset),
        }
    }

    /// What TLS has cost counts like everything that clients cause; a handshake is paid
    /// for like a login, and is one; why it failed is logged.
    fn account_for_tls(&mut self, id: ConnId) {
        let work = self.parts.transports.take_work();
        if work > 0 {
            self.parts.shard.spend_for(self.now, id, work);
            if self.parts.transports.take_begun() {
                self.parts.shard.handshake_began(self.now, id);
            }
            if let Some(names) = self.parts.transports.take_secured() {
                self.parts.shard.secured(id, &names);
            }
            if let Some(why) = self.parts.transports.take_failure()
                && let Some(peer) = self.parts.shard.peer(id)
            {
                self.event_log.handshake_failed(self.now, peer, &why);
            }
        }
    }

    /// What a transport holds counts as input that is kept.
    pub(super) fn note_held(&mut self, id: ConnId) {
        let held = self.parts.shard.socket(id).and_then(Transport::held_bytes);
        if let Some(bytes) = held {
            self.parts.shard.transport_holds(id, bytes);
        }
    }

    /// So many bytes in the scratch space are from this connection.
    fn hand_on(&mut self, id: ConnId, count: usize) {
        if count > 0 {
            self.parts.shard.received(self.now, id, &self.scratch[..count]);
            if self.parts.shard.take_wiping() {
                wipe(&mut self.scratch[..count]);
            }
        }
    }

    /// Hands the transport what waits for it: usually one write, none where it
    /// is known to be blocked. How many bytes it took.
    pub(super) fn flush(&mut self, id: ConnId) -> usize {
        let mut taken = 0;
        while let Some((transport, outbound)) = self.parts.shard.to_send(id) {
            if transport.is_blocked() {
                track_queued(&mut self.queue_bytes, transport, outbound.queued_bytes());
                // A final flush has nothing to wait for then.
                self.parts.shard.blocked(self.now, id);
                break;
            }
            match transport.send(outbound, &mut self.scratch) {
                Sent::Broken => {
                    self.parts.shard.broken(self.now, id);
                    break;
                }
                Sent::Taken { bytes, blocked } => {
                    let left = outbound.queued_bytes() - bytes;
                    track_queued(&mut self.queue_bytes, transport, left);
                    taken += bytes;
                    let stale = transport.is_interest_stale();
                    if bytes > 0 {
                        self.parts.shard.sent(self.now, id, bytes);
                    }
                    if blocked {
                        self.parts.shard.blocked(self.now, id);
                        self.note_held(id);
                    }
                    if stale {
                        self.update_interest(id);
                    }
                    if blocked || left == 0 {
                        break;
                    }
                }
            }
        }
        taken
    }

    /// Watches for room only while the transport waits for it.
    pub(super) fn update_interest(&mut self, id: ConnId) {
        let Some(transport) = self.parts.shard.socket(id) else { return };
        let token = Token(id.to_bits() as usize);
        if transport.update_interest(self.parts.poll.registry(), token).is_err() {
            self.parts.shard.broken(self.now, id);
        }
    }

    pub(super) fn register(&mut self, id: ConnId) {
        let Some(transport) = self.parts.shard.socket(id) else { return };
        let token = Token(id.to_bits() as usize);
        match transport.register(self.parts.poll.registry(), token) {
            Ok(true) => self.queue_read(id),
            Ok(false) => {}
            Err(_) => self.parts.shard.ended(self.now, id, Ended::Reset),
        }
        self.note_held(id);
    }
}

/// So much of its queue is left: usually nothing, as before.
fn track_queued(queue_bytes: &mut u64, transport: &mut Transport, left: usize) {
    let status = transport.status_mut();
    if left > 0 || status.left_bytes > 0 {
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        *queue_bytes += u64::from(left);
        *queue_bytes -= u64::from(status.left_bytes);
        status.left_bytes = left;
    }
}
