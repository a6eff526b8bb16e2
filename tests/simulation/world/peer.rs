//! A simulated client with its connection: what it sends, how far that has come,
//! what its socket took, and what is known of it. Never: whether that is correct.

use super::records::Records;
use lanline::chat::{ConnId, Moment, WorkerId};
use lanline::wire::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The server's address on every connection.
pub(super) const SERVER: &str = "10.255.0.1";

/// A socket as a shard carries it: its peer's number. It can't be copied, so a
/// shard that loses one, or closes it twice, is detected.
#[derive(Debug)]
pub(super) struct Socket(pub usize);

/// Where the server has the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Shard(WorkerId, ConnId),
    UnderWay,
    Closed,
}

/// How a peer ends what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    HalfClose,
    Reset,
}

/// The kind of a packet, which decides what outcomes are correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// For one user, by the key of the name.
    Direct {
        key: String,
    },
    /// For a room, by its key; whether the sender is in it by then.
    RoomMessage {
        room: String,
        member: bool,
    },
    Broadcast,
    /// A query to an endpoint: answered, or refused with one of these.
    Call {
        endpoint: &'static str,
        refusals: &'static [&'static str],
    },
    /// Refused with one of these, at once.
    Wrong {
        codes: &'static [&'static str],
    },
}

/// One packet of a peer, and its outcomes.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub what: What,
    pub to: String,
    pub msg: String,
    /// Where in the stream its first byte is and its last one was.
    pub start: usize,
    pub end: usize,
    /// It is handled only once the stream has ended.
    pub at_end: bool,
    /// It is behind the peer's last packet and must never be handled.
    pub after_all: bool,
    /// The step at which the server had read it.
    pub taken_at: Option<u64>,
    /// The step at which it was answered, or refused by the sender's shard.
    pub done_at: Option<u64>,
    /// The number of recipients of a broadcast, as answered.
    pub count: Option<usize>,
    /// Peers whose sockets took it whole.
    pub delivered: BTreeSet<usize>,
    /// Refused as busy or undelivered, by the recipient's name.
    pub bounced: BTreeMap<String, &'static str>,
    /// Refused as `no-such-user`.
    pub nobody: bool,
}

impl Item {
    /// No recipient is sent more bytes than this.
    pub(super) fn stamped_bytes_max(&self) -> usize {
        self.end - self.start + 220
    }

    /// Whether its outcome comes in the order of what was sent.
    pub(super) fn is_in_order(&self) -> bool {
        !matches!(self.what, What::Direct { .. } | What::RoomMessage { member: true, .. })
    }
}

/// How a peer begins.
#[derive(Clone, Debug)]
pub(super) struct Greeting {
    /// Its name, if it has a valid one.
    pub name: Option<Name>,
    /// A bare name ends here in the stream; silence before that would cut it.
    pub bare_end: usize,
    /// What refusals of the greeting itself are possible, with the ordinal.
    pub refusals: Vec<&'static str>,
    pub ordinal: u64,
}

/// What is known of a user.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub shown: String,
    pub key: String,
    /// The step at which their socket had the welcome.
    pub since: u64,
}

/// One simulated client.
pub(super) struct Peer {
    pub ip: IpAddr,
    pub greeting: Greeting,
    /// All that it has sent; so much of it has reached the server's kernel, and
    /// so much of that was read.
    pub stream: Vec<u8>,
    pub arrived: usize,
    pub taken: usize,
    pub records: Records,
    pub items: Vec<Item>,
    /// It will write no more packets.
    pub silent: bool,
    pub ending: Option<Ending>,
    pub ending_arrived: bool,
    pub ending_taken: bool,
    /// Rooms that it is in once all that it sent is handled.
    pub rooms: BTreeSet<String>,
    /// It reads what the server sends.
    pub reads: bool,
    /// Taken by its socket and not read by the peer.
    pub unread: usize,
    pub at: At,
    pub accepted_at: Moment,
    /// When the server had read its whole greeting.
    pub greeted_at: Option<Moment>,
    pub closed_at: Option<Moment>,
    pub read_queued: bool,
    pub watched_for_room: bool,
    /// Its sending half was closed by the server.
    pub shut: Option<Moment>,
    /// The rest of a packet that its socket took in part.
    pub torn: Vec<u8>,
    /// All bytes that its socket took.
    pub written: usize,
    /// `written` and what waited when its queue was last looked at.
    pub queue_end: usize,
    pub queue_bytes_peak: usize,
    pub user: Option<User>,
    /// The first item whose outcome comes in order and has not come.
    pub cursor: usize,
    /// Where a list of several packets has got to: its last line, its total.
    pub page: Option<(usize, usize)>,
    pub last_line: Option<String>,
    /// Each line of each list that it got.
    pub listed: Vec<(String, String)>,
    /// It may have left by now: its end was read, it was kicked, it sent `/quit`.
    pub may_have_left: bool,
    /// The step at which it was removed: packets read from then on may not be
    /// handled.
    pub thrown_out_at: Option<u64>,
    /// Its name when it was found to be stuck; empty, while greeting.
    pub stuck_as: Option<String>,
    pub broken: bool,
    pub refused: Option<String>,
    pub bye: bool,
    /// Something waited for it when the server bounced all.
    pub emptied: bool,
    pub kicks_due: usize,
    /// The last ordinal that came from each sender.
    pub heard: BTreeMap<usize, usize>,
}

impl Peer {
    pub(super) fn new(ip: IpAddr, greeting: Greeting, stream: Vec<u8>) -> Self {
        Self {
            ip,
            greeting,
            stream,
            arrived: 0,
            taken: 0,
            records: Records::default(),
            items: Vec::new(),
            silent: false,
            ending: None,
            ending_arrived: false,
            ending_taken: false,
            rooms: BTreeSet::new(),
            reads: true,
            unread: 0,
            at: At::UnderWay,
            accepted_at: Moment::default(),
            greeted_at: None,
            closed_at: None,
            read_queued: false,
            watched_for_room: false,
            shut: None,
            torn: Vec::new(),
            written: 0,
            queue_end: 0,
            queue_bytes_peak: 0,
            user: None,
            cursor: 0,
            page: None,
            last_line: None,
            listed: Vec::new(),
            may_have_left: false,
            thrown_out_at: None,
            stuck_as: None,
            broken: false,
            refused: None,
            bye: false,
            emptied: false,
            kicks_due: 0,
            heard: BTreeMap::new(),
        }
    }

    pub(super) fn has_something_to_read(&self) -> bool {
        self.records.fetched < self.arrived || self.ending_arrived && !self.ending_taken
    }

    /// So much of its stream reaches the server's kernel, and the rest of the record that
    /// it ends in.
    pub(super) fn let_arrive(&mut self, until: usize) {
        let until = match self.records.bytes_max {
            0 => until,
            most => until.next_multiple_of(most).min(self.stream.len()),
        };
        self.arrived = self.arrived.max(until);
    }

    /// As it would be shown, welcomed or not.
    pub(super) fn real_name(&self) -> &str {
        self.greeting.name.as_ref().map_or("", |name| name.shown())
    }

    /// Steps over items whose outcomes come in no order.
    pub(super) fn skip_unordered(&mut self) {
        while self.items.get(self.cursor).is_some_and(|item| !item.is_in_order()) {
            self.cursor += 1;
        }
    }

    pub(super) fn shown(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.shown)
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        self.user.as_ref().is_some_and(|user| user.key == key)
    }

    /// It is here and has done nothing to change that.
    pub(super) fn is_surely_here(&self) -> bool {
        self.user.is_some() && !self.may_have_left && self.at != At::Closed
    }

    /// The server has read some of a bare name that has not ended yet.
    pub(super) fn is_mid_name(&self) -> bool {
        0 < self.taken && self.taken < self.greeting.bare_end
    }

    /// The server has read so much of its stream.
    pub(super) fn take(&mut self, bytes: usize, step: u64, now: Moment) -> Vec<u8> {
        let chunk = self.stream[self.taken..self.taken + bytes].to_vec();
        self.taken += bytes;
        let greeting_end = match (self.greeting.ordinal, self.items.first()) {
            (1, Some(first)) => first.end,
            _ => self.greeting.bare_end,
        };
        if self.greeting.name.is_some() && self.taken >= greeting_end {
            self.greeted_at.get_or_insert(now);
        }
        for item in self.items.iter_mut().filter(|item| item.end <= self.taken && !item.at_end) {
            if item.taken_at.is_none() {
                item.taken_at = Some(step);
                let leaves = matches!(item.what, What::Call { endpoint: "/quit", .. })
                    || item.what == What::Wrong { codes: &["too-large"] };
                self.may_have_left |= leaves;
            }
        }
        chunk
    }

    /// The server has read the end of its stream.
    pub(super) fn take_ending(&mut self, step: u64) {
        self.ending_taken = true;
        self.may_have_left = true;
        for item in self.items.iter_mut().filter(|item| item.at_end) {
            item.taken_at = Some(step);
        }
    }

    /// Whether it may be sent a room message to that room now.
    pub(super) fn may_hear_room(&self, key: &str) -> bool {
        self.may_have_been_in(key, u64::MAX)
    }

    /// Whether it was in that room for sure when something was read at `step`,
    /// and has been since.
    pub(super) fn is_member_since(&self, key: &str, step: u64) -> bool {
        let mut member = false;
        for item in self.calls_about(key) {
            match item.what {
                What::Call { endpoint: "/join", .. } => {
                    member |= item.done_at.is_some_and(|done| done < step);
                }
                _ => member &= item.taken_at.is_none(),
            }
        }
        member
    }

    /// Whether it may have been in that room when something was read at `step`,
    /// or later.
    pub(super) fn may_have_been_in(&self, key: &str, step: u64) -> bool {
        let mut may = false;
        for item in self.calls_about(key) {
            match item.what {
                What::Call { endpoint: "/join", .. } => may |= item.taken_at.is_some(),
                _ => may &= item.done_at.is_none_or(|done| done >= step),
            }
        }
        may
    }

    fn calls_about<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Item> {
        self.items.iter().filter(move |item| {
            matches!(item.what, What::Call { endpoint: "/join" | "/leave", .. })
                && room_key(&item.msg).as_deref() == Some(key)
        })
    }
}

/// The key of a room's name with its `#`.
pub(super) fn room_key(text: &str) -> Option<String> {
    key(text.strip_prefix('#')?)
}

pub(super) fn key(text: &str) -> Option<String> {
    Name::parse(text).ok().map(|name| name.key().to_owned())
}
