//! **Ops**: what the people who run a server have in hand. Clients, by
//! [`crate::connect`], and readers of `/proc`; the server knows nothing of them.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`doctor`] | whether this machine can carry so many users |
//! | [`health`] | whether a server answers, for supervisors |
//! | [`top`] | what a server does, live in the terminal |
//! | [`container`] | whether we run in a container, and behind whose address |

#[cfg(target_os = "linux")]
pub mod container;
#[cfg(target_os = "linux")]
pub mod doctor;
pub mod health;
#[cfg(unix)]
pub mod top;
