//! What shows that a name is ours: what is wrong with it, in words. Never: asking for it,
//! sending it.

use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use crate::wire::Secret;

/// Why a token is no help any more.
pub const NO_LONGER: &str = "is no longer taken: it was revoked, the password was reset, or the \
    account is locked";

/// Why nothing shows that a name is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// There was nothing to show.
    Everything,
    /// A token that is no longer taken.
    Token,
    /// A password that is wrong, or is by now.
    Password,
}

impl Lacking {
    /// In words, for people who are in the middle of a chat. `was_account`: they were
    /// logged in before.
    pub fn in_words(self, name: &str, was_account: bool) -> String {
        match self {
            Self::Everything if was_account => "Not logged in.".to_owned(),
            Self::Everything => format!(
                "The name {name} belongs to an account now. If it is yours, log in with its \
                 password; if not, /quit, and come back by another name."
            ),
            Self::Token => format!("Not logged in: the token {NO_LONGER}."),
            Self::Password => {
                "Not logged in: that is not the account's password (any more).".to_owned()
            }
        }
    }
}

/// What the server would say to such a new password.
pub fn weakness(password: &Secret) -> Option<&'static str> {
    let text = password.reveal();
    match text.chars().count() {
        count if count < PASSWORD_CHARS_MIN => Some("A password has 8 characters or more."),
        _ if text.len() > PASSWORD_BYTES_MAX => Some("A password has 1024 bytes at the most."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_password_is_told_before_it_is_sent() {
        assert!(weakness(&Secret::new("1234567")).is_some());
        assert!(weakness(&Secret::new(&"x".repeat(1025))).is_some());
        assert_eq!(weakness(&Secret::new("pässwört")), None);
    }
}
