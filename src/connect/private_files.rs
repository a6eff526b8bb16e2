//! Files that only their user may read, and where a program keeps them. Never:
//! what is in them.

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file of lines is no longer than this, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where a program keeps what it may lose: `XDG_STATE_HOME`, or what the system
/// has in its place.
pub fn state_folder() -> Option<PathBuf> {
    let folders = choose_base_strategy().ok()?;
    Some(folders.state_dir().unwrap_or_else(|| folders.cache_dir()).join("lanline"))
}

/// Makes a folder (mode 0700), and those above it; one that is there will do.
///
/// # Errors
/// What the system says.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file to be read and written, as it is; makes it (mode 0600) if it isn't
/// there.
///
/// # Errors
/// What the system says.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What is in a file of lines; nothing, if it isn't there. Wiped when it is dropped.
///
/// # Errors
/// It is there and can't be read, or is too long.
pub fn read_lines(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = match File::open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Zeroizing::default());
        }
        file => file?,
    };
    let bytes = file.metadata()?.len().min(FILE_BYTES_MAX) as usize;
    // Whole from the start: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes + 1));
    if file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)? as u64 > FILE_BYTES_MAX {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "too long for such a file"));
    }
    Ok(text)
}

/// Leaves of a file's lines those that `stays` is true of, and adds `new` (lines, each
/// with its end): as a whole or not at all. Two programs that do so at the same moment
/// write one after the other.
///
/// # Errors
/// It can't be read or written.
pub fn rewrite_lines(path: &Path, stays: impl Fn(&str) -> bool, new: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let lock = open_private(&path.with_extension("lock"))?;
    lock.lock()?;
    let before = read_lines(path)?;
    let mut text = Zeroizing::new(String::with_capacity(before.len() + new.len() + 1));
    for line in before.lines().filter(|line| stays(line)).chain(new.lines()) {
        text.push_str(line);
        text.push('\n');
    }
    let beside = path.with_extension("new");
    let mut file = open_private(&beside)?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
