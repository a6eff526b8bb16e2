//! A connection to the database, its transaction, and what happens when the disk
//! refuses. Never: what is read or written.
//!
//! After any error nothing of the transaction counts, and the connection is closed:
//! what a failed `fsync` has left in its memory is not to be believed. The next
//! transaction opens it again.

use super::error::StoreError;
use super::open::{open, reopen};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};

/// The database of a directory that this process holds.
#[derive(Debug)]
pub struct Database {
    directory: PathBuf,
    /// None after an error.
    connection: Option<Connection>,
    state: State,
    /// Rows that the connection had changed when the transaction began.
    changed_before: u64,
}

/// How far the transaction is.
#[derive(Debug)]
enum State {
    Idle,
    Open,
    /// It comes to nothing, for this reason.
    Failed(StoreError),
}

/// The transaction has failed; [`Database::commit`] says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

impl Database {
    /// Opens it; makes it if need be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let connection = Some(open(directory)?);
        Ok(Self {
            directory: directory.to_owned(),
            connection,
            state: State::Idle,
            changed_before: 0,
        })
    }

    /// Reads or writes within the transaction, which begins with the first that does.
    pub(super) fn within<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failed> {
        // SQLite may have ended the transaction: what came now would be by itself.
        if matches!(self.state, State::Failed(_)) {
            return Err(Failed);
        }
        let done = self.begin().and_then(|()| match &self.connection {
            Some(connection) => work(connection).map_err(|error| self.told(&error)),
            None => Err(StoreError::Unusable(self.directory.clone(), "closed".to_owned())),
        });
        done.map_err(|error| self.fail(error))
    }

    /// Whether the transaction has changed anything so far.
    pub(super) fn has_written(&self) -> bool {
        let changed = self.connection.as_ref().map(Connection::total_changes);
        !matches!(self.state, State::Idle) && changed != Some(self.changed_before)
    }

    /// Writes what the transaction has done to the disk; with one `fsync`, if it has
    /// written at all.
    ///
    /// # Errors
    /// Why none of it was done.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if matches!(self.state, State::Open)
            && let Some(connection) = &self.connection
            && let Err(error) = connection.execute_batch("COMMIT")
        {
            self.state = State::Failed(self.told(&error));
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle | State::Open => Ok(()),
            State::Failed(error) => {
                self.give_up();
                Err(error)
            }
        }
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        if !matches!(self.state, State::Idle) {
            return Ok(());
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => reopen(&self.directory)?,
        };
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        self.changed_before = connection.total_changes();
        self.connection = Some(connection);
        begun.map_err(|error| self.told(&error))?;
        self.state = State::Open;
        Ok(())
    }

    fn fail(&mut self, error: StoreError) -> Failed {
        if !matches!(self.state, State::Failed(_)) {
            self.state = State::Failed(error);
        }
        Failed
    }

    /// Closes the connection as it is: nothing more is written by it.
    fn give_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = connection.execute_batch("ROLLBACK");
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }

    fn told(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of(self.directory.join(super::FILE), error)
    }
}

#[cfg(test)]
impl Database {
    /// As if the disk had no room left, until the database is opened again.
    pub(super) fn fill_disk(&mut self) {
        let connection = self.connection.as_ref().unwrap();
        // It can't be less than what there is.
        connection.query_row("PRAGMA max_page_count = 1", [], |_| Ok(())).unwrap();
    }
}
