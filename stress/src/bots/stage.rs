//! The crowd of a scenario: turns what comes from the sockets into events of
//! the script, and holds every packet against the ledger.

use super::cast::{Cast, Phase};
use super::{Script, World};
use crate::account::{Departure, FaultKind, Landed};
use crate::driver::{Bot, Crowd, End, Hands, Order};
use lanline::wire::{Endpoint, Framer, Step, canonical, packet};

/// The server never sends a longer packet: its own limit and a sender's name.
const PACKET_BYTES_MAX: usize = 1 << 22;
/// What comes behind the text of a stored packet is shorter.
const EXTENSION_BYTES_MAX: usize = 96;
/// Bots on their way in: those that aren't connected yet, and all.
const CONNECTING_AT_ONCE: usize = 50;
const ARRIVING_AT_ONCE: usize = 500;

/// A script and its cast.
pub(crate) struct Stage {
    pub cast: Cast,
    script: Box<dyn Script>,
    is_started: bool,
    is_stopped: bool,
    /// How many seats shall be taken before the start, and how many were.
    wanted: usize,
    connecting: usize,
}

impl Stage {
    pub(crate) fn new(cast: Cast, script: Box<dyn Script>) -> Self {
        Self { cast, script, is_started: false, is_stopped: false, wanted: 0, connecting: 0 }
    }

    /// Lets bots in until `users` seats have been taken.
    pub(crate) fn grow(&mut self, users: usize, hands: &mut Hands) {
        self.wanted = users.min(self.cast.players.len());
        self.cast.is_growing = true;
        self.let_in(hands);
    }

    /// Whether all who shall come are here, or one was not let in.
    pub(crate) fn has_grown(&self) -> bool {
        let is_full = self.cast.seats >= self.wanted || !self.cast.turned_away.is_empty();
        is_full && self.cast.count(Phase::Arriving) == 0
    }

    /// Starts the script, or lets it go on.
    pub(crate) fn play(&mut self, hands: &mut Hands) {
        self.cast.is_growing = false;
        let world = &mut World { cast: &mut self.cast, hands };
        if self.is_started {
            return self.script.resume(world);
        }
        self.is_started = true;
        self.script.start(world);
    }

    pub(crate) fn stop(&mut self, hands: &mut Hands) {
        self.script.stop(&mut World { cast: &mut self.cast, hands });
        self.is_stopped = true;
        for bot in 0..self.cast.seats {
            self.comes_for_the_rest(bot, hands);
        }
    }

    /// Who is away at the end comes back for what is stored for it.
    fn comes_for_the_rest(&mut self, bot: Bot, hands: &mut Hands) {
        let is_away = self.cast.players[bot].phase == Phase::Absent;
        if self.is_stopped && is_away && self.cast.is_stored() {
            World { cast: &mut self.cast, hands }.arrive(bot);
        }
    }

    /// Asks every bot for a sign of life: once it is answered, all that the
    /// server had for it before has come.
    pub(crate) fn ask_all(&mut self, hands: &mut Hands) {
        for bot in 0..self.cast.players.len() {
            if self.cast.is_here(bot) {
                World { cast: &mut self.cast, hands }.ask(bot, Endpoint::Ping, "end");
            }
        }
    }

    /// Questions without an answer, of bots that are here.
    pub(crate) fn unanswered(&self) -> usize {
        let here = self.cast.players.iter().filter(|player| player.phase == Phase::Here);
        here.map(|player| player.asked.len()).sum()
    }

    fn let_in(&mut self, hands: &mut Hands) {
        if self.cast.seats >= self.wanted {
            return;
        }
        let mut arriving = self.cast.count(Phase::Arriving);
        while self.cast.seats < self.wanted
            && self.connecting < CONNECTING_AT_ONCE
            && arriving < ARRIVING_AT_ONCE
            && self.cast.turned_away.is_empty()
        {
            let bot = self.cast.seats;
            self.cast.seats += 1;
            if self.script.reads_slowly(bot) {
                hands.order(Order::SmallBuffer(bot));
            }
            World { cast: &mut self.cast, hands }.arrive(bot);
            self.connecting += 1;
            arriving += 1;
        }
    }

    fn packet(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) {
        let stored = stored_form(bytes);
        if let Some((_, id)) = &stored {
            self.has_id(bot, *id, hands);
        }
        let bytes = stored.as_ref().map_or(bytes, |(bytes, _)| bytes);
        let Ok(packet) = canonical::parse(bytes) else {
            let text = bytes.escape_ascii().to_string();
            return self.fault(FaultKind::NeverSent, bot, format!("no packet: {text}"), hands);
        };
        let text = packet.msg.plain();
        let name = packet.name.as_ref();
        if !name.starts_with('/') {
            let to = packet.to.as_ref();
            // The server has one way to write a packet; see `push_packet`.
            let ip = address_of(bytes, name).unwrap_or("no address");
            return self.message(bot, name, ip, to, &text, hands);
        }
        match Endpoint::parse(name) {
            Some(Endpoint::Welcome) => self.welcome(bot, &text, hands),
            Some(Endpoint::Error) => self.refusal(bot, &text, hands),
            // A room that several join at once has its owner a moment later.
            Some(Endpoint::Changed) => {}
            Some(endpoint) => self.answer(bot, endpoint, &text, hands),
            None => {
                let detail = format!("answer {name} {text:?}");
                self.fault(FaultKind::StrayAnswer, bot, detail, hands);
            }
        }
    }

    fn message(&mut self, bot: Bot, name: &str, ip: &str, to: &str, text: &str, hands: &mut Hands) {
        let user = self.cast.players[bot].user;
        if self.cast.wants_missed && self.cast.ledger.names().user(name) == Some(user) {
            // What it has said by an earlier connection was stored.
            return;
        }
        let Some(landed) = self.cast.ledger.delivered(user, name, ip, to, text) else {
            return;
        };
        let Landed { from, sent_at, is_settled } = landed;
        self.cast.window.delivered += 1;
        // A post takes until the last has it.
        if !is_settled {
            return;
        }
        if self.script.is_watched(bot) {
            let now = self.cast.nanoseconds(hands.now());
            self.cast.latency.saturating_record(now.saturating_sub(sent_at));
        }
        let sender = self.cast.bot_of(from);
        if self.cast.players[sender].user == from {
            self.script.arrived(sender, bot, &mut World { cast: &mut self.cast, hands });
        }
    }

    /// A stored packet has come: each once, in the order of ids, over all connections.
    fn has_id(&mut self, bot: Bot, id: u64, hands: &mut Hands) {
        let last = std::mem::replace(&mut self.cast.players[bot].last_id, id);
        if id <= last {
            let kind = if id == last { FaultKind::Twice } else { FaultKind::OutOfOrder };
            self.fault(kind, bot, format!("id {id} behind {last}"), hands);
        }
    }

    fn welcome(&mut self, bot: Bot, text: &str, hands: &mut Hands) {
        let player = &mut self.cast.players[bot];
        let mut words = text.lines().next().unwrap_or("").split(' ');
        let (name, ip) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        if player.phase != Phase::Arriving || name != self.cast.ledger.names().name(player.user) {
            return self.fault(FaultKind::StrayAnswer, bot, format!("welcome {text:?}"), hands);
        }
        player.phase = Phase::Here;
        player.was_welcomed = true;
        let (user, began_at) = (player.user, player.began_at);
        self.cast.ledger.knows_address(user, ip);
        self.cast.window.welcomed += 1;
        if self.is_started {
            if self.script.watches_arrivals() {
                let now = self.cast.nanoseconds(hands.now());
                self.cast.latency.saturating_record(now.saturating_sub(began_at));
            }
            self.script.welcomed(bot, &mut World { cast: &mut self.cast, hands });
        }
        self.let_in(hands);
    }

    fn refusal(&mut self, bot: Bot, text: &str, hands: &mut Hands) {
        let mut words = text.lines().next().unwrap_or("").split(' ');
        let ordinal = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let code = words.next().unwrap_or("").to_owned();
        let to = words.next();
        let player = &mut self.cast.players[bot];
        if ordinal == 0 || player.phase == Phase::Arriving {
            player.last_words = Some(code);
            return;
        }
        let (user, noted) = (player.user, player.ordinals_before + ordinal);
        let before = player.asked.len();
        // One that misses a post doesn't make the endpoint's answer go away.
        if to.is_none() {
            player.asked.retain(|&(_, asked)| asked != ordinal);
        }
        let was_asked = player.asked.len() < before;
        let was_sent = self.cast.ledger.refused(user, noted, &code, to);
        if !was_asked && !was_sent {
            return self.fault(FaultKind::StrayAnswer, bot, format!("refusal {text:?}"), hands);
        }
        self.cast.window.refused += 1;
        self.script.refused(bot, &code, &mut World { cast: &mut self.cast, hands });
    }

    fn answer(&mut self, bot: Bot, endpoint: Endpoint, text: &str, hands: &mut Hands) {
        let player = &mut self.cast.players[bot];
        let place = player.asked.iter().position(|&(asked, _)| asked == endpoint);
        let Some(ordinal) = place.and_then(|place| player.asked.remove(place)).map(|ask| ask.1)
        else {
            let detail = format!("answer {endpoint} {text:?}");
            return self.fault(FaultKind::StrayAnswer, bot, detail, hands);
        };
        if endpoint == Endpoint::Broadcast && self.cast.is_alone {
            let expected = self.cast.count(Phase::Here) - 1;
            if text.lines().next() != Some(&expected.to_string()) {
                let detail = format!("{endpoint} {ordinal} for {text}, not {expected}");
                self.fault(FaultKind::StrayAnswer, bot, detail, hands);
            }
        }
        self.script.answered(bot, endpoint, text, &mut World { cast: &mut self.cast, hands });
    }

    fn fault(&mut self, kind: FaultKind, bot: Bot, detail: String, hands: &Hands) {
        let name = self.cast.name(bot);
        let now = self.cast.nanoseconds(hands.now());
        self.cast.ledger.fault(kind, "server", &name, 0, now, detail);
    }
}

/// The ordinary form of a packet that has come in the extended one, and its id: with
/// `,"id":ID,"time":"…"` behind the text, where no string can hold a bare quote.
fn stored_form(bytes: &[u8]) -> Option<(Vec<u8>, u64)> {
    let tail = bytes.len().saturating_sub(EXTENSION_BYTES_MAX);
    let mark = b"\",\"id\":";
    let place = bytes[tail..].windows(mark.len()).rposition(|window| window == mark)? + tail;
    let digits = bytes[place + mark.len()..].split(|&byte| byte == b',').next()?;
    let id = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(([&bytes[..=place], b"}"].concat(), id))
}

/// `from.ip` of a packet as the server writes it.
fn address_of<'a>(bytes: &'a [u8], name: &str) -> Option<&'a str> {
    let rest = bytes.strip_prefix(packet::FROM_NAME)?.strip_prefix(name.as_bytes())?;
    let rest = rest.strip_prefix(packet::IP)?;
    let end = rest.iter().position(|&byte| byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()
}

impl Crowd for Stage {
    fn connected(&mut self, bot: Bot, hands: &mut Hands) {
        World { cast: &mut self.cast, hands }.greet(bot);
        self.connecting = self.connecting.saturating_sub(1);
        self.let_in(hands);
    }

    fn received(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) -> usize {
        let mut done = 0;
        let connection = self.cast.players[bot].connections;
        loop {
            let player = &self.cast.players[bot];
            if player.connections != connection || player.phase == Phase::Absent {
                // It has torn the connection that these bytes came from.
                return bytes.len();
            }
            match self.cast.players[bot].framer.next(&bytes[done..], PACKET_BYTES_MAX) {
                Step::Packet { start, end } => {
                    self.packet(bot, &bytes[done + start..done + end], hands);
                    done += end;
                }
                Step::More { keep } => return done + keep,
                Step::Malformed { end } => {
                    self.fault(FaultKind::NeverSent, bot, "no packet".to_owned(), hands);
                    done += end;
                }
                Step::TooLarge => {
                    self.fault(FaultKind::NeverSent, bot, "endless packet".to_owned(), hands);
                    self.cast.players[bot].framer = Framer::default();
                    return bytes.len();
                }
            }
        }
    }

    fn ended(&mut self, bot: Bot, end: End, hands: &mut Hands) {
        let player = &mut self.cast.players[bot];
        let phase = std::mem::take(&mut player.phase);
        let (user, code) = (player.user, player.last_words.take().unwrap_or_default());
        let is_polite = phase == Phase::Leaving && end == End::Closed;
        let departure = if is_polite { Departure::Polite } else { Departure::Torn };
        self.cast.ledger.departed(user, departure);
        match phase {
            Phase::Arriving => {
                self.connecting = self.connecting.saturating_sub(usize::from(code.is_empty()));
                let why = if code.is_empty() { format!("{end:?}") } else { code };
                self.cast.window.turned_away += 1;
                self.cast.turned_away.push(why);
            }
            Phase::Here if !self.script.may_be_closed(bot, &code) => {
                let detail = format!("{end:?} {code}");
                self.fault(FaultKind::LostConnection, bot, detail, hands);
            }
            Phase::Leaving if !is_polite => {
                let detail = format!("{end:?} in place of a polite end");
                self.fault(FaultKind::LostConnection, bot, detail, hands);
            }
            _ => {}
        }
        if self.is_started {
            self.script.gone(bot, &mut World { cast: &mut self.cast, hands });
        }
        if phase != Phase::Arriving {
            self.comes_for_the_rest(bot, hands);
        }
    }

    fn tick(&mut self, hands: &mut Hands) {
        if self.is_started {
            self.script.tick(&mut World { cast: &mut self.cast, hands });
        }
        self.let_in(hands);
    }
}
