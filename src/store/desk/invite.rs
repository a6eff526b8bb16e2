//! Requests of operators: invitations and bans. Never: who is one.

use super::login::refused;
use super::{Clock, Desk, Outcome};
use crate::accounts::{Ban, Banned, Failure, Notice, Reply, Role, Secret};
use crate::limits::{ACCOUNTS_MAX, BANS_MAX, INVITATION_HOLDS};
use crate::secrets::{Digest, random};
use crate::store::database::Failed;
use crate::store::{accounts, bans, tokens};
use crate::wire::Name;
use rusqlite::Connection;

/// What has come of inviting somebody.
pub(super) enum Invited {
    /// The account has a secret already.
    HasSecret,
    NameTaken,
    TooMany,
    /// The account, where it was made for this.
    Yes(Option<Notice>),
}

impl<A> Desk<A> {
    pub(super) fn invite(&mut self, clock: Clock, name: &Name) -> Outcome {
        let (code, invited) = self.invited(clock, name, false)?;
        match invited {
            Invited::HasSecret => refused(Failure::BadArgument),
            Invited::NameTaken => refused(Failure::NameTaken),
            Invited::TooMany => refused(Failure::TooMany),
            Invited::Yes(made) => Ok((made.into_iter().collect(), Reply::Invited { code })),
        }
    }

    /// Draws a code and keeps it; `resets` a secret that is there, once it is used.
    pub(super) fn invited(
        &mut self,
        clock: Clock,
        name: &Name,
        resets: bool,
    ) -> Result<(Secret, Invited), Failed> {
        let code = random::code().map_err(|_| Failed)?;
        let digest = Digest::of(&code);
        let is_full = self.accounts >= ACCOUNTS_MAX;
        let invited = self.batch.within(|connection| {
            keep_invitation(connection, name, (resets, is_full), (digest, clock.unix))
        })?;
        self.has_other_accounts |= matches!(invited, Invited::Yes(Some(_)));
        Ok((code, invited))
    }

    pub(super) fn ban(&mut self, clock: Clock, ban: Ban) -> Outcome {
        if self.banned(clock, &ban)? {
            Ok((vec![Notice::Ban(ban)], Reply::Banned))
        } else {
            refused(Failure::TooMany)
        }
    }

    /// Whether there was room for it.
    pub(super) fn banned(&mut self, clock: Clock, ban: &Ban) -> Result<bool, Failed> {
        self.batch.within(|connection| {
            bans::forget_ended(connection, clock.unix)?;
            let has_room = bans::has(connection, &ban.who)? || bans::count(connection)? < BANS_MAX;
            if has_room {
                bans::insert(connection, ban)?;
            }
            Ok(has_room)
        })
    }

    pub(super) fn unban(&mut self, clock: Clock, who: Banned) -> Outcome {
        if self.unbanned(clock, &who)? {
            Ok((vec![Notice::Unban(who)], Reply::Unbanned))
        } else {
            refused(Failure::NoSuchBan)
        }
    }

    /// Whether it was there.
    pub(super) fn unbanned(&mut self, clock: Clock, who: &Banned) -> Result<bool, Failed> {
        self.batch.within(|connection| bans::remove(connection, who, clock.unix))
    }
}

fn keep_invitation(
    connection: &Connection,
    name: &Name,
    (resets, is_full): (bool, bool),
    (code, now): (Digest, i64),
) -> rusqlite::Result<Invited> {
    let (entry, is_made) = match accounts::find_by_key(connection, name.key())? {
        Some(entry) if entry.password.is_some() && !resets => return Ok(Invited::HasSecret),
        Some(entry) => (entry, false),
        None if accounts::is_taken(connection, name)? => return Ok(Invited::NameTaken),
        None if is_full => return Ok(Invited::TooMany),
        None => (accounts::insert(connection, name, Role::User, None, now)?, true),
    };
    let ends = now.saturating_add(INVITATION_HOLDS.as_secs() as i64);
    tokens::invite(connection, entry.account.id, code, ends)?;
    Ok(Invited::Yes(is_made.then_some(Notice::Account(entry.account))))
}
