//! The server's endpoints: a table of who may call what, with which argument,
//! and what this shard can answer by itself. Never: how an answer is put on the
//! wire.

use super::client::{CloseMode, Roles};
use super::id::{ConnId, Moment};
use super::query_protocol::Query;
use super::settings::Accounts;
use super::shard::Shard;
use crate::wire::{Code, Endpoint, Name, Packet};
use jiff::Timestamp;
use std::fmt::Write;
use std::sync::Arc;

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
    /// Where there is an operator token, or an operator's account, operators; else
    /// everyone.
    OperatorsIfAny,
    /// Everyone, where there are accounts.
    WhereAccounts,
    /// Who is logged in.
    AccountHolders,
    /// Operators, where there are accounts.
    AccountOperators,
}

const ROOMS: &str = "all rooms with their members, or those that you are in";
const ROOM: &str =
    "what it is like, or own, open, private, keep DURATION, topic TEXT, owner NAME, delete";
const RESUME: &str = "a secret that takes the name back after a broken connection";
const LOGIN: &str = "before the welcome, for a name that is an account's";
const REGISTER: &str = "make your name an account";
const PASSWORD: &str = "set another password: the old one, and the new one on a line of its own";
const TOKEN: &str = "secrets for programs: a new one, all of them, one less";
const INVITE: &str = "a code by which NAME sets the first password";
const EXTEND: &str = "what is stored comes with its id and time";
const RECEIPTS: &str = "hear what is stored, delivered, read of yours";
const REPLAY: &str = "what was stored for you since then, or since you were last here";
const BAN: &str = "keep a network or a name out, for 30m, 12h, 7d, forever";

impl<S> Shard<S> {
    /// What there is, in the order of `/help`.
    const ENDPOINTS: [Row<S>; 33] = {
        use Access::{
            AccountHolders, AccountOperators, Everyone, Operators, OperatorsIfAny, WhereAccounts,
            WhereOperators,
        };
        use Endpoint as E;
        use For::{Caller, Others};
        [
            row(E::Help, "", "this", Everyone, Caller, Self::help),
            row(E::List, "", "who is here", Everyone, Caller, Self::list),
            row(E::Who, "NAME", "name, address, seconds connected", Everyone, Caller, Self::who),
            row(E::Time, "", "the server's clock, UTC", Everyone, Caller, Self::time),
            row(E::Ping, "TEXT", "the same text", Everyone, Caller, Self::ping),
            row(E::Stats, "", "counters", Everyone, Caller, Self::stats),
            row(E::Broadcast, "TEXT", "to everyone", OperatorsIfAny, Others, Self::broadcast),
            row(E::Join, "#ROOM", "enter a room, or make it", Everyone, Others, Self::join),
            row(E::Leave, "#ROOM", "leave it", Everyone, Others, Self::leave_room),
            row(E::Rooms, "mine", ROOMS, Everyone, Caller, Self::list_rooms),
            row(E::Members, "#ROOM", "who is in it", Everyone, Caller, Self::members),
            row(E::Room, "#ROOM CHANGE", ROOM, WhereAccounts, Others, Self::room),
            row(E::Invite, "#ROOM NAME", "let NAME come in", WhereAccounts, Others, Self::invite),
            row(E::Expel, "#ROOM NAME", "put NAME out", WhereAccounts, Others, Self::expel),
            row(E::Presence, "on|off", "hear who comes and goes", Everyone, Caller, Self::presence),
            row(E::Operator, "TOKEN", "become an operator", WhereOperators, Caller, Self::operator),
            row(E::Kick, "NAME REASON", "remove somebody", Operators, Caller, Self::kick_by),
            row(E::Resume, "", RESUME, Everyone, Caller, Self::tell_resume_secret),
            row(E::Login, "METHOD SECRET", LOGIN, WhereAccounts, Caller, Self::log_in_again),
            row(E::Register, "PASSWORD", REGISTER, WhereAccounts, Caller, Self::register_name),
            row(E::Password, "OLD, NEW", PASSWORD, AccountHolders, Caller, Self::change_password),
            row(E::Token, "new|list|revoke LABEL", TOKEN, AccountHolders, Caller, Self::token),
            row(E::Whoami, "", "name, role, sessions", WhereAccounts, Caller, Self::who_am_i),
            row(E::InviteUser, "NAME", INVITE, AccountOperators, Caller, Self::invite_user),
            row(E::Ban, "WHAT DURATION REASON", BAN, AccountOperators, Caller, Self::ban),
            row(E::Unban, "WHAT", "end a ban", AccountOperators, Caller, Self::unban),
            row(E::Bans, "", "who stays out", AccountOperators, Caller, Self::list_bans),
            row(E::Extend, "on|off", EXTEND, WhereAccounts, Caller, Self::extend),
            row(E::Receipts, "on|off", RECEIPTS, AccountHolders, Caller, Self::receipts),
            row(E::Replay, "ID", REPLAY, AccountHolders, Caller, Self::replay),
            row(
                E::Unread,
                "",
                "conversations, how far you have read",
                AccountHolders,
                Caller,
                Self::unread,
            ),
            row(
                E::Read,
                "CONV ID",
                "you have read up to there",
                AccountHolders,
                Others,
                Self::read,
            ),
            row(E::Quit, "", "good-bye", Everyone, Others, Self::quit),
        ]
    };

    /// A packet to one of the server's endpoints.
    #[inline(never)]
    pub(super) fn endpoint(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) {
        if let Err(code) = self.call(id, ordinal, packet) {
            // Whom it was for: it is the endpoint that is busy.
            let name = (code == Code::Busy).then_some(&*packet.to);
            self.refuse(id, ordinal, code, name);
        }
    }

    fn call(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let endpoint = Endpoint::parse(&packet.to);
        let row = Self::ENDPOINTS.into_iter().find(|row| Some(row.endpoint) == endpoint);
        let Some(row) = row else { return Err(Code::NoSuchEndpoint) };
        self.has_heard_secret |= takes_secrets(row.endpoint);
        self.may_call_here(id, &row)?;
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

    /// Whether there is such an endpoint, and its secrets may go over this connection.
    fn may_call_here(&self, id: ConnId, row: &Row<S>) -> Outcome {
        use Access::{AccountHolders, AccountOperators, WhereAccounts, WhereOperators};
        let is_there = match row.access {
            WhereAccounts | AccountHolders | AccountOperators => self.has_accounts(),
            WhereOperators => self.settings.operator_token.is_some(),
            _ => true,
        };
        if !is_there {
            return Err(Code::NoSuchEndpoint);
        }
        let are_secret = match row.endpoint {
            Endpoint::Operator => self.settings.has_data || self.has_accounts(),
            endpoint => takes_secrets(endpoint),
        };
        if are_secret && !self.is_secure(id) {
            return Err(Code::TlsRequired);
        }
        Ok(())
    }

    fn may_call(&self, id: ConnId, access: Access) -> Outcome {
        let Some(client) = self.clients.get(id) else { return Ok(()) };
        let is_operator = client.roles.contains(Roles::OPERATOR);
        match access {
            Access::Everyone | Access::WhereOperators | Access::WhereAccounts => Ok(()),
            Access::AccountHolders if client.roles.contains(Roles::ACCOUNT) => Ok(()),
            Access::AccountHolders => Err(Code::LoginRequired),
            Access::OperatorsIfAny if is_operator || !self.are_operators() => Ok(()),
            Access::Operators | Access::AccountOperators if is_operator => Ok(()),
            Access::OperatorsIfAny | Access::Operators | Access::AccountOperators => {
                Err(Code::NotOperator)
            }
        }
    }

    pub(super) fn has_accounts(&self) -> bool {
        self.settings.accounts != Accounts::Off
    }

    fn are_operators(&self) -> bool {
        self.settings.operator_token.is_some() || self.known.has_operators()
    }

    fn help(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        let mut text = "/welcome comes once: NAME IP USERS VERSION\n".to_owned();
        for row in Self::ENDPOINTS {
            if self.may_call_here(id, &row) == Err(Code::NoSuchEndpoint) {
                continue;
            }
            let Row { endpoint, argument, help, access, .. } = row;
            let space = if argument.is_empty() { "" } else { " " };
            let whose = match access {
                Access::Operators | Access::AccountOperators => " (operators)",
                Access::AccountHolders => " (accounts)",
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
        let route = self.route_to(hash);
        self.query_home(id, ordinal, route, Query::Who { key: name.key().into(), hash });
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
        if self.settings.has_data || self.has_accounts() {
            let accounts = counters.sum(|counters| &counters.accounts);
            let sessions = counters.sum(|counters| &counters.sessions);
            let _ = writeln!(text, "accounts {accounts}\nsessions {sessions}");
            let (store, stalled) =
                (&counters.store, counters.sum(|counters| &counters.store_stalled));
            let failing = u64::from(store.failing.get() + stalled > 0);
            let (packets, bytes) = (store.packets.get(), store.bytes.get());
            let _ = writeln!(text, "stored_packets {packets}\nstore_bytes {bytes}");
            let _ = writeln!(text, "store_failing {failing}");
        }
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
        if self.clients.get(id).is_some_and(|client| client.roles.contains(Roles::ACCOUNT)) {
            let number = self.expect_all(id, ordinal);
            self.post_to_all(id, ordinal, number, packet);
        } else if let Some(frame) = self.stamped_frame(id, ordinal, packet) {
            let sender = self.address(id);
            self.query_all(id, ordinal, Query::Broadcast { sender, frame });
        }
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

    fn kick_by(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Outcome {
        let argument = packet.msg.plain();
        let (name, reason) = argument.split_once(' ').unwrap_or((&argument, ""));
        let name = Name::parse(name).map_err(|_| Code::NoSuchUser)?;
        let hash = self.hashing.user(name.key());
        let Some(by) = self.clients.get(id).map(|client| client.name().into()) else {
            return Ok(());
        };
        let (key, reason, route) = (name.key().into(), reason.into(), self.route_to(hash));
        self.query_home(id, ordinal, route, Query::Kick { key, hash, reason, by });
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

/// Whether secrets are said to it, or by it.
fn takes_secrets(endpoint: Endpoint) -> bool {
    use Endpoint::{InviteUser, Login, Operator, Password, Register, Token};
    matches!(endpoint, Login | Register | Password | Token | InviteUser | Operator)
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
