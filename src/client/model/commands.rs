//! What a typed line does: the client's own commands, and the endpoints of the
//! server by their names. A line that can't be carried out stays in the input.

use super::clock::Now;
use super::complete::nearest;
use super::conversation::Place;
use super::link::Link;
use super::{Effect, Mode, Model};
use crate::client::typed::{Typed, split_word};
use crate::wire::Name;

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
    command("reply", "text", "write to whoever wrote to you alone last"),
    command("to", "NAME", "open the conversation with somebody, or with a #ROOM"),
    command("join", "#ROOM", "join a room"),
    command("leave", "[#ROOM]", "leave a room, or the open conversation"),
    command("who", "NAME", "where somebody is, and for how long"),
    command("list", "", "everybody who is here"),
    command("rooms", "", "all rooms"),
    command("members", "[#ROOM]", "who is in a room"),
    command("time", "", "the server's clock"),
    command("ping", "[text]", "how long the way to the server and back takes"),
    command("broadcast", "text", "write to everybody"),
    command("search", "text", "look for text in this conversation; Ctrl-F"),
    command("clear", "", "forget the lines of this conversation"),
    command("ignore", "[NAME]", "hide what somebody writes; again to stop; alone to see whom"),
    command("ack", "", "put a broadcast's banner away; Esc does the same"),
    command("reconnect", "", "try again at once"),
    command("stats", "", "the server in numbers"),
    command("presence", "on|off", "be told who comes and goes"),
    command("operator", "token", "become an operator"),
    command("kick", "NAME reason", "send somebody away (operators)"),
    command("help", "", "this"),
    command("quit", "", "leave"),
];

/// The keys, for `/help`.
const KEYS: &str = "\
Enter sends; Tab completes names, rooms and commands; Up and Down: lines typed before
Ctrl-N, Ctrl-P, Alt-1 … Alt-9: other conversations; Alt-A: the next with something new
PageUp, PageDown, Ctrl-Up, Ctrl-Down: scroll; Ctrl-Home, Ctrl-End: to the start, to the end
Ctrl-A, Ctrl-E, Ctrl-K, Ctrl-U, Ctrl-W, Ctrl-Y, Alt- or Ctrl-arrows: as in a shell
Ctrl-F: search; Esc: put a banner, a search or a question away; Ctrl-L: paint anew
Ctrl-C: put the line aside (Up brings it back); on an empty line, twice: leave";

impl Model {
    /// Enter: the open conversation's draft is carried out, and kept where it
    /// can't be.
    pub(super) fn submit(&mut self, now: Now) {
        let index = self.open;
        let place = self.conversations[index].place.clone();
        let line = self.conversations[index].draft.value().to_owned();
        match self.carry_out(&line, now) {
            Ok(()) => {
                if !matches!(Typed::parse(&line), Typed::Command { name: "operator", .. }) {
                    self.history.push(&line);
                }
                // It may be gone: the line was `/leave`.
                if let Some(index) = self.find(&place) {
                    self.conversations[index].draft.reset();
                    self.conversations[index].scroll_to_end();
                }
            }
            Err(words) => self.hint_at(words, now),
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
        self.switch_to(index);
        Ok(())
    }

    fn command(&mut self, name: &str, rest: &str, now: Now) -> Result<(), String> {
        match name {
            "msg" => match split_word(rest) {
                ("", _) => Err("/msg NAME text".to_owned()),
                (to, text) => self.write_to(to, text, now),
            },
            "reply" => match self.last_direct.clone() {
                Some(to) => self.write_to(&to, rest, now),
                None => Err("nobody has written to you alone yet".to_owned()),
            },
            "to" | "query" => self.open_conversation(rest),
            "leave" | "part" | "close" => self.leave(rest, now),
            "search" => self.search(rest, now),
            "clear" => {
                self.conversation_mut().clear();
                Ok(())
            }
            "ignore" => self.ignore(rest, now),
            "ack" => self.banners.pop_front().map(drop).ok_or("no banner is waiting".to_owned()),
            "reconnect" => self.reconnect(),
            "help" => {
                self.help(now);
                Ok(())
            }
            "quit" | "exit" => {
                self.quit(rest);
                Ok(())
            }
            "" => Err("a command? Tab shows them; // writes a slash".to_owned()),
            name if COMMANDS.iter().any(|command| command.name == name) => {
                self.endpoint(name, rest, now)
            }
            name => Err(match nearest(name, COMMANDS.iter().map(|command| command.name)) {
                Some(near) => format!("no command /{name}: did you mean /{near}?"),
                None => format!("no command /{name}: /help shows them; // writes a slash"),
            }),
        }
    }

    /// A question to the server; the answer comes into the open conversation.
    fn endpoint(&mut self, name: &str, rest: &str, now: Now) -> Result<(), String> {
        let place = self.conversation().place.clone();
        let here = self.conversation().title.clone();
        let argument = match (name, rest, &place) {
            ("members", "", Place::Room(_)) | ("who", "", Place::Person(_)) => here,
            ("who", "", _) => return Err("who is who? /who NAME; /list shows everybody".to_owned()),
            ("join" | "members", "", _) => return Err(format!("/{name} #ROOM")),
            ("broadcast", "", _) => return Err("/broadcast text".to_owned()),
            ("join" | "members", room, _) if !room.starts_with('#') => format!("#{room}"),
            _ => rest.to_owned(),
        };
        let endpoint = format!("/{name}");
        self.check(&endpoint, &argument)?;
        if name == "broadcast" {
            let text = format!("/broadcast {argument}");
            self.note(&Place::Server, &text, now);
        }
        self.ask(&endpoint, &argument, place, false, now);
        Ok(())
    }

    fn open_conversation(&mut self, to: &str) -> Result<(), String> {
        check_partner(to)?;
        let index = self.find_or_make(Place::of(to), to);
        if index == 0 {
            return Err("too many conversations: /leave one first".to_owned());
        }
        self.switch_to(index);
        Ok(())
    }

    fn leave(&mut self, rest: &str, now: Now) -> Result<(), String> {
        let conversation = self.conversation();
        let room = match (rest, &conversation.place) {
            ("", Place::Server) => return Err("this window stays: /quit leaves".to_owned()),
            ("", Place::Person(_)) => {
                self.close(self.open);
                return Ok(());
            }
            ("", Place::Room(_)) => conversation.title.clone(),
            (room, _) if room.starts_with('#') => room.to_owned(),
            (room, _) => format!("#{room}"),
        };
        if self.link == Link::Online && self.is_member(&room) {
            self.check("/leave", &room)?;
            self.ask("/leave", &room, Place::Server, false, now);
            return Ok(());
        }
        // Not in there (any more): only the window goes.
        self.went(&room);
        let index = self.find(&Place::of(&room)).ok_or(format!("you are not in {room}"))?;
        self.close(index);
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

    pub(super) fn help(&mut self, now: Now) {
        let commands = COMMANDS.iter().map(|command| {
            let usage = format!("/{} {}", command.name, command.argument);
            format!("{usage:<20} {}", command.help)
        });
        let text = commands.collect::<Vec<_>>().join("\n");
        let here = self.conversation().place.clone();
        self.note(&here, &format!("{text}\n{KEYS}"), now);
    }

    pub(super) fn quit(&mut self, words: &str) {
        if self.link == Link::Online {
            self.effects.push(Effect::Send { to: "/quit".to_owned(), msg: words.to_owned() });
        }
        self.effects.push(Effect::Quit);
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
