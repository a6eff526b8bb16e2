//! A user's program over all its connections: a careful one sends again what it has no
//! receipt of, with the same key, and replays from the last packet that it has. Never: a
//! judgement.

use super::peer::Peer;
use super::said::{ROOM, Said, Sent, To, USERS};
use std::collections::{BTreeSet, VecDeque};

pub(super) struct Device {
    pub user: usize,
    pub careful: bool,
    /// Its connection, or the last one.
    pub peer: Option<usize>,
    /// It has everything up to there.
    pub last: u64,
    /// All that it ever had, by number.
    pub has: BTreeSet<usize>,
    /// Sent with keys, and no receipt yet: the oldest first.
    pub unacknowledged: VecDeque<usize>,
}

impl Device {
    pub(super) fn new(user: usize, careful: bool) -> Self {
        let (has, unacknowledged) = Default::default();
        Self { user, careful, peer: None, last: 0, has, unacknowledged }
    }

    /// What it says as soon as it is welcome.
    pub(super) fn begin(&self, number: usize, peer: &mut Peer, said: &mut [Said], step: u64) {
        if peer.extended {
            peer.say("/extend", "on", None);
        }
        if peer.receipts {
            peer.say("/receipts", "on", None);
        }
        peer.say("/join", &format!("#{ROOM}"), None);
        if self.careful {
            self.replay(peer);
            for &packet in &self.unacknowledged {
                send(number, peer, (packet, &mut said[packet]), step);
            }
        }
    }

    /// Asks for what it has missed.
    pub(super) fn replay(&self, peer: &mut Peer) {
        replay_from(peer, Some(self.last));
    }

    /// Something has come of a packet of its.
    pub(super) fn acknowledged(&mut self, packet: usize) {
        self.unacknowledged.retain(|&other| other != packet);
    }
}

pub(super) fn replay_from(peer: &mut Peer, from: Option<u64>) {
    let text = from.map(|id| id.to_string()).unwrap_or_default();
    let ordinal = peer.say("/replay", &text, None);
    peer.last_of.clear();
    peer.ids.replays(ordinal, from);
}

/// Sends a packet on a connection.
pub(super) fn send(number: usize, peer: &mut Peer, (packet, said): (usize, &mut Said), step: u64) {
    let key = said.has_key.then(|| format!("k{packet}"));
    let ordinal = peer.say(&said.to.wire(), &said.text, key.as_deref());
    peer.said.insert(ordinal, packet);
    said.sent.push(Sent { peer: number, ordinal, step });
}

/// The conversation as its account names it.
pub(super) fn conversation(to: To) -> String {
    match to {
        To::User(user) => USERS[user].name.to_owned(),
        _ => to.wire(),
    }
}
