//! **Data**: the directory in which a server keeps what has to outlive it: made,
//! held by one server at a time, its files written whole or not at all. Never:
//! what is in a file.

use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Where data goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nowhere.
    None,
    /// Where somebody wants it: an error where that can't be had.
    Asked(PathBuf),
    /// Where it goes by default: nowhere where that can't be had.
    Default(PathBuf),
}

/// A directory that can't be had.
#[derive(Debug, Error)]
pub enum DataError {
    #[error("the data directory {0} can't be used: {1}")]
    Unusable(PathBuf, io::Error),
    #[error("the data directory {0} belongs to another server that runs")]
    InUse(PathBuf),
}

/// A data directory.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Held as long as this is; a crash lets it go.
    _lock: Option<File>,
}

/// A state of a file: another one has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64, i64, i64);

/// Nobody else may read what is in it.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const LOCK: &str = "lock";
const PROBE: &str = "probe";
/// Between two tries to lock it.
const PAUSE: Duration = Duration::from_millis(20);
/// No file that is read whole is longer.
const FILE_BYTES_MAX: u64 = 1 << 20;

impl Choice {
    /// What `--data` says; without it, where the supervisor or the system wants
    /// it.
    pub fn new(asked: Option<&Path>) -> Self {
        match asked {
            Some(path) if path == Path::new("none") => Self::None,
            Some(path) => Self::Asked(path.to_owned()),
            None => by_default().map_or(Self::None, Self::Default),
        }
    }
}

/// `STATE_DIRECTORY` (systemd.exec(5); the first of several), or the user's state
/// directory.
fn by_default() -> Option<PathBuf> {
    use etcetera::{BaseStrategy, base_strategy::Xdg};
    let first = |all: std::ffi::OsString| std::env::split_paths(&all).next();
    let supervised = std::env::var_os("STATE_DIRECTORY").and_then(first);
    let supervised = supervised.filter(|path| path.is_absolute());
    let of_user = || Some(Xdg::new().ok()?.state_dir()?.join("lanline"));
    supervised.or_else(of_user)
}

/// Gives a file in a directory to the directory's owner: what root does there, the server
/// can use.
///
/// # Errors
/// What the system says.
pub fn give(directory: &Path, file: &File) -> io::Result<()> {
    let (owner, holder) = (directory.metadata()?, file.metadata()?);
    if rustix::process::geteuid().is_root() && owner.uid() != holder.uid() {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

impl DataDir {
    /// Makes it if need be, and holds it for this process.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn hold(path: &Path) -> Result<Self, DataError> {
        let unusable = |error| DataError::Unusable(path.to_owned(), error);
        let directory = DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path);
        directory.map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(FILE_MODE);
        let lock = options.open(path.join(LOCK)).map_err(unusable)?;
        give(path, &lock).map_err(unusable)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Some(lock) }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(DataError::InUse(path.to_owned())),
            Err(error) => Err(unusable(error.into())),
        }
    }

    /// [`DataDir::hold`], once it is free, within a time: a command may have it for a moment.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn hold_within(path: &Path, patience: Duration) -> Result<Self, DataError> {
        let deadline = Instant::now() + patience;
        loop {
            match Self::hold(path) {
                Err(DataError::InUse(_)) if Instant::now() < deadline => sleep(PAUSE),
                held => return held,
            }
        }
    }

    /// One that is there, and may belong to a server that runs.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn visit(path: &Path) -> Result<Self, DataError> {
        let unusable = |error| DataError::Unusable(path.to_owned(), error);
        match path.metadata().map_err(unusable)?.is_dir() {
            true => Ok(Self { path: path.to_owned(), _lock: None }),
            false => Err(unusable(ErrorKind::NotADirectory.into())),
        }
    }

    /// Whether something can be kept in it.
    ///
    /// # Errors
    /// What the system says.
    pub fn probe(&self) -> Result<(), DataError> {
        let unusable = |error| DataError::Unusable(self.path.clone(), error);
        self.write(PROBE, "x").map_err(unusable)?;
        std::fs::remove_file(self.file(PROBE)).map_err(unusable)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file lies.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The text of a file; none where it isn't there.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, name: &str) -> io::Result<Option<String>> {
        let file = match File::open(self.file(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(Some(text))
    }

    /// Writes a file that nobody else may read: all of it, or none.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let new = self.file(&format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(FILE_MODE);
        let mut file = options.open(&new)?;
        // What a crash left behind may have another mode.
        if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
            file.set_permissions(PermissionsExt::from_mode(FILE_MODE))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, self.file(name))
    }

    /// The state of a file; none where it isn't there.
    pub fn stamp(&self, name: &str) -> Option<Stamp> {
        let data = self.file(name).metadata().ok()?;
        Some(Stamp(data.ino(), data.mtime(), data.mtime_nsec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_and_free_again_once_it_is_let_go() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/data");
        let held = DataDir::hold(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, DIRECTORY_MODE);
        assert!(matches!(DataDir::hold(&path), Err(DataError::InUse(_))));
        assert!(DataDir::visit(&path).is_ok());
        let in_vain = DataDir::hold_within(&path, PAUSE);
        assert!(matches!(in_vain, Err(DataError::InUse(_))));
        drop(held);
        assert!(DataDir::hold_within(&path, PAUSE).is_ok());
    }

    #[test]
    fn a_file_is_there_whole_and_for_nobody_else() {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::hold(place.path()).unwrap();
        assert_eq!((dir.read("key").unwrap(), dir.stamp("key")), (None, None));
        std::fs::write(dir.file("key.new"), "left behind by a crash, and longer").unwrap();
        dir.write("key", "secret").unwrap();
        assert_eq!(dir.read("key").unwrap().as_deref(), Some("secret"));
        let mode = |name| dir.file(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("key"), FILE_MODE);
        let before = dir.stamp("key");
        dir.write("key", "another").unwrap();
        assert_ne!(dir.stamp("key"), before);
        dir.probe().unwrap();
        assert_eq!(dir.stamp(PROBE), None);
    }

    #[test]
    fn what_can_not_be_a_directory_is_an_error() {
        let place = tempfile::NamedTempFile::new().unwrap();
        for path in [place.path().to_owned(), place.path().join("inside")] {
            assert!(matches!(DataDir::hold(&path), Err(DataError::Unusable(..))));
        }
        assert_eq!(Choice::new(Some(Path::new("none"))), Choice::None);
    }
}
