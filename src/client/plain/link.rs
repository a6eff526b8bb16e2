//! The connection of the plain client: made, kept, lost, made again; lines sent,
//! or waiting for it. Never: what a line means, what is printed of a packet.

use super::link_state::Link;
use super::print::Line;
use super::{Plain, safe};
use crate::client::model::link::pause;
use crate::client::protection;
use crate::client::reader::Reader;
use crate::client::secret::Secret;
use crate::client::typed::is_told_secrets;
use crate::connect::{Protection, Sender};
use std::io;
use std::time::{Duration, Instant};

/// A socket that takes no bytes holds up what comes no longer than this.
const SEND_PATIENCE: Duration = Duration::from_millis(10);

impl Plain {
    /// What is worth a word of how the connection is protected.
    pub(super) fn tell_protection(&mut self, protection: Protection) {
        self.protection = Some(protection);
        if let Some(text) = protection::worth_telling(protection, &self.reader.server) {
            self.note(&format!("! {text}"));
        }
    }

    pub(super) fn connected(&mut self, sender: Sender, resumed: bool) {
        self.link = Link::Up(sender);
        self.last_failure = None;
        self.sent.clear();
        let own = |to: &str, msg: &str| Line { number: 0, to: to.to_owned(), msg: msg.to_owned() };
        if resumed {
            self.sent.push(1, &own("/resume", ""));
        }
        if self.secret.is_some() {
            self.send_now(&own("/resume", ""));
        }
        for room in self.rooms.clone().into_values() {
            self.send_now(&own("/join", &room));
        }
        for line in std::mem::take(&mut self.outbox) {
            self.send_now(&line);
        }
    }

    pub(super) fn lost(&mut self, why: &str) -> io::Result<()> {
        if matches!(self.link, Link::Up(_)) {
            self.note(&format!(
                "! connection lost: {why} The last lines may not have arrived; what you write now \
                 waits. /reconnect tries at once"
            ));
        }
        self.wait(1, Instant::now());
        self.printer.flush()
    }

    pub(super) fn failed(&mut self, why: &str) {
        if self.last_failure.as_deref() != Some(why) {
            self.last_failure = Some(why.to_owned());
            self.note(&format!("! not connected, trying again: {}", safe::line(why)));
        }
        if let Link::Connecting { attempt, began } = self.link {
            self.wait(attempt.saturating_add(1), began);
        }
    }

    /// Attempts begin a pause apart.
    pub(super) fn wait(&mut self, attempt: u32, began: Instant) {
        let until = (began + pause(attempt, fastrand::f64())).max(Instant::now());
        self.link = Link::Waiting { attempt, until };
    }

    pub(super) fn attempt(&mut self, attempt: u32) {
        self.link = Link::Connecting { attempt, began: Instant::now() };
        let secret = self.secret.as_ref().and_then(Secret::known).map(str::to_owned);
        Reader { secret, ..self.reader.clone() }.connect();
    }

    pub(super) fn tick(&mut self) {
        let Link::Waiting { attempt, until } = self.link else { return };
        if self.route.came_back() {
            self.attempt(1);
        } else if until <= Instant::now() {
            self.attempt(attempt);
        }
    }

    /// Sends a line, or lets it wait for the connection.
    pub(super) fn send(&mut self, to: &str, msg: &str) {
        let line = Line { number: self.number, to: to.to_owned(), msg: msg.to_owned() };
        if matches!(self.link, Link::Up(_)) {
            return self.send_now(&line);
        }
        if is_told_secrets(to.trim_start_matches('/')) {
            return self.wrong("not connected: a secret isn't kept, say it again then");
        }
        self.note(&format!(
            "! {} is waiting for the connection; /cancel takes it back",
            line.named()
        ));
        self.outbox.push_back(line);
    }

    pub(super) fn send_now(&mut self, line: &Line) {
        let Link::Up(sender) = &mut self.link else { return };
        match sender.push(&line.to, &line.msg) {
            Ok(ordinal) => self.sent.push(ordinal, line),
            Err(error) => self.wrong(&error.to_string()),
        }
    }

    pub(super) fn flush_socket(&mut self) {
        // What is wrong with the socket, the thread that reads tells.
        if let Link::Up(sender) = &mut self.link
            && sender.flush(SEND_PATIENCE).is_err()
        {
            sender.close();
        }
    }
}
