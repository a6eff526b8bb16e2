//! One connection: what it has said, what it has heard. Never: whether that is right.

use super::ids::Ids;
use super::said::USERS;
use lanline::chat::{ConnId, Ended};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Peer {
    pub user: usize,
    pub device: usize,
    pub at: Option<(usize, ConnId)>,
    /// Bytes that the server has not read.
    pub unread: Vec<u8>,
    /// It hangs up behind them.
    pub ends: Option<Ended>,
    /// What its socket takes before it takes no more.
    pub window: usize,
    pub taken: Vec<u8>,
    /// Packets that it has sent.
    pub sent: u64,
    /// The server has closed its half, or all of it.
    pub shut: bool,
    pub closed: bool,
    /// Since which step it is welcome, and in the room.
    pub welcome: Option<u64>,
    pub joined: Option<u64>,
    /// What it asks for when it is welcome; whether stored packets come with ids from
    /// here on.
    pub extended: bool,
    pub extends: bool,
    pub receipts: bool,
    pub ids: Ids,
    /// All that it has heard, by number.
    pub heard: BTreeSet<usize>,
    /// The last that came in each conversation from each connection.
    pub last_of: BTreeMap<(usize, super::said::To), usize>,
    /// What it has said, by ordinal; what it was told of that.
    pub said: BTreeMap<u64, usize>,
    pub told: BTreeMap<u64, Vec<String>>,
    /// Receipts of what others have, by their names.
    pub delivered: BTreeMap<String, u64>,
    pub read: BTreeMap<String, u64>,
}

/// A packet as it came.
pub(super) struct Heard {
    pub from: String,
    pub msg: String,
    pub id: Option<u64>,
}

impl Peer {
    pub(super) fn new(user: usize, device: usize) -> Self {
        Self {
            user,
            device,
            at: None,
            unread: Vec::new(),
            ends: None,
            window: usize::MAX,
            taken: Vec::new(),
            sent: 0,
            shut: false,
            closed: false,
            welcome: None,
            joined: None,
            extended: false,
            extends: false,
            receipts: false,
            ids: Ids::default(),
            heard: BTreeSet::new(),
            last_of: BTreeMap::new(),
            said: BTreeMap::new(),
            told: BTreeMap::new(),
            delivered: BTreeMap::new(),
            read: BTreeMap::new(),
        }
    }

    pub(super) fn is_account(&self) -> bool {
        USERS[self.user].is_account
    }

    /// Nothing has ended it.
    pub(super) fn is_open(&self) -> bool {
        !self.shut && !self.closed && self.ends.is_none()
    }

    /// It is welcome, and nothing has ended that.
    pub(super) fn is_here(&self) -> bool {
        self.welcome.is_some() && self.is_open()
    }

    /// Sends a packet, with a key or not; its ordinal.
    pub(super) fn say(&mut self, to: &str, msg: &str, key: Option<&str>) -> u64 {
        let name = USERS[self.user].name;
        let key = key.map(|key| format!(",\"key\":\"{key}\"")).unwrap_or_default();
        let from = format!("{{\"name\":\"{name}\",\"ip\":\"\"}}");
        let packet = format!("{{\"from\":{from},\"to\":\"{to}\",\"msg\":\"{msg}\"{key}}}\n");
        self.unread.extend_from_slice(packet.as_bytes());
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
    let id = value.get("id").map(|id| id.as_u64().expect("a number"));
    assert_eq!(id.is_some(), value.get("time").is_some(), "an id and a time, or neither");
    Heard { from: text(&value["from"]["name"]), msg: text(&value["msg"]), id }
}
