//! A client's bytes: framed where they lie, paced, handed on packet by packet.
//! Only what can't be handled yet is kept. Pausing and resuming a client is here
//! too. Never: what a packet asks for.

use super::address::AddressBudget;
use super::client::{CloseMode, Input, Pauses, Removal, State, Timers};
use super::effect::{Effect, Ended};
use super::id::{ConnId, Moment};
use super::shard::Shard;
use super::work;
use crate::limits;
use crate::wire::wipe::{push_wiping, wipe_front, wipe_whole};
use crate::wire::{Code, Decoded};

impl<S> Shard<S> {
    /// Its socket gave these bytes.
    pub fn received(&mut self, now: Moment, id: ConnId, bytes: &[u8]) {
        self.now = now;
        self.own_counters().bytes_in.add(bytes.len() as u64);
        self.work.spend_on_tick(work::of_read(bytes.len()));
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Some(budget) = &client.budget {
            budget.charge_bytes(now, &self.address_pace, bytes.len());
            let units = work::of_read(bytes.len());
            if units > limits::FREE_WORK_MAX {
                budget.charge_work(now, &self.address_pace, units);
            }
        }
        if client.is_closing() {
            return;
        }
        if client.inbound.is_empty() {
            let used = self.consume(id, bytes);
            self.keep(id, &bytes[used..]);
        } else {
            let mut kept = self.take_inbound(id);
            push_wiping(&mut kept, bytes);
            self.has_heard_secret |= self.has_accounts();
            self.consume_kept(id, kept);
        }
        self.check_invariants();
    }

    /// Its input has ended. What came before is still handled: now, or when
    /// nothing pauses it any more.
    pub fn ended(&mut self, now: Moment, id: ConnId, how: Ended) {
        self.now = now;
        self.work.spend_on_tick(work::READ);
        self.end_input(id, how);
        self.check_invariants();
    }

    pub(super) fn end_input(&mut self, id: ConnId, how: Ended) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.input = match (how, client.input) {
            (Ended::Reset, _) | (_, Input::Broken | Input::Reset) => Input::Reset,
            (Ended::Politely, Input::Drain { .. }) => Input::Drain { ended: true },
            (Ended::Politely, Input::Open | Input::Ended) => Input::Ended,
        };
        match (client.state(), how) {
            (State::Greeting | State::Challenged | State::Claiming | State::User, _) => {
                self.handle_inbound(id);
            }
            (State::Closing(_), Ended::Reset) | (State::Lingering, _) => self.drop_client(id),
            (State::Closing(CloseMode::Linger), Ended::Politely) => {
                client.set_close_mode(CloseMode::Close);
                self.advance_closing(id);
            }
            (State::Closing(CloseMode::Close | CloseMode::Bye), Ended::Politely) => {}
        }
    }

    /// From here on its next packet waits, until [`Shard::resume`] is called for
    /// this reason and no other is left.
    pub(super) fn pause(&mut self, id: ConnId, reason: Pauses) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.pauses |= reason;
        match reason {
            Pauses::RATE => self.arm(id, Timers::RATE, self.now.after(self.pace.pause)),
            Pauses::QUANTUM => self.out_of_quantum.push_back(id),
            Pauses::QUERY => self.arm(id, Timers::QUERY, self.now.after(limits::QUERY_TIMEOUT)),
            Pauses::STORE => self.arm(id, Timers::STORE, self.now.after(limits::STORE_TIMEOUT)),
            // Whoever pauses it knows what ends that.
            _ => {}
        }
    }

    /// A reason to wait is gone: handles what was kept and goes on reading, if
    /// there is no other.
    pub(super) fn resume(&mut self, id: ConnId, reason: Pauses) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.pauses -= reason;
        self.handle_inbound(id);
    }

    /// Handles what was kept, then goes on reading.
    pub(super) fn handle_inbound(&mut self, id: ConnId) {
        if self.consume_inbound(id) {
            self.effects.push(Effect::Read(id));
        }
    }

    /// Removes a client, once what was received of it before is handled: within
    /// its quantum, but whatever else it had to wait for.
    pub(super) fn remove(&mut self, id: ConnId, removal: Removal) {
        self.answer_owed(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        client.cold().removal.get_or_insert(removal);
        if !client.input.is_gone() {
            client.input = Input::Drain { ended: client.input.has_ended() };
        }
        self.handle_inbound(id);
    }

    /// Handles what was kept; whether more may come.
    pub(super) fn consume_inbound(&mut self, id: ConnId) -> bool {
        let kept = self.take_inbound(id);
        if !kept.is_empty() {
            self.consume_kept(id, kept);
        }
        let Some(client) = self.clients.get(id) else { return false };
        if client.input.is_drained() {
            if client.is_closing() || client.effective_pauses(self.stopping).is_empty() {
                self.finish_removal(id);
            }
            return false;
        }
        let waits = client.is_claiming() || !client.effective_pauses(self.stopping).is_empty();
        if client.is_closing() || waits {
            return false;
        }
        let ended = client.input.has_ended();
        if ended {
            self.finish_input(id);
        }
        !ended
    }

    fn consume_kept(&mut self, id: ConnId, mut kept: Vec<u8>) {
        let used = self.consume(id, &kept);
        let stays = self.clients.get(id).is_some_and(|client| !client.is_closing());
        if stays && used < kept.len() {
            wipe_front(&mut kept, used);
            self.put_inbound(id, kept);
        } else {
            wipe_whole(&mut kept);
        }
    }

    fn keep(&mut self, id: ConnId, rest: &[u8]) {
        if !rest.is_empty() && self.clients.get(id).is_some_and(|client| !client.is_closing()) {
            self.has_heard_secret |= self.has_accounts();
            self.put_inbound(id, rest.to_vec());
        }
    }

    /// Handles packets from the front of `bytes` until one is torn or has to
    /// wait; returns how many bytes are dealt with.
    fn consume(&mut self, id: ConnId, bytes: &[u8]) -> usize {
        self.work.begin_quantum();
        let used = self.consume_within_quantum(id, bytes);
        self.work.end_quantum();
        used
    }

    fn consume_within_quantum(&mut self, id: ConnId, bytes: &[u8]) -> usize {
        let Some(client) = self.clients.get(id) else { return bytes.len() };
        let (client, used) = if client.is_greeting() {
            if self.waits_for_login(id) {
                return 0;
            }
            let greeted = self.greet(id, bytes, false);
            let Some(greeted) = greeted else { return bytes.len() };
            let Some(client) = self.clients.get(id) else { return greeted };
            (client, greeted)
        } else {
            (client, 0)
        };
        if !client.is_user() && !client.is_challenged() {
            return used;
        }
        match &client.budget {
            Some(budget) if self.address_pace.is_on() => {
                let budget = budget.clone();
                self.consume_within_budget(id, bytes, used, &budget)
            }
            _ => self.consume_packets(id, bytes, used),
        }
    }

    /// [`Shard::consume`] for one that has a name: its address pays once for all
    /// packets that came in one go, since workers share its budget.
    fn consume_within_budget(
        &mut self,
        id: ConnId,
        bytes: &[u8],
        at: usize,
        budget: &AddressBudget,
    ) -> usize {
        if self.waits_for_address(id, budget.heard_at()) {
            return at;
        }
        let before = self.own_counters().packets_in.get();
        let used = self.consume_packets(id, bytes, at);
        budget.charge_packets(
            self.now,
            &self.address_pace,
            self.own_counters().packets_in.get() - before,
        );
        if self.work.quantum > limits::FREE_WORK_MAX {
            budget.charge_work(self.now, &self.address_pace, self.work.quantum);
        }
        used
    }

    /// Whether it is not heard yet because its address has logged in too often of late;
    /// its login is paid for when it is heard first.
    pub(super) fn waits_for_login(&mut self, id: ConnId) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let Some(budget) = client.budget.clone() else { return false };
        if client.login_paid || !self.address_pace.is_on() || self.stopping {
            return false;
        }
        if budget.login_at() > self.now {
            let due = self.now.after(limits::RATE_PAUSE_MAX).max(budget.login_at());
            self.arm(id, Timers::ADDRESS_RATE, due);
            self.pause(id, Pauses::ADDRESS_RATE);
            return true;
        }
        client.login_paid = true;
        budget.charge_login(self.now, &self.address_pace);
        false
    }

    /// Whether nothing of it is read yet, because its address has logged in too often of
    /// late: what it begins with may be costly.
    pub fn waits_to_begin(&mut self, now: Moment, id: ConnId) -> bool {
        self.now = now;
        let Some(client) = self.clients.get(id) else { return false };
        let is_over = client.budget.as_ref().is_some_and(|budget| budget.login_at() > now);
        // Who is within the rate pays once it is known for what.
        client.is_greeting() && is_over && self.waits_for_login(id)
    }

    /// A handshake has begun, and is paid for as the login that it belongs to, whether or
    /// not one follows.
    pub fn handshake_began(&mut self, now: Moment, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Some(budget) = &client.budget
            && !std::mem::replace(&mut client.login_paid, true)
        {
            budget.charge_login(now, &self.address_pace);
        }
    }

    /// Its address may be within its rate again.
    pub(super) fn address_rate_timed_out(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_greeting() {
            client.greets_late = true;
            if self.waits_for_login(id) {
                return;
            }
        }
        self.resume(id, Pauses::ADDRESS_RATE);
    }

    /// Its connection is broken, though something of it may be left to read. Who waits to
    /// log in will not be heard: others may wait longer for a place.
    pub fn hung_up(&mut self, now: Moment, id: ConnId) {
        self.now = now;
        let Some(client) = self.clients.get(id) else { return };
        if client.is_greeting() && client.pauses.contains(Pauses::ADDRESS_RATE) {
            self.drop_client(id);
        }
    }

    /// Whether it has to wait because its address is over its rate until then.
    /// Who is gone or removed does not wait: its address pays all the same.
    fn waits_for_address(&mut self, id: ConnId, until: Moment) -> bool {
        let hurried = self.clients.get(id).is_none_or(|client| client.input.is_final());
        if until <= self.now || hurried || self.stopping {
            return false;
        }
        self.arm(id, Timers::ADDRESS_RATE, until.max(self.now.after(limits::RATE_PAUSE_MIN)));
        self.pause(id, Pauses::ADDRESS_RATE);
        true
    }

    /// [`Shard::consume`] for one that has a name.
    fn consume_packets(&mut self, id: ConnId, bytes: &[u8], mut at: usize) -> usize {
        let limit = self.settings.packet_bytes_max;
        let quantum = self.settings.quantum_work_max;
        while at < bytes.len() {
            let Some(client) = self.clients.get_mut(id) else { return at };
            at += client.codec.padding(&bytes[at..]);
            if at == bytes.len() || client.is_closing() {
                return at;
            }
            // The usual case needs no second look at the client.
            let quantum_used = self.work.quantum >= quantum;
            let may_have_to_wait =
                quantum_used || self.stopping || !client.may_be_heard(self.now, &self.pace);
            let client = if may_have_to_wait {
                if self.must_wait(id, quantum_used) {
                    return at;
                }
                let Some(client) = self.clients.get_mut(id) else { return at };
                client
            } else {
                client
            };
            // By reference: a packet is large, and would be copied.
            match &client.codec.next(&bytes[at..], limit) {
                Decoded::Packet { packet, end, effort } => {
                    let ordinal = client.count(self.now, &self.pace);
                    self.count_parsed(*effort);
                    self.handle(id, ordinal, packet);
                    at += end;
                }
                Decoded::Malformed { end } => {
                    let ordinal = client.count(self.now, &self.pace);
                    self.count_parsed(*end);
                    self.refuse(id, ordinal, Code::Malformed, None);
                    at += end;
                }
                Decoded::TooLarge => {
                    let ordinal = client.count(self.now, &self.pace);
                    self.count_parsed(bytes.len() - at);
                    self.refuse(id, ordinal, Code::TooLarge, None);
                }
                Decoded::More { keep, scanned } => {
                    self.work.spend(work::of_scanned(*scanned));
                    return at + keep;
                }
            }
        }
        at
    }

    /// One packet more, of which so many bytes were looked at one by one.
    #[inline(always)]
    fn count_parsed(&mut self, bytes: usize) {
        self.work.spend(work::of_parsed(bytes));
        self.own_counters().packets_in.add(1);
    }

    /// Its ordinal for a packet that is refused before it could be handled.
    pub(super) fn count_packet(&mut self, id: ConnId) -> u64 {
        self.own_counters().packets_in.add(1);
        let (now, pace) = (self.now, self.pace);
        self.clients.get_mut(id).map_or(0, |client| client.count(now, &pace))
    }

    /// Whether its next packet has to wait, and if so for what.
    #[inline(never)]
    fn must_wait(&mut self, id: ConnId, quantum_used: bool) -> bool {
        let Some(client) = self.clients.get(id) else { return true };
        if !client.effective_pauses(self.stopping).is_empty() {
            return true;
        }
        let hurried = client.input.is_final() || self.stopping;
        if !hurried && client.is_over_rate(self.now, &self.pace) {
            self.pause(id, Pauses::RATE);
            return true;
        }
        if quantum_used {
            self.pause(id, Pauses::QUANTUM);
        }
        quantum_used
    }

    /// Nothing more will come and all that came is handled.
    fn finish_input(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        // Who is gone, and had not said who it is, or not been allowed to, never was here.
        if client.is_greeting() && !client.input.is_gone() {
            let mut kept = self.take_inbound(id);
            self.greet(id, &kept, true);
            wipe_whole(&mut kept);
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_claiming() {
            // It ends when it has its name, or is refused it.
            return;
        }
        if client.codec.finish() && !client.is_closing() {
            let ordinal = self.count_packet(id);
            self.refuse(id, ordinal, Code::Malformed, None);
        }
        self.close(id, CloseMode::Close);
        if self.clients.get(id).is_some_and(|client| client.input.is_gone()) {
            self.drop_client(id);
        }
    }
}
