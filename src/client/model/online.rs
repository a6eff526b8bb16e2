//! The connection comes, is kept up, goes, comes back; and what is sent on it.
//! Never: what a packet that comes means.

use super::clock::{MEASURE_INTERVAL, Now};
use super::conversation::{Place, key_of};
use super::line::{Delivery, Kind, Line};
use super::link::{Link, pause};
use super::people::Names;
use super::{Effect, Model};
use crate::client::safe;
use crate::connect::pack;
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

impl Model {
    pub(super) fn connected(&mut self, welcome: &Welcome, now: Now) {
        self.link = Link::Online;
        self.closing = false;
        self.kicked = None;
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
        for room in std::mem::take(&mut self.rooms) {
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
        let attempt = match self.link {
            Link::Connecting { attempt } => attempt.saturating_add(1),
            _ => 1,
        };
        self.note(&Place::Server, why, now);
        self.wait(attempt, now);
    }

    pub(super) fn lost(&mut self, why: &str, now: Now) {
        if !matches!(self.link, Link::Online) {
            return;
        }
        self.lost_at.get_or_insert(self.clock.server_time(now));
        for (place, number) in self.asks.lost() {
            let Some(index) = self.find(&place) else { continue };
            self.conversations[index].mark(number, Line::doubt);
        }
        let why = match self.kicked.take() {
            Some(reason) => {
                let why = format!("You were sent away: {}.", reason.trim_end_matches('.'));
                self.link = Link::Off { why: why.clone() };
                format!("{why} Come back by /reconnect.")
            }
            None => {
                self.wait(1, now);
                format!("Connection lost: {why} What you type is kept; trying again.")
            }
        };
        self.warn(&Place::Server, &why, now);
        let open = self.conversation().place.clone();
        if open != Place::Server {
            self.warn(&open, &why, now);
        }
    }

    fn wait(&mut self, attempt: u32, now: Now) {
        let until = now.ticks + pause(attempt, self.random.f64());
        self.link = Link::Waiting { until, attempt };
    }

    /// Tries at once, whatever the pause.
    pub(super) fn reconnect(&mut self) -> Result<(), String> {
        match self.link {
            Link::Online => return Err("the connection stands".to_owned()),
            Link::Connecting { .. } => {}
            Link::Waiting { .. } | Link::Off { .. } => {
                self.link = Link::Connecting { attempt: 1 };
                self.effects.push(Effect::Connect);
            }
        }
        Ok(())
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
            Link::Waiting { until, attempt } if until <= now.ticks => {
                self.link = Link::Connecting { attempt };
                self.effects.push(Effect::Connect);
            }
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
            Link::Waiting { until, .. } => Some(until),
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
        if endpoint == "/members" && self.asks.oldest(endpoint).is_some() {
            if self.members_later.len() < WAITING_ASKS_MAX {
                self.members_later.push_back((argument.to_owned(), place, quiet));
            }
            return;
        }
        self.asks.sent_ask(endpoint, argument, place, quiet, now);
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

    /// Sends a line to somebody or to a room, and shows it there.
    pub(super) fn send_line(&mut self, to: &str, text: &str, now: Now) -> Result<usize, String> {
        self.check(to, text)?;
        let place = Place::of(to);
        let index = self.find_or_make(place.clone(), to);
        let line = Line {
            at: self.clock.server_time(now),
            kind: Kind::Own(Delivery::Sent),
            who: self.me.clone(),
            text: safe::lines(text).collect::<Vec<_>>().join("\n"),
        };
        let number = self.add(index, line);
        // Where there are too many conversations, it is in the server's.
        let place = self.conversations[index].place.clone();
        self.asks.sent_line(place, number);
        self.effects.push(Effect::Send { to: to.to_owned(), msg: text.to_owned() });
        Ok(index)
    }

    /// Whether a packet can be sent at all.
    pub(super) fn check(&self, to: &str, msg: &str) -> Result<(), String> {
        if self.link != Link::Online || self.closing {
            return Err("not connected: your line is kept".to_owned());
        }
        pack(&self.me, &self.ip, to, msg).map(drop).map_err(|error| error.to_string())
    }

    pub(super) fn entered(&mut self, room: &str) {
        if !self.is_member(room) {
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
