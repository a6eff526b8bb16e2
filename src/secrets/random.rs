//! Secrets that are drawn at random, and their digests. Never: passwords, which people
//! choose.

use crate::accounts::Secret;
use ring::digest::{SHA256, digest};
use std::io;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What is kept of a secret that was drawn: nobody finds 80 random bits by their
/// SHA-256, so it needs neither salt nor time.
#[derive(Clone, Copy, Debug)]
pub struct Digest([u8; 32]);

/// Without letters and digits that look alike, since people read codes aloud.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a token: 200 bits.
const TOKEN_CHARS: usize = 40;
/// ... and of an invitation's code, which is typed: 80 bits ...
const CODE_CHARS: usize = 16;
/// ... in groups of this many.
const CODE_GROUP: usize = 4;

impl Digest {
    /// Of a token, or of a code, however its groups are written.
    pub fn of(secret: &Secret) -> Self {
        let mut plain = Zeroizing::new(String::with_capacity(secret.reveal().len()));
        let chars = secret.reveal().chars().filter(|&c| c != '-');
        plain.extend(chars.map(|c| c.to_ascii_lowercase()));
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, plain.as_bytes()).as_ref());
        Self(bytes)
    }

    /// One that was kept; none where it isn't of its length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// In constant time.
impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

/// A new token.
///
/// # Errors
/// Where the system has no randomness.
pub fn token() -> io::Result<Secret> {
    Ok(Secret::new(&drawn(TOKEN_CHARS)?))
}

/// A new invitation's code, in groups for people.
///
/// # Errors
/// Where the system has no randomness.
pub fn code() -> io::Result<Secret> {
    let plain = drawn(CODE_CHARS)?;
    let mut code = Zeroizing::new(String::with_capacity(2 * CODE_CHARS));
    for (at, char) in plain.chars().enumerate() {
        if at > 0 && at % CODE_GROUP == 0 {
            code.push('-');
        }
        code.push(char);
    }
    Ok(Secret::new(&code))
}

/// Bytes from the system.
///
/// # Errors
/// Where it has no randomness.
pub fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

fn drawn(count: usize) -> io::Result<Zeroizing<String>> {
    let random = Zeroizing::new(bytes::<TOKEN_CHARS>()?);
    // 256 is a multiple of 32, so every character is as likely.
    let chars = random.iter().take(count).map(|byte| ALPHABET[usize::from(byte % 32)].into());
    let mut text = Zeroizing::new(String::with_capacity(count));
    text.extend(chars.map(|byte: u32| char::from(byte as u8)));
    Ok(text)
}

const _: () = assert!(CODE_CHARS <= TOKEN_CHARS);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_are_drawn_differ_and_are_plain() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert!(one != other && Digest::of(&one) != Digest::of(&other));
        assert_eq!(one.reveal().len(), TOKEN_CHARS);
        assert!(one.reveal().bytes().all(|byte| ALPHABET.contains(&byte)));
        let code = code().unwrap();
        assert_eq!(code.reveal().split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
    }

    #[test]
    fn a_code_may_be_typed_in_capitals_and_without_its_groups() {
        let wanted = Digest::of(&Secret::new("abcd-efgh"));
        assert_eq!(Digest::of(&Secret::new("ABCDEFGH")), wanted);
        assert_ne!(Digest::of(&Secret::new("abcd-efgi")), wanted);
        assert_eq!(Digest::from_bytes(wanted.as_bytes()), Some(wanted));
        assert_eq!(Digest::from_bytes(b"short"), None);
    }
}
