//! What may be a password. Never: whose it is, or its hash.

use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use crate::wire::{Name, Secret};
use icu_normalizer::ComposingNormalizer;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadPassword {
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    Short,
    #[error("a password is not the name that it is for")]
    IsName,
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    #[error("a password is one line")]
    Lines,
}

impl Secret {
    /// A password to compare with one that was set: in NFC.
    ///
    /// # Errors
    /// [`BadPassword::Long`] and [`BadPassword::Lines`].
    pub fn password(text: &str) -> Result<Self, BadPassword> {
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(BadPassword::Long);
        }
        if text.contains(['\n', '\r']) {
            return Err(BadPassword::Lines);
        }
        let normal = ComposingNormalizer::new_nfc().normalize(text).into_owned();
        let normal = Zeroizing::new(normal);
        if normal.len() > PASSWORD_BYTES_MAX {
            return Err(BadPassword::Long);
        }
        Ok(Self::new(&normal))
    }

    /// A new password, for somebody of that name.
    ///
    /// # Errors
    /// [`BadPassword`].
    pub fn new_password(text: &str, name: &Name) -> Result<Self, BadPassword> {
        let password = Self::password(text)?;
        if password.reveal().chars().count() < PASSWORD_CHARS_MIN {
            return Err(BadPassword::Short);
        }
        let is_name = Name::parse(password.reveal()).is_ok_and(|other| other.key() == name.key());
        if is_name { Err(BadPassword::IsName) } else { Ok(password) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_one_line_and_not_the_name() {
        let name = Name::parse("Alice.in.W").unwrap();
        let new = |text: &str| Secret::new_password(text, &name).map(drop);
        for good in ["correct horse", "        ", "pässwört", "tab\tand\0nul", &"x".repeat(1024)]
        {
            assert_eq!(new(good), Ok(()), "{good:?}");
        }
        assert_eq!(new("1234567"), Err(BadPassword::Short));
        assert_eq!(new("e\u{301}1234567"), Ok(()));
        assert_eq!(new("e\u{301}123456"), Err(BadPassword::Short), "seven, once it is composed");
        assert_eq!(new("alice.IN.w"), Err(BadPassword::IsName));
        assert_eq!(new(&"x".repeat(1025)), Err(BadPassword::Long));
        assert_eq!(new("two\nlines, of it"), Err(BadPassword::Lines));
    }

    #[test]
    fn however_it_is_composed_it_is_the_same_password() {
        let one = Secret::password("pa\u{308}sswort").unwrap();
        assert!(one == Secret::password("p\u{e4}sswort").unwrap());
        assert_eq!(Secret::password("x").map(drop), Ok(()), "an old one may be anything");
    }
}
