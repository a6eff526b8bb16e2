//! Why a store can't be had, and what to do about it. Never: why a request is refused.

use rusqlite::ErrorCode;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A store that can't be opened.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error(
        "{0} is no database of Lanline; name another directory with --data, or move the file away"
    )]
    Foreign(PathBuf),
    #[error(
        "{path} was written by a newer Lanline (its layout is {found}, this one knows {known}); \
         run the newer one, or put back a copy from before the update"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{0} was written by an older Lanline; start the server once, which brings it up to date"
    )]
    Older(PathBuf),
    #[error(
        "{0} is damaged ({1}); put back a backup of the directory, or move the file away to begin \
         without accounts"
    )]
    Damaged(PathBuf, String),
    #[error("{0} is locked by another program; end that one")]
    Locked(PathBuf),
    #[error("there is no room on the disk of {0}; make some")]
    Full(PathBuf),
    #[error("{0} can't be written ({1}); its disk may be read-only, or it belongs to another user")]
    ReadOnly(PathBuf, String),
    #[error("{0} can't be used: {1}")]
    Unusable(PathBuf, String),
}

impl StoreError {
    /// What an error of SQLite means for whoever starts the server.
    pub(super) fn of(path: PathBuf, error: &rusqlite::Error) -> Self {
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(path, why),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(path),
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly(path, why)
            }
            // A row that says what no row of ours does.
            None => Self::Damaged(path, why),
            Some(_) => Self::Unusable(path, why),
        }
    }

    pub(super) fn io(path: PathBuf, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::ReadOnly(path, error.to_string())
            }
            _ => Self::Unusable(path, error.to_string()),
        }
    }
}
