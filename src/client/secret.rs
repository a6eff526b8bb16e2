//! What takes our name back after a crash: the secret that the server tells us
//! on each connection, in memory and in a file that only we may read. Never:
//! asking for it, greeting by it.
//!
//! The file is locked as long as we are running: whoever finds it locked is a
//! second client of the same person, and must not take the name from the first.

use super::model::incoming::is_secret;
use super::safe;
use crate::connect::Server;
use crate::connect::private_files::{make_folder, open_private, state_folder};
use crate::wire::Name;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;

/// The secret of one server and one name.
#[derive(Debug, Default)]
pub struct Secret {
    /// The last one that we know.
    known: Option<String>,
    /// Where it is kept, if it can be; locked.
    file: Option<File>,
    path: PathBuf,
}

impl Secret {
    /// Takes up the secret that an earlier client has left in the user's state
    /// directory. Where there is none, or no such directory, or another client
    /// is running under the same name, there is none, and it is kept in memory
    /// only.
    pub fn open(server: &Server, name: &Name) -> Self {
        let Some(folder) = state_folder() else { return Self::default() };
        let path = folder.join("resume").join(file_name(server, name));
        Self::at(path).unwrap_or_default()
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut file = open_private(&path)?;
        file.try_lock()?;
        let mut text = String::new();
        (&mut file).take(64).read_to_string(&mut text)?;
        let known = Some(text.trim().to_owned()).filter(|text| is_secret(text));
        Ok(Self { known, file: Some(file), path })
    }

    pub fn known(&self) -> Option<&str> {
        self.known.as_deref()
    }

    /// From now on it is this one. Where the disk refuses, memory has to do.
    pub fn keep(&mut self, secret: &str) {
        self.known = Some(secret.to_owned());
        if let Some(file) = &mut self.file {
            let written = file.rewind().and_then(|()| file.set_len(0));
            written.and_then(|()| writeln!(file, "{secret}")).unwrap_or_default();
        }
    }

    /// We have left: nobody holds our name for us.
    pub fn forget(self) {
        if self.file.is_some() {
            std::fs::remove_file(&self.path).unwrap_or_default();
        }
    }
}

/// `NAME@HOST:PORT`, with whatever else a host's name may hold as `_`.
pub fn file_name(server: &Server, name: &Name) -> String {
    let text = format!("{}@{server}", name.key());
    safe::file_name(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_crashed_client_leaves_it_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a").join("ann@hall:5260");
        let mut first = Secret::at(path.clone()).unwrap();
        assert_eq!(first.known(), None);
        first.keep("ffffffffffffffffffffffffffffffff");
        first.keep(SECRET);
        // While it runs, a second one gets nothing.
        assert!(Secret::at(path.clone()).is_err());
        drop(first);
        let second = Secret::at(path.clone()).unwrap();
        assert_eq!(second.known(), Some(SECRET));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        second.forget();
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_secret_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for text in ["", "short", "zz112233445566778899aabbccddeeff\n", &SECRET.repeat(9)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Secret::at(path.clone()).unwrap().known(), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_no_path() {
        let server = Server { host: "../../etc/x".to_owned(), port: 1 };
        let name = Name::parse("Ann").unwrap();
        assert_eq!(file_name(&server, &name), "ann@.._.._etc_x:1");
    }
}
