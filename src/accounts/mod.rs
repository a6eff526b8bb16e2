//! **Accounts**: the words in which the chat and the store talk about them: what an
//! account, a session's rights and a ban are; what is asked of the store, what it
//! replies, and what it tells every worker. Pure. Never: what a client may ask for
//! (`chat`), where accounts are kept (`store`), how a secret is hashed (`secrets`).
//!
//! # Who knows what
//!
//! Every shard knows the names, roles and locks of the accounts whose home it is, the
//! skeletons of all accounts whose home it is, and all bans. So a guest's login
//! asks nobody. Everything that concerns a secret is asked of the store
//! ([`Request`]), by message; its [`Reply`] comes back by message, to the connection that asked.
//!
//! What changes is told to every shard ([`Notice`]), once it is committed, in the order of
//! the commits, and before the reply to whoever asked for the change.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`account`] | an account, its role |
//! | [`ban`] | what is banned, until when |
//! | [`duration`] | `30m`, `12h`, `7d`, `forever` |
//! | [`label`] | the name of a token |
//! | [`password`] | what may be one |
//! | [`request`] | requests, replies, notices |

pub mod account;
pub mod ban;
pub mod duration;
pub mod label;
pub mod password;
pub mod request;

pub use crate::wire::Secret;
pub use account::{Account, AccountId, Role, TokenId};
pub use ban::{Ban, Banned};
pub use duration::Span;
pub use label::Label;
pub use password::BadPassword;
pub use request::{Failure, Notice, Proof, Reply, Request, TokenRow};
