//! What to do about a refusal, for people. Never: which packet it was of.

use crate::wire::{Code, Refusal};

/// To a guest who is sent away.
const NAME_IS_AN_ACCOUNTS: &str = "This name, or one that looks like it, belongs to an account \
    now. If it is yours, log in with its password, or once by lanline login NAME@SERVER; if not, \
    come by another name.";
/// To somebody who was logged in.
const LOGGED_OUT: &str = "You were logged out: the token was revoked, the password was changed, \
    the account was locked, or it is in use in too many places.";

/// The server's reason, and what to do about it where that is known.
pub fn in_words(refusal: &Refusal) -> String {
    let told = refusal.in_words();
    let code = Code::parse(&refusal.code);
    // About the whole connection, not about a packet.
    let advice = match code {
        Some(Code::NameTaken) if refusal.ordinal == 0 => return NAME_IS_AN_ACCOUNTS.to_owned(),
        Some(Code::LoginRequired) if refusal.ordinal == 0 => return LOGGED_OUT.to_owned(),
        code => code.and_then(what_to_do),
    };
    match advice {
        Some(advice) if !told.contains(advice) => format!("{told} {advice}"),
        _ => told,
    }
}

/// What helps, for those refusals that have to do with accounts.
pub fn what_to_do(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::LoginRequired => {
            "Say who you are: lanline login NAME@SERVER once, or type the password when it is \
             asked for. Who has no account yet: lanline register NAME@SERVER makes one."
        }
        Code::WrongLogin => {
            "Wait a minute before you try again. Whoever runs the server can set a new password."
        }
        Code::Banned => "Whoever runs the server knows why, and can lift it.",
        Code::TlsRequired => {
            "Nothing secret was taken over this connection, which is not encrypted: connect \
             without --plain."
        }
        Code::WeakPassword => "Several words that don't belong together are easy to keep.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_word_comes_first_and_what_to_do_follows() {
        let told = |text: &str| in_words(&Refusal::parse(text).unwrap());
        let banned = told("0 banned\nYou are banned from this server.");
        assert!(banned.starts_with("You are banned from this server. Whoever runs"), "{banned}");
        assert_eq!(told("3 busy bob\nTheir queue is full."), "bob: Their queue is full.");
        assert_eq!(told("3 new-code\nOh."), "Oh.");
        assert!(told("0 name-taken\nNo.").contains("belongs to an account"));
        assert!(told("0 login-required\nNo.").contains("You were logged out"));
        for code in ["login-required", "wrong-login", "tls-required", "weak-password"] {
            assert!(told(&format!("1 {code}\nNo.")).len() > "No. ".len(), "{code}");
        }
    }
}
