//! A connection's part in an account: challenged, a session, certified. Never: whether it
//! may have that.

use super::{AccountState, Client, Identity, Login, Roles, Session, State, StoredState};
use crate::accounts::AccountId;
use crate::archive::RoomId;
use crate::chat::id::Moment;
use crate::wire::Name;
use std::mem;
use std::sync::Arc;

impl<S> Client<S> {
    /// Greeting → challenged.
    pub(in crate::chat) fn begin_login(&mut self, name: Name) {
        debug_assert_eq!(self.state, State::Greeting);
        self.state = State::Challenged;
        self.account_state().login = Some(Login { name });
    }

    /// Greeting, challenged or user → user, as a session of an account.
    pub(in crate::chat) fn begin_session(
        &mut self,
        identity: Identity,
        session: Session,
        now: Moment,
    ) {
        debug_assert!(!self.is_closing() && !self.is_claiming());
        if !self.is_user() {
            self.since = now;
        }
        self.state = State::User;
        self.identity = Some(identity);
        self.roles |= Roles::ACCOUNT;
        let state = self.account_state();
        state.login = None;
        state.wrong = 0;
        state.session = Some(session);
    }

    /// What it has of an account's session, or of what may become one.
    pub(in crate::chat) fn account_state(&mut self) -> &mut AccountState {
        self.cold().account.get_or_insert_default()
    }

    /// The session that it is, if it is one; stays while it is closing, where packets
    /// for several sessions may be left in its queue.
    pub(in crate::chat) fn session(&self) -> Option<Session> {
        self.cold.as_ref()?.account.as_ref()?.session
    }

    /// The account whose session it is.
    pub(in crate::chat) fn account(&self) -> Option<AccountId> {
        if self.roles.contains(Roles::ACCOUNT) {
            self.session().map(|session| session.account)
        } else {
            None
        }
    }

    /// The name with which it has to log in.
    pub(in crate::chat) fn login(&self) -> Option<&Login> {
        self.cold.as_ref()?.account.as_ref()?.login.as_ref()
    }

    /// Keys of the rooms that it is in.
    pub(in crate::chat) fn rooms(&self) -> &[Arc<str>] {
        self.cold.as_ref().map_or(&[], |cold| &cold.rooms)
    }

    /// Rooms to which it was invited.
    pub(in crate::chat) fn invited(&self) -> &[(Arc<str>, Option<RoomId>)] {
        self.cold.as_ref().map_or(&[], |cold| &cold.invited)
    }

    /// About when it was heard last.
    pub(in crate::chat) fn last_heard(&self) -> Moment {
        self.since.max(Moment(self.paid_until_ns))
    }

    /// What it has to do with stored packets.
    pub(in crate::chat) fn stored(&self) -> Option<&StoredState> {
        self.stored.as_deref()
    }

    pub(in crate::chat) fn stored_mut(&mut self) -> Option<&mut StoredState> {
        self.stored.as_deref_mut()
    }

    /// How many of its packets are on their way to the store.
    pub(in crate::chat) fn posts_under_way(&self) -> u32 {
        self.cold.as_ref().map_or(0, |cold| cold.posts.count)
    }

    /// The names in its certificate.
    pub(in crate::chat) fn certified(&self) -> &[Name] {
        let account = self.cold.as_ref().and_then(|cold| cold.account.as_ref());
        account.map_or(&[], |account| &account.certified)
    }

    /// Takes them along to its home.
    pub(in crate::chat) fn take_certified(&mut self) -> Box<[Name]> {
        let account = self.cold.as_mut().and_then(|cold| cold.account.as_mut());
        account.map(|account| mem::take(&mut account.certified)).unwrap_or_default()
    }
}
