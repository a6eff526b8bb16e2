//! **The terminal client.** Speaks through [`crate::connect`] and sees nothing of
//! the server: no `net`, no `chat`.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`settings`] | flags, environment, configuration file |
//! | [`typed`] | what a typed line means |
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
//! | [`terminal`], [`wait`] | the terminal taken over; waiting for key, packet or signal |

pub mod byte_queue;
pub mod keymap;
pub mod keys;
pub mod live;
pub mod model;
pub mod plain;
pub mod reader;
pub mod route;
pub mod safe;
pub mod screen;
pub mod script;
pub mod secret;
pub mod settings;
pub mod terminal;
pub mod transcript;
pub mod typed;
pub mod wait;

use crate::connect::{self, Connection, Deadline, Greeting, Server};
use crate::limits::NAME_FREED_AFTER;
use crate::wire::{Code, Name};
use jiff::tz::TimeZone;
use model::Options;
use screen::theme::Theme;
use settings::Settings;
use std::fmt;
use std::time::Duration;
use transcript::Transcript;

/// Why the client ends other than well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// What was asked for makes no sense; exit code 2.
    Usage(String),
    /// It didn't work: refused, unreachable, lost; exit code 1.
    Failed(String),
}

/// The plain client's own part of `/help`.
pub const HELP_PLAIN: &str = "\
@NAME text         send text to NAME (or to #ROOM)
/to NAME           from now on lines go to NAME (or to #ROOM)
/msg NAME text     as @NAME text
/join #ROOM        join a room; from now on lines go there
/list /who NAME /time /rooms /members #ROOM ...
                   ask the server; it explains all of them below
//text             a line that begins with a slash
/quit              leave";

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
        return plain::run(settings, &name, as_json);
    }
    let transcript =
        match &settings.log {
            Some(folder) => Some(Transcript::open(folder, &server).map_err(|error| {
                Error::failed(format!("the log in {}: {error}", folder.display()))
            })?),
            None => None,
        };
    let options = Options {
        server: server.to_string(),
        bell: settings.bell,
        zone: TimeZone::system(),
        seed: fastrand::u64(..),
        rooms: settings.rooms.clone(),
        keeps_log: transcript.is_some(),
    };
    let theme = Theme { colors: settings.has_colors(), palette: settings.palette };
    let extras = live::Extras { transcript, keymap: settings.keymap.clone() };
    live::run(&server, &name, settings.timeout, options, theme, extras)
}

/// Connects to a server and greets it, within `timeout`.
///
/// # Errors
/// As [`Connection::open`].
fn open(server: &Server, name: &Name, timeout: Duration) -> Result<Connection, connect::Error> {
    Connection::open(server, Greeting::Name(name.shown()), Deadline::after(timeout))
}

/// Connects to a server and greets it; where the name is taken, takes it back
/// from a connection of ours that broke, by the secret that its `/resume` was
/// answered with. True: by the latter, whose greeting was packet 1.
///
/// # Errors
/// As [`Connection::open`]; refused where that connection is not the one with
/// the name.
fn open_or_resume(
    server: &Server,
    name: &Name,
    secret: Option<&str>,
    timeout: Duration,
) -> Result<(Connection, bool), connect::Error> {
    match (open(server, name, timeout), secret) {
        (Err(error), Some(secret)) if is_name_taken(&error) => {
            let greeting = Greeting::Packet { name: name.shown(), to: "/resume", msg: secret };
            Ok((Connection::open(server, greeting, Deadline::after(timeout))?, true))
        }
        (result, _) => Ok((result?, false)),
    }
}

/// Whether somebody has our name, perhaps a lost connection of ours.
fn is_name_taken(error: &connect::Error) -> bool {
    matches!(error, connect::Error::Refused(refusal) if refusal.is(Code::NameTaken))
}

impl Error {
    fn failed(words: impl Into<String>) -> Self {
        Self::Failed(words.into())
    }

    /// There is no connection to that server.
    fn unreachable(server: &Server, error: &connect::Error) -> Self {
        use connect::Error::{NotLanline, Refused};
        Self::Failed(match error {
            Refused(_) if is_name_taken(error) => format!(
                "{error} If that is yourself, by a connection that broke: the server gives it up \
                 within {} s.",
                NAME_FREED_AFTER.as_secs()
            ),
            Refused(_) => error.to_string(),
            NotLanline => format!("what answers at {server} is no Lanline server"),
            error => format!("can't reach {server}: {error}"),
        })
    }

    /// A connection that stood is lost.
    fn lost(error: &connect::Error) -> Self {
        Self::Failed(format!("connection lost: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(words) | Self::Usage(words) => f.write_str(&safe::line(words)),
        }
    }
}

impl std::error::Error for Error {}
