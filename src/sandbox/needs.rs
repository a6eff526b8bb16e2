//! What a confined thread keeps. Never: the filters.

use std::path::PathBuf;

/// What a thread needs while the server runs, besides memory, the clock, its
/// end, waiting for other threads and waking them, and writing to what is open
/// (the log).
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Accepts connections, reads from them and writes to them, by readiness.
    pub connections: bool,
    /// Seeks in files and lists directories that are open already.
    pub open_files: bool,
    /// Files that it opens again and reads: the whole directory of each stays
    /// readable, because a file that is replaced is another file to the kernel.
    pub read_again: Vec<PathBuf>,
    /// Directories in which it reads files, and writes new ones.
    pub write_in: Vec<PathBuf>,
    /// The directory in which it keeps a database.
    pub database: Option<PathBuf>,
    /// Lowers its own priority.
    pub priority: bool,
}
