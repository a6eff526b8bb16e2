//! Tokens that a user has stored with `lanline login`: a line each, `PLACE NAME LABEL
//! SECRET`. Never: making or using one.

use super::address::Server;
use super::private_files::{read_lines, rewrite_lines, state_folder};
use super::trust::Protection;
use crate::wire::{Name, Secret};
use std::io;
use std::path::{Path, PathBuf};

/// A token, and what the server calls it.
#[derive(Clone, Debug)]
pub struct Token {
    pub label: String,
    pub secret: Secret,
}

/// The file, wherever it is; it needn't be there.
#[derive(Clone, Debug)]
pub struct Tokens {
    path: PathBuf,
}

/// Whom a token is for: a server by its key, whatever it is called, so that no other
/// ever gets it. Where an authority vouches for the name, the key may change; where
/// there is no encryption, there is none.
pub fn place(protection: Protection, server: &Server) -> String {
    match protection {
        Protection::Plain => format!("plain:{server}").to_lowercase(),
        Protection::Verified(_) => format!("verified:{server}").to_lowercase(),
        Protection::Known(key) | Protection::New { key, .. } => key.to_string(),
    }
}

impl Tokens {
    /// Those of the user; none where there is no place for them.
    pub fn of_user() -> Option<Self> {
        Some(Self::at(state_folder()?.join("tokens")))
    }

    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The one for that name at that [`place`].
    ///
    /// # Errors
    /// The file is there and can't be read.
    pub fn get(&self, place: &str, name: &Name) -> io::Result<Option<Token>> {
        let text = read_lines(&self.path)?;
        let found = text.lines().find_map(|line| {
            let mut words = line.split(' ');
            let is_it = words.next() == Some(place) && words.next() == Some(name.key());
            let (label, secret) = (words.next()?, words.next()?);
            is_it.then(|| Token { label: label.to_owned(), secret: Secret::new(secret) })
        });
        Ok(found)
    }

    /// From now on it is this one.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn put(&self, place: &str, name: &Name, token: &Token) -> io::Result<()> {
        let (key, Token { label, secret }) = (name.key(), token);
        let line = format!("{place} {key} {label} {}\n", secret.reveal());
        let line = zeroize::Zeroizing::new(line);
        rewrite_lines(&self.path, |line| !is_for(line, place, key), &line)
    }

    /// From now on there is none.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn remove(&self, place: &str, name: &Name) -> io::Result<()> {
        rewrite_lines(&self.path, |line| !is_for(line, place, name.key()), "")
    }
}

fn is_for(line: &str, place: &str, key: &str) -> bool {
    let mut words = line.split(' ');
    words.next() == Some(place) && words.next() == Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(secret: &str) -> Token {
        Token { label: "desk".to_owned(), secret: Secret::new(secret) }
    }

    #[test]
    fn a_token_is_for_one_name_at_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::at(folder.path().join("a").join("tokens"));
        let [ann, bob] = ["Ann", "bob"].map(|name| Name::parse(name).unwrap());
        let got = |place: &str, name: &Name| {
            let got = tokens.get(place, name).unwrap();
            got.map(|token| (token.label, token.secret.reveal().to_owned()))
        };
        assert_eq!(got("here", &ann), None);
        tokens.put("here", &ann, &token("one")).unwrap();
        tokens.put("here", &bob, &token("two")).unwrap();
        tokens.put("there", &ann, &token("three")).unwrap();
        tokens.put("here", &ann, &token("four")).unwrap();
        let is = |secret: &str| Some(("desk".to_owned(), secret.to_owned()));
        assert_eq!(got("here", &Name::parse("ANN").unwrap()), is("four"));
        assert_eq!((got("here", &bob), got("there", &ann)), (is("two"), is("three")));
        tokens.remove("here", &ann).unwrap();
        assert_eq!((got("here", &ann), got("there", &ann)), (None, is("three")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(tokens.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_place_is_a_key_and_no_name_of_a_server() {
        let [hall, attic] = ["Hall", "attic"].map(|text| text.parse().unwrap());
        let [key, other] = ["0", "1"].map(|digit| digit.repeat(64).parse().unwrap());
        let known = Protection::Known(key);
        assert_eq!(place(known, &hall), place(known, &attic));
        assert_ne!(place(known, &hall), place(Protection::Known(other), &hall));
        assert_eq!(place(known, &hall), place(Protection::New { key, is_kept: true }, &hall));
        let all = [known, Protection::Plain, Protection::Verified(key)].map(|it| place(it, &hall));
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
        assert_eq!(all[1], "plain:hall:5260");
    }
}
