//! A client's bytes: framed where they lie, paced, handed on packet by packet.
//! Only what can't be handled yet is kept. Never: what a packet asks for.

use super::client::{Flags, Stage, Then};
use super::deadlines::Kind;
use super::id::{ConnId, Moment};
use super::refusal::Code;
use super::shard::{Effect, Ended, Shard};
use crate::limits;
use crate::wire::framer::is_white_space;
use crate::wire::{Packet, Step, canonical};
use std::mem;

impl<S> Shard<S> {
    /// Its socket gave these bytes.
    pub fn received(&mut self, now: Moment, id: ConnId, bytes: &[u8]) {
        self.now = now;
        self.tally().bytes_in.add(bytes.len() as u64);
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
        match &mut client.stage {
            Stage::Closing { then, .. } => {
                if how == Ended::Reset || *then == Then::Lingering {
                    self.drop_client(id);
                } else if *then == Then::Linger {
                    *then = Then::Close;
                    self.settle(id);
                }
            }
            _ => self.resume(id),
        }
    }

    /// Handles what was kept, then goes on reading.
    pub(super) fn resume(&mut self, id: ConnId) {
        if self.consume_inbound(id) {
            self.effects.push(Effect::Read(id));
        }
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
    /// the server stops, only what is behind a question waits: its answers
    /// would be taken for those to the next one.
    fn holds(&self, id: ConnId) -> bool {
        self.clients.get(id).is_some_and(|client| match client.flags {
            Flags { reset: true, .. } => false,
            Flags { held_asking, .. } if self.stopping => held_asking,
            _ => client.is_held(),
        })
    }

    /// Handles packets from the front of `bytes` until one is torn or has to
    /// wait; returns how many bytes are dealt with.
    fn consume(&mut self, id: ConnId, bytes: &[u8]) -> usize {
        let Some(client) = self.clients.get(id) else { return bytes.len() };
        let mut used = 0;
        if matches!(client.stage, Stage::Greeting) {
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
        let limit = self.rules.packet_bytes_max;
        loop {
            let Some(client) = self.clients.get_mut(id) else { return at };
            if client.framer.is_between() {
                while bytes.get(at).copied().is_some_and(is_white_space) {
                    at += 1;
                }
            }
            if at == bytes.len() || client.is_closing() || !self.may_go_on(id) {
                return at;
            }
            let Some(client) = self.clients.get_mut(id) else { return at };
            if client.framer.is_between()
                && let Some((packet, length)) = canonical::read(&bytes[at..])
                && length <= limit
            {
                at += length;
                self.count_packet(id);
                self.handle(id, &packet);
                continue;
            }
            match client.framer.next(&bytes[at..], limit) {
                Step::Packet { start, end } => {
                    let frame = &bytes[at + start..at + end];
                    at += end;
                    let ordinal = self.count_packet(id);
                    match Packet::parse(frame) {
                        Ok(packet) => self.handle(id, &packet),
                        Err(_) => self.refuse(id, ordinal, Code::Malformed, None),
                    }
                }
                Step::Malformed { end } => {
                    at += end;
                    let ordinal = self.count_packet(id);
                    self.refuse(id, ordinal, Code::Malformed, None);
                }
                Step::TooLarge => {
                    let ordinal = self.count_packet(id);
                    self.refuse(id, ordinal, Code::TooLarge, None);
                }
                Step::More { keep } => return at + keep,
            }
        }
    }

    /// Whether its next packet may be handled now. If not, something will say
    /// when: the queue that empties, the answer that comes, a deadline.
    fn may_go_on(&mut self, id: ConnId) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        if client.flags.reset || self.stopping {
            return !self.holds(id);
        }
        client.flags.held_queue |= client.queued_bytes() > self.rules.queue_bytes_max;
        if client.is_held() {
            return false;
        }
        let saved_up = limits::RATE_BURST.as_nanos() as u64;
        let interval = self.rules.packet_interval_ns();
        if client.paid_until_ns + interval > self.now.0 + saved_up {
            client.flags.held_pace = true;
            self.deadlines.push(self.now.after(self.rules.rate_pause()), Kind::Pace, id);
            return false;
        }
        true
    }

    /// Its ordinal for the packet at hand, which is paid for.
    pub(super) fn count_packet(&mut self, id: ConnId) -> u64 {
        self.tally().packets_in.add(1);
        let interval = self.rules.packet_interval_ns();
        let Some(client) = self.clients.get_mut(id) else { return 0 };
        client.paid_until_ns = client.paid_until_ns.max(self.now.0) + interval;
        client.ordinal += 1;
        client.ordinal
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
        if matches!(client.stage, Stage::Greeting) {
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
