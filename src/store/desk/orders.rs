//! Orders of the command line. Never: how they get here, or who may give them.

use super::invite::Invited;
use super::outcome::RoomOrderOutcome;
use super::rooms::erased;
use super::waiting::{Sum, Then};
use super::{Clock, Desk, OrderOutcome};
use crate::accounts::{AccountId, Notice, Role};
use crate::limits::ACCOUNTS_MAX;
use crate::secrets::Peer;
use crate::store::accounts::Entry;
use crate::store::database::Failed;
use crate::store::order::{AccountRow, Order, Refusal, Told};
use crate::store::{accounts, bans, tokens};
use crate::wire::Name;
use rusqlite::Connection;
use std::net::{IpAddr, Ipv4Addr};

/// Orders come from this machine.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn refused(refusal: Refusal) -> OrderOutcome {
    Ok((Vec::new(), Told::Refused(refusal)))
}

fn done(notices: Vec<Notice>) -> OrderOutcome {
    Ok((notices, Told::Done))
}

impl<A> Desk<A> {
    pub(super) fn carry_out(&mut self, clock: Clock, asker: A, order: Order) {
        let (password, order) = match order {
            Order::AddAccount { name, role, password: Some(password) } => {
                (password, Order::AddAccount { name, role, password: None })
            }
            Order::SetPassword { name, password } => {
                (password.clone(), Order::SetPassword { name, password })
            }
            Order::Erase { name } => {
                let outcome = self.erase(&name);
                return self.batch.tell_all(asker, outcome);
            }
            Order::Room(order) => {
                let outcome = self.room_order(clock, &order);
                return self.batch.tell_all(asker, outcome);
            }
            other => {
                let outcome = self.follow(clock, other, None);
                return self.batch.tell(asker, outcome);
            }
        };
        self.judge(asker, Peer::of(HERE), Sum::Make { password }, Then::Order(order));
    }

    /// The password that an order brings was hashed.
    pub(super) fn order_judged(
        &mut self,
        clock: Clock,
        asker: A,
        order: Order,
        made: Option<String>,
    ) {
        let outcome = made.ok_or(Failed).and_then(|hash| self.follow(clock, order, Some(hash)));
        self.batch.tell(asker, outcome);
    }

    fn follow(&mut self, clock: Clock, order: Order, hash: Option<String>) -> OrderOutcome {
        match order {
            Order::AddAccount { name, role, .. } => self.add(clock, &name, role, hash.as_deref()),
            Order::Accounts => {
                let all = self.batch.within(accounts::all)?;
                Ok((Vec::new(), Told::Accounts(all.into_iter().map(row).collect())))
            }
            Order::SetPassword { name, .. } => self.reset(&name, hash.as_deref()),
            Order::SetRole { name, role } => {
                self.change(&name, |connection, id| accounts::set_role(connection, id, role))
            }
            Order::SetLocked { name, locked: false } => {
                self.change(&name, |connection, id| accounts::set_locked(connection, id, false))
            }
            Order::SetLocked { name, locked: true } => self.change(&name, |connection, id| {
                tokens::revoke_all(connection, id)?;
                accounts::set_locked(connection, id, true)
            }),
            Order::Invite { name } => match self.invited(clock, &name, true)? {
                (code, Invited::Yes(made)) => Ok((made.into_iter().collect(), Told::Code(code))),
                (_, Invited::TooMany) => refused(Refusal::TooMany),
                (_, Invited::NameTaken | Invited::HasSecret) => refused(Refusal::NameTaken),
            },
            // Carried out without a password.
            Order::Erase { .. } | Order::Room(_) => Err(Failed),
            Order::Ban(ban) if self.banned(clock, &ban)? => done(vec![Notice::Ban(ban)]),
            Order::Ban(_) => refused(Refusal::TooMany),
            Order::Unban(who) if self.unbanned(clock, &who)? => done(vec![Notice::Unban(who)]),
            Order::Unban(_) => refused(Refusal::NoSuchBan),
            Order::Info => self.info(),
            Order::Bans => {
                let all = self.batch.within(|connection| bans::all(connection, clock.unix))?;
                Ok((Vec::new(), Told::Bans(all)))
            }
        }
    }

    fn add(&mut self, clock: Clock, name: &Name, role: Role, hash: Option<&str>) -> OrderOutcome {
        if self.accounts >= ACCOUNTS_MAX {
            return refused(Refusal::TooMany);
        }
        let made = self.batch.within(|connection| {
            if accounts::is_taken(connection, name)? {
                return Ok(Err(Refusal::NameTaken));
            }
            accounts::insert(connection, name, role, hash, clock.unix).map(Ok)
        })?;
        self.has_other_accounts |= made.is_ok();
        match made {
            Ok(entry) => done(vec![Notice::Account(entry.account)]),
            Err(refusal) => refused(refusal),
        }
    }

    fn reset(&mut self, name: &Name, hash: Option<&str>) -> OrderOutcome {
        let hash = hash.ok_or(Failed)?;
        let found = self.batch.within(|connection| {
            let Some(entry) = accounts::find_by_key(connection, name.key())? else {
                return Ok(None);
            };
            let id = entry.account.id;
            tokens::revoke_all(connection, id)?;
            accounts::set_password(connection, id, hash)?;
            Ok(Some(id))
        })?;
        match found {
            Some(id) => done(vec![end_sessions(id)]),
            None => refused(Refusal::NoSuchAccount),
        }
    }

    /// Changes what shards know of an account; where it is locked then, its sessions end.
    fn change(
        &mut self,
        name: &Name,
        change: impl FnOnce(&Connection, AccountId) -> rusqlite::Result<()>,
    ) -> OrderOutcome {
        let changed = self.batch.within(|connection| {
            let Some(entry) = accounts::find_by_key(connection, name.key())? else {
                return Ok(None);
            };
            change(connection, entry.account.id)?;
            accounts::find(connection, entry.account.id)
        })?;
        match changed {
            None => refused(Refusal::NoSuchAccount),
            Some(Entry { account, .. }) => {
                let end = account.locked.then(|| end_sessions(account.id));
                done([Notice::Account(account)].into_iter().chain(end).collect())
            }
        }
    }

    fn erase(&mut self, name: &Name) -> RoomOrderOutcome {
        let log = &mut self.log;
        let erased = self.batch.within(|connection| {
            let entry = accounts::find_by_key(connection, name.key())?;
            let Some(Entry { account, .. }) = entry else { return Ok(None) };
            let news = erased(connection, account.id, &account.name)?;
            log.erase(connection, account.id.0.get())?;
            accounts::erase(connection, account.id)?;
            Ok(Some((account.id, news)))
        })?;
        self.has_other_accounts |= erased.is_some();
        self.log.names_changed();
        match erased {
            Some((id, news)) => {
                self.room_counts = None;
                Ok((vec![end_sessions(id), Notice::Erased(id)], news, Told::Done))
            }
            None => Ok((Vec::new(), Vec::new(), Told::Refused(Refusal::NoSuchAccount))),
        }
    }
}

fn end_sessions(account: AccountId) -> Notice {
    Notice::EndSessions { account, token: None, but_asker: false }
}

fn row(entry: Entry) -> AccountRow {
    let Entry { account, password, created } = entry;
    AccountRow {
        has_secret: password.is_some(),
        name: account.name,
        role: account.role,
        locked: account.locked,
        created,
        last_seen: account.last_seen,
    }
}
