//! What a typed line does in the plain client. What it doesn't know, it asks the
//! server. Never: the connection.

use super::Plain;
use super::link_state::Link;
use crate::client::dialog::Purpose;
use crate::client::model::commands::{ALIASES, no_such_command};
use crate::client::typed::{Typed, is_secret_talk, split_word};
use crate::connect::NOT_SECRET;
use std::time::Instant;

/// The plain client's own part of `/help`.
const HELP_PLAIN: &str = "\
@NAME text         send text to NAME (or to #ROOM)
/to NAME           from now on lines go to NAME (or to #ROOM)
/msg NAME text     as @NAME text
/join #ROOM        join a room; from now on lines go there
/list /who NAME /time /rooms /members #ROOM ...
                   ask the server; it explains all of them below
//text             a line that begins with a slash
/register, /password
                   make your name an account, change its password: asked for unseen
/quit              leave";

impl Plain {
    /// Carries a line out.
    pub(super) fn typed(&mut self, line: &str) {
        self.number += 1;
        match Typed::parse(line) {
            Typed::Nothing => {}
            Typed::Text(text) => self.say(text),
            Typed::Message { to, text } => self.send(to, text),
            Typed::Command { name, rest } => self.command(name, rest),
        }
    }

    fn say(&mut self, text: &str) {
        match self.open.clone() {
            Some(to) => self.send(&to, text),
            None => self.wrong("nobody to send this to: begin with `/to NAME` or `@NAME `"),
        }
    }

    fn command(&mut self, name: &str, rest: &str) {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name, |(_, meant)| meant);
        let rest = rest.trim_end();
        let room = self.open.clone().filter(|open| open.starts_with('#'));
        match (name, rest, room) {
            ("to", "", _) => self.wrong("whom? `/to NAME` or `/to #ROOM`"),
            ("to", rest, _) => {
                let (to, text) = split_word(rest);
                self.open = Some(to.to_owned());
                if !text.is_empty() {
                    self.send(to, text);
                }
            }
            ("msg", rest, _) => match split_word(rest) {
                (_, "") => self.wrong("`/msg NAME text`"),
                (to, text) => self.send(to, text),
            },
            ("reply" | "me", "", _) => self.wrong(&format!("`/{name} text`")),
            ("reply", text, _) => match self.last_direct.clone() {
                Some(to) => self.send(&to, text),
                None => self.wrong("nobody has written to you alone yet"),
            },
            ("me", text, _) => self.say(&format!("*{text}*")),
            ("help", rest, _) => {
                self.note(HELP_PLAIN);
                self.send("/help", rest);
            }
            ("quit", rest, _) => self.quit(rest),
            ("cancel", rest, _) => self.cancel(rest),
            ("reconnect", ..) => match self.link {
                Link::Up(_) => self.wrong("you are connected"),
                Link::Connecting { .. } => {}
                Link::Waiting { .. } | Link::Off => self.attempt(1),
            },
            ("join", "", _) => self.wrong("`/join #ROOM`"),
            ("join", room, _) => {
                self.open = Some(room.to_owned());
                self.send("/join", room);
            }
            ("leave", "", Some(room)) => {
                self.open = None;
                self.send("/leave", &room);
            }
            ("members", "", Some(room)) => self.send("/members", &room),
            ("members", "", None) => self.send("/list", ""),
            ("topic", "", Some(room)) => self.send("/room", &room),
            ("topic", text, Some(room)) => self.send("/room", &format!("{room} topic {text}")),
            ("register", rest, _) => self.ask_unseen(Purpose::Register, rest),
            ("password", rest, _) => self.ask_unseen(Purpose::Password, rest),
            (name, ..) if is_secret_talk(name) && !self.may_secrets_go() => {
                self.wrong(NOT_SECRET);
            }
            ("nick" | "away" | "login", ..) => {
                self.wrong(&no_such_command(name));
            }
            ("ack" | "clear" | "ignore" | "resend" | "search" | "topic", ..) => {
                self.wrong(&format!("there is nothing here for /{name}"));
            }
            (name, rest, _) => self.send(&format!("/{name}"), rest),
        }
    }

    fn cancel(&mut self, rest: &str) {
        let lines = match rest {
            "all" => std::mem::take(&mut self.outbox).into_iter().collect(),
            _ => Vec::from_iter(self.outbox.pop_back()),
        };
        if lines.is_empty() {
            return self.wrong("no line is waiting");
        }
        for line in lines {
            self.note(&format!("! taken back: {}", line.named()));
        }
    }

    fn quit(&mut self, words: &str) {
        self.input_ended = Some(Instant::now());
        if matches!(self.link, Link::Up(_)) {
            self.send("/quit", words);
            self.is_leaving = true;
        } else if !self.outbox.is_empty() {
            for line in std::mem::take(&mut self.outbox) {
                self.note(&format!("! not sent: {}", line.named()));
            }
        }
    }
}
