//! What reading, writing and an event have to say about a transport.

use mio::event::Event;

/// What one [`receive`](super::Transport::receive) brought: bytes first, if
/// any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// So many bytes, maybe none; an event will tell when there are more.
    Drained(usize),
    /// So many bytes, maybe none; more may be there already, and no event will
    /// tell of them.
    MaybeMore(usize),
    /// It is plain where TLS is required.
    Unencrypted,
    /// The peer has closed its sending half.
    End,
    /// The connection is gone.
    Broken,
}

/// What one [`send`](super::Transport::send) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// So many bytes were taken. A blocked transport takes no more before an
    /// event says that it has room.
    Taken { bytes: usize, blocked: bool },
    /// The connection can't be written any more.
    Broken,
}

/// What an event says of a transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    pub readable: bool,
    pub writable: bool,
    /// The end of the stream, or an error, is behind what is left to read.
    pub ended: bool,
    /// It was reset, or both ways are closed.
    pub broken: bool,
}

impl Readiness {
    pub fn of(event: &Event) -> Self {
        Self {
            readable: event.is_readable(),
            writable: event.is_writable(),
            ended: event.is_read_closed() || event.is_error(),
            broken: event.is_error(),
        }
    }
}
