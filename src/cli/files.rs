//! Files of settings: read at the start, and again while the server runs. Never:
//! what is in them.

use crate::limits::SETTINGS_BYTES_MAX;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// When a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// At the start: a pipe will do.
    First,
    /// While the server runs: what isn't a plain file has been read already, and
    /// has nothing to say a second time, or keeps us waiting.
    Again,
}

const READ_ONCE: &str = "it is no plain file, so it can't be read again; a restart reads it anew";

/// What to say where one of these files can be read only once: asked before the
/// sandbox is closed, in which nobody may look any more.
pub fn read_once(paths: &[PathBuf]) -> Option<String> {
    let path = paths.iter().find(|path| !path.is_file())?;
    Some(format!("{}: {READ_ONCE}", path.display()))
}

/// The text of a file.
///
/// # Errors
/// What the system says; too long; or no plain file, where it is read again.
pub(super) fn read(path: &Path, reading: Reading) -> io::Result<String> {
    read_with_mode(path, reading).map(|(text, _)| text)
}

/// The text of a file and the permission bits of its mode.
///
/// # Errors
/// As [`read`].
pub(super) fn read_with_mode(path: &Path, reading: Reading) -> io::Result<(String, u32)> {
    let file = match reading {
        Reading::First => File::open(path)?,
        // A pipe that nobody writes to lets us in at once.
        Reading::Again => {
            OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?
        }
    };
    let metadata = file.metadata()?;
    if reading == Reading::Again && !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, READ_ONCE));
    }
    let mut text = String::new();
    let count = file.take(SETTINGS_BYTES_MAX + 1).read_to_string(&mut text)?;
    if count as u64 > SETTINGS_BYTES_MAX {
        let why = format!("it is longer than {} KiB", SETTINGS_BYTES_MAX >> 10);
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok((text, metadata.permissions().mode() & 0o7777))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_cut_off_and_a_device_is_not_read_again() {
        let endless = read(Path::new("/dev/zero"), Reading::First).unwrap_err();
        assert_eq!(endless.kind(), ErrorKind::FileTooLarge, "{endless}");
        let again = read(Path::new("/dev/zero"), Reading::Again).unwrap_err();
        assert!(again.to_string().contains("no plain file"), "{again}");
    }
}
