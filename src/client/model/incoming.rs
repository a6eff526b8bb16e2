//! What a packet from the server does to the state. Everything that others
//! wrote passes [`safe`] here, before it is kept.

use super::asks::{About, Ask};
use super::clock::Now;
use super::conversation::{Place, key_of};
use super::line::{Kind, Line};
use super::sending::count;
use super::{BANNERS_MAX, Banner, Bell, Effect, Model};
use crate::client::typed::{answers_secrets, is_told_secrets};
use crate::client::{refusals, safe};
use crate::wire::name::NAME_BYTES_MAX;
use crate::wire::text::cut;
use crate::wire::{Page, Received, Refusal};
use std::time::Duration;

/// A reason that goes into one line is kept up to this length, in bytes.
const LINE_BYTES_MAX: usize = 1024;

impl Model {
    pub(super) fn take_packet(&mut self, packet: Received, now: Now) {
        match packet.name.as_str() {
            "/error" => self.refusal(&packet.msg, now),
            "/joined" => self.came(&packet.msg, now),
            "/left" => self.left(&packet.msg, now),
            "/resume" => self.take_secret(packet.msg),
            "/kick" if self.asks.oldest("/kick").is_none() => {
                self.kicked = Some(safe::line(cut(&packet.msg, LINE_BYTES_MAX)).into_owned());
            }
            endpoint if endpoint.starts_with('/') => self.answer(endpoint, &packet.msg, now),
            _ if self.ignored.contains(&key_of(&packet.name)) && packet.to != "/broadcast" => {}
            _ if packet.to == "/broadcast" => self.broadcast(&packet, now),
            _ => self.message(&packet, now),
        }
    }

    fn message(&mut self, packet: &Received, now: Now) {
        let from = speaker(&packet.name);
        let is_direct = !packet.to.starts_with('#');
        let title = if is_direct { &packet.name } else { &packet.to };
        let index = self.find_or_make(Place::of(title), title);
        self.tell_of_address(packet, index, now);
        let text = safe::text(&packet.msg);
        self.name_colors.heard(&packet.name);
        let mention = names(&text, &self.me);
        if let Place::Room(key) = &self.conversations[index].place
            && let Some(members) = self.people.members.get_mut(key)
        {
            members.add(&packet.name);
        }
        if is_direct {
            self.last_direct = Some(from.clone());
        }
        let at = self.clock.server_time(now);
        let line = Line::new(at, Kind::Message { mention }, from.clone(), text.clone());
        let number = self.add(index, line);
        if index != self.open {
            self.conversations[index].count_new(number, mention || is_direct);
        }
        if self.options.bell.rings_for(is_direct, mention) {
            self.ring(&from, &text, now);
        }
    }

    /// Names prove nothing: whoever writes from another address than before may
    /// be somebody else.
    fn tell_of_address(&mut self, packet: &Received, index: usize, now: Now) {
        let Some(before) = self.people.wrote_from(&packet.name, &packet.ip) else { return };
        let (name, ip) = (speaker(&packet.name), safe::line(&packet.ip));
        let text = format!(
            "{name} is now at another address ({ip}, was {before}): it may be somebody else."
        );
        let place = self.conversations[index].place.clone();
        self.warn(&place, &text, now);
        let person = Place::Person(key_of(&packet.name));
        if place != person && self.find(&person).is_some() {
            self.warn(&person, &text, now);
        }
    }

    /// The answer of `/resume`: what takes our name back after a crash.
    fn take_secret(&mut self, secret: String) {
        self.asks.answered("/resume");
        if is_secret(&secret) {
            self.effects.push(Effect::KeepSecret(secret));
        }
    }

    fn broadcast(&mut self, packet: &Received, now: Now) {
        self.tell_of_address(packet, 0, now);
        let at = self.clock.server_time(now);
        let text = safe::text(&packet.msg);
        let from = speaker(&packet.name);
        self.banners.push_back(Banner { at, from: from.clone(), text: text.clone() });
        if self.banners.len() > BANNERS_MAX {
            self.banners.pop_front();
        }
        let line = Line::new(at, Kind::Broadcast, from.clone(), text.clone());
        let number = self.add(0, line);
        if self.open != 0 {
            self.conversations[0].count_new(number, false);
        }
        if self.options.bell != Bell::Never {
            self.ring(&from, &text, now);
        }
    }

    fn came(&mut self, name: &str, now: Now) {
        let name = cut(name, NAME_BYTES_MAX);
        self.people.everyone.add(name);
        self.name_colors.saw(name);
        self.tell_of(name, "is here", now);
    }

    fn left(&mut self, name: &str, now: Now) {
        let name = cut(name, NAME_BYTES_MAX);
        self.people.left(name);
        self.tell_of(name, "has left", now);
    }

    /// In the server's conversation, and in the one with them.
    fn tell_of(&mut self, name: &str, what: &str, now: Now) {
        let text = format!("{} {what}", safe::line(name));
        self.note(&Place::Server, &text, now);
        let place = Place::Person(key_of(name));
        if self.find(&place).is_some() {
            self.note(&place, &text, now);
        }
    }

    fn refusal(&mut self, msg: &str, now: Now) {
        let Some(refusal) = Refusal::parse(msg) else {
            return self.warn(&Place::Server, msg, now);
        };
        let reason = safe::line(&refusals::in_words(&refusal)).into_owned();
        match self.asks.refused(refusal.ordinal) {
            About::Line { place: place @ Place::Person(_), number } => {
                let reason = safe::line(&refusal.why()).into_owned();
                self.line_refused(&place, number, reason, true, now);
            }
            About::Line { place, number } => {
                let for_all = refusal.recipient.is_none();
                self.line_refused(&place, number, reason, for_all, now);
            }
            About::Ask { endpoint, ask } => {
                self.ask_refused(&endpoint, &ask, &refusal.code, reason, now);
            }
            About::Unknown => self.warn(&Place::Server, &reason, now),
        }
        self.ask_later(now);
    }

    fn line_refused(
        &mut self,
        place: &Place,
        number: u64,
        reason: String,
        for_all: bool,
        now: Now,
    ) {
        let Some(index) = self.find(place) else { return };
        let at = self.clock.server_time(now);
        self.log(index, at, "", &format!("not delivered: {reason}"));
        let conversation = &mut self.conversations[index];
        if index != self.open {
            conversation.count_new(number, true);
            let hint = format!("not delivered to {}: {reason}", conversation.title);
            conversation.mark(number, |line| line.refuse(reason, for_all));
            self.hint_at(hint, now);
        } else {
            conversation.mark(number, |line| line.refuse(reason, for_all));
        }
    }

    fn ask_refused(&mut self, endpoint: &str, ask: &Ask, code: &str, reason: String, now: Now) {
        if endpoint == "/join" {
            self.joining.remove(&key_of(ask.argument.trim_start_matches('#')));
            if ask.quiet {
                self.went(&ask.argument);
            }
        }
        // What the client asks for by itself may be refused in peace, but not
        // that it came back into a room.
        if ask.quiet && endpoint != "/join" {
            return;
        }
        if let Some(number) = ask.line {
            return self.line_refused(&ask.place, number, reason, true, now);
        }
        let reason = match (endpoint, code) {
            ("/room", "no-such-endpoint") => "this server keeps no topics".to_owned(),
            _ => reason,
        };
        let is_secret = is_told_secrets(endpoint.trim_start_matches('/'));
        if is_secret {
            self.new_password = None;
        }
        let shown = if is_secret { "…" } else { ask.argument.as_str() };
        let text = format!("✗ {} — {reason}", format!("{endpoint} {shown}").trim_end());
        self.warn(&ask.place, &text, now);
    }

    fn answer(&mut self, endpoint: &str, msg: &str, now: Now) {
        let page = match endpoint {
            "/list" | "/members" | "/rooms" => Page::parse(msg),
            _ => None,
        };
        let ask = match &page {
            Some(page) if !page.range.is_last() => self.asks.oldest(endpoint).cloned(),
            _ => self.asks.answered(endpoint),
        };
        if let Some(page) = &page {
            self.take_page(endpoint, page, ask.as_ref());
        }
        let text = match (endpoint, &ask, page) {
            ("/time", Some(ask), _) => self.time_text(msg, ask, now),
            ("/ping", Some(ask), _) => {
                let round_trip = now.ticks.saturating_sub(ask.at.ticks);
                self.clock.round_trip_was(round_trip);
                format!("{msg} ({})", shown_duration(round_trip)).trim_start().to_owned()
            }
            ("/join", ..) => return self.joined(msg, ask.is_none_or(|ask| ask.quiet), now),
            ("/leave", ..) => self.left_room(msg),
            ("/who", ..) => who_text(msg),
            ("/broadcast", ..) => self.broadcast_text(msg, now),
            ("/room", ..) => room_text(msg),
            (_, _, Some(page)) => page_text(&page),
            _ => self.password_was_taken(endpoint).unwrap_or(msg).to_owned(),
        };
        let quiet = ask.as_ref().is_some_and(|ask| ask.quiet);
        if !quiet {
            let place = ask.map_or(Place::Server, |ask| ask.place);
            let index = self.find(&place).unwrap_or(0);
            let at = self.clock.server_time(now);
            let text = safe::text(&text);
            let who = safe::line(endpoint).into_owned();
            let line = Line::new(at, Kind::Answer, who, text);
            let keeps_log = self.options.keeps_log;
            self.options.keeps_log &= !answers_secrets(endpoint);
            self.add(index, line);
            self.options.keeps_log = keeps_log;
        }
        self.ask_later(now);
    }

    fn take_page(&mut self, endpoint: &str, page: &Page<'_>, ask: Option<&Ask>) {
        match (endpoint, ask) {
            ("/list", _) => {
                page.lines().for_each(|name| self.name_colors.saw(name));
                self.people.everyone.take(page);
            }
            ("/members", Some(ask)) => {
                let key = key_of(ask.argument.trim_start_matches('#'));
                // Kept only for rooms that are shown here.
                if self.find(&Place::Room(key.clone())).is_some() {
                    self.people.members.entry(key).or_default().take(page);
                }
            }
            ("/rooms", _) => {
                for line in page.lines() {
                    self.people.saw_room(line.split(' ').next().unwrap_or(line));
                }
            }
            _ => {}
        }
    }

    fn time_text(&mut self, msg: &str, ask: &Ask, now: Now) -> String {
        let Ok(server) = msg.trim().parse() else { return msg.to_owned() };
        self.clock.measure(ask.at, now, server);
        if let Some(news) = self.clock.news() {
            self.warn(&Place::Server, &news, now);
            let open = self.conversation().place.clone();
            if open != Place::Server {
                self.warn(&open, &news, now);
            }
        }
        let round_trip = shown_duration(now.ticks.saturating_sub(ask.at.ticks));
        format!("{msg} (round trip {round_trip}; this machine's clock {})", self.clock.in_words())
    }

    fn broadcast_text(&mut self, msg: &str, now: Now) -> String {
        let text = match msg.parse() {
            Ok(number) => format!("for {}", count(number, "user")),
            Err(_) => msg.to_owned(),
        };
        if self.open != 0 {
            self.hint_at(format!("broadcast {}", safe::line(&text)), now);
        }
        text
    }

    /// `#ROOM MEMBERS`: we are in.
    fn joined(&mut self, msg: &str, quiet: bool, now: Now) {
        let (room, members) = msg.split_once(' ').unwrap_or((msg, "?"));
        let [room, members] = [room, members].map(|word| cut(word, NAME_BYTES_MAX + 1));
        let room = safe::line(room).into_owned();
        self.joining.remove(&key_of(room.trim_start_matches('#')));
        self.entered(&room);
        self.people.saw_room(&room);
        let index = self.find_or_make(Place::of(&room), &room);
        self.next_members = now.ticks;
        if !quiet {
            self.switch_to(index);
        }
        let text = match members {
            "1" => format!("You are in {room}, alone so far."),
            members => format!("You are in {room}; members: {members}."),
        };
        self.note(&Place::of(&room), &text, now);
    }

    fn left_room(&mut self, msg: &str) -> String {
        let room = cut(msg.trim(), NAME_BYTES_MAX + 1);
        self.went(room);
        if let Some(index) = self.find(&Place::of(room)) {
            self.close(index);
        }
        format!("You have left {room}")
    }
}

/// A name that can't be mistaken for anything else on the screen: people's
/// names have no blanks.
fn speaker(name: &str) -> String {
    safe::line(name).replace(char::is_whitespace, "_")
}

/// Whether `text` has the name `me` in it, as a word.
pub fn names(text: &str, me: &str) -> bool {
    let (text, me) = (text.to_lowercase(), me.to_lowercase());
    if me.is_empty() {
        return false;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(&me).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + me.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// 128 bits in hexadecimal digits.
pub fn is_secret(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `#ROOM OWNER open|private KEEP MEMBERS`, the topic on the next line.
fn room_text(msg: &str) -> String {
    let (first, topic) = msg.split_once('\n').unwrap_or((msg, ""));
    let room = first.split(' ').next().unwrap_or(first);
    match topic.trim() {
        "" => format!("{room} has no topic"),
        topic => format!("{room}: {topic}"),
    }
}

fn page_text(page: &Page<'_>) -> String {
    let range = page.range;
    let lines = page.lines().collect::<Vec<_>>();
    match range.total {
        0 => "none".to_owned(),
        total if lines.len() as u64 == total => format!("{total}: {}", lines.join(", ")),
        _ => format!("{range}: {}", lines.join(", ")),
    }
}

/// `NAME IP SECONDS`, for people.
fn who_text(msg: &str) -> String {
    let mut words = msg.split(' ');
    let (name, ip) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match words.next().and_then(|seconds| seconds.parse().ok()) {
        Some(seconds @ 0..60) => format!("{name} from {ip}, here for {seconds} s"),
        Some(seconds) => {
            format!("{name} from {ip}, here for {}", shown_duration(Duration::from_secs(seconds)))
        }
        None => msg.to_owned(),
    }
}

/// As much of a duration as people want to know.
pub fn shown_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration < Duration::from_millis(1) => {
            format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
        }
        0 => format!("{:.1} ms", duration.as_secs_f64() * 1000.0),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}
