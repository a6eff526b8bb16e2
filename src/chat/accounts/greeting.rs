//! A greeting with a name that is an account's, or may be: challenged, let in by a
//! certificate or by what `/resume` told, or refused. Never: secrets.

use super::asks::Ask;
use crate::accounts::{Proof, Request};
use crate::chat::client::{Client, Timers};
use crate::chat::id::ConnId;
use crate::chat::message::Claim;
use crate::chat::settings::Accounts;
use crate::chat::shard::Shard;
use crate::chat::skeletons::looks_of;
use crate::wire::{Code, Endpoint, Name};
use std::time::SystemTime;

impl<S> Shard<S> {
    /// Deals with a greeting whose name has to be logged in to, or is banned; its home is
    /// here. False for a guest's.
    pub(in crate::chat) fn greeted_account(&mut self, id: ConnId, claim: &Claim) -> bool {
        let Claim { name, ordinal, resume, logs_in } = claim;
        if self.is_name_banned(name.shown(), name.key()) {
            self.refuse_greeting_for(id, *ordinal, Code::Banned);
            return true;
        }
        let hash = self.hashing.user(name.key());
        let entry = self.known.find(hash, name.key());
        let account = self.known.find_unlocked(hash, name.key()).map(|entry| entry.id);
        let is_guest = entry.is_none() && self.settings.accounts == Accounts::Open && !logs_in;
        if is_guest {
            return false;
        }
        if !self.is_secure(id) {
            self.refuse_greeting_for(id, *ordinal, Code::TlsRequired);
            return true;
        }
        let Some(client) = self.clients.get_mut(id) else { return true };
        client.begin_login(name.clone());
        let peer = client.peer;
        let certified = client.certified().iter().any(|other| other.key() == name.key());
        self.arm(id, Timers::LOGIN, self.now.after(self.settings.login_timeout));
        if let (Some(secret), Some(account)) = (resume, account)
            && let Some(session) = self.resumed_session(account, secret)
        {
            self.resume_session(id, account, session);
        } else if certified && account.is_some() {
            let request = Request::Login { account, proof: Proof::Certificate, peer };
            // Nothing else of it is under way.
            _ = self.ask_store(id, *ordinal, Ask::Certificate, request);
        } else if !logs_in {
            self.challenge(id);
        }
        true
    }

    /// Says what it takes to log in.
    pub(super) fn challenge(&mut self, id: ConnId) {
        let login = self.clients.get(id).and_then(Client::login);
        let Some(login) = login else { return };
        let text = format!("{} password token invite", login.name.shown());
        self.say(id, Endpoint::Login, &text);
    }

    fn refuse_greeting_for(&mut self, id: ConnId, ordinal: u64, code: Code) {
        if ordinal > 0 {
            self.count_packet(id);
        }
        self.refuse(id, ordinal, code, None);
    }

    /// Its connection is encrypted from here on; the names in its peer's certificate,
    /// which was verified.
    pub fn secured(&mut self, id: ConnId, names: &[String]) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.secure = true;
        if !names.is_empty() && client.is_greeting() {
            let names = names.iter().filter_map(|name| Name::parse(name).ok());
            client.account_state().certified = names.collect();
        }
    }

    /// Whether secrets may go over its connection.
    pub(in crate::chat) fn is_secure(&self, id: ConnId) -> bool {
        self.settings.plain_logins || self.clients.get(id).is_some_and(|client| client.secure)
    }

    /// Whether a name, or what looks like it, is banned now.
    pub(super) fn is_name_banned(&self, shown: &str, key: &str) -> bool {
        if !self.bans.has_names() {
            return false;
        }
        let looks = looks_of(&self.hashing, shown, key);
        self.bans.has_name(&looks, self.time_of_day())
    }

    /// In seconds since 1970.
    pub(in crate::chat) fn time_of_day(&self) -> i64 {
        let now = (self.wall_clock)();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs() as i64)
    }
}
