//! Taking one's name back from a lost connection of one's own: the secret that
//! proves it. Never: when the name changes hands.

use super::directory::Hashing;
use super::id::{Address, Moment};
use std::fmt;
use subtle::ConstantTimeEq;

/// What `/resume` tells a session, and what proves later that one was that
/// session: 128 bits, as 32 hexadecimal digits in lower case.
///
/// It is the keyed hash of the session's handle, so that nothing is kept for it,
/// and ends with the session.
#[derive(Clone, Copy, Debug)]
pub struct ResumeSecret([u8; 16]);

/// `from_str_radix` takes a sign; a secret has none.
const DIGITS: usize = 32;

impl ResumeSecret {
    /// That of the session that began at a moment on a connection.
    pub(super) fn of(hashing: &Hashing, session: Address, since: Moment) -> Self {
        let Address { worker, conn } = session;
        let mut handle = [0; 18];
        handle[..2].copy_from_slice(&worker.to_le_bytes());
        handle[2..10].copy_from_slice(&conn.to_bits().to_le_bytes());
        handle[10..].copy_from_slice(&since.0.to_le_bytes());
        Self(hashing.secret(&handle))
    }

    /// As it stands in a packet; none, if it isn't one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != DIGITS || !text.bytes().all(is_digit) {
            return None;
        }
        Some(Self(u128::from_str_radix(text, 16).ok()?.to_be_bytes()))
    }

    /// In constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for ResumeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::id::ConnId;

    #[test]
    fn a_secret_is_one_sessions_and_reads_back() {
        let hashing = Hashing::new((1, 2), 1);
        let address = |slot, generation| Address { worker: 0, conn: ConnId { slot, generation } };
        let secret = ResumeSecret::of(&hashing, address(3, 4), Moment(5));
        let text = secret.to_string();
        assert_eq!(text.len(), 32);
        assert!(ResumeSecret::parse(&text).unwrap().is(&secret));
        for other in [
            ResumeSecret::of(&hashing, address(3, 5), Moment(5)),
            ResumeSecret::of(&hashing, address(4, 4), Moment(5)),
            ResumeSecret::of(&hashing, address(3, 4), Moment(6)),
            ResumeSecret::of(&Hashing::new((1, 3), 1), address(3, 4), Moment(5)),
        ] {
            assert!(!other.is(&secret), "{other}");
        }
        let upper = "A".repeat(32);
        let signed = format!("+{}", &text[1..]);
        for wrong in ["", "0", &text[1..], &upper, &signed, &"é".repeat(16)] {
            assert!(ResumeSecret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
