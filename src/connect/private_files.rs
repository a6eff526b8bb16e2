//! Files that only their user may read, and where a program keeps them. Never:
//! what is in them.

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

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
