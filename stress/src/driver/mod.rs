//! **The driver**: thousands of sockets in one poll loop, and the two things
//! that its bots see of it. Never: what a bot says, or to whom.
//!
//! A [`Crowd`] is the script of all bots of a loop. It is told what happened
//! and answers with its [`Hands`]: it never sees a socket or a clock, so a
//! test can play it through without either.

mod crowd;
mod event_loop;
mod hands;
mod link;

pub(crate) use crowd::{Crowd, End};
pub(crate) use event_loop::{Driver, Target};
pub(crate) use hands::{Bot, Hands, Order};
pub(crate) use link::{Security, client};
