//! What a typed line does: the client's own commands, and the endpoints of the
//! server by their names. A line that can't be carried out stays in the input.

use super::clock::Now;
use super::complete::nearest;
use super::conversation::Place;
use super::link::Link;
use super::sending::count;
use super::{Effect, Mode, Model};
use crate::client::dialog::Purpose;
use crate::client::typed::{Typed, holds_secret, is_secret_talk, split_word};
use crate::wire::Name;
use std::time::Duration;

/// `/quit` twice leaves in spite of lines that wait, if the second follows
/// within this.
const LEAVING_WITH_LINES_TIME: Duration = Duration::from_secs(10);

/// A command as `/help` shows it.
pub struct Command {
    pub name: &'static str,
    pub argument: &'static str,
    pub help: &'static str,
}

const fn command(name: &'static str, argument: &'static str, help: &'static str) -> Command {
    Command { name, argument, help }
}

/// All that may stand behind a slash, the most wanted first.
pub const COMMANDS: &[Command] = &[
    command("msg", "NAME text", "write to somebody, or to a #ROOM; @NAME text does the same"),
    command("to", "NAME [text]", "open the conversation with somebody, or with a #ROOM"),
    command("reply", "text", "write to whoever wrote to you alone last"),
    command("join", "#ROOM", "join a room"),
    command("leave", "[#ROOM]", "leave a room, or close the open conversation"),
    command("me", "text", "say what you do: *text*"),
    command("who", "NAME", "where somebody is, and for how long"),
    command("list", "", "everybody who is here"),
    command("rooms", "", "all rooms"),
    command("members", "[#ROOM]", "who is in a room"),
    command("topic", "[text]", "what the open room is about, where the server keeps topics"),
    command("time", "", "the server's clock"),
    command("ping", "[text]", "how long the way to the server and back takes"),
    command("broadcast", "text", "write to everybody (operators only, where there is a token)"),
    command("search", "text", "look for text in this conversation; Ctrl-F"),
    command("clear", "", "forget the lines of this conversation"),
    command("ignore", "[NAME]", "hide what somebody writes; again to stop; alone to see whom"),
    command("ack", "", "put a broadcast's banner away; Esc does the same"),
    command("cancel", "[all]", "take back the newest line that is waiting here; or all"),
    command("resend", "", "send again the newest line here that was refused"),
    command("reconnect", "", "connect again at once"),
    command("stats", "", "the server in numbers"),
    command("presence", "on|off", "be told who comes and goes"),
    command("operator", "token", "become an operator"),
    command("kick", "NAME reason", "send somebody away (operators)"),
    command("whoami", "", "your name, what you may do, and how often you are here"),
    command("register", "", "make your name an account; asks for a password"),
    command("password", "", "change your account's password; asks for both"),
    command("token", "new LABEL|list|revoke LABEL", "what logs in instead of your password"),
    command(
        "invite-user",
        "NAME",
        "make an account for somebody, and a code to begin with (operators)",
    ),
    command("ban", "WHAT 30m|12h|7d|forever reason", "keep a name or a network out (operators)"),
    command("unban", "WHAT", "let it in again (operators)"),
    command("bans", "", "who and what is kept out (operators)"),
    command("help", "", "this"),
    command("quit", "", "leave"),
];

/// What other programs call them.
pub const ALIASES: &[(&str, &str)] = &[
    ("query", "to"),
    ("part", "leave"),
    ("close", "leave"),
    ("whois", "who"),
    ("names", "members"),
    ("exit", "quit"),
];

/// Keys and what they do, for `/help` and the manual page.
pub const KEYS: &[(&str, &str)] = &[
    ("Enter", "send the line"),
    ("Alt-Enter, Ctrl-J", "a new row within the line"),
    ("Tab, Shift-Tab", "complete a name, a room or a command; again: the next one"),
    ("Up, Down", "lines typed before; in a line of several rows, its rows"),
    ("Ctrl-N, Ctrl-P", "the next conversation, the previous one"),
    ("Alt-1 … Alt-9", "the conversation of that number"),
    ("Alt-A", "the next conversation with something new"),
    ("PageUp, PageDown", "scroll by pages; Ctrl-Up, Ctrl-Down: by rows"),
    ("Ctrl-Home, Ctrl-End", "to the first line, to the last one"),
    ("Ctrl-F", "search; Enter: an older one, Esc: stay there, Ctrl-C: back"),
    ("Ctrl-A, Ctrl-E", "to the start of the row, to its end; Home, End do the same"),
    ("Alt-B, Alt-F", "by words; so do arrows with Alt or Ctrl"),
    ("Ctrl-K, Ctrl-U", "cut to the end, to the start; Ctrl-W, Alt-D: a word"),
    ("Ctrl-Y", "put back what was cut"),
    ("Esc", "put a banner, a search, a question or this help away"),
    ("F2", "the mouse: ours, or the terminal's own for selecting text"),
    ("Ctrl-L", "paint everything anew"),
    ("Ctrl-Z", "stop; the shell's fg goes on"),
    ("Ctrl-C", "put the line aside (Up brings it back); on an empty line, twice: leave"),
    ("F1", "this help"),
];

impl Model {
    /// Enter: the open conversation's draft is carried out. Where it can't be,
    /// it stays, until something else is typed.
    pub(super) fn submit(&mut self, now: Now) {
        self.hint = None;
        let index = self.open;
        let place = self.conversations[index].place.clone();
        let line = self.conversations[index].draft.value().to_owned();
        match self.carry_out(&line, now) {
            Ok(()) => {
                self.remember(&line);
                // It may be gone: the line was `/leave`.
                let Some(index) = self.find(&place) else { return };
                let conversation = &mut self.conversations[index];
                conversation.is_draft_refused = false;
                conversation.scroll_to_end();
                // It may be another one: the line was `/cancel`.
                if conversation.draft.value() == line {
                    conversation.draft.reset();
                }
            }
            Err(words) => {
                self.conversations[index].is_draft_refused = !line.is_empty();
                self.hint_at(words, now);
            }
        }
    }

    /// Up brings it back, unless it holds a secret.
    pub(super) fn remember(&mut self, line: &str) {
        if !holds_secret(line) {
            self.history.push(line);
        }
    }

    fn carry_out(&mut self, line: &str, now: Now) -> Result<(), String> {
        match Typed::parse(line) {
            Typed::Nothing => Ok(()),
            Typed::Text(text) => self.say_here(text, now),
            Typed::Message { to, text } => self.write_to(to, text, now),
            Typed::Command { name, rest } => {
                self.command(&name.to_lowercase(), rest.trim_end(), now)
            }
        }
    }

    /// Text goes to the open conversation.
    pub(super) fn say_here(&mut self, text: &str, now: Now) -> Result<(), String> {
        let conversation = self.conversation();
        if conversation.place == Place::Server {
            return Err("nobody reads this window: /join #ROOM, or @NAME text".to_owned());
        }
        let to = conversation.title.clone();
        self.send_line(&to, text, now).map(drop)
    }

    fn write_to(&mut self, to: &str, text: &str, now: Now) -> Result<(), String> {
        check_partner(to)?;
        if text.is_empty() {
            return Err(format!("what do you want to say to {to}?"));
        }
        let index = self.send_line(to, text, now)?;
        if index != self.open {
            self.hint_at(format!("written to {to}; /to {to} opens that conversation"), now);
        }
        Ok(())
    }

    fn command(&mut self, name: &str, rest: &str, now: Now) -> Result<(), String> {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        match alias.map_or(name, |(_, meant)| meant) {
            "msg" => match split_word(rest) {
                ("", _) => Err("/msg NAME text".to_owned()),
                (to, text) => self.write_to(to, text, now),
            },
            "reply" => match self.last_direct.clone() {
                Some(to) => self.write_to(&to, rest, now),
                None => Err("nobody has written to you alone yet".to_owned()),
            },
            "me" if rest.is_empty() => Err("/me text".to_owned()),
            "me" => self.say_here(&format!("*{rest}*"), now),
            "to" => self.open_conversation(rest, now),
            "leave" => self.leave(rest, now),
            "search" => self.search(rest, now),
            "clear" => self.clear(),
            "ignore" => self.ignore(rest, now),
            "ack" => self.banners.pop_back().map(drop).ok_or("no banner is waiting".to_owned()),
            "cancel" => self.cancel(rest, now),
            "resend" => self.resend(now),
            "reconnect" => self.reconnect(),
            "help" => {
                self.help();
                Ok(())
            }
            "quit" => self.quit_unless_lines_wait(rest, now),
            "topic" => self.topic(rest, now),
            "register" => self.ask_unseen(Purpose::Register, rest, now),
            "password" => self.ask_unseen(Purpose::Password, rest, now),
            name if COMMANDS.iter().any(|command| command.name == name) => {
                self.endpoint(name, rest, now)
            }
            name => Err(no_such_command(name)),
        }
    }

    /// A question to the server; the answer comes into the open conversation.
    fn endpoint(&mut self, name: &str, rest: &str, now: Now) -> Result<(), String> {
        if is_secret_talk(name) {
            self.check_secrets_may_go(now)?;
        }
        let conversation = self.conversation();
        let here = conversation.title.clone();
        let argument = match (name, rest, &conversation.place) {
            ("members", "", Place::Room(_)) | ("who", "", Place::Person(_)) => here,
            ("members", "", _) => return self.send_ask("/list", "", now),
            ("who", "", _) => return Err("who is who? /who NAME; /list shows everybody".to_owned()),
            ("join", "", _) => return Err("/join #ROOM".to_owned()),
            ("broadcast", "", _) => return Err("/broadcast text".to_owned()),
            ("broadcast", text, _) => return self.send_broadcast(text, now),
            ("join" | "members", room, _) if !room.starts_with('#') => format!("#{room}"),
            _ => rest.to_owned(),
        };
        self.send_ask(&format!("/{name}"), &argument, now)
    }

    /// Servers that keep rooms for accounts have topics.
    fn topic(&mut self, text: &str, now: Now) -> Result<(), String> {
        let conversation = self.conversation();
        let Place::Room(_) = conversation.place else {
            return Err("only rooms have a topic".to_owned());
        };
        let room = conversation.title.clone();
        let argument = if text.is_empty() { room } else { format!("{room} topic {text}") };
        self.send_ask("/room", &argument, now)
    }

    fn open_conversation(&mut self, rest: &str, now: Now) -> Result<(), String> {
        let (to, text) = split_word(rest);
        check_partner(to)?;
        if !text.is_empty() {
            self.check(to, text)?;
        }
        let index = self.find_or_make(Place::of(to), to);
        if index == 0 {
            return Err("too many conversations: /leave one first".to_owned());
        }
        self.switch_to(index);
        if to.starts_with('#') && !self.is_member(to) {
            self.hint_at(format!("you are not in {to}: /join {to}"), now);
        }
        if text.is_empty() { Ok(()) } else { self.send_line(to, text, now).map(drop) }
    }

    fn clear(&mut self) -> Result<(), String> {
        self.check_none_waits(self.open)?;
        self.conversation_mut().clear();
        Ok(())
    }

    /// What waits to be sent stays in sight.
    fn check_none_waits(&self, index: usize) -> Result<(), String> {
        match self.outbox.has(&self.conversations[index].place) {
            true => Err("lines are waiting here: /cancel takes them back".to_owned()),
            false => Ok(()),
        }
    }

    fn leave(&mut self, rest: &str, now: Now) -> Result<(), String> {
        let conversation = self.conversation();
        let room = match (rest, &conversation.place) {
            ("", Place::Server) => return Err("this window stays: /quit leaves".to_owned()),
            ("", Place::Person(_)) => {
                self.check_none_waits(self.open)?;
                self.close(self.open);
                return Ok(());
            }
            ("", Place::Room(_)) => conversation.title.clone(),
            (room, _) if room.starts_with('#') => room.to_owned(),
            (room, _) => format!("#{room}"),
        };
        let index = self.find(&Place::of(&room));
        if let Some(index) = index {
            self.check_none_waits(index)?;
        }
        if self.link == Link::Online && self.is_member(&room) {
            self.check("/leave", &room)?;
            self.ask("/leave", &room, Place::Server, false, now);
            return Ok(());
        }
        // Not in there (any more): only the window goes.
        self.went(&room);
        self.close(index.ok_or(format!("you are not in {room}"))?);
        Ok(())
    }

    pub(super) fn close(&mut self, index: usize) {
        if index == 0 || index >= self.conversations.len() {
            return;
        }
        if index == self.open {
            self.switch_to(index - 1);
        }
        if let Place::Room(key) = self.conversations.remove(index).place {
            self.people.members.remove(&key);
        }
        if self.open > index {
            self.open -= 1;
        }
    }

    fn ignore(&mut self, name: &str, now: Now) -> Result<(), String> {
        let here = self.conversation().place.clone();
        if name.is_empty() {
            let names: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
            let text = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            self.note(&here, &format!("Ignored: {text}"), now);
            return Ok(());
        }
        let key = Name::parse(name)
            .map(|name| name.key().to_owned())
            .map_err(|error| error.to_string())?;
        let text = match self.ignored.remove(&key) {
            true => format!("{name} is heard again."),
            false => {
                self.ignored.insert(key);
                format!("{name} is ignored, but for broadcasts. /ignore {name} again to stop.")
            }
        };
        self.note(&here, &text, now);
        Ok(())
    }

    pub(super) fn search(&mut self, query: &str, now: Now) -> Result<(), String> {
        self.mode = Mode::Search { query: query.into(), found: None };
        if !query.is_empty() {
            self.search_older(now);
        }
        Ok(())
    }

    /// Lines that wait are given up only by a second `/quit`.
    fn quit_unless_lines_wait(&mut self, words: &str, now: Now) -> Result<(), String> {
        if self.outbox.is_empty() || self.leaving.is_some() {
            self.quit(words);
            return Ok(());
        }
        self.leaving = Some(now.ticks + LEAVING_WITH_LINES_TIME);
        let lines = count(self.outbox.len(), "line");
        Err(format!("not sent yet: {lines}; Enter again leaves without sending"))
    }

    pub(super) fn quit(&mut self, words: &str) {
        if self.link == Link::Online {
            self.effects.push(Effect::Send { to: "/quit".to_owned(), msg: words.to_owned() });
        }
        self.effects.push(Effect::Quit);
    }
}

/// Why there is no such command, or which one is near.
pub fn no_such_command(name: &str) -> String {
    let known = COMMANDS.iter().map(|command| command.name);
    let known = known.chain(ALIASES.iter().map(|(alias, _)| *alias));
    match name {
        "" => "a command? Tab shows them; // writes a slash".to_owned(),
        "nick" => "a name lasts as long as the connection: /quit, then lanline chat NAME@SERVER"
            .to_owned(),
        "login" => "you are somebody already: /quit, then lanline login NAME@SERVER".to_owned(),
        "away" => "this server tells nobody who is away; /quit leaves".to_owned(),
        name => match nearest(name, known) {
            Some(near) => format!("no command /{name}: did you mean /{near}?"),
            None => format!("no command /{name}: /help shows them; // writes a slash"),
        },
    }
}

/// A valid name, or `#` and one.
fn check_partner(to: &str) -> Result<(), String> {
    let name = to.strip_prefix('#').unwrap_or(to);
    Name::parse(name).map(drop).map_err(|error| match to {
        "" => "to whom? A name, or #ROOM".to_owned(),
        to => format!("{to:?} is no name: {error}"),
    })
}
