//! The connection comes, is kept up, goes, comes back; and what is sent on it.
//! Never: what a packet that comes means.

use super::clock::{MEASURE_INTERVAL, Now};
use super::conversation::{Place, key_of};
use super::line::Line;
use super::link::{Link, pause};
use super::people::Names;
use super::{Effect, Model};
use crate::client::safe;
use crate::limits::NAME_FREED_AFTER;
use crate::limits::ROOMS_PER_USER_MAX;
use crate::wire::Welcome;
use std::time::Duration;

/// How often a quiet connection is tried by `/ping`.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// A server that leaves a `/ping` unanswered for this long is gone.
const PING_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the members of the open room are asked for: nothing tells of those
/// who come into a room.
const MEMBERS_INTERVAL: Duration = Duration::from_secs(15);
/// The same where they are many, since the answer is long.
const MANY_MEMBERS_INTERVAL: Duration = Duration::from_secs(180);
const MANY_MEMBERS: u64 = 500;
/// Questions that wait for their turn.
const WAITING_ASKS_MAX: usize = 100;
/// An attempt that took long is followed by the next one after this.
const PAUSE_MIN: Duration = Duration::from_millis(500);

impl Model {
    pub(super) fn connected(&mut self, welcome: &Welcome, now: Now) {
        self.link = Link::Online;
        self.closing = false;
        self.kicked = None;
        self.lost_ticks = None;
        self.last_failure = None;
        self.joining.clear();
        self.me = safe::line(&welcome.name).into_owned();
        self.ip = safe::line(&welcome.ip).into_owned();
        self.clock.forget();
        self.people.forget();
        self.members_later.clear();
        let text = format!(
            "Connected to {} as {}; {} here. /help explains the rest.",
            self.options.server,
            self.me,
            if welcome.users == 1 {
                "nobody else".to_owned()
            } else {
                format!("{} users", welcome.users)
            },
        );
        self.note(&Place::Server, &text, now);
        self.tell_what_was_missed(now);

        self.ask("/time", "", Place::Server, true, now);
        self.ask("/presence", "on", Place::Server, true, now);
        self.ask("/list", "", Place::Server, true, now);
        self.ask("/resume", "", Place::Server, true, now);
        for room in self.rooms.clone() {
            let place = Place::of(&room);
            self.ask("/join", &room, place, true, now);
        }
        self.next_measure = now.ticks + MEASURE_INTERVAL;
        self.next_ping = now.ticks + PING_INTERVAL;
        self.next_members = now.ticks;
    }

    /// After a gap, each conversation says so.
    fn tell_what_was_missed(&mut self, now: Now) {
        let Some(lost) = self.lost_at.take() else { return };
        let time = |at: jiff::Timestamp| {
            at.to_zoned(self.options.zone.clone()).strftime("%H:%M:%S").to_string()
        };
        let (from, to) = (time(lost), time(self.clock.server_time(now)));
        let text =
            format!("Connected again. What was said here from {from} to {to} may be missing.");
        let places: Vec<Place> = self.conversations.iter().map(|one| one.place.clone()).collect();
        for place in places {
            self.note(&place, &text, now);
        }
    }

    pub(super) fn not_connected(&mut self, why: &str, now: Now) {
        if self.last_failure.as_deref() != Some(why) {
            self.last_failure = Some(why.to_owned());
            self.note(&Place::Server, why, now);
        }
        let attempt = match self.link {
            Link::Connecting { attempt } => attempt.saturating_add(1),
            _ => 1,
        };
        self.wait(attempt, now);
    }

    /// An attempt was refused since somebody has our name: our own connection,
    /// as long as the server hasn't noticed that it is lost.
    pub(super) fn name_taken(&mut self, now: Now) {
        let since = self.lost_ticks.map(|lost| now.ticks.saturating_sub(lost));
        let left = since.and_then(|since| NAME_FREED_AFTER.checked_sub(since));
        let why = match left.and_then(|left| self.clock.server_time(now).checked_add(left).ok()) {
            Some(end) => format!(
                "The name {} is still taken, perhaps by your own lost connection: then it is free \
                 by {} at the latest. Trying again.",
                self.me,
                end.to_zoned(self.options.zone.clone()).strftime("%H:%M:%S"),
            ),
            None => format!(
                "Somebody else has the name {} now. Trying again; /quit, and come back by another \
                 name, if it takes too long.",
                self.me
            ),
        };
        self.not_connected(&why, now);
    }

    pub(super) fn lost(&mut self, why: &str, now: Now) {
        if !matches!(self.link, Link::Online) {
            return;
        }
        self.lost_at.get_or_insert(self.clock.server_time(now));
        self.lost_ticks.get_or_insert(now.ticks);
        self.joining.clear();
        for (place, number) in self.asks.lost() {
            let Some(index) = self.find(&place) else { continue };
            self.conversations[index].mark(number, Line::doubt);
        }
        // It was we who closed it.
        let silent = std::mem::take(&mut self.closing)
            .then(|| format!("the server said nothing for {} s.", PING_TIMEOUT.as_secs()));
        let why = silent.as_deref().unwrap_or(why);
        let why = match self.kicked.take() {
            Some(reason) => {
                let why = format!("You were sent away: {}.", reason.trim_end_matches('.'));
                self.link = Link::Off { why: why.clone() };
                format!("{why} Come back by /reconnect.")
            }
            None => {
                self.attempted_at = now.ticks;
                self.wait(1, now);
                format!("Connection lost: {why} What you write waits until it is back.")
            }
        };
        self.warn(&Place::Server, &why, now);
        let open = self.conversation().place.clone();
        if open != Place::Server {
            self.warn(&open, &why, now);
        }
    }

    /// Attempts begin a pause apart; one that took longer is soon followed.
    fn wait(&mut self, attempt: u32, now: Now) {
        let until = self.attempted_at + pause(attempt, self.random.f64());
        let until = until.max(now.ticks + PAUSE_MIN);
        self.link = Link::Waiting { until, attempt };
    }

    fn attempt(&mut self, attempt: u32) {
        self.link = Link::Connecting { attempt };
        self.attempted_at = self.ticks;
        self.effects.push(Effect::Connect);
    }

    /// Tries at once, whatever the pause.
    pub(super) fn reconnect(&mut self) -> Result<(), String> {
        match self.link {
            Link::Online => return Err("you are connected".to_owned()),
            Link::Connecting { .. } => {}
            Link::Waiting { .. } | Link::Off { .. } => self.attempt(1),
        }
        Ok(())
    }

    /// There is a way to the server again, or another one.
    pub(super) fn network_came_back(&mut self) {
        if matches!(self.link, Link::Waiting { .. }) {
            self.attempt(1);
        }
    }

    /// Whole seconds until the next attempt, while one is waited for.
    pub fn next_attempt_in(&self) -> Option<u64> {
        let Link::Waiting { until, .. } = self.link else { return None };
        let left = until.saturating_sub(self.ticks);
        Some(left.as_secs() + u64::from(left.subsec_nanos() > 0))
    }

    /// What is due is done.
    pub(super) fn tick(&mut self, now: Now) {
        if self.hint.as_ref().is_some_and(|&(_, until)| until <= now.ticks) {
            self.hint = None;
        }
        if self.leaving.is_some_and(|until| until <= now.ticks) {
            self.leaving = None;
        }
        match self.link {
            Link::Waiting { until, attempt } if until <= now.ticks => self.attempt(attempt),
            Link::Online if !self.closing => self.keep_up(now),
            _ => {}
        }
    }

    fn keep_up(&mut self, now: Now) {
        if self.next_measure <= now.ticks {
            self.next_measure = now.ticks + MEASURE_INTERVAL;
            self.ask("/time", "", Place::Server, true, now);
            self.ask("/list", "", Place::Server, true, now);
        }
        let place = self.conversation().place.clone();
        if let Place::Room(key) = &place
            && self.next_members <= now.ticks
        {
            let members = self.people.members.get(key).map_or(0, Names::total);
            let is_big = members > MANY_MEMBERS;
            self.next_members =
                now.ticks + if is_big { MANY_MEMBERS_INTERVAL } else { MEMBERS_INTERVAL };
            let room = self.conversation().title.clone();
            self.ask("/members", &room, place, true, now);
        }
        match self.asks.oldest("/ping") {
            Some(ask) if ask.at.ticks + PING_TIMEOUT <= now.ticks => {
                self.closing = true;
                self.effects.push(Effect::Disconnect);
            }
            Some(_) => {}
            // Also behind what we sent: its answer shows that all was read.
            None if self.next_ping <= now.ticks || self.asks.has_unread() => {
                self.next_ping = now.ticks + PING_INTERVAL;
                self.ask("/ping", "", Place::Server, true, now);
            }
            None => {}
        }
    }

    /// When [`super::Event::Tick`] is wanted, in ticks; `None` if never.
    pub fn deadline(&self) -> Option<Duration> {
        let hint = self.hint.as_ref().map(|&(_, until)| until);
        let link = match self.link {
            // Each second of the countdown is shown.
            Link::Waiting { until, .. } => {
                let shown = self.next_attempt_in().unwrap_or_default();
                Some(until.saturating_sub(Duration::from_secs(shown.saturating_sub(1))))
            }
            Link::Online if !self.closing => {
                let ping = match self.asks.oldest("/ping") {
                    Some(ask) => ask.at.ticks + PING_TIMEOUT,
                    None => self.next_ping,
                };
                let members = match self.conversation().place {
                    Place::Room(_) => self.next_members,
                    _ => self.next_measure,
                };
                Some(ping.min(self.next_measure).min(members))
            }
            _ => None,
        };
        [hint, self.leaving, link].into_iter().flatten().min()
    }

    /// Asks an endpoint. Nothing happens without a connection.
    pub(super) fn ask(
        &mut self,
        endpoint: &str,
        argument: &str,
        place: Place,
        quiet: bool,
        now: Now,
    ) {
        if self.link != Link::Online {
            return;
        }
        if endpoint == "/join" {
            self.joining.insert(key_of(argument.trim_start_matches('#')));
        }
        if endpoint == "/members" && self.asks.oldest(endpoint).is_some() {
            if self.members_later.len() < WAITING_ASKS_MAX {
                self.members_later.push_back((argument.to_owned(), place, quiet));
            }
            return;
        }
        self.push_ask(endpoint, argument, place, None, quiet, now);
    }

    /// The same for a question that stands as line `line` in `place`.
    pub(super) fn ask_for_line(
        &mut self,
        endpoint: &str,
        argument: &str,
        place: Place,
        line: u64,
        now: Now,
    ) {
        match endpoint {
            // These have rules of their own.
            "/join" | "/members" => self.ask(endpoint, argument, place, false, now),
            _ => self.push_ask(endpoint, argument, place, Some(line), false, now),
        }
    }

    fn push_ask(
        &mut self,
        endpoint: &str,
        argument: &str,
        place: Place,
        line: Option<u64>,
        quiet: bool,
        now: Now,
    ) {
        self.asks.sent_ask(endpoint, argument, place, line, quiet, now);
        self.effects.push(Effect::Send { to: endpoint.to_owned(), msg: argument.to_owned() });
    }

    /// Asks for the members that had to wait.
    pub(super) fn ask_later(&mut self, now: Now) {
        if self.asks.oldest("/members").is_none()
            && let Some((room, place, quiet)) = self.members_later.pop_front()
        {
            self.ask("/members", &room, place, quiet, now);
        }
    }

    pub(super) fn entered(&mut self, room: &str) {
        if !self.is_member(room) {
            // Of a server that means it ill there may be any number.
            self.rooms.truncate(ROOMS_PER_USER_MAX - 1);
            self.rooms.push(room.to_owned());
        }
    }

    pub(super) fn went(&mut self, room: &str) {
        self.rooms.retain(|other| key_of(other) != key_of(room));
        self.people.members.remove(&key_of(room.trim_start_matches('#')));
    }

    pub fn is_member(&self, room: &str) -> bool {
        self.rooms.iter().any(|other| key_of(other) == key_of(room))
    }
}
