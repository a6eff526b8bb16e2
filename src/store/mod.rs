//! **The store**: accounts, tokens, invitations, bans and stored packets in a database in
//! the data directory. Never: threads, sockets, how a secret is hashed (`secrets`), what clients may
//! ask for (`chat`).
//!
//! The [`Desk`] takes requests, and hands out what is to be hashed. What has come
//! meanwhile is one transaction: [`Desk::commit`] writes it with one `fsync`, and only
//! then gives the replies and notices, in order.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `schema` | the layout of the database, by version |
//! | `open` | made new, brought up to date, or refused |
//! | `looking`, `checking` | whether it is damaged: at a start; everywhere, when asked |
//! | [`error`] | why a store can't be had |
//! | `accounts`, `tokens`, `bans` | their rows |
//! | `log` | stored packets |
//! | `keeping` | how long they are kept |
//! | `database` | a connection, its transaction, and its failures |
//! | `rooms` | rooms with an owner, and who is in them |
//! | [`order`] | what operators ask for by the command line |
//! | [`desk`] | who may do what, and what follows |

mod accounts;
mod bans;
mod checking;
mod database;
pub mod desk;
pub mod error;
mod keeping;
mod log;
mod looking;
mod open;
pub mod order;
mod rooms;
mod schema;
mod tokens;

pub use checking::check;
pub use database::Database;
pub use desk::{Answer, Clock, Desk, Done, Sum, Summed};
pub use error::StoreError;
pub use keeping::{Keeping, SharedKeeping};
pub use open::FILE;
pub use order::{AccountRow, Order, RoomOrder, RoomRow, StoreInfo, Told};
