//! A text that nobody may read: wiped when it is dropped, never shown. Never:
//! whether it is right.

use std::fmt;
use zeroize::Zeroizing;

/// A password, a token, an invitation's code.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// For hashing, and for the one answer that shows a new one.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_in_a_log() {
        let secret = Secret::new("correct horse");
        assert_eq!((format!("{secret:?}").as_str(), secret.reveal()), ("Secret", "correct horse"));
    }
}
