//! Accounts that talk to each other: each has a few packets under way, sends those without
//! a receipt again when it comes back, under the same keys, and asks for what was stored
//! behind the last id that it has. Never: sockets.

use super::ledger::Ledger;
use crate::driver::{Bot, Crowd, End, Hands, Order};
use crate::login::site::name;
use lanline::wire::{Endpoint, Framer, JsonText, Step, packet};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// A packet is never longer than this here.
const PACKET_BYTES_MAX: usize = 1 << 20;

/// One account.
#[derive(Debug, Default)]
struct Talker {
    is_here: bool,
    /// Packets of this connection.
    ordinal: u64,
    /// Packets so far.
    number: u64,
    /// Without a receipt, in order: their numbers and recipients.
    open: VecDeque<(u64, Bot)>,
    /// By ordinal, which number.
    said: BTreeMap<u64, u64>,
    /// The greatest id that it has, and that of this connection.
    last_id: u64,
    last_here: u64,
    /// What is replayed to it may have come already.
    replays: bool,
    has_read_all: bool,
}

/// All of them.
pub(super) struct Talkers {
    /// What each says to `/login`.
    logins: Vec<String>,
    talkers: Vec<Talker>,
    window: usize,
    random: SmallRng,
    is_over: bool,
    reads_all: bool,
    pub ledger: Ledger,
    pub sent_again: usize,
}

impl Talkers {
    pub(super) fn new(logins: &[String], window: usize, seed: u64) -> Self {
        Self {
            logins: logins.to_vec(),
            talkers: logins.iter().map(|_| Talker::default()).collect(),
            window,
            random: SmallRng::seed_from_u64(seed),
            is_over: false,
            reads_all: false,
            ledger: Ledger::default(),
            sent_again: 0,
        }
    }

    pub(super) fn open(&mut self, hands: &mut Hands) {
        (0..self.talkers.len()).for_each(|bot| hands.order(Order::Connect(bot)));
    }

    /// Nothing new is said.
    pub(super) fn stop(&mut self) {
        self.is_over = true;
    }

    /// Whether all that was said has a receipt, and all that was missed has come.
    pub(super) fn are_quiet(&self) -> bool {
        self.talkers.iter().all(|one| one.is_here && one.open.is_empty() && !one.replays)
    }

    /// Everybody asks for everything, in a session of its own.
    pub(super) fn begin_reading_all(&mut self, hands: &mut Hands) {
        self.reads_all = true;
        (0..self.talkers.len()).for_each(|bot| hands.order(Order::Finish(bot)));
    }

    pub(super) fn have_read_all(&self) -> bool {
        self.talkers.iter().all(|one| one.has_read_all)
    }

    pub(super) fn missing(&self) -> String {
        let open: usize = self.talkers.iter().map(|one| one.open.len()).sum();
        let away = self.talkers.iter().filter(|one| !one.is_here).count();
        let replays = self.talkers.iter().filter(|one| one.replays).count();
        format!("{open} without a receipt, {away} accounts away, {replays} replays")
    }

    fn say(&mut self, bot: Bot, to: &str, text: &str, key: Option<&str>, hands: &mut Hands) -> u64 {
        let out = hands.outbox(bot);
        packet::push_packet(out, &name(bot), "0.0.0.0", to, &JsonText::escape(text));
        if let Some(key) = key {
            out.truncate(out.len() - b"}\n".len());
            out.extend_from_slice(format!(",\"key\":\"{key}\"}}\n").as_bytes());
        }
        self.talkers[bot].ordinal += 1;
        self.talkers[bot].ordinal
    }

    /// Under the same key, however often.
    fn send(&mut self, bot: Bot, number: u64, to: Bot, hands: &mut Hands) {
        let (text, key) = (format!("{bot} {number}"), format!("k{number}"));
        let ordinal = self.say(bot, &name(to), &text, Some(&key), hands);
        self.talkers[bot].said.insert(ordinal, number);
    }

    /// As many as may be under way.
    fn talk(&mut self, bot: Bot, hands: &mut Hands) {
        while !self.is_over && self.talkers[bot].open.len() < self.window {
            let others = self.talkers.len() - 1;
            let to = (bot + 1 + self.random.random_range(0..others)) % self.talkers.len();
            self.talkers[bot].number += 1;
            let number = self.talkers[bot].number;
            self.talkers[bot].open.push_back((number, to));
            self.ledger.sent((bot, number), to);
            self.send(bot, number, to, hands);
        }
    }

    fn welcomed(&mut self, bot: Bot, hands: &mut Hands) {
        self.talkers[bot].is_here = true;
        if self.reads_all {
            return;
        }
        for (number, to) in self.talkers[bot].open.clone() {
            self.sent_again += 1;
            self.send(bot, number, to, hands);
        }
        self.talk(bot, hands);
    }

    fn packet(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) {
        let Ok(packet) = serde_json::from_slice::<Value>(bytes) else {
            return self.ledger.fault(format!("no packet: {}", bytes.escape_ascii()));
        };
        let text = packet["msg"].as_str().unwrap_or_default();
        let from = packet["from"]["name"].as_str().unwrap_or_default();
        match Endpoint::parse(from) {
            Some(Endpoint::Welcome) => self.welcomed(bot, hands),
            Some(Endpoint::Receipt) => self.receipt(bot, text, hands),
            Some(Endpoint::Replay) if self.reads_all => self.talkers[bot].has_read_all = true,
            Some(Endpoint::Replay) => self.talkers[bot].replays = false,
            Some(Endpoint::Extend | Endpoint::Receipts) => {}
            Some(_) => self.ledger.fault(format!("{} hears {from} {text:?}", name(bot))),
            None => match packet["id"].as_u64() {
                Some(id) => self.message(bot, text, id),
                None => self.ledger.fault(format!("{text:?} has come without an id")),
            },
        }
    }

    /// `stored ORDINAL ID`.
    fn receipt(&mut self, bot: Bot, text: &str, hands: &mut Hands) {
        let words: Vec<&str> = text.split(' ').collect();
        let ["stored", ordinal, id] = words[..] else { return };
        let number =
            ordinal.parse().ok().and_then(|ordinal| self.talkers[bot].said.remove(&ordinal));
        let (Some(number), Ok(id)) = (number, id.parse()) else {
            return self.ledger.fault(format!("{} hears the receipt {text:?}", name(bot)));
        };
        self.ledger.was_stored((bot, number), id);
        self.talkers[bot].open.retain(|(open, _)| *open != number);
        self.talk(bot, hands);
    }

    fn message(&mut self, bot: Bot, text: &str, id: u64) {
        let words: Option<(usize, u64)> = text
            .split_once(' ')
            .and_then(|(sender, number)| Some((sender.parse().ok()?, number.parse().ok()?)));
        let Some(packet) = words else {
            return self.ledger.fault(format!("{text:?} was never sent"));
        };
        let talker = &mut self.talkers[bot];
        if id <= std::mem::replace(&mut talker.last_here, id) {
            self.ledger.fault(format!("{} gets {id} behind a later one", name(bot)));
        }
        let talker = &mut self.talkers[bot];
        if self.reads_all {
            if packet.0 != bot {
                self.ledger.has(bot, packet, id);
            }
            return;
        }
        talker.last_id = talker.last_id.max(id);
        let replays = talker.replays;
        // What it has sent before comes back from elsewhere.
        if packet.0 != bot {
            self.ledger.saw(bot, packet, id, replays);
        }
    }
}

impl Crowd for Talkers {
    fn connected(&mut self, bot: Bot, hands: &mut Hands) {
        let (number, open) =
            (self.talkers[bot].number, std::mem::take(&mut self.talkers[bot].open));
        let last_id = self.talkers[bot].last_id;
        self.talkers[bot] = Talker { number, open, last_id, ..Talker::default() };
        let login = self.logins[bot].clone();
        self.say(bot, Endpoint::Login.name(), &login, None, hands);
        // Behind the login, so that nothing comes in between.
        let after = if self.reads_all { 0 } else { last_id };
        self.talkers[bot].replays = !self.reads_all;
        self.say(bot, Endpoint::Extend.name(), "on", None, hands);
        self.say(bot, Endpoint::Receipts.name(), "on", None, hands);
        self.say(bot, Endpoint::Replay.name(), &after.to_string(), None, hands);
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
                    self.ledger.fault(format!("no packet: {other:?}"));
                    return bytes.len();
                }
            }
        }
    }

    /// The server was killed, or isn't there yet: again.
    fn ended(&mut self, bot: Bot, _: End, hands: &mut Hands) {
        self.talkers[bot].is_here = false;
        if !self.talkers[bot].has_read_all {
            hands.order(Order::Connect(bot));
        }
    }

    fn tick(&mut self, _: &mut Hands) {}
}
