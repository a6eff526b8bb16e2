//! The bots of a workload: who writes when, and what is counted. The same for
//! every server. Never: sockets, or how a server is spoken to.

use super::dialect::{Dialect, Ear, Heard, Role, User};
use super::workload::{DIRECT_ON_THE_WAY_MAX, LOGINS_AT_ONCE, Workload};
use crate::driver::{Bot, Crowd, End, Hands, Order};
use hdrhistogram::Histogram;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::time::Instant;

/// A text is as long as this; it begins with the time at which it was sent.
const TEXT_BYTES: usize = 64;
const TIME_DIGITS: usize = 16;
/// Users who log in at once before the workload begins: many, since a server
/// may do its part once a second.
const ARRIVING_AT_ONCE: usize = 1000;
/// Of those, not connected yet: few, since a server's backlog may be short.
const CONNECTING_AT_ONCE: usize = 50;
/// Numbers of users who log in and leave, used in turn.
const LOGIN_USERS: User = 20_000;

/// All bots of one workload against one server.
pub(super) struct Load<'a> {
    dialect: &'a dyn Dialect,
    workload: Workload,
    /// What is sent is stored, and its sender told so.
    is_stored: bool,
    /// Who sits in each seat.
    users: Vec<User>,
    ears: Vec<Ear>,
    /// Of each pair, what was stored but has not arrived, or the other way round.
    ahead: Vec<i64>,
    next_seat: Bot,
    next_user: User,
    connected: usize,
    ready: usize,
    random: SmallRng,
    epoch: Instant,
    /// Those of the broadcast on its way who don't have it yet.
    missing: usize,
    is_running: bool,
    /// Messages that arrived; logins, for [`Workload::Login`].
    pub delivered: u64,
    /// From sending to arrival, in nanoseconds.
    pub latency: Histogram<u64>,
    /// Why it can't go on.
    pub failure: Option<String>,
}

impl<'a> Load<'a> {
    pub(super) fn new(
        dialect: &'a dyn Dialect,
        workload: Workload,
        is_stored: bool,
        seed: u64,
        epoch: Instant,
    ) -> Self {
        let seats = workload.seats();
        Self {
            dialect,
            workload,
            is_stored,
            users: (0..seats as User).collect(),
            ears: Vec::new(),
            ahead: vec![0; seats / 2],
            next_seat: 0,
            next_user: seats as User,
            connected: 0,
            ready: 0,
            random: SmallRng::seed_from_u64(seed),
            epoch,
            missing: 0,
            is_running: false,
            delivered: 0,
            // Three digits, from a microsecond to a minute: the bounds are valid.
            latency: Histogram::new_with_bounds(1_000, 60_000_000_000, 3)
                .unwrap_or_else(|_| unreachable!("the bounds are valid")),
            failure: None,
        }
    }

    /// Lets the first users in.
    pub(super) fn open(&mut self, hands: &mut Hands) {
        self.ears = (0..self.users.len()).map(|bot| self.ear(bot)).collect();
        for _ in 0..CONNECTING_AT_ONCE {
            self.next_arrives(hands);
        }
    }

    pub(super) fn everyone_is_there(&self) -> bool {
        self.ready == self.users.len()
    }

    /// Begins the workload proper.
    pub(super) fn start(&mut self, hands: &mut Hands) {
        self.is_running = true;
        match self.workload {
            Workload::Direct { users } => {
                for bot in 0..users.min(DIRECT_ON_THE_WAY_MAX) {
                    self.write_to_another(bot, hands);
                }
            }
            Workload::Pipelined { pairs } | Workload::Paired { pairs } => {
                for pair in 0..pairs {
                    for _ in 0..self.workload.window(self.is_stored) {
                        self.write(2 * pair, 2 * pair + 1, hands);
                    }
                }
            }
            Workload::Broadcast { .. } => self.announce(hands),
            Workload::Login => {
                for bot in 0..LOGINS_AT_ONCE {
                    hands.order(Order::Close(bot));
                }
            }
            Workload::Idle { .. } => {}
        }
    }

    /// Forgets what was counted.
    pub(super) fn reset_counts(&mut self) {
        self.delivered = 0;
        self.latency.reset();
    }

    fn ear(&self, bot: Bot) -> Ear {
        Ear { user: self.users[bot], role: self.role(bot), left: 0 }
    }

    fn role(&self, bot: Bot) -> Role {
        match (self.workload, bot) {
            _ if self.is_stored && bot.is_multiple_of(2) => Role::Writer,
            _ if self.is_stored => Role::Reader,
            (Workload::Broadcast { .. }, 0) => Role::Announcer,
            (Workload::Broadcast { .. }, _) => Role::Listener,
            _ => Role::Talker,
        }
    }

    fn next_arrives(&mut self, hands: &mut Hands) {
        let arriving = self.next_seat - self.ready;
        let connecting = self.next_seat - self.connected;
        if self.next_seat < self.users.len()
            && arriving < ARRIVING_AT_ONCE
            && connecting < CONNECTING_AT_ONCE
        {
            hands.order(Order::Connect(self.next_seat));
            self.next_seat += 1;
        }
    }

    fn text(&self, hands: &Hands) -> [u8; TEXT_BYTES] {
        let mut text = [b'x'; TEXT_BYTES];
        let time = hands.now().duration_since(self.epoch).as_nanos() as u64;
        for (index, digit) in text[..TIME_DIGITS].iter_mut().enumerate() {
            let nibble = (time >> (4 * (TIME_DIGITS - 1 - index))) & 15;
            *digit = b"0123456789abcdef"[nibble as usize];
        }
        text
    }

    fn write(&mut self, from: Bot, to: Bot, hands: &mut Hands) {
        let text = self.text(hands);
        self.dialect.send(self.users[from], self.users[to], &text, hands.outbox(from));
    }

    fn write_to_another(&mut self, from: Bot, hands: &mut Hands) {
        let others = self.users.len() - 1;
        let to = (from + 1 + self.random.random_range(0..others)) % self.users.len();
        self.write(from, to, hands);
    }

    fn announce(&mut self, hands: &mut Hands) {
        self.missing = self.users.len() - 1;
        let text = self.text(hands);
        self.dialect.announce(self.users[0], &text, hands.outbox(0));
    }

    fn user_is_ready(&mut self, bot: Bot, hands: &mut Hands) {
        if self.workload == Workload::Login && self.is_running {
            self.delivered += 1;
            hands.order(Order::Close(bot));
            return;
        }
        self.ready += 1;
        self.next_arrives(hands);
    }

    /// The next follows once one was stored and has arrived, whichever comes first.
    fn pair_goes_on(&mut self, writer: Bot, step: i64, hands: &mut Hands) {
        let ahead = &mut self.ahead[writer / 2];
        let is_first = ahead.signum() != -step;
        *ahead += step;
        if !is_first {
            self.write(writer, writer + 1, hands);
        }
    }

    fn message(&mut self, bot: Bot, text: &[u8], hands: &mut Hands) {
        let sent = text
            .get(..TIME_DIGITS)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let Some(sent) = sent.filter(|_| text.len() == TEXT_BYTES) else {
            self.failure = Some(format!("no such text was sent: {}", text.escape_ascii()));
            return;
        };
        if matches!(self.workload, Workload::Broadcast { .. }) && bot == 0 {
            return;
        }
        self.delivered += 1;
        let now = hands.now().duration_since(self.epoch).as_nanos() as u64;
        self.latency.saturating_record(now.saturating_sub(sent));
        match self.workload {
            Workload::Direct { .. } => self.write_to_another(bot, hands),
            Workload::Pipelined { .. } | Workload::Paired { .. } if self.is_stored => {
                self.pair_goes_on(bot - 1, 1, hands);
            }
            Workload::Pipelined { .. } | Workload::Paired { .. } => {
                self.write(bot - 1, bot, hands);
            }
            Workload::Broadcast { .. } => {
                self.missing = self.missing.saturating_sub(1);
                if self.missing == 0 {
                    self.announce(hands);
                }
            }
            Workload::Login | Workload::Idle { .. } => {}
        }
    }
}

impl Crowd for Load<'_> {
    fn connected(&mut self, bot: Bot, hands: &mut Hands) {
        self.ears[bot] = self.ear(bot);
        self.dialect.greet(self.users[bot], self.role(bot), hands.outbox(bot));
        if !self.is_running {
            self.connected += 1;
            self.next_arrives(hands);
        }
    }

    fn received(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) -> usize {
        let mut done = 0;
        loop {
            let mut answer = Vec::new();
            let (length, heard) =
                self.dialect.hear(&mut self.ears[bot], &bytes[done..], &mut answer);
            if !answer.is_empty() {
                hands.outbox(bot).extend_from_slice(&answer);
            }
            done += length;
            match heard {
                Heard::Nothing => return done,
                Heard::Noise => {}
                Heard::Ready => self.user_is_ready(bot, hands),
                Heard::Stored => self.pair_goes_on(bot, -1, hands),
                Heard::Message(text) => self.message(bot, text, hands),
                Heard::Refusal(words) => self.failure = Some(words),
            }
        }
    }

    fn ended(&mut self, bot: Bot, end: End, hands: &mut Hands) {
        if self.workload != Workload::Login || !self.is_running || end != End::Closed {
            self.failure = Some(format!("user {} lost the connection: {end:?}", self.users[bot]));
            return;
        }
        self.users[bot] = self.next_user % LOGIN_USERS;
        self.next_user = self.next_user.wrapping_add(1);
        hands.order(Order::Connect(bot));
    }

    fn tick(&mut self, _: &mut Hands) {}
}
