//! **Accounts' services**: the thread that has the database, the one that hashes
//! passwords, and the socket by which the command line speaks to a server that runs.
//!
//! A request comes from a worker, or from the command line. What was asked meanwhile
//! is one transaction with one `fsync`; behind it notices go to all workers, and then
//! the replies, in the order of what was committed. A mailbox is first in, first out, so whoever asked
//! sees what has changed before the reply. Never: what may be asked, or what follows (`store`).
//!
//! | module | what lives there |
//! | --- | --- |
//! | `asked` | what the database's thread is asked |
//! | `keeper` | the database's thread |
//! | `hashing` | the thread that hashes |
//! | `delivery` | replies and notices, to workers |
//! | `control` | the control socket's thread |
//! | `protocol` | what is said there: a line each way |
//! | [`orders`] | the other side: to the server that runs, or without one |

mod asked;
mod control;
mod delivery;
mod hashing;
mod keeper;
pub mod orders;
mod protocol;

use super::{Requests, Service, requests};
use crate::chat::{Counters, Moment, Shard};
use crate::data::DataDir;
use crate::limits::STORE_REQUESTS_MAX;
use crate::net::error::ServeError;
use crate::net::mailbox::Mailboxes;
use crate::net::transport::Transport;
use crate::store::{Database, Desk, SharedKeeping, StoreError};
pub(crate) use asked::Asked;
use control::Control;
pub(crate) use delivery::{archive_reply_batch, reply_batch};
use hashing::Hashing;
use keeper::{Asker, Keeper};
use log::{info, warn};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// No core dump: 0 bytes would still let one be piped to a program (core(5)).
const CORE_LIMIT: u64 = 1;

/// The database and the socket, open.
pub(crate) struct Accounts {
    dir: Arc<DataDir>,
    desk: Desk<Asker>,
    control: Control,
    start: Instant,
}

/// What the services are, and what workers get of them.
pub(crate) struct Parts {
    pub services: Vec<Box<dyn Service>>,
    pub requests: Requests<Asked>,
}

impl Accounts {
    /// Opens what is in a directory that this process holds.
    ///
    /// # Errors
    /// [`ServeError`].
    pub(crate) fn open(dir: Arc<DataDir>) -> Result<Self, ServeError> {
        let start = Instant::now();
        // Secrets are in memory for moments; they are not to be in a file for good.
        if let Err(error) = rlimit::setrlimit(rlimit::Resource::CORE, CORE_LIMIT, CORE_LIMIT) {
            warn!("a crash may leave a core dump behind, with secrets in it: {error}");
        }
        let database = Database::open(dir.path()).map_err(ServeError::Store)?;
        let mut desk = Desk::new(database);
        desk.begin(keeper::clock(start)).map_err(ServeError::Store)?;
        desk.settle_default(free_bytes(dir.path())).map_err(ServeError::Store)?;
        let control = Control::open(dir.path())?;
        Ok(Self { dir, desk, control, start })
    }

    /// Tells all workers' shards what there is, before they serve anybody.
    ///
    /// # Errors
    /// [`ServeError`].
    pub(crate) fn tell(&mut self, shards: &mut [Shard<Transport>]) -> Result<(), ServeError> {
        let clock = keeper::clock(self.start);
        let told = self.desk.each_notice(clock, |notice| Shard::begin_with(shards, &notice));
        told.map_err(ServeError::Store)?;
        for notice in self.desk.room_notices().map_err(ServeError::Store)? {
            shards.iter_mut().for_each(|shard| shard.inform_archive(Moment::default(), &notice));
        }
        let (count, took) = (self.desk.accounts(), self.start.elapsed().as_millis());
        let ((packets, bytes), at) = (self.desk.kept().unwrap_or_default(), self.dir.path());
        let at = at.display();
        info!(
            "store: {count} accounts, {packets} packets of {bytes} bytes in {at}, read in {took} ms"
        );
        Ok(())
    }

    /// The services, in the order of their start: so what asks another stops first.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub(crate) fn services(
        self,
        mailboxes: Arc<Mailboxes>,
        counters: Arc<Counters>,
        keeping: Arc<SharedKeeping>,
    ) -> io::Result<Parts> {
        let (requests, inbox) = requests::channel(STORE_REQUESTS_MAX);
        let (sums, sums_inbox) = requests::channel(1);
        let hashing = Hashing::new(sums_inbox, requests.clone())?;
        let (workers, times) = ((mailboxes, counters), (keeping, self.start));
        let keeper = Keeper::new(self.dir, self.desk, (inbox, sums), workers, times);
        let control = self.control.service(requests.clone());
        let services: Vec<Box<dyn Service>> =
            vec![Box::new(hashing), Box::new(keeper), Box::new(control)];
        Ok(Parts { services, requests })
    }
}

/// What an unprivileged process may still fill of the disk.
fn free_bytes(directory: &Path) -> u64 {
    match rustix::fs::statvfs(directory) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            warn!("how much is free in {} can't be told: {error}", directory.display());
            u64::MAX
        }
    }
}

/// Refuses a directory that has accounts, where there are to be none.
///
/// # Errors
/// [`ServeError`].
pub(crate) fn require_no_accounts(dir: &DataDir) -> Result<(), ServeError> {
    if dir.stamp(crate::store::FILE).is_none() {
        return Ok(());
    }
    match count(dir).map_err(ServeError::Store)? {
        0 => Ok(()),
        count => Err(ServeError::AccountsOff(dir.path().to_owned(), count)),
    }
}

fn count(dir: &DataDir) -> Result<u64, StoreError> {
    let mut desk = Desk::<()>::new(Database::open(dir.path())?);
    desk.begin(keeper::clock(Instant::now()))?;
    Ok(desk.accounts())
}
