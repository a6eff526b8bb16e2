//! The first lines that are for programs: what the server's answers, notices
//! and refusals say, read and written. Never: the packets that carry them.

use super::code::Code;
use super::name::NAME_BYTES_MAX;
use super::text::cut;
use std::fmt;

/// An address as text, with a zone, is no longer than this, in bytes.
pub const IP_BYTES_MAX: usize = 64;
/// The version in a server's welcome, in bytes.
const VERSION_BYTES_MAX: usize = 128;
/// A code of a refusal, in bytes.
const CODE_BYTES_MAX: usize = 64;
/// What is kept of a refusal's line for people, in bytes.
const REASON_BYTES_MAX: usize = 1024;

/// Of `/welcome`: `NAME IP USERS VERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub name: String,
    /// The client's address, as the server sees it.
    pub ip: String,
    pub users: u64,
    /// Of the server, like `lanline/0.1.0`.
    pub version: String,
}

impl Welcome {
    /// `None` where `msg` is no welcome.
    pub fn parse(msg: &str) -> Option<Self> {
        let mut words = msg.lines().next()?.split(' ');
        let mut word = |bytes_max| {
            words.next().filter(|word: &&str| word.len() <= bytes_max).map(str::to_owned)
        };
        let (name, ip) = (word(NAME_BYTES_MAX)?, word(IP_BYTES_MAX)?);
        let users = word(usize::MAX)?.parse().ok()?;
        Some(Self { name, ip, users, version: word(VERSION_BYTES_MAX)? })
    }
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ip, users, version } = self;
        write!(f, "{name} {ip} {users} {version}")
    }
}

/// Of `/error`: `ORDINAL CODE [RECIPIENT]`, then a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which packet of this connection, counted from 1; 0 for what no packet
    /// caused.
    pub ordinal: u64,
    /// As it came: a newer server may have codes that are unknown here.
    pub code: String,
    /// Who did not get the packet, for `busy` and `undelivered`.
    pub recipient: Option<String>,
    /// The line for people; may be empty, and is cut where it is very long.
    pub reason: String,
}

impl Refusal {
    /// `None` where `msg` is no refusal.
    pub fn parse(msg: &str) -> Option<Self> {
        let (first, reason) = msg.split_once('\n').unwrap_or((msg, ""));
        let mut words = first.split(' ');
        let ordinal = words.next()?.parse().ok()?;
        let code = words.next().filter(|code| (1..=CODE_BYTES_MAX).contains(&code.len()))?;
        let recipient = words.next();
        if recipient.is_some_and(|name| name.len() > NAME_BYTES_MAX) {
            return None;
        }
        Some(Self {
            ordinal,
            code: code.to_owned(),
            recipient: recipient.map(str::to_owned),
            reason: cut(reason.trim(), REASON_BYTES_MAX).to_owned(),
        })
    }

    /// Whether this is the reason.
    pub fn is(&self, code: Code) -> bool {
        self.code == code.word()
    }

    /// One line for people: the recipient, and the server's reason.
    pub fn in_words(&self) -> String {
        match &self.recipient {
            Some(recipient) => format!("{recipient}: {}", self.why()),
            None => self.why(),
        }
    }

    /// The same without the recipient; the code only where the server gives no
    /// reason.
    pub fn why(&self) -> String {
        match self.reason.as_str() {
            "" => self.code.replace('-', " "),
            reason => reason.to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ordinal, code, recipient, reason } = self;
        write!(f, "{ordinal} {code}")?;
        if let Some(recipient) = recipient {
            write!(f, " {recipient}")?;
        }
        write!(f, "\n{reason}")
    }
}

/// The head of a page: `FIRST-LAST of TOTAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The place of the first entry in the whole list, from 1; 0 if it is empty.
    pub first: u64,
    pub last: u64,
    /// Entries of the whole list.
    pub total: u64,
}

impl Range {
    /// Whether no page follows.
    pub fn is_last(&self) -> bool {
        self.last >= self.total
    }

    /// `None` where `line` is none.
    pub fn parse(line: &str) -> Option<Self> {
        let (range, total) = line.split_once(" of ")?;
        let (first, last) = range.split_once('-')?;
        let [first, last, total] = [first, last, total].map(|number| number.parse().ok());
        Some(Self { first: first?, last: last?, total: total? })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, total } = self;
        write!(f, "{first}-{last} of {total}")
    }
}

/// A page of `/list`, `/rooms` or `/members`: its [`Range`], then an entry a
/// line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    pub range: Range,
    /// The entries, as they came.
    body: &'a str,
}

impl<'a> Page<'a> {
    /// `None` where `msg` is no page.
    pub fn parse(msg: &'a str) -> Option<Self> {
        let (range, body) = msg.split_once('\n').unwrap_or((msg, ""));
        Some(Self { range: Range::parse(range)?, body })
    }

    /// The entries; their number is not checked against the range.
    pub fn lines(&self) -> impl Iterator<Item = &'a str> {
        self.body.lines().filter(|line| !line.is_empty())
    }
}

/// Of `/who`: `NAME IP SECONDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who<'a> {
    pub name: &'a str,
    pub ip: &'a str,
    /// Connected for so long.
    pub seconds: u64,
}

impl<'a> Who<'a> {
    /// `None` where `msg` is no answer of `/who`.
    pub fn parse(msg: &'a str) -> Option<Self> {
        let mut words = msg.lines().next()?.split(' ');
        let (name, ip) = (words.next()?, words.next()?);
        Some(Self { name, ip, seconds: words.next()?.parse().ok()? })
    }
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ip, seconds } = self;
        write!(f, "{name} {ip} {seconds}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_parses_to_the_same() {
        let welcome = Welcome::parse("bob 127.0.0.1 3 lanline/0.1.0\nHello").unwrap();
        assert_eq!((welcome.name.as_str(), welcome.users), ("bob", 3));
        assert_eq!(welcome.to_string(), "bob 127.0.0.1 3 lanline/0.1.0");

        for text in ["7 busy bob\nTheir queue is full.", "0 stuck\n"] {
            assert_eq!(Refusal::parse(text).unwrap().to_string(), text);
        }
        for text in ["1-2 of 3", "0-0 of 0"] {
            assert_eq!(Range::parse(text).unwrap().to_string(), text);
        }
        let who = Who::parse("ann ::1 7").unwrap();
        assert_eq!((who.name, who.ip, who.seconds), ("ann", "::1", 7));
        assert_eq!(who.to_string(), "ann ::1 7");
    }

    #[test]
    fn what_does_not_match_the_format_parses_to_none() {
        assert_eq!(Welcome::parse("bob 127.0.0.1 many x"), None);
        assert_eq!(Refusal::parse("x stuck"), None);
        assert_eq!(Refusal::parse("7"), None);
        assert_eq!(Page::parse("1 of 3"), None);
        assert_eq!(Who::parse("ann ::1"), None);
        let long = "x".repeat(1 << 20);
        for text in [format!("{long} ::1 1 x"), format!("a {long} 1 x"), format!("a ::1 1 {long}")]
        {
            assert_eq!(Welcome::parse(&text), None);
        }
        assert_eq!(Refusal::parse(&format!("1 {long}")), None);
        assert_eq!(Refusal::parse(&format!("1 busy {long}")), None);
    }

    #[test]
    fn a_refusal_without_a_reason_shows_its_code() {
        let refusal = Refusal::parse("7 busy bob\nTheir queue is full.").unwrap();
        assert_eq!(refusal.in_words(), "bob: Their queue is full.");
        assert!(refusal.is(Code::Busy) && !refusal.is(Code::Stuck));
        assert_eq!(Refusal::parse("0 slow-down").unwrap().in_words(), "slow down");
        let long = format!("0 stuck\n{}", "é".repeat(1 << 20));
        assert_eq!(Refusal::parse(&long).unwrap().reason.len(), REASON_BYTES_MAX);
    }

    #[test]
    fn a_list_ends_with_the_page_that_reaches_its_total() {
        let page = Page::parse("1-2 of 3\nann\nbob").unwrap();
        assert_eq!(page.lines().collect::<Vec<_>>(), ["ann", "bob"]);
        assert!(!page.range.is_last());
        assert!(Page::parse("0-0 of 0").unwrap().range.is_last());
    }
}
