//! The file of known servers: who was reached by TLS, and with which key. A line
//! each: `HOST:PORT FINGERPRINT`. Never: what follows from it.

use crate::certificate::Fingerprint;
use crate::connect::address::Server;
use crate::connect::private_files::{make_folder, open_private};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// A file of known servers is no longer than this, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The file, wherever it is; it needn't be there.
#[derive(Clone, Debug)]
pub struct KnownServers {
    path: PathBuf,
}

impl KnownServers {
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key of a server; none, if it is not known.
    ///
    /// # Errors
    /// The file is there and can't be read.
    pub fn get(&self, server: &Server) -> io::Result<Option<Fingerprint>> {
        let text = match self.read() {
            Err(error) if is_missing(&error) => return Ok(None),
            text => text?,
        };
        let name = server.to_string();
        let found = text.lines().rev().find_map(|line| {
            let (known, key) = line.trim().split_once(' ')?;
            if known.eq_ignore_ascii_case(&name) { key.trim().parse().ok() } else { None }
        });
        Ok(found)
    }

    /// From now on a server has that key.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn put(&self, server: &Server, key: Fingerprint) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            make_folder(folder)?;
        }
        // Two clients that start at the same moment write one after the other.
        let lock = open_private(&self.path.with_extension("lock"))?;
        lock.lock()?;
        let before = match self.read() {
            Err(error) if is_missing(&error) => String::new(),
            text => text?,
        };
        let name = server.to_string();
        let is_other = |line: &&str| {
            let known = line.trim().split(' ').next().unwrap_or_default();
            !known.eq_ignore_ascii_case(&name)
        };
        let mut text: String =
            before.lines().filter(is_other).map(|line| format!("{line}\n")).collect();
        text.push_str(&format!("{name} {key}\n"));
        // As a whole or not at all.
        let new = self.path.with_extension("new");
        let mut file = open_private(&new)?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        let file = File::open(&self.path)?;
        if file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)? as u64 > FILE_BYTES_MAX {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "too long for known servers"));
        }
        Ok(text)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse().unwrap()
    }

    #[test]
    fn a_server_has_the_key_that_was_put_last() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownServers::at(folder.path().join("a").join("known_servers"));
        let [one, other] = ["0", "1"].map(|digit| digit.repeat(64).parse().unwrap());
        assert_eq!(known.get(&server("hall")).unwrap(), None);
        known.put(&server("hall"), one).unwrap();
        known.put(&server("attic:7"), other).unwrap();
        assert_eq!(known.get(&server("HALL:5260")).unwrap(), Some(one));
        assert_eq!(known.get(&server("hall:5261")).unwrap(), None);
        known.put(&server("Hall"), other).unwrap();
        assert_eq!(known.get(&server("hall")).unwrap(), Some(other));
        assert_eq!(fs::read_to_string(known.path()).unwrap().lines().count(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_stranger() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownServers::at(folder.path().to_owned());
        assert!(known.get(&server("hall")).is_err());
        let path = folder.path().join("known_servers");
        fs::write(&path, [0xff; 9]).unwrap();
        assert!(KnownServers::at(path).get(&server("hall")).is_err());
    }
}
