//! **Rooms of accounts** in the chat: who owns one, who stays in it while away, who may come
//! in. Pure, as all of `chat`. Never: keeping them, which the store does, or what is said in
//! one (`archive`).
//!
//! # Who knows what
//!
//! Every shard knows all rooms with an owner, as the store tells it. The home of an account's
//! name knows in which of them it is, so its sessions are in them from their welcome on; the
//! home of a room has all its members, those who are away too. What changes is committed
//! first, then told to all shards, then to who has asked. So whoever sees an answer finds the
//! change everywhere: queries about rooms take their turn behind what the store has said.
//!
//! What concerns guests is in memory: an invitation is with the connection, and the home of a
//! name knows from which rooms that is barred.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`state`] | whose accounts are in which rooms, invitations to be told, bars |
//! | [`about`] | what is asked of the home of somebody's name, and on the way of an answer |
//! | `permits` | who may see a room, come in, change it |
//! | `requests` | requests to the store, and what comes of each |
//! | `joining` | accounts join and leave, rooms get owners |
//! | `calls` | `/room` |
//! | `people` | `/invite`, `/expel` |
//! | `notices` | what the store tells every shard |
//! | `home` | what the home of a room knows of it |
//! | `news` | who is in a room is told that it has changed |

pub(super) mod about;
mod calls;
mod home;
mod joining;
mod news;
mod notices;
mod people;
mod permits;
mod requests;
pub(super) mod state;
