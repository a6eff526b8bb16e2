//! Why there is no connection, or no answer, in words for people.

use crate::certificate::Fingerprint;
use crate::limits::PACKET_BYTES_DEFAULT;
use crate::wire::Refusal;
use std::io;
use std::time::Duration;

/// What we send at the most, in bytes of a packet: a server's default
/// `--max-packet`. A longer one would cost us the connection.
pub const SENT_PACKET_BYTES_MAX: usize = PACKET_BYTES_DEFAULT;

/// Why something secret stays here, for people.
pub const NOT_SECRET: &str = "nothing secret was sent: this connection is not encrypted, so whoever \
    is on the network in between could read it. Ask whoever runs the server to turn encryption on. \
    If this network is protected in another way, --plain sends it all the same";

/// What went wrong between us and a server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host's name leads nowhere.
    #[error("no such host: {0}")]
    NoSuchHost(#[source] io::Error),
    /// Nothing listens there, or the connection was lost.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// The server closed the connection without saying why.
    #[error("it closed the connection without a word")]
    Closed,
    /// The server's own word.
    #[error("refused: {}", .0.in_words())]
    Refused(Refusal),
    /// It asks whose name this is, and nothing was shown.
    #[error("that name has an account, and nothing shows that it is yours")]
    NoProof,
    /// It would have to go in plain text.
    #[error("{NOT_SECRET}")]
    NotSecret,
    /// TLS could not be agreed on.
    #[error("no encrypted connection: {0}")]
    Tls(#[source] rustls::Error),
    /// Its key is not the one that it should be.
    #[error("{}", wrong_key(*.shown, *.expected, *.is_wanted))]
    WrongKey {
        shown: Fingerprint,
        expected: Fingerprint,
        /// The user asked for that one, rather than that it was seen before.
        is_wanted: bool,
    },
    /// It was reached by TLS before, and has none now.
    #[error(
        "it was reached by TLS before, and answers without encryption now: somebody may be \
         listening in between. Ask who runs it; if that is meant, --plain connects this once, and \
         without its line in {path} it is new to you"
    )]
    Downgraded {
        /// The file of known servers.
        path: String,
    },
    /// Whether the server is known can't be found out.
    #[error("the file of known servers, {path}: {why}")]
    KnownServers {
        path: String,
        #[source]
        why: io::Error,
    },
    /// What answers there doesn't speak the protocol.
    #[error("what answers there is no Lanline server")]
    NotLanline,
    /// The server sends a packet that goes on for too long.
    #[error("a packet without an end")]
    Endless,
    /// The server answers with pages that make no list.
    #[error("{0}")]
    BadList(&'static str),
    /// Ours would be too long.
    #[error("{0}")]
    TooLong(#[from] TooLong),
    /// It took longer than this.
    #[error("no answer in {} s", .0.as_secs_f32())]
    TimedOut(Duration),
}

/// A packet that would be over [`SENT_PACKET_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too long: {bytes} bytes as a packet, {SENT_PACKET_BYTES_MAX} at the most")]
pub struct TooLong {
    /// How long it would be, in bytes.
    pub bytes: usize,
}

fn wrong_key(shown: Fingerprint, expected: Fingerprint, is_wanted: bool) -> String {
    match is_wanted {
        true => format!("its key is {shown}, and not the one that --fingerprint asks for"),
        false => format!(
            "its key is another one than before: either it was set up anew, or somebody is \
             listening in between. Ask who runs it for the fingerprint (lanline cert show there). \
             Only if it is {shown}, go on with --fingerprint {shown} (before: {expected})"
        ),
    }
}
