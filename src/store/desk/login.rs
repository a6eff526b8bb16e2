//! Logging in and registering. Never: how long a wrong secret's answer is held back
//! (`chat`).

use super::batch::Note;
use super::waiting::{Sum, Then};
use super::{Clock, Desk, Outcome};
use crate::accounts::{AccountId, Failure, Notice, Proof, Reply, Role, Secret};
use crate::limits::{ACCOUNTS_MAX, REGISTRATIONS_MAX};
use crate::secrets::throttle::{Attempt, Verdict};
use crate::secrets::{Digest, Peer};
use crate::store::accounts::Entry;
use crate::store::database::Failed;
use crate::store::{accounts, tokens};
use crate::wire::Name;

pub(super) fn refused(failure: Failure) -> Outcome {
    Ok((Vec::new(), Reply::Failed(failure)))
}

impl<A> Desk<A> {
    pub(super) fn log_in(
        &mut self,
        clock: Clock,
        asker: A,
        account: Option<AccountId>,
        proof: Proof,
        peer: Peer,
    ) {
        let (entry, attempt) = match self.attempt(account, peer) {
            Ok(attempt) => attempt,
            Err(Failed) => return self.batch.reply(asker, Err(Failed)),
        };
        let verdict = self.throttle.verdict(clock.running, attempt);
        match (verdict, proof) {
            (_, Proof::Certificate) => {
                let open = entry.is_some();
                self.logged_in(clock, asker, attempt.account.filter(|_| open), (peer, None));
            }
            (Verdict::PeerShut, _) | (Verdict::AccountShut, Proof::Token(_)) => {
                self.batch.reply_anyway(asker, Reply::Failed(Failure::WrongSecret));
            }
            (Verdict::AccountShut, Proof::Invite { .. }) => {
                self.batch.reply_anyway(asker, Reply::Failed(Failure::WrongSecret));
            }
            (_, Proof::Password(password)) => {
                let hash = entry.and_then(|entry| entry.password);
                let sum = Sum::Compare { password, hash: hash.clone() };
                self.judge(asker, peer, sum, Then::LogIn { attempt, hash });
            }
            (Verdict::LookAt, Proof::Token(secret)) => {
                self.token_shown(clock, asker, attempt, Digest::of(&secret));
            }
            (Verdict::LookAt, Proof::Invite { code, password }) => {
                self.invitation_shown(clock, asker, attempt, (Digest::of(&code), password));
            }
        }
    }

    /// Who tries, at an account that is there and open.
    fn attempt(
        &mut self,
        account: Option<AccountId>,
        peer: Peer,
    ) -> Result<(Option<Entry>, Attempt), Failed> {
        let Some(id) = account else {
            return Ok((None, Attempt { peer, account, is_known: false }));
        };
        self.batch.within(|connection| {
            let entry = accounts::find(connection, id)?;
            let is_known = accounts::knows(connection, id, peer)?;
            let open = entry.filter(|entry| !entry.account.locked);
            Ok((open, Attempt { peer, account, is_known }))
        })
    }

    fn token_shown(&mut self, clock: Clock, asker: A, attempt: Attempt, secret: Digest) {
        let found = self.batch.within(|connection| {
            let Some(token) = tokens::find(connection, secret)? else { return Ok(None) };
            let entry = accounts::find(connection, token.account)?;
            let is_open = entry.is_some_and(|entry| !entry.account.locked);
            Ok(Some(token).filter(|_| is_open))
        });
        match found {
            Err(Failed) => self.batch.reply(asker, Err(Failed)),
            Ok(Some(token)) if attempt.account == Some(token.account) => {
                let by = (attempt.peer, Some(token.id));
                self.logged_in(clock, asker, attempt.account, by);
            }
            Ok(_) => self.was_wrong(clock, asker, attempt),
        }
    }

    /// A password was hashed; `hash` is the one that it was right for.
    pub(super) fn password_judged(
        &mut self,
        clock: Clock,
        asker: A,
        attempt: Attempt,
        hash: Option<String>,
    ) {
        match self.is_still(attempt.account, hash) {
            Err(Failed) => self.batch.reply(asker, Err(Failed)),
            Ok(false) => self.was_wrong(clock, asker, attempt),
            Ok(true) => self.logged_in(clock, asker, attempt.account, (attempt.peer, None)),
        }
    }

    /// Whether an account is still there, open, and has this hash: it may have been locked
    /// or erased meanwhile.
    pub(super) fn is_still(
        &mut self,
        account: Option<AccountId>,
        hash: Option<String>,
    ) -> Result<bool, Failed> {
        let (Some(id), Some(hash)) = (account, hash) else { return Ok(false) };
        let entry = self.batch.within(|connection| accounts::find(connection, id))?;
        let is_same = |entry: Entry| !entry.account.locked && entry.password == Some(hash);
        Ok(entry.is_some_and(is_same))
    }

    fn logged_in(
        &mut self,
        clock: Clock,
        asker: A,
        account: Option<AccountId>,
        (peer, token): (Peer, Option<crate::accounts::TokenId>),
    ) {
        let Some(account) = account else {
            return self.batch.reply_anyway(asker, Reply::Failed(Failure::WrongSecret));
        };
        let now = clock.unix;
        self.batch.note(Note::CameFrom { account, peer, now });
        if let Some(token) = token {
            self.batch.note(Note::Used { token, now });
        }
        self.batch.reply_anyway(asker, Reply::LoggedIn { account, token });
    }

    pub(super) fn was_wrong(&mut self, clock: Clock, asker: A, attempt: Attempt) {
        // Also where others have guessed meanwhile: then it wasn't looked at.
        if self.throttle.verdict(clock.running, attempt) == Verdict::LookAt {
            self.throttle.was_wrong(clock.running, attempt);
        }
        self.batch.reply_anyway(asker, Reply::Failed(Failure::WrongSecret));
    }

    fn invitation_shown(
        &mut self,
        clock: Clock,
        asker: A,
        attempt: Attempt,
        (code, password): (Digest, Secret),
    ) {
        let invited = match attempt.account {
            None => Ok(None),
            Some(id) => self.batch.within(|connection| {
                let is_open = accounts::find(connection, id)?.is_some_and(|e| !e.account.locked);
                let is_invited = tokens::is_invited(connection, id, code, clock.unix)?;
                Ok((is_open && is_invited).then_some(id))
            }),
        };
        match invited {
            Err(Failed) => self.batch.reply(asker, Err(Failed)),
            Ok(None) => self.was_wrong(clock, asker, attempt),
            Ok(Some(account)) => {
                let then = Then::Invited { account, code };
                self.judge(asker, attempt.peer, Sum::Make { password }, then);
            }
        }
    }

    /// The password that an invitation sets was hashed: the first one that comes sets it.
    pub(super) fn invitation_judged(
        &mut self,
        clock: Clock,
        asker: A,
        peer: Peer,
        (id, code): (AccountId, Digest),
        made: Option<String>,
    ) {
        let Some(hash) = made else { return self.batch.reply(asker, Err(Failed)) };
        let outcome = self.batch.within(|connection| {
            let entry = accounts::find(connection, id)?.filter(|entry| !entry.account.locked);
            let Some(entry) = entry else { return Ok(None) };
            if !tokens::is_invited(connection, id, code, clock.unix)? {
                return Ok(None);
            }
            accounts::set_password(connection, id, &hash)?;
            let had_token = tokens::revoke_all(connection, id)?;
            Ok(Some(entry.password.is_some() || had_token))
        });
        let outcome = outcome.map(|used| match used {
            None => (Vec::new(), Reply::Failed(Failure::WrongSecret)),
            Some(is_reset) => {
                let now = clock.unix;
                self.batch.note(Note::CameFrom { account: id, peer, now });
                let end = Notice::EndSessions { account: id, token: None, but_asker: true };
                let notices = is_reset.then_some(end).into_iter().collect();
                (notices, Reply::LoggedIn { account: id, token: None })
            }
        });
        self.batch.reply(asker, outcome);
    }

    pub(super) fn register(
        &mut self,
        clock: Clock,
        asker: A,
        name: Name,
        password: Secret,
        peer: Peer,
    ) {
        let may = self.may_register(clock, &name, peer);
        match may {
            Ok(None) => {
                if !peer.is_loopback() {
                    self.registrations.add(clock.running, peer);
                }
                self.judge(asker, peer, Sum::Make { password }, Then::Register { name });
            }
            Ok(Some(failure)) => self.batch.reply(asker, refused(failure)),
            Err(Failed) => self.batch.reply(asker, Err(Failed)),
        }
    }

    /// Why not, if so.
    fn may_register(
        &mut self,
        clock: Clock,
        name: &Name,
        peer: Peer,
    ) -> Result<Option<Failure>, Failed> {
        let is_taken = self.batch.within(|connection| accounts::is_taken(connection, name))?;
        let often = self.registrations.count(clock.running, peer) >= REGISTRATIONS_MAX;
        Ok(match (is_taken, often) {
            (true, _) => Some(Failure::NameTaken),
            (false, true) => Some(Failure::SlowDown),
            (false, false) if self.accounts >= ACCOUNTS_MAX => Some(Failure::TooMany),
            (false, false) => None,
        })
    }

    /// The password was hashed: the first one who comes gets the name.
    pub(super) fn register_judged(
        &mut self,
        clock: Clock,
        asker: A,
        peer: Peer,
        name: &Name,
        made: Option<String>,
    ) {
        let made = made.ok_or(Failed).and_then(|hash| {
            self.batch.within(|connection| {
                if accounts::is_taken(connection, name)? {
                    return Ok(None);
                }
                let hash = Some(hash.as_str());
                accounts::insert(connection, name, Role::User, hash, clock.unix).map(Some)
            })
        });
        if matches!(made, Ok(Some(_))) {
            self.has_other_accounts = true;
        } else if !peer.is_loopback() {
            self.registrations.take_back(peer);
        }
        let outcome = made.map(|made| match made {
            None => (Vec::new(), Reply::Failed(Failure::NameTaken)),
            Some(entry) => {
                let account = entry.account.id;
                self.batch.note(Note::CameFrom { account, peer, now: clock.unix });
                (vec![Notice::Account(entry.account)], Reply::Registered { account })
            }
        });
        self.batch.reply(asker, outcome);
    }
}
