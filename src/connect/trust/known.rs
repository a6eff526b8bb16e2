//! The file of known servers: who was reached by TLS, and with which key. A line
//! each: `HOST:PORT FINGERPRINT`. Never: what follows from it.

use crate::certificate::Fingerprint;
use crate::connect::address::Server;
use crate::connect::private_files::{read_lines, rewrite_lines};
use std::io;
use std::path::{Path, PathBuf};

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
        let text = read_lines(&self.path)?;
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
        let name = server.to_string();
        let is_other = |line: &str| {
            let known = line.trim().split(' ').next().unwrap_or_default();
            !known.eq_ignore_ascii_case(&name)
        };
        rewrite_lines(&self.path, is_other, &format!("{name} {key}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
