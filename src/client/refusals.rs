//! What to do about a refusal, for people. Never: which packet it was of.

use crate::wire::{Code, Refusal};

/// The server's reason, and what to do about it where that is known.
pub fn in_words(refusal: &Refusal) -> String {
    let told = refusal.in_words();
    match Code::parse(&refusal.code).and_then(what_to_do) {
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
        for code in ["login-required", "wrong-login", "tls-required", "weak-password"] {
            assert!(told(&format!("1 {code}\nNo.")).len() > "No. ".len(), "{code}");
        }
    }
}
