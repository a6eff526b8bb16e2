//! Requests to the store: one at a time for a connection, which waits for the reply; and
//! what comes of each. Never: what the store makes of one.

use super::asks::{Ask, PendingAsk};
use super::login::Admitted;
use crate::accounts::{Failure, Reply, Request};
use crate::archive;
use crate::chat::client::{Client, Pauses, Timers};
use crate::chat::effect::{Effect, Report, StoreRequest};
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::chat::work;
use crate::limits;
use crate::wire::{Code, Endpoint};

impl<S> Shard<S> {
    /// Asks the store on behalf of a connection, whose next packet waits for the reply.
    ///
    /// # Errors
    /// `busy` where it waits for one already: it is being removed, or the server stops.
    pub(super) fn ask_store(
        &mut self,
        id: ConnId,
        ordinal: u64,
        ask: Ask,
        request: Request,
    ) -> Result<(), Code> {
        if self.asks.contains_key(&id) {
            return Err(Code::Busy);
        }
        self.work.spend(work::STORE);
        self.next_query = self.next_query.wrapping_add(1);
        let number = self.next_query;
        self.asks
            .insert(id, PendingAsk { number, since: self.now, ordinal, ask, name_is_taken: false });
        let from = Some((self.address(id), number));
        self.effects.push(Effect::AskStore(Box::new(StoreRequest { from, request })));
        self.pause(id, Pauses::STORE);
        Ok(())
    }

    /// Tells the store something for which no reply is awaited.
    pub(super) fn tell_store(&mut self, request: Request) {
        self.effects.push(Effect::AskStore(Box::new(StoreRequest { from: None, request })));
    }

    /// The store has replied.
    pub(in crate::chat) fn store_replied(&mut self, id: ConnId, number: u32, reply: Reply) {
        let Some(pending) = self.take_ask(id, number) else { return };
        self.complete_ask(id, pending, reply);
        self.handle_inbound(id);
    }

    /// The request of that number, if its reply is awaited; its client waits no longer.
    pub(in crate::chat) fn take_ask(&mut self, id: ConnId, number: u32) -> Option<PendingAsk> {
        if self.asks.get(&id)?.number != number {
            return None;
        }
        self.work.spend(work::QUERY);
        if let Some(client) = self.clients.get_mut(id) {
            client.pauses -= Pauses::STORE;
        }
        self.asks.remove(&id)
    }

    /// The store has not replied in time. What comes of the request may still turn up.
    pub(in crate::chat) fn store_timed_out(&mut self, id: ConnId) {
        let Some(pending) = self.asks.get(&id) else { return };
        let due = pending.since.after(limits::STORE_TIMEOUT);
        if due > self.now {
            // That was the timer of an earlier request.
            return self.arm(id, Timers::STORE, due);
        }
        let name = self.clients.get(id).map_or("", Client::name).into();
        self.report(Report::QueryTimedOut { name });
        let Some(pending) = self.asks.remove(&id) else { return };
        self.ask_failed(id, pending, Failure::Unavailable);
        self.resume(id, Pauses::STORE);
    }

    fn complete_ask(&mut self, id: ConnId, pending: PendingAsk, reply: Reply) {
        let PendingAsk { since, ordinal, ref ask, .. } = pending;
        match (ask, reply) {
            (Ask::Login | Ask::Certificate, Reply::LoggedIn { account, token }) => {
                match self.admit(id, account, token) {
                    Admitted::Yes => self.limit_sessions(id),
                    Admitted::NoSuchAccount if matches!(ask, Ask::Login) => {
                        self.wrong_secret(id, since);
                    }
                    Admitted::NoSuchAccount => self.challenge(id),
                    Admitted::Banned => self.refuse(id, ordinal, Code::Banned, None),
                }
            }
            (Ask::Register, Reply::Registered { account }) => self.registered(id, account),
            (Ask::Password, Reply::PasswordSet) => self.password_set(id),
            (Ask::Token, Reply::Token { label, secret }) => {
                self.say_secret(id, Endpoint::Token, label.as_str(), &secret);
            }
            (Ask::Token, Reply::Tokens(rows)) => self.list_tokens(id, rows),
            (Ask::Token, Reply::TokenRevoked(label)) => {
                self.say(id, Endpoint::Token, label.as_str());
            }
            (Ask::Invite(name), Reply::Invited { code }) => {
                self.say_secret(id, Endpoint::InviteUser, name.shown(), &code);
            }
            (Ask::Ban(who), Reply::Banned) => self.say(id, Endpoint::Ban, &who.to_string()),
            (Ask::Unban(who), Reply::Unbanned) => self.say(id, Endpoint::Unban, &who.to_string()),
            (_, Reply::Failed(failure)) => self.ask_failed(id, pending, failure),
            // No reply to that.
            _ => self.ask_failed(id, pending, Failure::Unavailable),
        }
    }

    fn ask_failed(&mut self, id: ConnId, pending: PendingAsk, failure: Failure) {
        let PendingAsk { since, ordinal, ask, name_is_taken, .. } = pending;
        let ask = match ask {
            Ask::Room(ask) => {
                let failure = archive::Failure::Unavailable;
                return self.room_ask_failed(id, ordinal, ask, failure);
            }
            ask => ask,
        };
        let (code, endpoint) = match (failure, &ask) {
            (_, Ask::Certificate) => return self.challenge(id),
            (Failure::WrongSecret, Ask::Login | Ask::Password) => {
                return self.wrong_secret(id, since);
            }
            (Failure::WrongSecret, _) => (Code::WrongLogin, None),
            (Failure::NameTaken, _) => (Code::NameTaken, None),
            (Failure::BadArgument, _) => (Code::BadArgument, None),
            (Failure::TooMany, _) => (Code::TooMany, None),
            (Failure::NoSuchBan, _) => (Code::NoSuchBan, None),
            (Failure::SlowDown, _) => (Code::SlowDown, None),
            (Failure::Unavailable, ask) => (Code::Busy, Some(endpoint_of(ask).name())),
        };
        self.refuse(id, ordinal, code, endpoint);
        if name_is_taken && self.clients.get(id).is_some_and(Client::is_user) {
            // It is somebody else's.
            self.evict(id);
        }
    }
}

/// Where it was asked.
pub(in crate::chat) fn endpoint_of(ask: &Ask) -> Endpoint {
    match ask {
        Ask::Login | Ask::Certificate => Endpoint::Login,
        Ask::Register => Endpoint::Register,
        Ask::Password => Endpoint::Password,
        Ask::Token => Endpoint::Token,
        Ask::Invite(_) => Endpoint::InviteUser,
        Ask::Ban(_) => Endpoint::Ban,
        Ask::Unban(_) => Endpoint::Unban,
        Ask::Unread => Endpoint::Unread,
        Ask::Read(_) => Endpoint::Read,
        Ask::Room(ask) => ask.endpoint(),
    }
}
