//! **The terminal client.** Speaks through [`crate::wire`] and sees nothing of
//! the server: no `net`, no `chat`.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`target`] | `[NAME@][HOST][:PORT]` |
//! | [`connection`] | the greeting, packets out with their ordinals, packets in |
//! | [`packet`] | what comes from a server, and its lines for programs |
//! | [`typed`] | what a typed line means |
//! | [`safe`] | what others wrote, made fit for a terminal |
//! | [`plain`] | the client for pipes: lines in, lines out |

pub mod connection;
pub mod keys;
pub mod live;
pub mod model;
pub mod packet;
pub mod plain;
pub mod safe;
pub mod screen;
pub mod target;
pub mod terminal;
pub mod typed;
pub mod wait;

use crate::wire::Name;
use std::fmt;
use target::Target;

/// What `lanline chat` was told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub target: Target,
    /// Packets as JSON lines on standard output.
    pub json: bool,
}

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

/// Chats until the user or the server has enough.
///
/// # Errors
/// [`Error::Usage`] without a usable name, [`Error::Failed`] where the greeting
/// is refused or the connection lost.
pub fn run(settings: &Settings) -> Result<(), Error> {
    let name = name_or_login(settings.target.name.clone())?;
    plain::run(&settings.target.server(), &name, settings.json)
}

/// The name given, else the one that this machine knows the user by.
fn name_or_login(given: Option<Name>) -> Result<Name, Error> {
    if let Some(name) = given {
        return Ok(name);
    }
    let login = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|key| std::env::var(key).ok().filter(|name| !name.is_empty()))
        .ok_or_else(|| Error::Usage("who are you? Say so: lanline chat NAME@".to_owned()))?;
    Name::parse(&login).map_err(|error| {
        Error::Usage(format!("your login {login:?} is no name here ({error}): lanline chat NAME@"))
    })
}

impl Error {
    fn failed(words: impl Into<String>) -> Self {
        Self::Failed(words.into())
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
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

impl From<connection::ConnectError> for Error {
    fn from(error: connection::ConnectError) -> Self {
        Self::Failed(error.to_string())
    }
}
