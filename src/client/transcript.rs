//! Conversations written to files, where their owner wants it: one file for
//! each, `FOLDER/HOST:PORT/CONVERSATION.log`, lines appended. Never: reading
//! them, what is worth writing.

use super::model::Entry;
use super::safe;
use crate::connect::Server;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of one server's conversations.
#[derive(Debug)]
pub struct Transcript {
    folder: PathBuf,
}

impl Transcript {
    /// Makes the folder, if need be.
    ///
    /// # Errors
    /// It can't be made.
    pub fn open(folder: &Path, server: &Server) -> io::Result<Self> {
        let folder = folder.join(safe::file_name(&server.to_string()));
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Self { folder })
    }

    /// Appends a line.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, entry: &Entry) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let path = self.folder.join(format!("{}.log", safe::file_name(&entry.conversation)));
        // One call: a line is there, or it isn't.
        options.open(path)?.write_all(format!("{}\n", entry.text).as_bytes())
    }
}
