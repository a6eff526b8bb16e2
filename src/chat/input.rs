//! A client's bytes: framed where they lie, paced, handed on packet by packet.
//! Only what can't be handled yet is kept. Never: what a packet asks for.

use super::client::{Flags, Hold, Then};
use super::deadlines::Kind;
use super::id::{ConnId, Moment};
use super::refusal::Code;
use super::shard::{Effect, Ended, Shard};
use crate::wire::framer::is_white_space;
use crate::wire::{Packet, Step, canonical};
use std::mem;

impl<S> Shard<S> {
    /// Its socket gave these bytes.
    pub fn received(&mut self, now: Moment, id: ConnId, bytes: &[u8]) {
        self.now = now;
        self.own_counters().bytes_in.add(bytes.len() as u64);
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_closing() {
            return;
        }
        if client.inbound.is_empty() {
            let used = self.consume(id, bytes);
            self.keep(id, &bytes[used..]);
        } else {
            let mut kept = mem::take(&mut client.inbound);
            kept.extend_from_slice(bytes);
            self.consume_kept(id, kept);
        }
    }

    /// Its input has ended. What came before is still handled: now, or when
    /// nothing holds it back any more.
    pub fn ended(&mut self, now: Moment, id: ConnId, how: Ended) {
        self.now = now;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.flags.ended = true;
        client.flags.reset |= how == Ended::Reset;
        match client.closing() {
            Some((_, then)) => {
                if how == Ended::Reset || *then == Then::Lingering {
                    self.drop_client(id);
                } else if *then == Then::Linger {
                    *then = Then::Close;
                    self.settle(id);
                }
            }
            None => self.resume(id),
        }
    }

    /// Handles what was kept, then goes on reading.
    pub(super) fn resume(&mut self, id: ConnId) {
        if self.consume_inbound(id) {
            self.effects.push(Effect::Read(id));
        }
    }

    /// Handles what was kept of one who is about to be thrown out, whatever it
    /// had to wait for: it was received before.
    pub(super) fn hurry(&mut self, id: ConnId) {
        self.answer_guesser(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        client.flags.hurried = true;
        let kept = mem::take(&mut client.inbound);
        self.consume(id, &kept);
    }

    /// Handles what was kept; whether more may come.
    pub(super) fn consume_inbound(&mut self, id: ConnId) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let kept = mem::take(&mut client.inbound);
        if !kept.is_empty() {
            self.consume_kept(id, kept);
        }
        let Some(client) = self.clients.get(id) else { return false };
        if client.is_closing() || self.holds(id) {
            return false;
        }
        let ended = client.flags.ended;
        if ended {
            self.finish_input(id);
        }
        !ended
    }

    fn consume_kept(&mut self, id: ConnId, mut kept: Vec<u8>) {
        let used = self.consume(id, &kept);
        if used == kept.len() {
            return;
        }
        kept.drain(..used);
        if let Some(client) = self.clients.get_mut(id)
            && !client.is_closing()
        {
            client.inbound = kept;
        }
    }

    fn keep(&mut self, id: ConnId, rest: &[u8]) {
        if !rest.is_empty()
            && let Some(client) = self.clients.get_mut(id)
            && !client.is_closing()
        {
            client.inbound = rest.to_vec();
        }
    }

    /// Whether the next packet has to wait. Nothing waits behind a reset. When
    /// the server stops, only what is behind a query waits: its answers
    /// would be taken for those to the next one.
    fn holds(&self, id: ConnId) -> bool {
        self.clients.get(id).is_some_and(|client| match client.flags {
            Flags { reset: true, .. } | Flags { hurried: true, .. } => false,
            Flags { held_asking, .. } if self.stopping => held_asking,
            _ => client.is_held(),
        })
    }

    /// Handles packets from the front of `bytes` until one is torn or has to
    /// wait; returns how many bytes are dealt with.
    fn consume(&mut self, id: ConnId, bytes: &[u8]) -> usize {
        let Some(client) = self.clients.get(id) else { return bytes.len() };
        let mut used = 0;
        if client.is_greeting() {
            let Some(greeted) = self.greet(id, bytes, false) else { return bytes.len() };
            used = greeted;
        }
        match self.clients.get(id) {
            Some(client) if client.is_user() => self.consume_packets(id, bytes, used),
            _ => used,
        }
    }

    /// [`Shard::consume`] for one that has a name.
    fn consume_packets(&mut self, id: ConnId, bytes: &[u8], mut at: usize) -> usize {
        let limit = self.settings.packet_bytes_max;
        let turn = self.settings.deliveries_per_quantum_max;
        self.deliveries = 0;
        loop {
            let Some(client) = self.clients.get_mut(id) else { return at };
            if client.framer.is_between() {
                while bytes.get(at).copied().is_some_and(is_white_space) {
                    at += 1;
                }
            }
            if at == bytes.len() || client.is_closing() {
                return at;
            }
            let queue_bytes = self.settings.queue_bytes_max;
            let (out_of_quantum, stopping) = (self.deliveries >= turn, self.stopping);
            if let Some(hold) =
                client.hold(self.now, &self.pace, queue_bytes, out_of_quantum, stopping)
            {
                match hold {
                    Hold::Pace => {
                        self.deadlines.push(self.now.after(self.pace.pause), Kind::Pace, id);
                    }
                    Hold::Quantum => self.out_of_quantum.push(id),
                    Hold::Other => {}
                }
                return at;
            }
            if client.framer.is_between()
                && let Some((packet, length)) = canonical::read(&bytes[at..])
                && length <= limit
            {
                at += length;
                let ordinal = client.count(self.now, &self.pace);
                self.own_counters().packets_in.add(1);
                self.handle(id, ordinal, &packet);
                continue;
            }
            let step = client.framer.next(&bytes[at..], limit);
            if let Step::More { keep } = step {
                return at + keep;
            }
            let ordinal = client.count(self.now, &self.pace);
            self.own_counters().packets_in.add(1);
            match step {
                // White space was passed above, and what is torn is kept from
                // its first byte: it begins here.
                Step::Packet { end, .. } => {
                    match Packet::parse(&bytes[at..at + end]) {
                        Ok(packet) => self.handle(id, ordinal, &packet),
                        Err(_) => self.refuse(id, ordinal, Code::Malformed, None),
                    }
                    at += end;
                }
                Step::Malformed { end } => {
                    self.refuse(id, ordinal, Code::Malformed, None);
                    at += end;
                }
                Step::TooLarge | Step::More { .. } => {
                    self.refuse(id, ordinal, Code::TooLarge, None);
                }
            }
        }
    }

    /// Its ordinal for a packet that is refused before it could be handled.
    pub(super) fn count_packet(&mut self, id: ConnId) -> u64 {
        self.own_counters().packets_in.add(1);
        let (now, pace) = (self.now, self.pace);
        self.clients.get_mut(id).map_or(0, |client| client.count(now, &pace))
    }

    pub(super) fn pace_due(&mut self, id: ConnId) {
        if let Some(client) = self.clients.get_mut(id) {
            client.flags.held_pace = false;
            self.resume(id);
        }
    }

    /// Nothing more will come and all that came is handled.
    fn finish_input(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_greeting() {
            let kept = mem::take(&mut client.inbound);
            self.greet(id, &kept, true);
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.framer.finish() && !client.is_closing() {
            let ordinal = self.count_packet(id);
            self.refuse(id, ordinal, Code::Malformed, None);
        }
        self.leave(id, Then::Close);
        if self.clients.get(id).is_some_and(|client| client.flags.reset) {
            self.drop_client(id);
        }
    }
}
