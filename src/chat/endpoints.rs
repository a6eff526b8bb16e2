//! The server's endpoints: a table of who may call what, with which argument,
//! and what this shard can answer by itself. Never: how an answer is put on the
//! wire.

use super::client::{CloseMode, Pauses, Timers};
use super::effect::Report;
use super::id::{ConnId, Moment};
use super::query_protocol::Query;
use super::shard::Shard;
use crate::limits;
use crate::wire::{Code, Endpoint, Name, Packet};
use jiff::Timestamp;
use std::fmt::Write;
use std::sync::Arc;
use subtle::ConstantTimeEq;

type Outcome = Result<(), Code>;

/// One of the server's endpoints.
struct Row<S> {
    endpoint: Endpoint,
    /// For people: what follows the name, and what it is for.
    argument: &'static str,
    help: &'static str,
    access: Access,
    effect: For,
    handler: Handler<S>,
}

/// For whom a call is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Its answer is all that comes of it: nothing, if nobody is left to read it.
    Caller,
    /// It changes something for others, whatever has become of the caller.
    Others,
}

/// Gets the packet with its ordinal, and its text where that is an argument.
type Handler<S> = fn(&mut Shard<S>, ConnId, u64, &Packet<'_>) -> Outcome;

/// Who may call an endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Everyone,
    /// Only where there is an operator token at all.
    WhereOperators,
    Operators,
    /// Where there is an operator token, operators; else everyone.
    OperatorsIfAny,
}

impl<S> Shard<S> {
    /// What there is, in the order of `/help`.
    const ENDPOINTS: [Row<S>; 16] = {
        use Access::{Everyone, Operators, OperatorsIfAny, WhereOperators};
        use For::{Caller, Others};
        [
            row(Endpoint::Help, "", "this", Everyone, Caller, Self::help),
            row(Endpoint::List, "", "who is here", Everyone, Caller, Self::list),
            row(
                Endpoint::Who,
                "NAME",
                "name, address, seconds connected",
                Everyone,
                Caller,
                Self::who,
            ),
            row(Endpoint::Time, "", "the server's clock, UTC", Everyone, Caller, Self::time),
            row(Endpoint::Ping, "TEXT", "the same text", Everyone, Caller, Self::ping),
            row(Endpoint::Stats, "", "counters", Everyone, Caller, Self::stats),
            row(
                Endpoint::Broadcast,
                "TEXT",
                "to everyone",
                OperatorsIfAny,
                Others,
                Self::broadcast,
            ),
            row(Endpoint::Join, "#ROOM", "enter a room, or make it", Everyone, Others, Self::join),
            row(Endpoint::Leave, "#ROOM", "leave it", Everyone, Others, Self::leave_room),
            row(
                Endpoint::Rooms,
                "",
                "all rooms with their members",
                Everyone,
                Caller,
                Self::list_rooms,
            ),
            row(Endpoint::Members, "#ROOM", "who is in it", Everyone, Caller, Self::members),
            row(
                Endpoint::Presence,
                "on|off",
                "hear who comes and goes",
                Everyone,
                Caller,
                Self::presence,
            ),
            row(
                Endpoint::Operator,
                "TOKEN",
                "become an operator",
                WhereOperators,
                Caller,
                Self::operator,
            ),
            row(Endpoint::Kick, "NAME REASON", "remove somebody", Operators, Caller, Self::kick_by),
            row(
                Endpoint::Resume,
                "",
                "a secret that takes the name back after a broken connection",
                Everyone,
                Caller,
                Self::tell_resume_secret,
            ),
            row(Endpoint::Quit, "", "good-bye", Everyone, Others, Self::quit),
        ]
    };

    /// A packet to one of the server's endpoints.
    pub(super) fn endpoint(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) {
        if let Err(code) = self.call(id, ordinal, packet) {
            self.refuse(id, ordinal, code, None);
        }
    }

    fn call(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let endpoint = Endpoint::parse(&packet.to);
        let row = Self::ENDPOINTS.into_iter().find(|row| Some(row.endpoint) == endpoint);
        let Some(row) = row else { return Err(Code::NoSuchEndpoint) };
        self.may_call(id, row.access)?;
        let gone = self.clients.get(id).is_some_and(|client| client.input.is_gone());
        let privileged = row.access != Access::Everyone && self.are_operators();
        if gone && (row.effect == For::Caller || privileged) {
            // Nothing is worked out for somebody who is gone, and nothing is done
            // on their authority.
            return Ok(());
        }
        (row.handler)(self, id, ordinal, packet)
    }

    fn may_call(&self, id: ConnId, access: Access) -> Outcome {
        let is_operator = self.clients.get(id).is_some_and(|client| client.roles.operator);
        let are_operators = self.are_operators();
        match access {
            Access::Everyone => Ok(()),
            Access::WhereOperators if are_operators => Ok(()),
            Access::WhereOperators => Err(Code::NoSuchEndpoint),
            Access::OperatorsIfAny if !are_operators || is_operator => Ok(()),
            Access::Operators if is_operator => Ok(()),
            Access::OperatorsIfAny | Access::Operators => Err(Code::NotOperator),
        }
    }

    fn are_operators(&self) -> bool {
        self.settings.operator_token.is_some()
    }

    fn help(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        let mut text = "/welcome comes once: NAME IP USERS VERSION\n".to_owned();
        for Row { endpoint, argument, help, access, .. } in Self::ENDPOINTS {
            if self.may_call(id, access) == Err(Code::NoSuchEndpoint) {
                continue;
            }
            let space = if argument.is_empty() { "" } else { " " };
            let whose = match access {
                Access::Operators => " (operators)",
                Access::OperatorsIfAny if self.are_operators() => " (operators)",
                _ => "",
            };
            let _ = writeln!(text, "{endpoint}{space}{argument}: {help}{whose}");
        }
        text.push_str("A packet to a name goes to that user, one to #ROOM to its members.");
        self.say(id, Endpoint::Help, &text);
        Ok(())
    }

    fn list(&mut self, id: ConnId, ordinal: u64, _: &Packet<'_>) -> Outcome {
        self.query_list(id, ordinal, Query::List, self.everybody());
        Ok(())
    }

    fn list_rooms(&mut self, id: ConnId, ordinal: u64, _: &Packet<'_>) -> Outcome {
        self.query_list(id, ordinal, Query::Rooms, self.everybody());
        Ok(())
    }

    fn ping(&mut self, id: ConnId, _: u64, packet: &Packet<'_>) -> Outcome {
        let raw = packet.msg.raw();
        self.say_with(id, Endpoint::Ping, |out| out.extend_from_slice(raw.as_bytes()));
        Ok(())
    }

    fn quit(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        self.close(id, CloseMode::Bye);
        Ok(())
    }

    fn who(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let name = Name::parse(&packet.msg.plain()).map_err(|_| Code::NoSuchUser)?;
        let hash = self.hashing.user(name.key());
        let home = self.hashing.home(hash);
        self.query_home(id, ordinal, home, Query::Who { key: name.key().into(), hash });
        Ok(())
    }

    fn time(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        // RFC 3339, section 5.6, with the six digits that clients set clocks by.
        let now = Timestamp::try_from((self.wall_clock)()).unwrap_or_default();
        self.say(id, Endpoint::Time, &format!("{now:.6}"));
        Ok(())
    }

    fn stats(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
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
        self.say(id, Endpoint::Stats, text.trim_end());
        Ok(())
    }

    fn broadcast(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let interval = self.settings.broadcast_interval;
        let now = self.now;
        let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
        if !interval.is_zero() {
            let last = &mut client.cold().last_broadcast;
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
    fn join(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room = Arc::new(room_name(&packet.msg.plain())?);
        let Some(member) = self.own_name(id) else { return Ok(()) };
        if !self.rosters.contains(room.key(), id) {
            let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
            if client.cold().rooms.len() >= limits::ROOMS_PER_USER_MAX {
                return Err(Code::TooMany);
            }
            let key = self.rosters.add(room.key(), id);
            client.cold().rooms.push(key);
        }
        let home = self.hashing.home(self.hashing.room(room.key()));
        let budget = self.clients.get(id).and_then(|client| client.budget.clone());
        self.query_home(id, ordinal, home, Query::Join { room, member, budget });
        Ok(())
    }

    fn leave_room(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room: Arc<str> = room_name(&packet.msg.plain())?.key().into();
        let home = self.hashing.home(self.hashing.room(&room));
        let Some(member) = self.own_name(id) else { return Ok(()) };
        self.rosters.remove(&room, id);
        if let Some(client) = self.clients.get_mut(id) {
            client.cold().rooms.retain(|joined| *joined != room);
        }
        self.query_home(id, ordinal, home, Query::Leave { room, member });
        Ok(())
    }

    fn members(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let room: Arc<str> = room_name(&packet.msg.plain())?.key().into();
        let home = self.hashing.home(self.hashing.room(&room));
        self.query_list(id, ordinal, Query::Members { room }, vec![home]);
        Ok(())
    }

    fn presence(&mut self, id: ConnId, _: u64, packet: &Packet<'_>) -> Outcome {
        let argument = packet.msg.plain();
        let on = match &*argument {
            "on" => true,
            "off" => false,
            _ => return Err(Code::BadArgument),
        };
        // Later than users who came in the same tick: they are not news to it.
        let now = self.now.max(Moment(self.last_arrival.0 + 1));
        let changed = if on { self.presence.watch(id, now) } else { self.presence.unwatch(id) };
        self.last_watch = now;
        if changed {
            let watchers = &self.own_counters().watchers;
            if on { watchers.add(1) } else { watchers.subtract(1) }
        }
        self.say(id, Endpoint::Presence, &argument);
        Ok(())
    }

    fn operator(&mut self, id: ConnId, _: u64, packet: &Packet<'_>) -> Outcome {
        let Some(token) = &self.settings.operator_token else { return Err(Code::NoSuchEndpoint) };
        // In constant time; a token's length is no secret.
        let right = bool::from(token.as_bytes().ct_eq(packet.msg.plain().as_bytes()));
        let Some(client) = self.clients.get_mut(id) else { return Ok(()) };
        // From an address with too many wrong tokens none is accepted.
        let now = self.now;
        let right = right && client.budget.as_ref().is_none_or(|budget| budget.may_guess(now));
        // Where wrong tokens are answered without delay, only one is checked.
        let hurried = self.stopping || client.input.is_final();
        let right = right && !(hurried && client.cold().wrong_tokens > 0);
        if !right {
            client.budget.as_ref().inspect(|budget| budget.guessed(now));
        }
        let is_new = right && !client.roles.operator;
        client.roles.operator |= right;
        let (peer, name) = (client.peer, client.name().into());
        if !right {
            self.report(Report::WrongToken { peer, name });
            self.back_off(id);
            return Ok(());
        }
        if is_new {
            self.guard_looks_of(id, true);
        }
        self.report(Report::Operator { peer, name });
        self.say(id, Endpoint::Operator, "ok");
        Ok(())
    }

    /// Who gives a wrong token waits for the answer, each time longer, and is not
    /// heard meanwhile.
    fn back_off(&mut self, id: ConnId) {
        let stopping = self.stopping;
        let Some(client) = self.clients.get_mut(id) else { return };
        let wrong = client.cold().wrong_tokens;
        client.cold().wrong_tokens = wrong.saturating_add(1);
        if stopping || client.input.is_final() {
            // Nothing waits any more: what comes behind is handled next.
            let ordinal = client.ordinal;
            return self.refuse(id, ordinal, Code::NotOperator, None);
        }
        let delay = limits::TOKEN_DELAY_FIRST.saturating_mul(1 << wrong.min(16));
        let due = self.now.after(delay.min(limits::TOKEN_DELAY_MAX));
        self.arm(id, Timers::AUTH_BACKOFF, due);
        self.pause(id, Pauses::AUTH_BACKOFF);
    }

    pub(super) fn end_auth_backoff(&mut self, id: ConnId) {
        self.answer_wrong_token(id);
        self.handle_inbound(id);
    }

    /// Sends the delayed refusal. The packet was the last one counted.
    pub(super) fn answer_wrong_token(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.pauses.contains(Pauses::AUTH_BACKOFF) {
            client.pauses -= Pauses::AUTH_BACKOFF;
            let ordinal = client.ordinal;
            self.refuse(id, ordinal, Code::NotOperator, None);
        }
    }

    fn kick_by(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let argument = packet.msg.plain();
        let (name, reason) = argument.split_once(' ').unwrap_or((&argument, ""));
        let name = Name::parse(name).map_err(|_| Code::NoSuchUser)?;
        let hash = self.hashing.user(name.key());
        let home = self.hashing.home(hash);
        let Some(by) = self.clients.get(id).map(|client| client.name().into()) else {
            return Ok(());
        };
        let (key, reason) = (name.key().into(), reason.into());
        self.query_home(id, ordinal, home, Query::Kick { key, hash, reason, by });
        Ok(())
    }

    /// Tells this session's secret. (An argument, the secret of another session, is
    /// used up by the greeting.)
    fn tell_resume_secret(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        if let Some(secret) = self.resume_secret(id) {
            self.say(id, Endpoint::Resume, &secret.to_string());
        }
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

const fn row<S>(
    endpoint: Endpoint,
    argument: &'static str,
    help: &'static str,
    access: Access,
    effect: For,
    handler: Handler<S>,
) -> Row<S> {
    Row { endpoint, argument, help, access, effect, handler }
}
