//! People who come all at once; once all are in, all leave, and come again. Or each comes
//! again as soon as it has left, so that there is always somebody at the door. Never:
//! sockets.

use super::site::name;
use crate::driver::{Bot, Crowd, End, Hands, Order};
use hdrhistogram::Histogram;
use lanline::wire::{Endpoint, Framer, JsonText, Step, packet};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// A packet is never longer than this here.
const PACKET_BYTES_MAX: usize = 1 << 20;

/// All of them.
pub(super) struct Arrivals<'a> {
    /// What each says to `/login`; of guests, nothing.
    logins: &'a [String],
    users: usize,
    is_endless: bool,
    is_over: bool,
    waves: u64,
    /// When each began to connect.
    began: Vec<Instant>,
    wave_began: Instant,
    in_wave: usize,
    gone: usize,
    /// Logins since the count began.
    pub welcomed: u64,
    /// From connecting to the welcome, in nanoseconds.
    pub latency: Histogram<u64>,
    /// From the first who connects to the last who is welcome.
    pub took: Vec<Duration>,
    pub failure: Option<String>,
}

impl<'a> Arrivals<'a> {
    /// Guests, so many as there are accounts, or these accounts.
    pub(super) fn new(users: usize, logins: Option<&'a [String]>, is_endless: bool) -> Self {
        let now = Instant::now();
        Self {
            logins: logins.unwrap_or_default(),
            users,
            is_endless,
            is_over: false,
            waves: 0,
            began: vec![now; users],
            wave_began: now,
            in_wave: 0,
            gone: 0,
            welcomed: 0,
            latency: crate::bots::histogram(),
            took: Vec::new(),
            failure: None,
        }
    }

    /// The first wave.
    pub(super) fn open(&mut self, hands: &mut Hands) {
        for bot in 0..self.users {
            if self.is_endless {
                // Few secrets of an address are judged at once, so each has one of its own.
                let [.., high, low] = (bot as u32 + 256).to_be_bytes();
                hands.order(Order::From(bot, Ipv4Addr::new(127, 77, high, low.max(1))));
            }
        }
        self.all_come(hands);
    }

    /// Nobody comes again.
    pub(super) fn close(&mut self) {
        self.is_over = true;
    }

    /// Whether the wave is over, and no other follows.
    pub(super) fn are_gone(&self) -> bool {
        self.is_over && self.gone == self.users
    }

    pub(super) fn waves(&self) -> u64 {
        self.waves
    }

    /// Forgets what was counted.
    pub(super) fn reset_counts(&mut self) {
        self.welcomed = 0;
        self.latency.reset();
        self.took.clear();
    }

    fn name(&self, bot: Bot) -> String {
        if self.logins.is_empty() { format!("guest{bot}") } else { name(bot) }
    }

    fn all_come(&mut self, hands: &mut Hands) {
        (self.in_wave, self.gone) = (0, 0);
        self.wave_began = hands.now();
        for bot in 0..self.users {
            self.comes(bot, hands);
        }
    }

    fn comes(&mut self, bot: Bot, hands: &mut Hands) {
        self.began[bot] = hands.now();
        hands.order(Order::Connect(bot));
    }

    fn is_in(&mut self, bot: Bot, hands: &mut Hands) {
        let since = hands.now().duration_since(self.began[bot]);
        self.latency.saturating_record(since.as_nanos() as u64);
        self.welcomed += 1;
        self.in_wave += 1;
        if self.is_endless {
            hands.order(Order::Finish(bot));
        } else if self.in_wave == self.users {
            self.took.push(hands.now().duration_since(self.wave_began));
            (0..self.users).for_each(|bot| hands.order(Order::Finish(bot)));
        }
    }

    /// A packet has come: the welcome, or news of others.
    fn packet(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) {
        let name = bytes.strip_prefix(packet::FROM_NAME).unwrap_or_default();
        if name.starts_with(Endpoint::Welcome.name().as_bytes()) {
            self.is_in(bot, hands);
        } else {
            self.failure = Some(format!("{} is not let in: {}", self.name(bot), words(bytes)));
        }
    }
}

fn words(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().chars().take(200).collect()
}

impl Crowd for Arrivals<'_> {
    fn connected(&mut self, bot: Bot, hands: &mut Hands) {
        let (name, out) = (self.name(bot), hands.outbox(bot));
        match self.logins.get(bot) {
            Some(login) => {
                let (to, login) = (Endpoint::Login.name(), JsonText::escape(login));
                packet::push_packet(out, &name, "0.0.0.0", to, &login);
            }
            None => out.extend_from_slice(format!("{name}\n").as_bytes()),
        }
    }

    fn received(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) -> usize {
        let mut done = 0;
        loop {
            match Framer::default().next(&bytes[done..], PACKET_BYTES_MAX) {
                Step::Packet { start, end } => {
                    self.packet(bot, &bytes[done + start..done + end], hands);
                    done += end;
                }
                Step::More { keep } => return done + keep,
                other => {
                    self.failure = Some(format!("no packet: {other:?}"));
                    return bytes.len();
                }
            }
        }
    }

    fn ended(&mut self, bot: Bot, end: End, hands: &mut Hands) {
        if end != End::Closed {
            self.failure = Some(format!("{} lost the connection: {end:?}", self.name(bot)));
            return;
        }
        self.gone += 1;
        match (self.is_over, self.is_endless) {
            (true, _) => {}
            (false, true) => {
                self.gone -= 1;
                self.comes(bot, hands);
            }
            (false, false) if self.gone == self.users => {
                self.waves += 1;
                self.all_come(hands);
            }
            (false, false) => {}
        }
    }

    fn tick(&mut self, _: &mut Hands) {}
}
