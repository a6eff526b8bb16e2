//! **The wire**: bytes to packets and back, nothing else. Pure: no socket, no
//! clock, no thread, and no knowledge of what a packet is for.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`codec`] | bytes to packets, for each kind of stream that a connection may speak |
//! | [`packet`] | what is inside a packet: the strict schema, read and written |
//! | [`canonical`] | the same schema for the usual layout, without `serde_json` |
//! | [`text`] | the inside of a JSON string: escaped, unescaped, scanned |
//! | [`name`] | which names are valid, and which are the same |
//! | [`confusables`] | which names are confusable, which mix scripts |
//! | [`endpoint`], [`code`], [`answer`] | the vocabulary: endpoints, codes of refusals, first lines for programs |
//! | [`wipe`] | bytes that may hold a secret, overwritten |
//! | [`outbound`] | the queue of packets for one socket, with their senders |
//!
//! The server, the terminal client and the load harness all speak through
//! this folder; it knows none of them.

pub mod answer;
pub mod canonical;
pub mod code;
pub mod codec;
pub mod confusables;
pub mod endpoint;
pub mod name;
pub mod outbound;
pub mod packet;
pub mod secret;
pub mod text;
pub mod wipe;

pub use answer::{Page, Range, Refusal, Welcome, Who};
pub use code::Code;
pub use codec::json_stream::framer::{Framer, Step};
pub use codec::{Codec, Decoded};
pub use endpoint::Endpoint;
pub use name::{Name, NameError};
pub use outbound::{BufferPool, Frame, Outbound, Owned};
pub use packet::{Malformed, Packet, Received};
pub use secret::Secret;
pub use text::JsonText;
