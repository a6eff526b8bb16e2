//! One connection of a shard, from the accept to the last byte: its state and
//! nothing that acts on others.

use super::id::{Moment, Tag};
use super::settings::Pace;
use crate::wire::{Framer, Name, Outbound, packet};
use compact_str::CompactString;
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

/// One connection.
///
/// - **Invariant**: an idle one owns no buffer: neither `inbound` nor `outbound`
///   has any memory while nothing waits.
/// - **Layout**: with thousands of clients each look at one is a cache miss, so
///   what a packet for it touches is in the first line of 64 bytes, what a
///   packet of its own touches in the next two.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Client<S> {
    pub(super) generation: u32,
    phase: Phase,
    pub(super) flags: Flags,
    /// What waits for the socket.
    pub(super) outbound: Outbound<Tag>,
    /// When the queue moved last, or began.
    pub(super) moved: Moment,
    /// Carried for `net`; never looked at here.
    pub socket: S,

    /// What there is to know in its phase.
    stage: Stage,
    /// Packets so far.
    pub(super) ordinal: u64,
    /// When its rate will have allowed all that it has sent, in nanoseconds.
    pub(super) paid_until_ns: u64,
    pub(super) framer: Framer,
    /// Read, and not handled yet.
    pub(super) inbound: Vec<u8>,

    /// While greeting: when the last byte came. Then: since when they are here.
    pub(super) since: Moment,
    /// What few have.
    pub(super) extras: Option<Box<Extras>>,
    /// The server's address on this connection, as all that it says begins
    /// with it.
    pub(super) local: CompactString,
    pub(super) peer: IpAddr,
}

/// How far a connection is, in the line that every look at it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    User,
    Closing,
}

/// How far a connection is. Only ever goes on, from top to bottom.
#[derive(Debug)]
pub enum Stage {
    /// Has not said who it is.
    Greeting,
    /// Has a name.
    User(Identity),
    /// Has left: what waits is flushed, then `then` happens. Keeps its name
    /// for the packets that are addressed to it.
    Closing { name: Box<str>, fences: u32, then: Then },
}

/// What comes behind the last byte for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Its input has ended: close.
    Close,
    /// Say good-bye first, then as below or above.
    Bye,
    /// Close the sending half, read on for a moment, close.
    Linger,
    /// The sending half is closed.
    Lingering,
}

/// Small facts about a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// Its flush is among the effects already.
    pub touched: bool,
    /// It is in the bulk_queue of those who have a frame for many.
    pub in_bulk_queue: bool,
    /// Its socket took no more when it was last asked.
    pub blocked: bool,
    /// The input has ended, though it may not be handled to its end yet.
    pub ended: bool,
    /// The connection is gone; what was received is handled without a pause.
    pub reset: bool,
    /// It is being thrown out; what was received is handled before.
    pub hurried: bool,
    /// Over its rate; a deadline will say when to go on.
    pub held_pace: bool,
    /// Its own queue is over the bound.
    pub held_queue: bool,
    /// A query of its is under way.
    pub held_asking: bool,
    /// It gave a wrong token and waits for the answer.
    pub held_token: bool,
    /// It has had its turn; the next tick brings the next.
    pub held_quantum: bool,
    /// A deadline watches its queue.
    pub watched: bool,
    /// A deadline watches for silence.
    pub listening: bool,
    /// Has sent something that other shards may have to refuse.
    pub sent_remotely: bool,
    pub operator: bool,
    pub presence: bool,
    /// If its socket takes no more now, it is dropped.
    pub last_words: bool,
    /// Nothing can be said any more: the last packet is torn.
    pub mute: bool,
}

/// Why a client has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is over its rate, as of now: somebody has to wake it.
    Pace,
    /// It has made enough work for a turn: the same.
    Quantum,
    Other,
}

/// A user's name, and what every packet of theirs begins with.
#[derive(Debug)]
pub struct Identity {
    /// `{"from":{"name":"alice","ip":"192.168.1.7"},"to":"`
    pub stamp: Box<str>,
    name_bytes: u8,
    /// In place as a rule, since whoever is looked for is known by it.
    key: CompactString,
    pub hash: u64,
}

/// What few connections have.
#[derive(Debug, Default)]
pub struct Extras {
    /// Keys of the rooms they are in.
    pub rooms: Vec<Arc<str>>,
    pub last_broadcast: Option<Moment>,
    /// How many wrong tokens there were.
    pub wrong_tokens: u32,
    /// Room messages to rooms since other workers were last waited for.
    pub publishes_in_flight: u8,
}

impl Identity {
    pub fn new(name: &Name, ip: IpAddr, hash: u64) -> Self {
        let shown = name.shown();
        let mut stamp = Vec::with_capacity(64);
        stamp.extend_from_slice(packet::FROM_NAME);
        stamp.extend_from_slice(shown.as_bytes());
        stamp.extend_from_slice(packet::IP);
        stamp.extend_from_slice(ip.to_string().as_bytes());
        stamp.extend_from_slice(packet::TO);
        Self {
            // A name and an address hold nothing that JSON escapes.
            stamp: String::from_utf8_lossy(&stamp).into_owned().into_boxed_str(),
            name_bytes: shown.len() as u8,
            key: name.key().into(),
            hash,
        }
    }

    pub fn name(&self) -> &str {
        let start = packet::FROM_NAME.len();
        &self.stamp[start..start + usize::from(self.name_bytes)]
    }

    pub fn key(&self) -> &str {
        &self.key
    }
}

impl<S> Client<S> {
    pub(super) fn new(socket: S, peer: IpAddr, local: CompactString, now: Moment) -> Self {
        Self {
            generation: 0,
            phase: Phase::Greeting,
            socket,
            stage: Stage::Greeting,
            flags: Flags::default(),
            framer: Framer::default(),
            inbound: Vec::new(),
            outbound: Outbound::default(),
            ordinal: 0,
            since: now,
            moved: now,
            paid_until_ns: 0,
            peer,
            local,
            extras: None,
        }
    }

    /// What is still to come, if it is closing: how many fences, and then what.
    pub(super) fn closing(&mut self) -> Option<(&mut u32, &mut Then)> {
        // The phase first: it is at hand, and as a rule says no.
        if !self.is_closing() {
            return None;
        }
        match &mut self.stage {
            Stage::Closing { fences, then, .. } => Some((fences, then)),
            _ => None,
        }
    }

    /// Goes on to the next stage; returns the last.
    pub(super) fn enter(&mut self, stage: Stage) -> Stage {
        self.phase = match stage {
            Stage::Greeting => Phase::Greeting,
            Stage::User(_) => Phase::User,
            Stage::Closing { .. } => Phase::Closing,
        };
        mem::replace(&mut self.stage, stage)
    }

    /// As the server's packets address it: empty before the welcome.
    pub(super) fn name(&self) -> &str {
        match &self.stage {
            Stage::Greeting => "",
            Stage::User(identity) => identity.name(),
            Stage::Closing { name, .. } => name,
        }
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        match &self.stage {
            Stage::User(identity) => Some(identity),
            _ => None,
        }
    }

    pub(super) fn is_greeting(&self) -> bool {
        self.phase == Phase::Greeting
    }

    pub(super) fn is_user(&self) -> bool {
        self.phase == Phase::User
    }

    pub(super) fn is_closing(&self) -> bool {
        self.phase == Phase::Closing
    }

    pub(super) fn is_lingering(&self) -> bool {
        self.is_closing() && matches!(self.stage, Stage::Closing { then: Then::Lingering, .. })
    }

    /// Whether it has to wait before the next packet is handled.
    pub(super) fn is_held(&self) -> bool {
        let Flags { held_pace, held_queue, held_asking, held_token, held_quantum, .. } = self.flags;
        held_pace || held_queue || held_asking || held_token || held_quantum
    }

    /// Why its next packet can't be handled now, if so; `used_quantum` says that
    /// it made enough work for now. Something will say when it can: the queue
    /// that empties, the answer that comes, a deadline, the next tick.
    /// Nothing waits behind a reset; when the server stops, only what is behind
    /// a query, whose answers would be taken for those to the next one.
    pub(super) fn hold(
        &mut self,
        now: Moment,
        pace: &Pace,
        queue_bytes: usize,
        used_quantum: bool,
        stopping: bool,
    ) -> Option<Hold> {
        if self.flags.hurried {
            return None;
        }
        if self.flags.reset || stopping {
            return (stopping && self.flags.held_asking && !self.flags.reset)
                .then_some(Hold::Other);
        }
        self.flags.held_queue |= self.queued_bytes() > queue_bytes;
        if self.is_held() {
            return Some(Hold::Other);
        }
        if self.paid_until_ns + pace.interval_ns > now.0 + pace.saved_up_ns {
            self.flags.held_pace = true;
            return Some(Hold::Pace);
        }
        if used_quantum {
            self.flags.held_quantum = true;
            return Some(Hold::Quantum);
        }
        None
    }

    /// Counts a packet, which is paid for; its ordinal.
    pub(super) fn count(&mut self, now: Moment, pace: &Pace) -> u64 {
        self.paid_until_ns = self.paid_until_ns.max(now.0) + pace.interval_ns;
        self.ordinal += 1;
        self.ordinal
    }

    pub fn queued_bytes(&self) -> usize {
        self.outbound.queued_bytes()
    }

    /// Whether somebody's packet waits, and not only what the server says.
    pub(super) fn keeps_packets(&self) -> bool {
        self.outbound.has(|tag| tag.is_some())
    }

    /// Whether anything can still be said to it.
    pub(super) fn can_be_told(&self) -> bool {
        !self.flags.mute && !self.is_lingering()
    }

    pub(super) fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }
}

// As the layout says, with a socket as `net` has it.
const _: () = {
    type Usual = Client<[u32; 4]>;
    assert!(std::mem::offset_of!(Usual, stage) == 64);
    assert!(std::mem::offset_of!(Usual, paid_until_ns) == 128);
    assert!(std::mem::offset_of!(Usual, since) <= 192);
    assert!(size_of::<Usual>() == 256);
};
