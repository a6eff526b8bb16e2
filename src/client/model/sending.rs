//! Typed lines on their way out: sent at once, or kept in the outbox until the
//! connection is back; taken back, or sent again. Never: what a line means.
//!
//! A line leaves the outbox when it is handed to the connection, and never
//! returns to it: what may have been read by the server is not sent twice.

use super::clock::Now;
use super::conversation::{Place, key_of};
use super::line::{Delivery, Kind, Line};
use super::link::Link;
use super::outbox::Typed;
use super::{Effect, Model};
use crate::client::safe;
use crate::connect::pack;
use tui_input::Input;

/// Lines that may wait at once, in all conversations together.
const OUTBOX_LINES_MAX: usize = 1_000;

impl Model {
    /// Sends a line to a user or to a room, and shows it there; returns the
    /// conversation.
    pub(super) fn send_line(&mut self, to: &str, text: &str, now: Now) -> Result<usize, String> {
        self.check(to, text)?;
        let index = self.find_or_make(Place::of(to), to);
        self.put(index, to, text, text, now)?;
        Ok(index)
    }

    /// Sends to an endpoint what the open conversation asks it; where it has to
    /// wait, it is shown there as it was typed.
    pub(super) fn send_ask(&mut self, to: &str, argument: &str, now: Now) -> Result<(), String> {
        self.check(to, argument)?;
        if !self.must_wait(to) {
            let place = self.conversation().place.clone();
            self.ask(to, argument, place, false, now);
            return Ok(());
        }
        if to == "/operator" {
            return Err("not connected: a token isn't kept, say it again then".to_owned());
        }
        let shown = format!("{to} {argument}");
        self.put(self.open, to, argument, shown.trim_end(), now)
    }

    /// Sends a broadcast, and shows it in the server's conversation.
    pub(super) fn send_broadcast(&mut self, text: &str, now: Now) -> Result<(), String> {
        self.check("/broadcast", text)?;
        self.put(0, "/broadcast", text, &format!("/broadcast {text}"), now)
    }

    /// Adds a line of ours to a conversation, and sends it or lets it wait.
    fn put(
        &mut self,
        index: usize,
        to: &str,
        msg: &str,
        shown: &str,
        now: Now,
    ) -> Result<(), String> {
        let waits = self.must_wait(to);
        if waits && self.outbox.len() >= OUTBOX_LINES_MAX {
            return Err("too many lines are waiting: /cancel all takes them back".to_owned());
        }
        let delivery = if waits { Delivery::Waiting } else { Delivery::Sent };
        let text = safe::text(shown);
        let (at, kind) = (self.clock.server_time(now), Kind::Own(delivery));
        let number = self.add(index, Line::new(at, kind, self.me.clone(), text));
        // Where there are too many conversations, it is in the server's.
        let place = self.conversations[index].place.clone();
        let typed = Typed { to: to.to_owned(), msg: msg.to_owned(), place, number };
        if waits {
            self.outbox.lines.push_back(typed);
        } else {
            self.send_now(typed, now);
        }
        Ok(())
    }

    fn send_now(&mut self, typed: Typed, now: Now) {
        let Typed { to, msg, place, number } = typed;
        if to.starts_with('/') {
            self.ask_for_line(&to, &msg, place, number, now);
        } else {
            self.asks.sent_line(place, number);
            self.effects.push(Effect::Send { to, msg });
        }
    }

    /// How many lines wait for the connection.
    pub fn waiting_lines(&self) -> usize {
        self.outbox.len()
    }

    fn is_up(&self) -> bool {
        self.link == Link::Online && !self.closing
    }

    /// Behind what waits already, and behind our entry into the room.
    fn must_wait(&self, to: &str) -> bool {
        !self.is_up() || !self.outbox.is_empty() || self.is_joining(to)
    }

    /// Whether the server hasn't answered yet that we are in that room.
    fn is_joining(&self, to: &str) -> bool {
        to.strip_prefix('#').is_some_and(|room| self.joining.contains(&key_of(room)))
    }

    /// Sends what waits, as far as it can go.
    pub(super) fn flush_outbox(&mut self, now: Now) {
        while self.is_up()
            && let Some(typed) = self.outbox.lines.front()
            && !self.is_joining(&typed.to)
        {
            let Some(typed) = self.outbox.lines.pop_front() else { return };
            if let Some(index) = self.find(&typed.place) {
                self.conversations[index].mark(typed.number, Line::sent);
            }
            self.send_now(typed, now);
        }
    }

    /// `/cancel`: the newest waiting line of the open conversation returns into
    /// the input; `/cancel all`: none waits any more.
    pub(super) fn cancel(&mut self, rest: &str, now: Now) -> Result<(), String> {
        match rest {
            "" => {
                let place = self.conversation().place.clone();
                let typed = self.outbox.pop_newest(&place);
                let typed = typed.ok_or("no line is waiting in this conversation")?;
                self.conversation_mut().mark(typed.number, Line::take_back);
                let draft = typed_again(&typed);
                self.conversation_mut().draft = Input::new(draft);
            }
            "all" => {
                let lines = std::mem::take(&mut self.outbox.lines);
                if lines.is_empty() {
                    return Err("no line is waiting".to_owned());
                }
                for typed in &lines {
                    if let Some(index) = self.find(&typed.place) {
                        self.conversations[index].mark(typed.number, Line::take_back);
                    }
                }
                self.hint_at(format!("taken back: {}", count(lines.len(), "line")), now);
            }
            _ => return Err("/cancel, or /cancel all".to_owned()),
        }
        Ok(())
    }

    /// `/resend`: the newest line of the open conversation that was refused goes
    /// out again. One that some of a room got doesn't: they would get it twice.
    pub(super) fn resend(&mut self, now: Now) -> Result<(), String> {
        let conversation = self.conversation();
        if conversation.place == Place::Server {
            return Err("nothing to send again in this window: Up brings lines back".to_owned());
        }
        let to = conversation.title.clone();
        let (number, text) = conversation
            .newest_refused()
            .map(|(number, line)| (number, line.text.clone()))
            .ok_or("no line here was refused for everybody")?;
        self.send_line(&to, &text, now)?;
        self.conversation_mut().mark(number, Line::sent_again);
        Ok(())
    }

    /// Whether a packet can be sent at all.
    pub(super) fn check(&self, to: &str, msg: &str) -> Result<(), String> {
        pack(&self.me, &self.ip, to, msg).map(drop).map_err(|error| error.to_string())
    }
}

/// What to type for that line: a slash at its start is one of the text.
fn typed_again(typed: &Typed) -> String {
    let Typed { to, msg, .. } = typed;
    match to.starts_with('/') {
        true => format!("{to} {msg}").trim_end().to_owned(),
        false if msg.starts_with(['/', '@']) => format!("/msg {to} {msg}"),
        false => msg.clone(),
    }
}

/// `1 line`, `2 lines`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
