//! The state machine of one connection: how far it is, what its input and its
//! output are doing, why it is paused, which timers are armed. The table of
//! transitions is in `LIFECYCLE.md` beside this folder. Never: what a
//! transition does to others.

use bitflags::bitflags;

/// How far a connection is. Only ever moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not said who it is.
    Greeting,
    /// Its name is an account's, or may be; it has to log in.
    Challenged,
    /// It has greeted; its name and this one's skeletons are being claimed.
    Claiming,
    /// It has a name.
    User,
    /// It has left the chat. What is queued is flushed, then the close mode
    /// says what happens.
    Closing(CloseMode),
    /// The sending half is closed; it is read until the peer hangs up.
    Lingering,
}

/// What follows once a closing connection is flushed and its fences are back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseMode {
    /// Close the socket: its input has ended.
    Close,
    /// Say `bye`, then linger (or close, if the input has ended).
    Bye,
    /// Close the sending half, read on for a moment, close: a reset would
    /// destroy what the peer has not read yet.
    Linger,
}

/// What can still come from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// More bytes may come.
    Open,
    /// The peer closed its sending half; what came before is still handled.
    Ended,
    /// It is being removed; what it sent before is still handled, without
    /// waiting for its rate or its queue.
    Drain { ended: bool },
    /// Its socket can't be written any more. What it had sent is still read, up
    /// to the error that ends it.
    Broken,
    /// The connection is gone; what came before is still handled.
    Reset,
}

impl Input {
    /// Whether no more bytes will come.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Ended | Self::Reset | Self::Drain { ended: true })
    }

    /// Whether pauses don't count: what is left is handled to its end.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Drain { .. } | Self::Broken | Self::Reset)
    }

    /// Whether it is being removed.
    pub fn is_drained(self) -> bool {
        matches!(self, Self::Drain { .. })
    }

    /// Whether nobody is left who could be told anything.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Broken | Self::Reset)
    }
}

/// Who flushes what is queued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flush {
    /// Nobody: nothing is queued, or the socket has to become writable first.
    #[default]
    Idle,
    /// An effect of this tick.
    Queued,
    /// The bulk flush queue.
    Bulk,
    /// Both: what came behind a frame for many could not wait.
    QueuedAndBulk,
}

impl Flush {
    /// An effect of this tick flushes it. Whether that effect is new.
    pub fn queue(&mut self) -> bool {
        let before = *self;
        *self = match before {
            Self::Idle | Self::Queued => Self::Queued,
            Self::Bulk | Self::QueuedAndBulk => Self::QueuedAndBulk,
        };
        before != *self
    }

    /// The effect has been carried out.
    pub fn unqueue(&mut self) {
        *self = match *self {
            Self::Idle | Self::Queued => Self::Idle,
            Self::Bulk | Self::QueuedAndBulk => Self::Bulk,
        };
    }

    /// The bulk flush queue flushes it, unless it is flushed anyway. Whether it
    /// is new there.
    pub fn queue_bulk(&mut self) -> bool {
        let idle = *self == Self::Idle;
        if idle {
            *self = Self::Bulk;
        }
        idle
    }

    /// It has been taken from the bulk flush queue.
    pub fn unqueue_bulk(&mut self) {
        *self = match *self {
            Self::Idle | Self::Bulk => Self::Idle,
            Self::Queued | Self::QueuedAndBulk => Self::Queued,
        };
    }
}

/// What a connection's output is doing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    pub flush: Flush,
    /// Its socket took no more when it was last asked.
    pub blocked: bool,
    /// Its queue was emptied behind a packet that is sent in part: nothing can
    /// follow on the wire any more.
    pub torn: bool,
    /// If its socket takes no more now, the connection is dropped.
    pub final_flush: bool,
}

bitflags! {
    /// Why the next packet of a connection has to wait.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Pauses: u16 {
        /// It is over its rate, until a timer ends that.
        const RATE = 1;
        /// Its own queue is over the bound, until it has been flushed.
        const QUEUE = 1 << 1;
        /// A query of its is under way, until the replies are here.
        const QUERY = 1 << 2;
        /// It gave a wrong token or secret, until a timer has it answered.
        const AUTH_BACKOFF = 1 << 3;
        /// It has used up its quantum, until the next tick.
        const QUANTUM = 1 << 4;
        /// A list is on its way to it, until its last page.
        const LISTING = 1 << 5;
        /// Its address is over its rate, until a timer ends that.
        const ADDRESS_RATE = 1 << 6;
        /// What it said to many has yet to be put into their queues.
        const FAN_OUT = 1 << 7;
        /// The store has a request of its, until it has replied.
        const STORE = 1 << 8;
        /// Too much that it, or everybody, has said is on its way to the store.
        const POSTS = 1 << 9;
        /// Its account is over its share of the disk's time, until a timer ends that.
        const STORE_RATE = 1 << 10;
        /// What is stored for it is handed to it, until `/replay` is answered.
        const REPLAY = 1 << 11;
    }

    /// The roles of a user, and what others know of it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Roles: u8 {
        const OPERATOR = 1;
        /// ... because of a token, and not of its account.
        const BY_TOKEN = 1 << 1;
        /// It is a session of an account ...
        const ACCOUNT = 1 << 2;
        /// ... that has, or had, several of them while this one is here.
        const SEVERAL = 1 << 3;
        /// Others were told that it came.
        const ANNOUNCED = 1 << 4;
        /// Has sent something that other shards may have to refuse.
        const SENT_REMOTELY = 1 << 5;
        /// Stored packets wait in its queue, or in the store until that has room.
        const STORED = 1 << 6;
    }

    /// Timers of a connection that are armed.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Timers: u16 {
        /// It has to have greeted.
        const GREETING = 1;
        /// Silence ends a bare name.
        const SILENCE = 1 << 1;
        /// It is over its rate.
        const RATE = 1 << 2;
        /// A wrong token is to be answered.
        const AUTH_BACKOFF = 1 << 3;
        /// Its queue has to have moved.
        const STUCK = 1 << 4;
        /// A connection that was told to go is closed.
        const LINGER = 1 << 5;
        /// The replies to its query have to be here.
        const QUERY = 1 << 6;
        /// It has stayed long enough for others to be told that it came.
        const PRESENCE = 1 << 7;
        /// Its address is over its rate.
        const ADDRESS_RATE = 1 << 8;
        /// The replies to its claims have to be here.
        const CLAIM = 1 << 9;
        /// It has to have logged in.
        const LOGIN = 1 << 10;
        /// The store has to have replied.
        const STORE = 1 << 11;
        /// A page of stored packets has to be here, or is fetched again.
        const STORED = 1 << 12;
        /// Its account may be within its share of the disk's time.
        const STORE_RATE = 1 << 13;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_state_machine_fits_its_bytes() {
        assert_eq!(size_of::<State>() + size_of::<Input>() + size_of::<Output>(), 6);
    }
}
