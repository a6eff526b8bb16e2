//! **The desk**: takes requests and orders, hands out what is to be hashed, and gives the
//! replies once their changes are on disk. Time is an argument, and whoever asks is a
//! value that is handed back. Never: a thread, a hash, a row of the database.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `batch` | what is done in one transaction, and the replies that wait for its end |
//! | `outcome` | what time it is, and what a request brings |
//! | `waiting` | what waits to be hashed, and what then |
//! | `judging` | secrets that wait to be hashed: whose turn it is |
//! | `posts`, `archive` | packets to be stored; requests about those that are |
//! | `rooms`, `room_orders` | requests and orders about rooms with an owner |
//! | `tidying`, `info` | what is done when nothing else is; figures |
//! | `login`, `own`, `invite`, `orders` | requests: to log in and register; of one's own account; of operators; of the command line |

mod archive;
mod batch;
mod info;
mod invite;
mod judging;
mod known_rooms;
mod login;
mod orders;
mod outcome;
mod own;
mod posts;
mod room_orders;
mod rooms;
#[cfg(test)]
mod test_site;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_disk;
#[cfg(test)]
mod tests_of_log;
#[cfg(test)]
mod tests_of_model;
#[cfg(test)]
mod tests_of_posts;
#[cfg(test)]
mod tests_of_rooms;
mod tidying;
mod waiting;

use super::database::Database;
use super::error::StoreError;
use super::keeping::Keeping;
use super::log::Log;
use super::order::Order;
use super::{accounts, bans};
use crate::accounts::{Notice, Request};
use crate::archive::Notice as RoomNotice;
use crate::limits;
use crate::secrets::{FairQueue, Peer, Recent, Throttle};
pub use batch::{Answer, Done};
use batch::{Batch, Committed};
use known_rooms::RoomCounts;
pub use outcome::Clock;
use outcome::{OrderOutcome, Outcome};
use std::time::Duration;
use waiting::Judging;
pub use waiting::{Sum, Summed};

/// Where all that concerns accounts is decided. `A` is who asks.
#[derive(Debug)]
pub struct Desk<A> {
    batch: Batch<A>,
    log: Log,
    /// The time of what was asked last.
    now: Duration,
    /// When the disk has refused, where it has not taken anything since.
    refused_at: Option<Duration>,
    keeping: Keeping,
    /// What is kept at the most, where nothing else is said.
    bytes_max_default: u64,
    /// When packets that are too old are looked for.
    next_round: Duration,
    /// Passwords that wait.
    waiting: FairQueue<Judging<A>>,
    /// The one that is being hashed.
    under_way: Option<Judging<A>>,
    throttle: Throttle,
    registrations: Recent<Peer>,
    accounts: u64,
    /// Some were made or erased in this transaction.
    has_other_accounts: bool,
    /// None where they have to be read.
    room_counts: Option<RoomCounts>,
}

impl<A> Desk<A> {
    pub fn new(database: Database) -> Self {
        let registrations = Recent::new(
            limits::REGISTRATIONS_SPAN,
            limits::REGISTRATIONS_MAX,
            limits::GUESS_KEYS_MAX,
        );
        Self {
            batch: Batch::new(database),
            log: Log::default(),
            now: Duration::ZERO,
            refused_at: None,
            keeping: Keeping::default(),
            bytes_max_default: u64::MAX,
            next_round: Duration::ZERO,
            waiting: FairQueue::new(limits::PASSWORDS_WAITING_MAX),
            under_way: None,
            throttle: Throttle::default(),
            registrations,
            accounts: 0,
            has_other_accounts: false,
            room_counts: None,
        }
    }

    /// Begins: before anything is asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin(&mut self, clock: Clock) -> Result<(), StoreError> {
        let log = &mut self.log;
        let counted = self.batch.within(|connection| {
            bans::forget_ended(connection, clock.unix)?;
            log.last_id(connection)?;
            accounts::count(connection)
        });
        self.batch.end()?;
        // An error has ended the batch.
        self.accounts = counted.unwrap_or_default();
        Ok(())
    }

    /// What there is at the start, one after the other: what every shard is to know.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn each_notice(
        &mut self,
        clock: Clock,
        mut each: impl FnMut(Notice),
    ) -> Result<(), StoreError> {
        let read = self.batch.within(|connection| {
            accounts::each_known(connection, |account| each(Notice::Account(account)))?;
            let bans = bans::all(connection, clock.unix)?;
            bans.into_iter().for_each(|ban| each(Notice::Ban(ban)));
            // What was read to get there isn't needed any more; from here on the same few
            // pages are read again and again.
            connection.execute_batch("PRAGMA shrink_memory; PRAGMA cache_size = -2000")
        });
        // An error has ended the batch.
        self.batch.end()?;
        debug_assert!(read.is_ok());
        Ok(())
    }

    /// ... and of rooms.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn room_notices(&mut self) -> Result<Vec<RoomNotice>, StoreError> {
        let read = self.batch.within(known_rooms::known);
        self.batch.end()?;
        Ok(read.unwrap_or_default())
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> u64 {
        self.accounts
    }

    /// The disk has refused, and has not taken anything since.
    pub fn is_failing(&self) -> bool {
        self.refused_at.is_some()
    }

    /// Packets kept, and their bytes; not where a transaction has just come to nothing.
    pub fn kept(&self) -> Option<(u64, u64)> {
        self.log.kept()
    }

    /// Takes a request. What asks for no reply brings none.
    pub fn ask(&mut self, clock: Clock, asker: Option<A>, request: Request) {
        self.now = clock.running;
        match (request, asker) {
            (Request::Left { account }, _) => self.left(clock, account),
            // Nobody waits for what comes of it, so nobody has asked.
            (_, None) => {}
            (Request::Login { account, proof, peer }, Some(asker)) => {
                self.log_in(clock, asker, account, proof, Peer::of(peer));
            }
            (Request::Register { name, password, peer }, Some(asker)) => {
                self.register(clock, asker, name, password, Peer::of(peer));
            }
            (Request::Password { account, old, new, peer }, Some(asker)) => {
                self.change_password(asker, account, (old, new), Peer::of(peer));
            }
            (Request::NewToken { account, label }, Some(asker)) => {
                let done = self.new_token(clock, account, label);
                self.batch.reply(asker, done);
            }
            (Request::Tokens { account }, Some(asker)) => {
                let done = self.tokens(account);
                self.batch.reply(asker, done);
            }
            (Request::RevokeToken { account, label }, Some(asker)) => {
                let done = self.revoke_token(account, label);
                self.batch.reply(asker, done);
            }
            (Request::Invite { name, by: _ }, Some(asker)) => {
                let done = self.invite(clock, &name);
                self.batch.reply(asker, done);
            }
            (Request::Ban(ban), Some(asker)) => {
                let done = self.ban(clock, ban);
                self.batch.reply(asker, done);
            }
            (Request::Unban(who), Some(asker)) => {
                let done = self.unban(clock, who);
                self.batch.reply(asker, done);
            }
        }
    }

    /// Takes an order of the command line.
    pub fn order(&mut self, clock: Clock, asker: A, order: Order) {
        self.now = clock.running;
        self.carry_out(clock, asker, order);
    }

    /// Writes all that was done to the disk, with one `fsync`; then what there is to tell,
    /// in order. Where the disk refuses, nothing was done, and everybody is told so.
    pub fn commit(&mut self) -> (Vec<Done<A>>, Option<StoreError>) {
        let Committed { done, refused, has_written } = self.batch.commit(self.now);
        if refused.is_some() {
            self.log.forget();
            self.room_counts = None;
            self.refused_at = Some(self.now);
        } else if has_written {
            self.refused_at = None;
        }
        if std::mem::take(&mut self.has_other_accounts)
            && let Ok(accounts) = self.batch.within(accounts::count)
            // Only read, so there is nothing to lose.
            && self.batch.end().is_ok()
        {
            self.accounts = accounts;
        }
        (done, refused)
    }
}
