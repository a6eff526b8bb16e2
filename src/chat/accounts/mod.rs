//! **Accounts** in the chat: whose name it is, who is logged in, who stays out. Pure, as
//! all of `chat`. Never: where accounts are kept, or whether a secret is right, which
//! the store knows.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`known`] | the table of accounts at home here, and the guarded skeletons |
//! | [`bans`] | who stays out |
//! | [`sessions`] | which connections are sessions of an account |
//! | [`asks`] | requests to the store whose replies are awaited |
//! | `secrets` | what a client says about secrets, parsed and checked |
//! | `store` | requests go out, replies come in |
//! | `start` | what all shards learn before anybody comes |
//! | `notices` | what the store tells every shard |
//! | `greeting` | an account's name in a greeting: the challenge |
//! | `login` | `/login`, and what may be said until the welcome |
//! | `session` | a session begins, ends, is ended |
//! | `several` | packets for an account with several sessions |
//! | `calls` | the endpoints about one's own account |
//! | `banning` | the endpoints about bans |
//! | `times` | times of day as the wire has them |
//! | `sweep`, `sweep_queue` | those who have to go are looked for, a slice a tick |

pub(super) mod asks;
mod banning;
pub(super) mod bans;
mod calls;
mod greeting;
pub(super) mod known;
mod login;
mod notices;
mod secrets;
mod session;
pub(super) mod sessions;
mod several;
mod start;
mod store;
mod sweep;
pub(super) mod sweep_queue;
mod times;

pub(super) use store::endpoint_of;
pub(super) use times::time;
