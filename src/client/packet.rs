//! What comes from a server: its packets with all four leaves, and the first
//! lines that are for programs. Never: sockets, what to show of it.

use serde::Deserialize;

/// A packet as the server sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Who wrote it, by the server's word; an endpoint begins with `/`.
    pub name: String,
    /// The address that the server saw.
    pub ip: String,
    /// Whom it is for: us, a room of ours, or `/broadcast`.
    pub to: String,
    pub msg: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    from: From,
    to: String,
    msg: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    name: String,
    ip: String,
}

impl Received {
    /// Reads one packet; `None` where `bytes` are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let Layout { from, to, msg } = serde_json::from_slice(bytes).ok()?;
        Some(Self { name: from.name, ip: from.ip, to, msg })
    }
}

/// The first line of a packet from `/welcome`: `NAME IP USERS VERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub name: String,
    pub ip: String,
    pub users: u64,
    pub version: String,
}

impl Welcome {
    pub fn parse(msg: &str) -> Option<Self> {
        let mut words = msg.lines().next()?.split(' ');
        let name = words.next()?.to_owned();
        let ip = words.next()?.to_owned();
        let users = words.next()?.parse().ok()?;
        Some(Self { name, ip, users, version: words.next()?.to_owned() })
    }
}

/// A packet from `/error`: `ORDINAL CODE [RECIPIENT]`, then a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which of our packets, counted from 1; 0 for what no packet caused.
    pub ordinal: u64,
    pub code: String,
    /// Who misses it, for `busy` and `undelivered`.
    pub recipient: Option<String>,
    /// The line for people; may be empty.
    pub reason: String,
}

impl Refusal {
    pub fn parse(msg: &str) -> Option<Self> {
        let (first, reason) = msg.split_once('\n').unwrap_or((msg, ""));
        let mut words = first.split(' ');
        Some(Self {
            ordinal: words.next()?.parse().ok()?,
            code: words.next().filter(|code| !code.is_empty())?.to_owned(),
            recipient: words.next().map(str::to_owned),
            reason: reason.trim().to_owned(),
        })
    }

    /// Code, recipient and reason in one line.
    pub fn in_words(&self) -> String {
        let mut words = self.code.clone();
        if let Some(recipient) = &self.recipient {
            words = format!("{words} ({recipient})");
        }
        if !self.reason.is_empty() {
            words = format!("{words}: {}", self.reason);
        }
        words
    }
}

/// A page of `/list`, `/rooms` or `/members`: `FIRST-LAST of TOTAL`, then a
/// line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub first: u64,
    pub last: u64,
    pub total: u64,
    pub lines: Vec<String>,
}

impl Page {
    pub fn parse(msg: &str) -> Option<Self> {
        let mut lines = msg.lines();
        let (range, total) = lines.next()?.split_once(" of ")?;
        let (first, last) = range.split_once('-')?;
        Some(Self {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            total: total.parse().ok()?,
            lines: lines.filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// Whether no page follows.
    pub fn is_last(&self) -> bool {
        self.last >= self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_four_leaves_and_nothing_else() {
        let good = br#"{"from":{"name":"a","ip":"::1"},"to":"b","msg":"\u0041"}"#;
        let packet = Received::parse(good).unwrap();
        assert_eq!((packet.name.as_str(), packet.msg.as_str()), ("a", "A"));
        for bad in [
            r#"{"from":{"name":"a","ip":"::1"},"to":"b"}"#,
            r#"{"from":{"name":"a","ip":"::1"},"to":"b","msg":"","x":1}"#,
            r#"{"from":{"name":"a","ip":7},"to":"b","msg":""}"#,
            r#"{"from":{"name":"a","ip":""},"to":"b","msg":"\ud800"}"#,
        ] {
            assert_eq!(Received::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn first_lines_are_for_programs() {
        let welcome = Welcome::parse("bob 127.0.0.1 3 lanline/0.1.0\nHello").unwrap();
        assert_eq!((welcome.name.as_str(), welcome.users), ("bob", 3));
        assert_eq!(Welcome::parse("bob 127.0.0.1 many x"), None);

        let refusal = Refusal::parse("7 busy bob\nTheir queue is full.").unwrap();
        assert_eq!(refusal.in_words(), "busy (bob): Their queue is full.");
        assert_eq!(Refusal::parse("0 stuck").unwrap().in_words(), "stuck");
        assert_eq!(Refusal::parse("x stuck"), None);
        assert_eq!(Refusal::parse("7"), None);

        let page = Page::parse("1-2 of 3\nann\nbob").unwrap();
        assert_eq!(page.lines, ["ann", "bob"]);
        assert!(!page.is_last());
        assert!(Page::parse("0-0 of 0").unwrap().is_last());
        assert_eq!(Page::parse("1 of 3"), None);
    }
}
