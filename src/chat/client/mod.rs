//! One connection of a shard, from the accept to the last byte: its state and
//! nothing that acts on others. The transitions are in `LIFECYCLE.md`.

mod account;
mod check;
mod identity;
mod session;
mod state;
mod stored;

pub use identity::Identity;
pub use session::{AccountState, Login, Session};
pub use state::{CloseMode, Flush, Input, Output, Pauses, Roles, State, Timers};
pub use stored::{Queued, ReceiptDue, Replay, Stage, StoredState};

use super::address::AddressBudget;
use super::id::{Moment, Tag};
use super::lists::Listing;
use super::settings::Pace;
use crate::archive::RoomId;
use crate::limits;
use crate::wire::{Code, Codec, Endpoint, Outbound, packet};
use compact_str::CompactString;
use std::net::IpAddr;
use std::sync::Arc;

/// One connection.
///
/// - **Invariant**: an idle one owns no buffer: neither `inbound` nor `outbound`
///   has any memory while nothing waits. `Client::check` has the others.
/// - **Layout**: with thousands of clients each look at one is a cache miss, so
///   what a packet for it touches is in the first line of 64 bytes, what a
///   packet of its own touches in the next two.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Client<S> {
    pub(super) generation: u32,
    state: State,
    pub(super) input: Input,
    pub(super) timers: Timers,
    pub(super) pauses: Pauses,
    pub(super) output: Output,
    pub(super) roles: Roles,
    /// What waits for the socket.
    pub(super) outbound: Outbound<Tag>,
    /// When the queue moved last, or began.
    pub(super) last_progress: Moment,
    /// Carried for `net`; never looked at here.
    pub socket: S,
    /// Packets so far.
    pub(super) ordinal: u64,

    /// Who it is; stays while closing, for the packets that are addressed to it.
    identity: Option<Identity>,
    /// When its rate will have allowed all that it has sent, in nanoseconds.
    pub(super) paid_until_ns: u64,
    pub(super) codec: Codec,
    /// Read, and not handled yet.
    pub(super) inbound: Vec<u8>,
    /// Shared by all connections of its address; none, if that is trusted.
    pub(super) budget: Option<Arc<AddressBudget>>,

    /// While greeting: when the last byte came. Then: since when they are here.
    pub(super) since: Moment,
    /// What few connections have.
    cold: Option<Box<ColdState>>,
    /// What it has to do with stored packets. Not with the rest of the above: a packet for
    /// thousands touches it.
    pub(super) stored: Option<Box<StoredState>>,
    /// The server's address on this connection, with which all packets to it
    /// begin.
    pub(super) local: CompactString,
    pub(super) peer: IpAddr,
    /// What its transport holds for it besides, in bytes: records that aren't whole.
    pub(super) transport_bytes: u32,
    /// Secrets may go over it: it is encrypted, or of this machine.
    pub(super) secure: bool,
    /// Its address has paid for its login.
    pub(super) login_paid: bool,
    /// It had to wait for that, and its time to greet begins anew when it is over.
    pub(super) greets_late: bool,
}

/// Why a connection is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// An operator wants it; the reason is said.
    Kicked { reason: Arc<str> },
    /// It read nothing for too long, or is closed to free memory.
    Stuck,
    /// It is closed to free memory of kept input.
    Full,
}

/// State that few connections have, kept out of the hot cache lines.
#[derive(Debug, Default)]
pub struct ColdState {
    /// Keys of the rooms they are in.
    pub rooms: Vec<Arc<str>>,
    /// Rooms to which a guest was invited, and which ones these were: their keys may be
    /// others' later.
    pub invited: Vec<(Arc<str>, Option<RoomId>)>,
    pub last_broadcast: Option<Moment>,
    /// How many wrong tokens there were.
    pub wrong_tokens: u32,
    /// What it is told at the end of its delay.
    pub owed: Option<Code>,
    /// Of accounts' sessions, and those who may become one.
    pub account: Option<Box<AccountState>>,
    /// What it has sent and the store has not dealt with yet.
    pub posts: PostsUnderWay,
    /// Room messages since other workers were last waited for.
    pub publishes_in_flight: u8,
    /// Fences that are not back yet, once it is closing.
    pub fences: u32,
    /// The list that it is being sent.
    pub listing: Option<Box<Listing>>,
    /// Why it is being removed, once its input is drained.
    pub removal: Option<Removal>,
}

/// Packets of one connection on their way to the store, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostsUnderWay {
    pub count: u32,
    pub bytes: usize,
}

impl<S> Client<S> {
    pub(super) fn new(
        socket: S,
        peer: IpAddr,
        local: CompactString,
        budget: Option<Arc<AddressBudget>>,
        now: Moment,
    ) -> Self {
        Self {
            generation: 0,
            state: State::Greeting,
            input: Input::Open,
            pauses: Pauses::default(),
            timers: Timers::default(),
            output: Output::default(),
            roles: Roles::default(),
            outbound: Outbound::default(),
            last_progress: now,
            socket,
            identity: None,
            ordinal: 0,
            paid_until_ns: 0,
            codec: Codec::default(),
            inbound: Vec::new(),
            since: now,
            cold: None,
            stored: None,
            local,
            peer,
            transport_bytes: 0,
            secure: peer.is_loopback(),
            login_paid: false,
            greets_late: false,
            budget,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Greeting → claiming.
    pub(super) fn begin_claiming(&mut self, identity: Identity) {
        debug_assert_eq!(self.state, State::Greeting);
        self.state = State::Claiming;
        self.identity = Some(identity);
    }

    /// Claiming → greeting, before it is refused. Returns its identity.
    pub(super) fn abandon_claim(&mut self) -> Option<Identity> {
        debug_assert_eq!(self.state, State::Claiming);
        self.state = State::Greeting;
        self.identity.take()
    }

    /// Claiming → user.
    pub(super) fn become_user(&mut self, now: Moment) {
        debug_assert_eq!(self.state, State::Claiming);
        self.state = State::User;
        self.since = now;
    }

    /// Greeting, challenged or user → closing, behind so many fences. Nothing more of its
    /// input is handled; its roles are gone. Returns the rooms that it was in.
    pub(super) fn begin_closing(&mut self, mode: CloseMode, fences: u32) -> Vec<Arc<str>> {
        debug_assert!(!self.is_closing());
        self.state = State::Closing(mode);
        self.inbound = Vec::new();
        self.pauses = Pauses::default();
        self.roles &= Roles::SEVERAL;
        let several = !self.roles.is_empty();
        self.stored = None;
        let cold = self.cold.take().map(|cold| *cold).unwrap_or_default();
        let ColdState { rooms, removal, account, posts, .. } = cold;
        if fences > 0 || removal.is_some() || several {
            let account = if several { account } else { None };
            *self.cold() = ColdState { fences, removal, account, posts, ..ColdState::default() };
        }
        rooms
    }

    /// Another close mode for one that is closing already.
    pub(super) fn set_close_mode(&mut self, mode: CloseMode) {
        debug_assert!(self.is_closing() && !self.is_lingering());
        self.state = State::Closing(mode);
    }

    /// Closing → lingering.
    pub(super) fn begin_lingering(&mut self) {
        debug_assert_eq!(self.state, State::Closing(CloseMode::Linger));
        self.state = State::Lingering;
    }

    /// Its name as the server's packets address it: empty before the welcome.
    pub(super) fn name(&self) -> &str {
        self.identity.as_ref().map_or("", Identity::name)
    }

    /// Who it is, while it is here.
    pub(super) fn identity(&self) -> Option<&Identity> {
        if self.is_user() { self.identity.as_ref() } else { None }
    }

    /// Who it is, or was, while it is closing.
    pub(super) fn last_identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    pub(super) fn is_greeting(&self) -> bool {
        self.state == State::Greeting
    }

    pub(super) fn is_claiming(&self) -> bool {
        self.state == State::Claiming
    }

    pub(super) fn is_challenged(&self) -> bool {
        self.state == State::Challenged
    }

    pub(super) fn is_user(&self) -> bool {
        self.state == State::User
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.state, State::Closing(_) | State::Lingering)
    }

    pub(super) fn is_lingering(&self) -> bool {
        self.state == State::Lingering
    }

    /// Why its next packet has to wait. Behind a reset, or while it is removed, it
    /// waits for its quantum and for what it said to many, and nothing else; when the
    /// server stops, for a query, the store or a list as well, whose answers come first.
    pub(super) fn effective_pauses(&self, stopping: bool) -> Pauses {
        match self.input {
            Input::Drain { .. } | Input::Broken | Input::Reset => {
                self.pauses & (Pauses::QUANTUM | Pauses::FAN_OUT)
            }
            Input::Open | Input::Ended if stopping => {
                let answers = Pauses::QUERY | Pauses::STORE | Pauses::LISTING;
                self.pauses & (answers | Pauses::QUANTUM | Pauses::FAN_OUT)
            }
            Input::Open | Input::Ended => self.pauses,
        }
    }

    /// Whether nothing at all makes its next packet wait.
    #[inline]
    pub(super) fn may_be_heard(&self, now: Moment, pace: &Pace) -> bool {
        self.pauses.is_empty() && !self.input.is_final() && !self.is_over_rate(now, pace)
    }

    /// Whether its rate forbids another packet now.
    pub(super) fn is_over_rate(&self, now: Moment, pace: &Pace) -> bool {
        self.paid_until_ns + pace.interval_ns > now.0 + pace.saved_up_ns
    }

    /// Counts a packet, which is paid for; its ordinal.
    pub(super) fn count(&mut self, now: Moment, pace: &Pace) -> u64 {
        self.paid_until_ns = self.paid_until_ns.max(now.0) + pace.interval_ns;
        self.ordinal += 1;
        self.ordinal
    }

    /// Bytes that wait for its socket.
    pub fn queued_bytes(&self) -> usize {
        self.outbound.queued_bytes()
    }

    /// Whether somebody's packet waits, and not only what the server says.
    pub(super) fn keeps_packets(&self) -> bool {
        self.outbound.has(|tag| tag.is_some())
    }

    /// Whether anything can still be said to it. One that is being removed is
    /// told no more than its queue is meant to hold, but for the reason at the end.
    pub(super) fn can_be_told(&self, queue_bytes_max: usize) -> bool {
        let is_over = self.is_being_removed() && self.queued_bytes() > queue_bytes_max;
        !self.output.torn && !self.is_lingering() && !self.input.is_gone() && !is_over
    }

    /// Whether what it had sent is still being handled before it is removed.
    fn is_being_removed(&self) -> bool {
        self.cold.as_ref().is_some_and(|cold| cold.removal.is_some()) && !self.is_closing()
    }

    /// Bytes in front of the text in the server's packets to it.
    pub(super) fn head_bytes(&self, endpoint: Endpoint) -> usize {
        let fixed =
            packet::FROM_NAME.len() + packet::IP.len() + packet::TO.len() + packet::MSG.len();
        fixed + endpoint.name().len() + self.local.len() + self.name().len()
    }

    /// Bytes of a list that is being sent to it for long.
    pub(super) fn old_list_bytes(&self, now: Moment) -> usize {
        let listing = self.cold.as_ref().and_then(|cold| cold.listing.as_ref());
        listing
            .filter(|listing| now.since(listing.began) >= limits::LIST_PATIENCE)
            .map_or(0, |listing| listing.bytes())
    }

    pub(super) fn cold(&mut self) -> &mut ColdState {
        self.cold.get_or_insert_default()
    }

    /// Fences that are not back yet.
    pub(super) fn fences(&self) -> u32 {
        self.cold.as_ref().map_or(0, |cold| cold.fences)
    }
}

// The layout that the docstring promises, with a socket as `net` has it.
const _: () = {
    type Usual = Client<[u32; 4]>;
    assert!(std::mem::offset_of!(Usual, identity) == 64);
    assert!(std::mem::offset_of!(Usual, paid_until_ns) <= 128 + 8);
    assert!(std::mem::offset_of!(Usual, since) <= 192);
    assert!(size_of::<Usual>() == 256);
};
