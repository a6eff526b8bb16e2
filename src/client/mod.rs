//! **The terminal client.** Speaks through [`crate::connect`] and sees nothing of
//! the server: no `net`, no `chat`.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `error`, `open` | why it ends other than well; the connection and the greeting |
//! | [`settings`] | flags, environment, configuration file |
//! | [`typed`] | what a typed line means |
//! | [`safe`] | what others wrote, made fit for a terminal |
//! | [`plain`] | the client for pipes: lines in, lines out |
//! | [`script`] | one question, one answer, an exit code |
//! | [`model`] | the full-screen client's state: pure, events in, effects out |
//! | [`screen`] | that state drawn |
//! | [`keys`] | which key means what |
//! | [`byte_queue`] | what two threads hand on, bounded in bytes |
//! | [`live`] | threads, terminal, socket put together |
//! | [`terminal`], [`wait`] | the terminal taken over; waiting for key, packet or signal |

pub mod byte_queue;
mod error;
pub mod keys;
pub mod live;
pub mod model;
mod open;
pub mod plain;
pub mod safe;
pub mod screen;
pub mod script;
pub mod settings;
pub mod terminal;
pub mod typed;
pub mod wait;

pub use error::Error;

use jiff::tz::TimeZone;
use model::Options;
use screen::theme::Theme;
use settings::Settings;

/// Chats until the user or the server has enough: full-screen in a terminal,
/// line by line where there is none, or where it is asked for.
///
/// # Errors
/// [`Error::Usage`] without a usable name, [`Error::Failed`] where the greeting
/// is refused or the connection lost.
pub fn chat(settings: &Settings, as_json: bool, as_plain: bool) -> Result<(), Error> {
    let name = settings.name()?;
    let server = settings.target.server();
    if as_json || as_plain || !settings::has_screen() {
        return plain::run(&server, &name, settings.timeout, as_json);
    }
    let options = Options {
        server: server.to_string(),
        bell: settings.bell,
        zone: TimeZone::system(),
        seed: fastrand::u64(..),
    };
    live::run(&server, &name, settings.timeout, options, Theme { colors: settings.has_colors() })
}
