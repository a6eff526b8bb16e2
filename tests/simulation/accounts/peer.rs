//! A client: what it says and what it has heard. Never: whether that is right.

use lanline::chat::ConnId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A client with its connection.
pub(super) struct Peer {
    /// As it greets.
    pub name: String,
    pub at: Option<(usize, ConnId)>,
    /// Bytes that the server has not read.
    pub unread: Vec<u8>,
    /// It hangs up behind them.
    pub ends: bool,
    /// What its socket takes before it takes no more.
    pub window: usize,
    pub taken: Vec<u8>,
    pub sent: u64,
    /// Secrets that it has shown.
    pub shown: BTreeSet<&'static str>,
    /// It was challenged.
    pub challenged: bool,
    /// It asked for an account of its own.
    pub registers: bool,
    /// As it was welcomed.
    pub welcome: Option<String>,
    /// The server has closed its half, or all of it.
    pub shut: bool,
    pub closed: bool,
    /// It has hung up, or was reset.
    pub gone: bool,
    /// Packets that came to it, by their texts.
    pub heard: Vec<String>,
    /// Its own packets that were refused, by ordinal.
    pub refused: BTreeMap<u64, Vec<String>>,
}

/// A packet as it came.
pub(super) struct Heard {
    pub from: String,
    pub msg: String,
}

impl Peer {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            at: None,
            unread: Vec::new(),
            ends: false,
            window: usize::MAX,
            taken: Vec::new(),
            sent: 0,
            shown: BTreeSet::new(),
            challenged: false,
            registers: false,
            welcome: None,
            shut: false,
            closed: false,
            gone: false,
            heard: Vec::new(),
            refused: BTreeMap::new(),
        }
    }

    /// It is welcome and nothing has ended that.
    pub(super) fn is_here(&self) -> bool {
        self.welcome.is_some() && !self.shut && !self.closed && !self.gone
    }

    /// Says something in its own name; the ordinal.
    pub(super) fn say(&mut self, to: &str, msg: &str) -> u64 {
        let packet =
            serde_json::json!({"from": {"name": self.name, "ip": ""}, "to": to, "msg": msg});
        self.unread.extend_from_slice(packet.to_string().as_bytes());
        self.sent += 1;
        self.sent
    }

    /// The whole packets that have come since the last look.
    pub(super) fn take_heard(&mut self) -> Vec<Heard> {
        let whole = self.taken.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.taken.drain(..whole).collect();
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(heard).collect()
    }
}

fn heard(line: &[u8]) -> Heard {
    let value: Value = serde_json::from_slice(line).expect("the server writes JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    Heard { from: text(&value["from"]["name"]), msg: text(&value["msg"]) }
}
