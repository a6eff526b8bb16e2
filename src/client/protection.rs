//! How a connection is protected, in words. Never: protecting it.

use crate::connect::{Protection, Server};

/// In a word or two, for where it always stands.
pub fn in_short(protection: Protection) -> &'static str {
    match protection {
        Protection::Plain => "NOT encrypted",
        Protection::Verified(_) | Protection::Known(_) | Protection::New { .. } => "encrypted",
    }
}

/// What somebody should know once, if there is anything.
pub fn worth_telling(protection: Protection, server: &Server) -> Option<String> {
    match protection {
        Protection::Plain if server.is_this_machine() => None,
        Protection::Plain => Some(
            "This connection is not encrypted: whoever is on the network in between can read \
             along."
                .to_owned(),
        ),
        Protection::Verified(_) | Protection::Known(_) => None,
        Protection::New { key, is_kept } => Some(format!(
            "This connection is encrypted. The server is new to this machine; its key is {key}. \
             {}",
            match is_kept {
                true => "From now on no other is taken for it.",
                false => "It could not be written down, so it will be new next time, too.",
            }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_not_told() {
        let key = "0".repeat(64).parse().unwrap();
        let server = |text: &str| text.parse::<Server>().unwrap();
        let told = |protection, text: &str| worth_telling(protection, &server(text));
        for usual in [Protection::Verified(key), Protection::Known(key)] {
            assert_eq!((told(usual, "hall"), in_short(usual)), (None, "encrypted"));
        }
        for here in ["localhost", "127.0.0.1", "[::1]:7"] {
            assert_eq!(told(Protection::Plain, here), None);
        }
        assert!(told(Protection::Plain, "hall").unwrap().contains("not encrypted"));
        let new = |is_kept| told(Protection::New { key, is_kept }, "hall").unwrap();
        assert!(new(true).contains(&key.to_string()));
        assert!(new(false).contains("new next time"));
    }
}
