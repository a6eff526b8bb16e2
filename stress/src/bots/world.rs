//! What a script can do: let bots arrive, write, ask, post, leave, hold still.

use super::cast::{Cast, Phase};
use crate::account::{Departure, Note, User};
use crate::driver::{Bot, Hands, Order};
use lanline::wire::{Endpoint, Framer, JsonText, packet};
use rand::RngExt;
use std::time::Instant;

/// Bytes that may wait for a server that doesn't read; no more is written at a
/// rate then.
const WAITING_BYTES_MAX: usize = 256 * 1024;

/// How a bot leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Closes its sending half and reads to the end.
    Finish,
    /// Asks `/quit` and reads to the end.
    Quit,
    Reset,
}

/// The cast and the hands of one event.
pub(crate) struct World<'a> {
    pub cast: &'a mut Cast,
    pub hands: &'a mut Hands,
}

impl World<'_> {
    pub(crate) fn now(&self) -> Instant {
        self.hands.now()
    }

    pub(crate) fn is_here(&self, bot: Bot) -> bool {
        self.cast.is_here(bot)
    }

    /// A number below `bound`, which is above 0.
    pub(crate) fn random(&mut self, bound: usize) -> usize {
        self.cast.random.random_range(0..bound)
    }

    /// Connects; the name follows by itself.
    pub(crate) fn arrive(&mut self, bot: Bot) {
        let user = if self.cast.is_stored() {
            self.cast.ledger.returned(bot as User);
            bot as User
        } else {
            self.cast.bots.push(bot);
            self.cast.ledger.open_account()
        };
        let began_at = self.cast.nanoseconds(self.hands.now());
        self.cast.seats = self.cast.seats.max(bot + 1);
        let player = &mut self.cast.players[bot];
        player.was_welcomed = false;
        player.phase = Phase::Arriving;
        player.user = user;
        player.connections += 1;
        // To the books it is one user, whose packets are numbered on.
        player.ordinals_before += player.ordinal;
        player.ordinal = 0;
        player.framer = Framer::default();
        player.asked.clear();
        player.began_at = began_at;
        player.last_words = None;
        self.hands.order(Order::Connect(bot));
    }

    /// Says who it is: every other one by a bare name, the rest by a packet.
    pub(super) fn greet(&mut self, bot: Bot) {
        if self.cast.is_stored() {
            self.log_in(bot);
        } else if self.cast.players[bot].user.is_multiple_of(2) {
            let name = self.cast.name(bot);
            let out = self.hands.outbox(bot);
            out.extend_from_slice(name.as_bytes());
            out.push(b'\n');
        } else {
            self.ask(bot, Endpoint::Time, "");
        }
    }

    /// By the first packet; what it asks for behind that waits for the welcome.
    fn log_in(&mut self, bot: Bot) {
        let login = JsonText::escape(&self.cast.logins[bot]);
        let (name, player) = (self.cast.name(bot), &mut self.cast.players[bot]);
        player.ordinal += 1;
        let last_id = player.last_id;
        let (out, to) = (self.hands.outbox(bot), Endpoint::Login.name());
        packet::push_packet(out, &name, "0.0.0.0", to, &login);
        if self.cast.wants_missed {
            self.ask(bot, Endpoint::Extend, "on");
            self.ask(bot, Endpoint::Replay, &last_id.to_string());
        }
    }

    /// Writes a note to another bot. False if it can't be sent now.
    pub(crate) fn say(&mut self, from: Bot, to: Bot) -> bool {
        self.write_to(from, to, self.hands.now())
    }

    /// [`World::say`] for a note that was due at `due`: its latency counts from
    /// there, so that one written late hides nothing.
    pub(crate) fn say_as_of(&mut self, from: Bot, to: Bot, due: Instant) -> bool {
        self.hands.waiting_bytes(from) < WAITING_BYTES_MAX && self.write_to(from, to, due)
    }

    fn write_to(&mut self, from: Bot, to: Bot, due: Instant) -> bool {
        let is_here = matches!(self.cast.players[to].phase, Phase::Here | Phase::Leaving);
        let is_known = is_here || self.cast.is_stored();
        if !self.is_here(from) || !is_known {
            return false;
        }
        let (sender, recipient) = (self.cast.players[from].user, self.cast.players[to].user);
        let to_name = self.cast.name(to);
        let (ordinal, sent_at) = self.write(from, &to_name, due);
        self.cast.ledger.sent(sender, recipient, ordinal, sent_at);
        true
    }

    /// Writes a note to all others, or to a room: to all whom `is_for` says.
    pub(crate) fn post(&mut self, from: Bot, to: &str, is_for: impl Fn(Bot) -> bool) -> bool {
        if !self.is_here(from) {
            return false;
        }
        let (ordinal, sent_at) = self.write(from, to, self.hands.now());
        let is_to_all = to == Endpoint::Broadcast.name();
        if is_to_all {
            let player = &mut self.cast.players[from];
            player.asked.push_back((Endpoint::Broadcast, player.ordinal));
        }
        let waits_for_all = is_to_all && self.cast.is_stored();
        let cast = &mut *self.cast;
        let recipients = cast
            .players
            .iter()
            .enumerate()
            .filter(|&(bot, player)| waits_for_all || player.phase == Phase::Here && is_for(bot))
            .filter(|&(bot, _)| bot != from)
            .map(|(_, player)| player.user);
        cast.ledger.posted(cast.players[from].user, to, recipients, ordinal, sent_at);
        true
    }

    /// Asks an endpoint.
    pub(crate) fn ask(&mut self, bot: Bot, endpoint: Endpoint, argument: &str) {
        let name = self.cast.name(bot);
        let player = &mut self.cast.players[bot];
        player.ordinal += 1;
        player.asked.push_back((endpoint, player.ordinal));
        let argument = JsonText::escape(argument);
        let out = self.hands.outbox(bot);
        packet::push_packet(out, &name, "0.0.0.0", endpoint.name(), &argument);
    }

    pub(crate) fn leave(&mut self, bot: Bot, how: Leave) {
        let user = self.cast.players[bot].user;
        match how {
            Leave::Finish => self.hands.order(Order::Finish(bot)),
            Leave::Quit => self.ask(bot, Endpoint::Quit, ""),
            Leave::Reset => {
                self.hands.order(Order::Reset(bot));
                self.cast.ledger.departed(user, Departure::Torn);
                self.cast.players[bot].phase = Phase::Absent;
                return;
            }
        }
        self.cast.players[bot].phase = Phase::Leaving;
    }

    /// The bot reads nothing more.
    pub(crate) fn hold(&mut self, bot: Bot) {
        self.hands.order(Order::Hold(bot));
    }

    /// A held bot reads once, up to `bytes`.
    pub(crate) fn sip(&mut self, bot: Bot, bytes: usize) {
        self.hands.order(Order::Sip(bot, bytes));
    }

    /// A held bot reads again.
    pub(crate) fn release(&mut self, bot: Bot) {
        self.hands.order(Order::Release(bot));
    }

    fn write(&mut self, from: Bot, to: &str, due: Instant) -> (u64, u64) {
        let sent_at = self.cast.nanoseconds(due);
        let name = self.cast.name(from);
        let player = &mut self.cast.players[from];
        player.ordinal += 1;
        let ordinal = player.ordinals_before + player.ordinal;
        let text = Note { from: &name, to, ordinal, sent_at }.write(self.cast.size);
        let text = JsonText::escape_cow(text.into());
        packet::push_packet(self.hands.outbox(from), &name, "0.0.0.0", to, &text);
        (ordinal, sent_at)
    }
}
