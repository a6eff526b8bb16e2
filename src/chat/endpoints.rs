//! The table of the server's endpoints: who may call what, and what this shard
//! can answer by itself. Never: how an answer is put on the wire.

use super::client::Then;
use super::deadlines::Kind;
use super::id::ConnId;
use super::message::Query;
use super::refusal::Code;
use super::shard::{Report, Shard};
use crate::limits;
use crate::wire::{Name, Packet};
use jiff::Timestamp;
use std::fmt::Write;
use std::mem;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// For people: what there is.
const HELP: &str = "/welcome comes once: NAME IP USERS VERSION
/help: this
/list: who is here
/who NAME: name, address, seconds connected
/time: the server's clock, UTC
/ping TEXT: the same text
/stats: counters
/broadcast TEXT: to everyone
/join #ROOM, /leave #ROOM: rooms
/rooms: all rooms with their members
/members #ROOM: who is in it
/presence on|off: hear who comes and goes
/operator TOKEN: become an operator
/kick NAME REASON: for operators
/quit: good-bye
A packet to a name goes to that user, one to #ROOM to its members.";

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// A packet to one of the server's endpoints.
    pub(super) fn endpoint(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) {
        if let Err(code) = self.call(id, ordinal, packet) {
            self.refuse(id, ordinal, code, None);
        }
    }

    fn call(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let argument = packet.msg.plain();
        match packet.to.as_ref() {
            "/help" => self.say(id, "/help", HELP),
            "/list" => self.query_all(id, ordinal, Query::List),
            "/who" => return self.who(id, ordinal, &argument),
            "/time" => self.time(id),
            "/ping" => {
                let raw = packet.msg.raw();
                self.say_with(id, "/ping", |out| out.extend_from_slice(raw.as_bytes()));
            }
            "/stats" => self.stats(id),
            "/broadcast" => return self.broadcast(id, ordinal, packet),
            "/join" => return self.join(id, ordinal, &argument),
            "/leave" => return self.leave_room(id, ordinal, &argument),
            "/rooms" => self.query_all(id, ordinal, Query::Rooms),
            "/members" => return self.members(id, ordinal, &argument),
            "/presence" => return self.presence(id, &argument),
            "/operator" => return self.operator(id, &argument),
            "/kick" => return self.kick_asked(id, ordinal, &argument),
            "/quit" => self.leave(id, Then::Bye),
            _ => return Err(Code::NoSuchEndpoint),
        }
        Ok(())
    }

    fn who(&mut self, id: ConnId, ordinal: u64, argument: &str) -> Outcome {
        let name = Name::parse(argument).map_err(|_| Code::NoSuchUser)?;
        let hash = self.hashing.user(name.key());
        let home = self.hashing.home_of_user(name.key());
        self.query_home(id, ordinal, home, Query::Who { key: name.key().into(), hash });
        Ok(())
    }

    fn time(&mut self, id: ConnId) {
        // RFC 3339, section 5.6, with the six digits that clients set clocks by.
        let now = Timestamp::try_from((self.wall_clock)()).unwrap_or_default();
        self.say(id, "/time", &format!("{now:.6}"));
    }

    fn stats(&mut self, id: ConnId) {
        let counters = self.counters.clone();
        let lines = [
            ("uptime_seconds", self.now.since(Default::default()).as_secs()),
            ("users", counters.users() as u64),
            ("peak_users", counters.peak_users() as u64),
            ("packets_in", counters.sum(|counters| &counters.packets_in)),
            ("packets_out", counters.sum(|counters| &counters.packets_out)),
            ("bytes_in", counters.sum(|counters| &counters.bytes_in)),
            ("bytes_out", counters.sum(|counters| &counters.bytes_out)),
            ("refused", counters.sum(|counters| &counters.refused)),
            ("workers", self.topology.workers as u64),
        ];
        let mut text = String::new();
        for (name, value) in lines {
            let _ = writeln!(text, "{name} {value}");
        }
        for (worker, counters) in counters.all().iter().enumerate() {
            let _ = writeln!(text, "users_worker_{worker} {}", counters.users.get());
        }
        let [seccomp, landlock] = counters.sandbox();
        let _ = writeln!(text, "sandbox_seccomp {seccomp}\nsandbox_landlock {landlock}");
        self.say(id, "/stats", text.trim_end());
    }

    fn broadcast(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let may = self.settings.operator_token.is_none();
        let interval = self.settings.broadcast_interval;
        let now = self.now;
        let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
        if !may && !client.flags.operator {
            return Err(Code::NotOperator);
        }
        if !interval.is_zero() {
            let last = &mut client.extras().last_broadcast;
            if last.is_some_and(|last| now.since(last) < interval) {
                return Err(Code::SlowDown);
            }
            *last = Some(now);
        }
        if let Some(frame) = self.stamped_frame(id, ordinal, packet) {
            let sender = self.address(id);
            self.query_all(id, ordinal, Query::Broadcast { sender, frame });
        }
        Ok(())
    }

    /// The client is in the room at once, for all room messages that come by here; the
    /// room's home counts.
    fn join(&mut self, id: ConnId, ordinal: u64, argument: &str) -> Outcome {
        let room = Arc::new(room_name(argument)?);
        let Some(member) = self.own_name(id) else { return Ok(()) };
        if !self.rosters.contains(room.key(), id) {
            let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
            if client.extras().rooms.len() >= limits::ROOMS_PER_USER_MAX {
                return Err(Code::BadArgument);
            }
            let key = self.rosters.add(room.key(), id);
            client.extras().rooms.push(key);
        }
        let home = self.hashing.home(self.hashing.room(room.key()));
        self.query_home(id, ordinal, home, Query::Join { room, member });
        Ok(())
    }

    fn leave_room(&mut self, id: ConnId, ordinal: u64, argument: &str) -> Outcome {
        let room: Arc<str> = room_name(argument)?.key().into();
        let home = self.hashing.home(self.hashing.room(&room));
        let Some(member) = self.own_name(id) else { return Ok(()) };
        self.rosters.remove(&room, id);
        if let Some(client) = self.clients.get_mut(id) {
            client.extras().rooms.retain(|joined| *joined != room);
        }
        self.query_home(id, ordinal, home, Query::Leave { room, member });
        Ok(())
    }

    fn members(&mut self, id: ConnId, ordinal: u64, argument: &str) -> Outcome {
        let room: Arc<str> = room_name(argument)?.key().into();
        let home = self.hashing.home(self.hashing.room(&room));
        self.query_home(id, ordinal, home, Query::Members { room });
        Ok(())
    }

    fn presence(&mut self, id: ConnId, argument: &str) -> Outcome {
        let on = match argument {
            "on" => true,
            "off" => false,
            _ => return Err(Code::BadArgument),
        };
        let changed = if on { self.watchers.insert(id) } else { self.watchers.remove(&id) };
        if changed {
            let watchers = &self.own_counters().watchers;
            if on { watchers.add(1) } else { watchers.subtract(1) }
        }
        self.say(id, "/presence", argument);
        Ok(())
    }

    fn operator(&mut self, id: ConnId, argument: &str) -> Outcome {
        let Some(token) = &self.settings.operator_token else { return Err(Code::NoSuchEndpoint) };
        // In constant time; a token's length is no secret.
        let right = bool::from(token.as_bytes().ct_eq(argument.as_bytes()));
        let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
        client.flags.operator |= right;
        let (peer, name) = (client.peer, client.name().into());
        if !right {
            self.report(Report::WrongToken { peer, name });
            self.hold_guesser(id);
            return Ok(());
        }
        self.report(Report::Operator { peer, name });
        self.say(id, "/operator", "ok");
        Ok(())
    }

    /// Who guesses waits for the answer, each time longer, and is not heard
    /// meanwhile.
    fn hold_guesser(&mut self, id: ConnId) {
        let hurries = self.stopping;
        let Some(client) = self.clients.get_mut(id) else { return };
        if hurries || client.flags.reset || client.flags.hurried {
            // Nothing waits any more: what comes behind is handled next.
            let ordinal = client.ordinal;
            return self.refuse(id, ordinal, Code::NotOperator, None);
        }
        let wrong = client.extras().wrong_tokens;
        client.extras().wrong_tokens = wrong.saturating_add(1);
        client.flags.held_token = true;
        let delay = limits::TOKEN_DELAY_FIRST.saturating_mul(1 << wrong.min(16));
        let due = self.now.after(delay.min(limits::TOKEN_DELAY_MAX));
        self.deadlines.push(due, Kind::Token, id);
    }

    pub(super) fn token_due(&mut self, id: ConnId) {
        self.answer_guesser(id);
        self.resume(id);
    }

    /// Says what was to be said later. The packet was the last one counted.
    pub(super) fn answer_guesser(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if mem::take(&mut client.flags.held_token) {
            let ordinal = client.ordinal;
            self.refuse(id, ordinal, Code::NotOperator, None);
        }
    }

    fn kick_asked(&mut self, id: ConnId, ordinal: u64, argument: &str) -> Outcome {
        if !self.clients.get(id).is_some_and(|client| client.flags.operator) {
            return Err(Code::NotOperator);
        }
        let (name, reason) = argument.split_once(' ').unwrap_or((argument, ""));
        let name = Name::parse(name).map_err(|_| Code::NoSuchUser)?;
        let hash = self.hashing.user(name.key());
        let home = self.hashing.home_of_user(name.key());
        let (key, reason) = (name.key().into(), reason.into());
        self.query_home(id, ordinal, home, Query::Kick { key, hash, reason });
        Ok(())
    }

    pub(super) fn own_name(&self, id: ConnId) -> Option<Arc<Name>> {
        Name::parse(self.clients.get(id)?.identity()?.name()).ok().map(Arc::new)
    }
}

/// A room's name, without its `#`.
fn room_name(argument: &str) -> Result<Name, Code> {
    let name = argument.strip_prefix('#').ok_or(Code::BadArgument)?;
    Name::parse(name).map_err(|_| Code::BadArgument)
}
