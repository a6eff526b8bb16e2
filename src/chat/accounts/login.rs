//! Logging in: what may be said until the welcome, `/login`, and what comes of wrong
//! secrets. Never: how a secret is judged.

use super::asks::Ask;
use super::secrets::proof;
use crate::accounts::{AccountId, Request, TokenId};
use crate::chat::client::{Client, CloseMode, Session};
use crate::chat::id::{ConnId, Moment};
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::name::{KeyBuffer, key_of};
use crate::wire::{Code, Endpoint, Packet};

/// What becomes of one whose secret was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    Yes,
    /// Not any more.
    NoSuchAccount,
    Banned,
}

impl<S> Shard<S> {
    /// A packet that isn't in its sender's own name: of one who isn't logged in yet, or
    /// in somebody else's.
    #[cold]
    #[inline(never)]
    pub(in crate::chat) fn handle_before_welcome(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) {
        self.has_heard_secret = true;
        let login = self.clients.get(id).and_then(Client::login);
        let key = login.map(|login| login.name.key());
        if key.is_none() || key_of(&packet.name, &mut KeyBuffer::default()) != key {
            return self.refuse(id, ordinal, Code::NotYou, None);
        }
        let outcome = match Endpoint::parse(&packet.to) {
            Some(Endpoint::Login) => self.log_in(id, ordinal, packet),
            Some(Endpoint::Quit) => return self.close(id, CloseMode::Bye),
            _ => Err(Code::LoginRequired),
        };
        if let Err(code) = outcome {
            let name = (code == Code::Busy).then_some(Endpoint::Login.name());
            self.refuse(id, ordinal, code, name);
        }
    }

    fn log_in(&mut self, id: ConnId, ordinal: u64, packet: &Packet<'_>) -> Result<(), Code> {
        let Some(client) = self.clients.get(id) else { return Ok(()) };
        if client.input.is_gone() {
            // No secret is judged for somebody who is gone.
            return Ok(());
        }
        if !self.is_secure(id) {
            return Err(Code::TlsRequired);
        }
        let (peer, Some(login)) = (client.peer, client.login()) else { return Ok(()) };
        let proof = proof(&packet.msg.plain_wiped(), &login.name)?;
        let key = login.name.key();
        let entry = self.known.find_unlocked(self.hashing.user(key), key);
        let account = entry.map(|entry| entry.id);
        self.ask_store(id, ordinal, Ask::Login, Request::Login { account, proof, peer })
    }

    /// The secret was right: makes it a session, if there still is such an account and it
    /// isn't banned.
    pub(super) fn admit(
        &mut self,
        id: ConnId,
        account: AccountId,
        token: Option<TokenId>,
    ) -> Admitted {
        let login = self.clients.get(id).and_then(Client::login);
        let Some(name) = login.map(|login| login.name.clone()) else { return Admitted::Yes };
        let entry = self.known.find_unlocked(self.hashing.user(name.key()), name.key());
        let entry = entry.filter(|entry| entry.id == account).cloned();
        let Some(entry) = entry else { return Admitted::NoSuchAccount };
        if self.is_name_banned(name.shown(), name.key()) {
            return Admitted::Banned;
        }
        self.begin_session(id, &entry, Session { account, token });
        Admitted::Yes
    }

    /// A wrong secret, asked about at that moment, is told later each time, and nothing of
    /// the connection is heard meanwhile.
    pub(super) fn wrong_secret(&mut self, id: ConnId, since: Moment) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let wrong = client.account_state().wrong;
        client.account_state().wrong = wrong.saturating_add(1);
        let delay = limits::LOGIN_DELAY_FIRST.saturating_mul(1 << wrong.min(16));
        let due = since.after(delay.min(limits::LOGIN_DELAY_MAX)).max(self.now);
        self.owe(id, Code::WrongLogin, due);
    }

    /// It was told of a wrong secret: too many of them close a connection that isn't
    /// logged in.
    pub(in crate::chat) fn told_of_wrong_secret(&mut self, id: ConnId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_challenged() && client.account_state().wrong >= limits::WRONG_LOGINS_MAX {
            self.close(id, CloseMode::Linger);
        }
    }

    pub(in crate::chat) fn login_timed_out(&mut self, id: ConnId) {
        if self.clients.get(id).is_some_and(Client::is_challenged) {
            self.answer_owed(id);
            self.refuse(id, 0, Code::GreetingTimeout, None);
        }
    }
}
