//! **Codecs**: bytes of a connection to packets, for each kind of stream that it
//! may speak. `chat` holds one for each connection and knows no kind; a new kind
//! (such as WebSocket's frames) is a folder beside [`json_stream`] and a variant
//! of [`Codec`]. Never: what a packet is for, sockets, encryption.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`json_stream`] | packets one behind the other, ended by their last brace |

mod decoded;
pub mod json_stream;

pub use decoded::Decoded;
pub use json_stream::greeting::Greeting;

use json_stream::JsonStream;

/// The kind of stream of a connection, and the state of reading it.
///
/// It keeps no bytes, only its state. Its caller keeps those that are not consumed
/// yet and passes them again, in front of what has come since; they are not scanned
/// twice, so the work is linear in the bytes.
#[derive(Clone, Debug)]
pub enum Codec {
    JsonStream(JsonStream),
}

impl Default for Codec {
    fn default() -> Self {
        Self::JsonStream(JsonStream::default())
    }
}

impl Codec {
    /// Looks for the greeting in all bytes kept so far. `ended` says that nothing
    /// follows: the stream has ended, or has been silent for long enough.
    pub fn greeting<'a>(&self, bytes: &'a [u8], ended: bool) -> Greeting<'a> {
        match self {
            Self::JsonStream(_) => json_stream::greeting::scan(bytes, ended),
        }
    }

    /// How many bytes at the start of `bytes` belong to no packet.
    #[inline]
    pub fn padding(&self, bytes: &[u8]) -> usize {
        match self {
            Self::JsonStream(stream) => stream.padding(bytes),
        }
    }

    /// Finds the next packet in `bytes`, which begin where the last call said to
    /// go on (or to keep). `limit` bounds a packet, in bytes.
    #[inline]
    pub fn next<'a>(&mut self, bytes: &'a [u8], limit: usize) -> Decoded<'a> {
        match self {
            Self::JsonStream(stream) => stream.next(bytes, limit),
        }
    }

    /// From here on packets may have a key of the sender's own, or no more.
    pub fn take_keys(&mut self, takes_keys: bool) {
        match self {
            Self::JsonStream(stream) => stream.takes_keys = takes_keys,
        }
    }

    /// Ends the stream: true if something was left unfinished, which is one
    /// malformed packet.
    pub fn finish(&mut self) -> bool {
        match self {
            Self::JsonStream(stream) => stream.finish(),
        }
    }
}
