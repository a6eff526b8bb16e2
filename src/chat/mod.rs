//! **Chat**: names, rooms, who may send what to whom, and the outcome of every
//! packet. Pure: bytes and the time go in, effects come out. No socket, no
//! clock, no thread, no log; a worker of `net` carries the effects out, and a
//! simulation can run a whole server of shards in one thread.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`shard`] | one worker's share of the chat: its state, what goes in and comes out |
//! | [`effect`] | what a worker has to do, what an operator may want to know |
//! | [`client`] | one connection: its state machine (`LIFECYCLE.md`), its layout |
//! | `accounts` | whose name it is: logins, the endpoints of accounts, bans |
//! | `archive` | what is stored before it is seen: posted, handed on, replayed |
//! | `owned` | rooms of accounts: who owns one, who stays in it, who may come in |
//! | `address` | what one address may do, however many connections it opens |
//! | `clients` | the slab of them, with generations |
//! | `input` | a client's bytes: paced, framed, handed on packet by packet |
//! | `register` | a greeting's name moves to its home and is claimed there |
//! | `claiming`, `skeletons` | ... and its skeletons at theirs, so that confusable names are refused |
//! | `resume` | the secret that takes a name back |
//! | `routing` | where a recipient is, and the way back for what can't be delivered |
//! | `delivery` | packets for users and rooms |
//! | `fan_out`, `fan_outs` | what is for many, a slice at a time |
//! | `mail` | what other shards have sent, within the tick's budget |
//! | `endpoints` | the table of the server's own endpoints |
//! | `operators`, `room_calls` | some of them |
//! | `query`, `query_protocol` | what other shards have a part in |
//! | `replies` | the server's own packets: answers, refusals, pages |
//! | `lists`, `snapshot`, `listing` | lists of users and rooms: made in slices, sent in pages |
//! | `presence` | who comes and goes, told to those who want to know |
//! | [`work`] | what work costs, and who pays for it |
//! | `flush` | from queue to socket |
//! | `close` | closing connections: at their end, kicked, refused, stuck, lost |
//! | `memory`, `memory_bounds` | bounds on the memory of all connections together |
//! | [`message`] | what shards send each other |
//! | `directory`, `rooms` | the tables: names, rooms, members |
//! | `invariants` | what holds between two entries, for debug builds |
//! | `timers`, `timer_queue` | what is done when a time is over |
//! | [`settings`], [`counters`], [`id`] | settings, counters, handles |

mod accounts;
mod address;
mod archive;
mod claiming;
pub mod client;
mod clients;
mod close;
pub mod counters;
mod delivery;
mod directory;
pub mod effect;
mod endpoints;
mod fan_out;
mod fan_outs;
mod flush;
pub mod id;
mod input;
mod invariants;
mod listing;
mod lists;
mod mail;
mod memory;
mod memory_bounds;
pub mod message;
mod operators;
mod owned;
mod presence;
mod presence_news;
mod query;
mod query_protocol;
mod register;
mod replies;
mod resume;
mod room_calls;
mod rooms;
mod routing;
pub mod settings;
pub mod shard;
mod skeletons;
mod snapshot;
mod timer_queue;
mod timers;
mod wiping;
pub mod work;

pub use address::AddressBudget;
pub use archive::posted::{ArchiveRequest, Posted, Posts};
pub use counters::Counters;
pub use effect::{Effect, Ended, Report, StoreRequest};
pub use id::{ConnId, Moment, WorkerId};
pub use memory_bounds::TooMuch;
pub use message::{Batch, Committed, ShardMessage};
pub use replies::admission_refusal;
pub use settings::{Accounts, LookAlikes, Settings, StoreFailure};
pub use shard::{Shard, Topology};

pub use crate::wire::Code;
