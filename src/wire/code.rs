//! The codes of refusals, each with its line for people. Never: when one is due.

/// Why something was refused; the first line of a packet from `/error` names
/// it behind the ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    Malformed,
    TooLarge,
    NotYou,
    NoSuchUser,
    NoSuchRoom,
    NoSuchEndpoint,
    NotMember,
    NotOperator,
    BadArgument,
    Busy,
    Undelivered,
    SlowDown,
    TooMany,
    BadName,
    NameTaken,
    GreetingTimeout,
    ServerFull,
    NotOnLan,
    Stuck,
    TlsRequired,
    LoginRequired,
    WrongLogin,
    WeakPassword,
    Banned,
    NoSuchBan,
    NotOwner,
    NotKept,
    NotSent,
    NoSuchPacket,
}

impl Code {
    /// Every code, in the order of the protocol's table.
    pub const ALL: [Self; 29] = [
        Self::Malformed,
        Self::TooLarge,
        Self::NotYou,
        Self::NoSuchUser,
        Self::NoSuchRoom,
        Self::NoSuchEndpoint,
        Self::NotMember,
        Self::NotOperator,
        Self::BadArgument,
        Self::Busy,
        Self::Undelivered,
        Self::SlowDown,
        Self::TooMany,
        Self::BadName,
        Self::NameTaken,
        Self::GreetingTimeout,
        Self::ServerFull,
        Self::NotOnLan,
        Self::Stuck,
        Self::TlsRequired,
        Self::LoginRequired,
        Self::WrongLogin,
        Self::WeakPassword,
        Self::Banned,
        Self::NoSuchBan,
        Self::NotOwner,
        Self::NotKept,
        Self::NotSent,
        Self::NoSuchPacket,
    ];

    /// As it stands on the wire.
    pub fn word(self) -> &'static str {
        self.words().0
    }

    /// The code that stands on the wire as `word`; `None` where this version of
    /// the protocol has none.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }

    /// The line for people.
    pub fn advice(self) -> &'static str {
        self.words().1
    }

    /// Whether the connection is closed behind it, greeted or not.
    pub fn closes(self) -> bool {
        matches!(
            self,
            Self::TooLarge
                | Self::BadName
                | Self::NameTaken
                | Self::GreetingTimeout
                | Self::ServerFull
                | Self::NotOnLan
                | Self::Stuck
        )
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("malformed", "That was no packet."),
            Self::TooLarge => ("too-large", "That packet is larger than this server takes."),
            Self::NotYou => ("not-you", "from.name is not your own name."),
            Self::NoSuchUser => ("no-such-user", "Nobody of that name is here."),
            Self::NoSuchRoom => ("no-such-room", "There is no such room; /join makes it."),
            Self::NoSuchEndpoint => ("no-such-endpoint", "There is no such endpoint; see /help."),
            Self::NotMember => ("not-member", "You are not in that room; /join it first."),
            Self::NotOperator => ("not-operator", "Only operators may do that."),
            Self::BadArgument => ("bad-argument", "That endpoint takes something else; see /help."),
            Self::Busy => ("busy", "Too much waits for them already; try again later."),
            Self::Undelivered => ("undelivered", "They left before your packet reached them."),
            Self::SlowDown => ("slow-down", "You broadcast too often; wait a moment."),
            Self::TooMany => ("too-many", "You have as many of these as you may have."),
            Self::BadName => ("bad-name", "That can't be a name."),
            Self::NameTaken => {
                ("name-taken", "Somebody of that name, or of one that looks like it, is here.")
            }
            Self::GreetingTimeout => ("greeting-timeout", "You didn't say who you are."),
            Self::ServerFull => ("server-full", "This server has no room for more."),
            Self::NotOnLan => ("not-on-lan", "This server is for its own network only."),
            Self::Stuck => ("stuck", "You read nothing for too long."),
            Self::TlsRequired => {
                ("tls-required", "This server wants TLS for that from everywhere else.")
            }
            Self::LoginRequired => {
                ("login-required", "That needs an account that you are logged in to.")
            }
            Self::WrongLogin => ("wrong-login", "That is not the account's secret."),
            Self::WeakPassword => {
                ("weak-password", "A password has 8 characters or more, and is not the name.")
            }
            Self::Banned => ("banned", "You are banned from this server."),
            Self::NoSuchBan => ("no-such-ban", "Nothing like that is banned; see /bans."),
            Self::NotOwner => ("not-owner", "Only its owner, or an operator, may do that."),
            Self::NotKept => ("not-kept", "They got it, if they are here; it couldn't be stored."),
            Self::NotSent => ("not-sent", "It couldn't be stored, so nobody got it."),
            Self::NoSuchPacket => ("no-such-packet", "There is no such packet in there."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_has_a_name_and_an_advice_of_its_own() {
        let codes = Code::ALL;
        let words: BTreeSet<&str> = codes.iter().map(|code| code.word()).collect();
        let advice: BTreeSet<&str> = codes.iter().map(|code| code.advice()).collect();
        assert_eq!((words.len(), advice.len()), (codes.len(), codes.len()));
        assert!(advice.iter().all(|text| text.ends_with('.')), "sentences, for people");
        for (at, code) in codes.into_iter().enumerate() {
            assert_eq!(code as usize, at, "counters go by this order");
            assert_eq!(Code::parse(code.word()), Some(code));
        }
        assert_eq!(Code::parse("Busy"), None);
    }
}
