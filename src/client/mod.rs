//! **The terminal client.** Speaks through [`crate::connect`], shows itself
//! through [`crate::terminal`], and sees nothing of the server: no `net`, no
//! `chat`.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `error`, `open` | why it ends other than well; the connection and the greeting |
//! | [`settings`] | flags, environment, configuration file |
//! | `system` | folders, signals, echo: where systems differ |
//! | [`credentials`], [`no_echo`], [`masked`] | what shows that a name is ours; asking for it unseen |
//! | [`proof`] | what is wrong with it, in words |
//! | [`dialog`] | the same in the middle of a chat: which questions |
//! | [`login`], [`account`] | a token stored, revoked; an account made, its password changed |
//! | [`refusals`] | what to do about a refusal |
//! | [`typed`] | what a typed line means |
//! | [`protection`] | how the connection is protected, in words |
//! | [`secret`] | what takes our name back after a crash |
//! | [`route`] | whether there is a way to the server |
//! | [`transcript`] | conversations written to files |
//! | [`safe`] | what others wrote, made fit for a terminal |
//! | [`reader`] | the thread that connects, and reads the socket |
//! | [`plain`] | the client for pipes and simple terminals: lines in, lines out |
//! | [`script`] | one question, one answer, an exit code |
//! | [`model`] | the full-screen client's state: pure, events in, effects out |
//! | [`screen`] | that state drawn |
//! | [`keys`], [`keymap`] | which key means what; what the configuration makes of it |
//! | [`byte_queue`] | what two threads hand on, bounded in bytes |
//! | [`live`] | threads, terminal, socket put together |
//! | `full_screen` | from settings to all that it takes |

pub mod account;
pub mod byte_queue;
pub mod credentials;
pub mod dialog;
mod error;
#[cfg(unix)]
mod full_screen;
pub mod keymap;
pub mod keys;
#[cfg(unix)]
pub mod live;
pub mod login;
pub mod masked;
pub mod model;
pub mod no_echo;
mod open;
pub mod plain;
pub mod proof;
pub mod protection;
pub mod reader;
pub mod refusals;
pub mod route;
pub mod safe;
pub mod screen;
pub mod script;
pub mod secret;
pub mod settings;
mod system;
pub mod transcript;
pub mod typed;

pub use error::Error;

use settings::Settings;

/// Chats until the user or the server has enough: full-screen in a terminal,
/// line by line where there is none, or where it is asked for.
///
/// # Errors
/// [`Error::Usage`] without a usable name, [`Error::Failed`] where the greeting
/// is refused or the connection lost.
pub fn chat(settings: &Settings, as_json: bool, as_plain: bool) -> Result<(), Error> {
    let name = settings.name()?;
    #[cfg(unix)]
    if !as_json && !as_plain && settings::has_screen() {
        return full_screen::chat(settings, &name);
    }
    let _ = as_plain;
    plain::run(settings, &name, as_json)
}
