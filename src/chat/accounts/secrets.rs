//! What a client says about secrets: parsed and checked, never judged. Never: whether one
//! is right.

use crate::accounts::{BadPassword, Proof, Secret};
use crate::wire::{Code, Name};

/// What `/login` was given.
///
/// # Errors
/// `bad-argument`, and `weak-password` for the password that an invitation sets.
pub(super) fn proof(argument: &str, name: &Name) -> Result<Proof, Code> {
    let (method, rest) = argument.split_once(' ').ok_or(Code::BadArgument)?;
    match method {
        "password" => Ok(Proof::Password(given(rest)?)),
        "token" => Ok(Proof::Token(given(rest)?)),
        "invite" => {
            let (code, password) = rest.split_once(' ').ok_or(Code::BadArgument)?;
            Ok(Proof::Invite { code: given(code)?, password: new_password(password, name)? })
        }
        _ => Err(Code::BadArgument),
    }
}

/// A secret that is to be compared.
///
/// # Errors
/// `bad-argument` where nobody can have it.
pub(super) fn given(text: &str) -> Result<Secret, Code> {
    if text.is_empty() {
        return Err(Code::BadArgument);
    }
    Secret::password(text).map_err(|_| Code::BadArgument)
}

/// A password for the account of that name.
///
/// # Errors
/// `weak-password`, or `bad-argument` where it can't be one at all.
pub(super) fn new_password(text: &str, name: &Name) -> Result<Secret, Code> {
    Secret::new_password(text, name).map_err(|why| match why {
        BadPassword::Short | BadPassword::IsName => Code::WeakPassword,
        BadPassword::Long | BadPassword::Lines => Code::BadArgument,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Name {
        Name::parse("Maintenance").unwrap()
    }

    #[test]
    fn a_login_is_a_password_a_token_or_an_invitation_with_a_password() {
        let password = |text: &str| match proof(text, &name()) {
            Ok(Proof::Password(secret)) => secret,
            other => panic!("{other:?}"),
        };
        assert_eq!(password("password correct horse").reveal(), "correct horse");
        assert_eq!(password("password e\u{301}").reveal(), "é", "in NFC");
        assert!(matches!(proof("token x", &name()), Ok(Proof::Token(_))));
        let Ok(Proof::Invite { code, password }) = proof("invite abc correct horse", &name())
        else {
            panic!()
        };
        assert_eq!((code.reveal(), password.reveal()), ("abc", "correct horse"));
        let long = format!("password {}", "x".repeat(1025));
        for bad in ["", "password", "password ", "token", "word x", "invite abc", "Token x"] {
            assert_eq!(proof(bad, &name()).err(), Some(Code::BadArgument), "{bad}");
        }
        for bad in [&long, "password a\nb", "token a\rb", "invite  correct horse"] {
            assert_eq!(proof(bad, &name()).err(), Some(Code::BadArgument), "{bad}");
        }
        assert_eq!(proof("invite abc short", &name()).err(), Some(Code::WeakPassword));
    }

    #[test]
    fn a_password_has_eight_characters_and_is_not_the_name() {
        let check = |text: &str| new_password(text, &name()).err();
        assert_eq!(check("12345678"), None);
        assert_eq!(check(&"é".repeat(8)), None);
        assert_eq!(check(&"x".repeat(1024)), None);
        for weak in ["", "1234567", &"é".repeat(7), "MAINTENANCE"] {
            assert_eq!(check(weak), Some(Code::WeakPassword), "{weak}");
        }
        for bad in ["1234\n5678", &"x".repeat(1025)] {
            assert_eq!(check(bad), Some(Code::BadArgument), "{bad}");
        }
    }
}
