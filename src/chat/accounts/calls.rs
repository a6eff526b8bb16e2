//! The endpoints about one's own account: registering, the password, tokens, who one
//! is; and inviting others. Never: bans, or logging in.

use super::asks::Ask;
use super::secrets::{given, new_password};
use super::times::time;
use crate::accounts::{AccountId, Label, Request, TokenRow};
use crate::chat::client::{Client, Roles, Session};
use crate::chat::id::ConnId;
use crate::chat::shard::Shard;
use crate::chat::snapshot::{Entry, Snapshot};
use crate::wire::{Code, Endpoint, Name, Packet};
use compact_str::format_compact;
use std::sync::Arc;

type Outcome = Result<(), Code>;

impl<S> Shard<S> {
    /// `/login` after the welcome.
    pub(in crate::chat) fn log_in_again(&mut self, _: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        Err(Code::BadArgument)
    }

    /// A guest's name becomes an account.
    pub(in crate::chat) fn register_name(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let (Some(client), Some(name)) = (self.clients.get(id), self.own_name(id)) else {
            return Ok(());
        };
        if client.roles.contains(Roles::ACCOUNT) {
            return Err(Code::BadArgument);
        }
        let password = new_password(&packet.msg.plain_wiped(), &name)?;
        let (name, peer) = (Name::clone(&name), client.peer);
        self.ask_store(id, ordinal, Ask::Register, Request::Register { name, password, peer })
    }

    /// The store has made the account: this is its first session.
    pub(super) fn registered(&mut self, id: ConnId, account: AccountId) {
        let identity = self.clients.get(id).and_then(Client::identity);
        let Some(identity) = identity else { return };
        let entry = self.known.find_unlocked(identity.hash, identity.key());
        let Some(entry) = entry.filter(|entry| entry.id == account).cloned() else {
            // It is gone, or locked, already.
            return self.evict(id);
        };
        self.begin_session(id, &entry, Session { account, token: None });
        self.say(id, Endpoint::Register, &entry.name);
    }

    /// `OLD`, a line feed, `NEW`.
    pub(in crate::chat) fn change_password(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let Some((account, name)) = self.own_account(id) else { return Ok(()) };
        let text = packet.msg.plain_wiped();
        let (old, new) = text.split_once('\n').ok_or(Code::BadArgument)?;
        let (old, new) = (given(old)?, new_password(new, &name)?);
        let Some(peer) = self.peer(id) else { return Ok(()) };
        let request = Request::Password { account, old, new, peer };
        self.ask_store(id, ordinal, Ask::Password, request)
    }

    /// The other sessions end: whoever has them may know the old password only.
    pub(super) fn password_set(&mut self, id: ConnId) {
        if let Some((account, _)) = self.own_account(id) {
            self.end_sessions(account, |_, other| other != id);
        }
        self.say(id, Endpoint::Password, "ok");
    }

    /// `new LABEL`, `list`, `revoke LABEL`.
    pub(in crate::chat) fn token(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let Some((account, _)) = self.own_account(id) else { return Ok(()) };
        let text = packet.msg.plain();
        let label = |text: &str| Label::parse(text).ok_or(Code::BadArgument);
        let request = match text.split_once(' ') {
            Some(("new", text)) => Request::NewToken { account, label: label(text)? },
            Some(("revoke", text)) => Request::RevokeToken { account, label: label(text)? },
            None if text == "list" => Request::Tokens { account },
            _ => return Err(Code::BadArgument),
        };
        self.ask_store(id, ordinal, Ask::Token, request)
    }

    pub(super) fn list_tokens(&mut self, id: ConnId, rows: Vec<TokenRow>) {
        let line = |TokenRow { label, created, used }: TokenRow| Entry {
            key: label.as_str().into(),
            line: format_compact!("{label} {} {}", time(Some(created)), time(used)),
        };
        let entries = Snapshot::new(rows.into_iter().map(line).collect(), &self.counters);
        self.begin_listing(id, Endpoint::Token, vec![Arc::new(entries)]);
    }

    pub(in crate::chat) fn who_am_i(&mut self, id: ConnId, _: u64, _: &Packet<'_>) -> Outcome {
        let Some(client) = self.clients.get(id) else { return Ok(()) };
        let role = match client.roles {
            roles if roles.contains(Roles::OPERATOR) => "operator",
            roles if roles.contains(Roles::ACCOUNT) => "user",
            _ => "guest",
        };
        let text = format!("{} {role} {}", client.name(), self.sessions_with(id).len());
        self.say(id, Endpoint::Whoami, &text);
        Ok(())
    }

    pub(in crate::chat) fn invite_user(
        &mut self,
        id: ConnId,
        ordinal: u64,
        packet: &Packet<'_>,
    ) -> Outcome {
        let name = Name::parse(&packet.msg.plain()).map_err(|_| Code::BadArgument)?;
        let Some(by) = self.own_name(id) else { return Ok(()) };
        let request = Request::Invite { name: name.clone(), by: Name::clone(&by) };
        self.ask_store(id, ordinal, Ask::Invite(name), request)
    }

    /// Whose session it is.
    fn own_account(&self, id: ConnId) -> Option<(AccountId, Arc<Name>)> {
        let account = self.clients.get(id)?.account()?;
        Some((account, self.own_name(id)?))
    }
}
