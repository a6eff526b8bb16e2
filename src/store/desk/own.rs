//! Requests of who is logged in, about their own account. Never: logging in.

use super::batch::Note;
use super::login::refused;
use super::waiting::{Sum, Then};
use super::{Clock, Desk, Outcome};
use crate::accounts::{AccountId, Failure, Label, Notice, Reply, Secret};
use crate::limits::TOKENS_PER_ACCOUNT_MAX;
use crate::secrets::throttle::Attempt;
use crate::secrets::{Digest, Peer, random};
use crate::store::database::Failed;
use crate::store::{accounts, tokens};

impl<A> Desk<A> {
    /// Its last session has ended, which its home knows by itself.
    pub(super) fn left(&mut self, clock: Clock, account: AccountId) {
        self.batch.note(Note::Left { account, now: clock.unix });
    }

    pub(super) fn change_password(
        &mut self,
        asker: A,
        account: AccountId,
        (old, new): (Secret, Secret),
        peer: Peer,
    ) {
        let found = self.batch.within(|connection| {
            let hash = accounts::find(connection, account)?.and_then(|entry| entry.password);
            Ok((hash, accounts::knows(connection, account, peer)?))
        });
        match found {
            Err(Failed) => self.batch.reply(asker, Err(Failed)),
            Ok((hash, is_known)) => {
                let attempt = Attempt { peer, account: Some(account), is_known };
                let sum = Sum::Change { old, hash: hash.clone(), new };
                self.judge(asker, peer, sum, Then::Change { attempt, hash });
            }
        }
    }

    /// The old password was compared; `hash` is the one that it was right for, `made` that
    /// of the new one.
    pub(super) fn change_judged(
        &mut self,
        clock: Clock,
        asker: A,
        attempt: Attempt,
        (hash, made): (Option<String>, Option<String>),
    ) {
        match self.is_still(attempt.account, hash) {
            Err(Failed) => self.batch.reply(asker, Err(Failed)),
            Ok(false) => self.was_wrong(clock, asker, attempt),
            Ok(true) => {
                let outcome = self.set_own_password(attempt.account, made);
                self.batch.reply(asker, outcome);
            }
        }
    }

    fn set_own_password(&mut self, account: Option<AccountId>, made: Option<String>) -> Outcome {
        let (account, hash) = account.zip(made).ok_or(Failed)?;
        self.batch.within(|connection| {
            tokens::uninvite(connection, account)?;
            accounts::set_password(connection, account, &hash)
        })?;
        let end = Notice::EndSessions { account, token: None, but_asker: true };
        Ok((vec![end], Reply::PasswordSet))
    }

    pub(super) fn new_token(&mut self, clock: Clock, account: AccountId, label: Label) -> Outcome {
        let secret = random::token().map_err(|_| Failed)?;
        let digest = Digest::of(&secret);
        let failure = self.batch.within(|connection| {
            let there = tokens::list(connection, account)?;
            if there.iter().any(|row| row.label == label) {
                return Ok(Some(Failure::BadArgument));
            }
            if there.len() >= TOKENS_PER_ACCOUNT_MAX {
                return Ok(Some(Failure::TooMany));
            }
            if accounts::find(connection, account)?.is_none_or(|entry| entry.account.locked) {
                return Ok(Some(Failure::WrongSecret));
            }
            tokens::insert(connection, account, &label, digest, clock.unix)?;
            Ok(None)
        })?;
        match failure {
            None => Ok((Vec::new(), Reply::Token { label, secret })),
            Some(failure) => refused(failure),
        }
    }

    pub(super) fn tokens(&mut self, account: AccountId) -> Outcome {
        let rows = self.batch.within(|connection| tokens::list(connection, account))?;
        Ok((Vec::new(), Reply::Tokens(rows)))
    }

    pub(super) fn revoke_token(&mut self, account: AccountId, label: Label) -> Outcome {
        let revoked =
            self.batch.within(|connection| tokens::revoke(connection, account, &label))?;
        match revoked {
            None => refused(Failure::BadArgument),
            token @ Some(_) => {
                let end = Notice::EndSessions { account, token, but_asker: true };
                Ok((vec![end], Reply::TokenRevoked(label)))
            }
        }
    }
}
