//! Why there is no connection, or no answer, in words for people.

use super::sender::TooLong;
use crate::wire::Refusal;
use std::time::Duration;
use std::{fmt, io};

/// What went wrong between us and a server.
#[derive(Debug)]
pub enum Error {
    /// The host's name leads nowhere.
    NoSuchHost(io::Error),
    /// Nothing listens there, or the connection was lost.
    Io(io::Error),
    /// The server closed the connection without saying why.
    Closed,
    /// The server's own word.
    Refused(Refusal),
    /// What answers there doesn't speak the protocol.
    NotLanline,
    /// The server sends a packet that goes on for too long.
    Endless,
    /// The server answers with pages that make no list.
    BadList(&'static str),
    /// Ours would be too long.
    TooLong(TooLong),
    /// It took longer than this.
    TimedOut(Duration),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchHost(error) => write!(f, "no such host: {error}"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Closed => f.write_str("it closed the connection without a word"),
            Self::Refused(refusal) => write!(f, "refused: {}", refusal.in_words()),
            Self::NotLanline => f.write_str("what answers there is no Lanline server"),
            Self::BadList(why) => f.write_str(why),
            Self::Endless => f.write_str("a packet without an end"),
            Self::TooLong(error) => write!(f, "{error}"),
            Self::TimedOut(timeout) => write!(f, "no answer in {} s", timeout.as_secs_f32()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoSuchHost(error) | Self::Io(error) => Some(error),
            Self::TooLong(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TooLong> for Error {
    fn from(error: TooLong) -> Self {
        Self::TooLong(error)
    }
}
