//! A session of an account begins, ends by itself, or is ended. The user comes with the
//! first and leaves with the last. Never: whether somebody may log in.

use super::known::Entry;
use crate::accounts::{AccountId, Request, Role};
use crate::chat::client::{Client, CloseMode, Identity, Roles, Session, Timers};
use crate::chat::effect::Report;
use crate::chat::id::{ConnId, Moment};
use crate::chat::resume::ResumeSecret;
use crate::chat::shard::Shard;
use crate::limits;
use crate::wire::{Code, Name};
use smallvec::SmallVec;
use std::sync::Arc;

impl<S> Shard<S> {
    /// Makes a connection a session of an account: one that has logged in, or a guest
    /// who has registered.
    pub(super) fn begin_session(&mut self, id: ConnId, account: &Entry, session: Session) {
        let Ok(name) = Name::parse(&account.name) else { return };
        let hash = self.hashing.user(name.key());
        let was_guest = self.clients.get(id).is_some_and(Client::is_user);
        if was_guest {
            // What is an account's is guarded whoever is here.
            self.release_looks_of(id);
        } else if let Some(holder) = self.holder(hash, name.key())
            && self.clients.get(holder).is_some_and(|client| client.account().is_none())
        {
            self.evict(holder);
        }
        let since = self.now.max(Moment(self.last_watch.0 + 1));
        self.last_arrival = since;
        let Some(client) = self.clients.get_mut(id) else { return };
        client.begin_session(Identity::new(&name, client.peer, hash), session, since);
        client.roles.set(
            Roles::OPERATOR,
            client.roles.contains(Roles::BY_TOKEN) || self.known.role(account.id) == Role::Operator,
        );
        let (since, peer) = (client.since, client.peer);
        let is_first = self.sessions.begin(account.id, id, since);
        if was_guest {
            self.begin_stored(id);
            return self.stay_in_owned_rooms(id, account.id);
        }
        self.own_counters().sessions.add(1);
        if self.settings.reports_everyone {
            self.report(Report::Came { peer, name: name.shown().into() });
        }
        let users = if is_first {
            self.directory.insert(hash, id.slot);
            self.users_changed();
            self.enter_owned_rooms(id, account.id);
            self.counters.user_came(self.topology.worker)
        } else {
            self.join_others(id, account.id);
            self.counters.users()
        };
        self.welcome(id, users);
        // Behind that: what was said in this tick may be handed on at once.
        self.begin_stored(id);
        self.tell_invitations(id);
        if is_first {
            self.will_announce(id);
        }
    }

    /// It is in the rooms of the account's other sessions, and what is for the account is
    /// for it as well.
    fn join_others(&mut self, id: ConnId, account: AccountId) {
        let sessions: SmallVec<[ConnId; 8]> = self.sessions.of(account).into();
        for &session in &sessions {
            if let Some(client) = self.clients.get_mut(session) {
                client.roles |= Roles::SEVERAL;
            }
        }
        let Some(first) = sessions.first().and_then(|first| self.clients.get_mut(*first)) else {
            return;
        };
        let rooms = first.rooms().to_vec();
        for room in &rooms {
            self.rosters.add(room, id);
        }
        if !rooms.is_empty()
            && let Some(client) = self.clients.get_mut(id)
        {
            client.cold().rooms = rooms;
        }
    }

    /// Where there are more sessions than may be, ends those that have been silent
    /// longest, but for the new one.
    pub(super) fn limit_sessions(&mut self, new: ConnId) {
        let Some(account) = self.clients.get(new).and_then(Client::account) else { return };
        while self.sessions.of(account).len() > self.settings.sessions_max.max(1) {
            let silent_since = |id: &ConnId| self.clients.get(*id).map(Client::last_heard);
            let others = self.sessions.of(account).iter().copied().filter(|id| *id != new);
            let Some(quietest) = others.min_by_key(silent_since) else { return };
            self.end_session(quietest, Code::LoginRequired);
        }
    }

    /// The sessions of whoever has this one; a guest's is the only one.
    pub(in crate::chat) fn sessions_with(&self, id: ConnId) -> SmallVec<[ConnId; 8]> {
        match self.clients.get(id).and_then(Client::account) {
            Some(account) => self.sessions.of(account).into(),
            None => SmallVec::from_slice(&[id]),
        }
    }

    /// Ends a session from outside. What was read from it and was not handled yet is lost.
    pub(super) fn end_session(&mut self, id: ConnId, code: Code) {
        self.refuse(id, 0, code, None);
        self.close(id, CloseMode::Linger);
    }

    /// Ends all sessions of an account, or those that a token has let in, but for one.
    pub(super) fn end_sessions(
        &mut self,
        account: AccountId,
        wanted: impl Fn(&Self, ConnId) -> bool,
    ) {
        let sessions: SmallVec<[ConnId; 8]> = self.sessions.of(account).into();
        for id in sessions {
            if wanted(self, id) {
                self.end_session(id, Code::LoginRequired);
            }
        }
    }

    /// A session has closed: the user leaves with the last.
    pub(in crate::chat) fn session_closed(
        &mut self,
        (account, id): (AccountId, ConnId),
        rooms: Vec<Arc<str>>,
        (since, announced): (Moment, bool),
    ) {
        let since = self.sessions.since(account).unwrap_or(since);
        let was_first = self.sessions.of(account).first() == Some(&id);
        if !self.stopping {
            self.tell_mark(account);
        }
        let identity = self.clients.get(id).and_then(Client::last_identity);
        let Some((hash, key)) = identity.map(|one| (one.hash, one.key().to_owned())) else {
            return;
        };
        let Some(next) = self.sessions.end(account, id) else {
            let rooms = self.rooms_left(account, id, rooms);
            self.unregister(id, rooms, (since, announced));
            let now = self.time_of_day();
            self.known.seen(hash, &key, now);
            return self.tell_store(Request::Left { account });
        };
        for room in rooms {
            self.rosters.remove(&room, id);
        }
        if was_first {
            self.directory.remove(hash, id.slot);
            self.directory.insert(hash, next.slot);
            self.inherit_presence(next, since, announced);
        }
        if self.settings.reports_everyone
            && let Some(client) = self.clients.get(id)
        {
            let (peer, name) = (client.peer, client.name().into());
            self.report(Report::Went { peer, name });
        }
    }

    /// The session by which others were told, or will be, that the user came is over.
    fn inherit_presence(&mut self, id: ConnId, since: Moment, announced: bool) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if announced {
            client.roles |= Roles::ANNOUNCED;
        }
        if !client.roles.contains(Roles::ANNOUNCED)
            && self.counters.sum(|counters| &counters.watchers) > 0
        {
            self.arm(id, Timers::PRESENCE, since.after(limits::PRESENCE_DELAY));
        }
    }

    /// The session of an account to which `/resume` told this secret.
    pub(super) fn resumed_session(
        &self,
        account: AccountId,
        secret: &ResumeSecret,
    ) -> Option<ConnId> {
        let right = |id: &ConnId| self.resume_secret(*id).is_some_and(|right| right.is(secret));
        self.sessions.of(account).iter().copied().find(right)
    }

    /// A connection takes the place of a session whose secret it knows.
    pub(super) fn resume_session(&mut self, id: ConnId, account: AccountId, session: ConnId) {
        let token = self.clients.get(session).and_then(Client::session);
        let token = token.and_then(|session| session.token);
        self.admit(id, account, token);
        self.end_session(session, Code::NameTaken);
        self.limit_sessions(id);
    }
}
