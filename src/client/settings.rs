//! What the client is told: flags and environment (the caller's), then the
//! configuration file, then what this machine knows. Never: acting on it.

use super::Error;
use super::credentials::Known;
use super::keymap::Keymap;
use super::screen::theme::Palette;
use super::system;
use crate::connect::{Target, Trust};
use crate::one_line::toml_error;
use crate::wire::Name;
use clap::ValueEnum;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use super::model::Bell;

/// What connecting to a server may take, greeting included, and then each
/// answer, unless one is told otherwise.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(20);
/// A configuration file is no longer than this, in bytes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Colors {
    /// Unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

/// What the client is to do, and for whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What flags, environment and file say; the rest is left to us.
    pub target: Target,
    /// The name was asked for just now, not only configured once.
    pub is_name_meant: bool,
    pub colors: Colors,
    pub bell: Bell,
    /// What connecting may take, and then each answer.
    pub timeout: Duration,
    /// Which servers to trust.
    pub trust: Trust,
    /// What shows that the name is ours.
    pub known: Known,
    /// Rooms that `chat` joins at the start, with their `#`.
    pub rooms: Vec<String>,
    /// The folder that `chat` writes conversations to.
    pub log: Option<PathBuf>,
    pub palette: Palette,
    /// Whether the mouse is ours, as long as no key says otherwise.
    pub mouse: bool,
    pub keymap: Keymap,
}

/// `config.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    server: Option<String>,
    colors: Option<Colors>,
    bell: Option<Bell>,
    #[serde(default)]
    rooms: Vec<String>,
    log: Option<PathBuf>,
    mouse: Option<bool>,
    #[serde(default)]
    palette: Palette,
    #[serde(default)]
    keys: BTreeMap<String, String>,
}

impl Settings {
    /// Takes from the file what `target` leaves open.
    ///
    /// # Errors
    /// [`Error::Usage`]: the file makes no sense, or was asked for and isn't there.
    pub fn load(target: Target, path: Option<&Path>) -> Result<Self, Error> {
        let (path, is_wanted) = match path {
            Some(path) => (path.to_owned(), true),
            None => (default_path().unwrap_or_default(), false),
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if is_wanted => {
                return Err(Error::Usage(format!("{}: {error}", path.display())));
            }
            Err(_) => String::new(),
        };
        Self::parse(target, &text)
            .map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
    }

    fn parse(target: Target, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| toml_error(text, &error))?;
        let name = match file.name {
            Some(name) => Some(Name::parse(&name).map_err(|error| format!("name: {error}"))?),
            None => None,
        };
        let server: Target = match file.server {
            Some(server) => server.parse().map_err(|error| format!("server: {error}"))?,
            None => Target::default(),
        };
        let is_name_meant = target.name.is_some();
        Ok(Self {
            target: target.or(Target { name, ..Target::default() }).or(server),
            is_name_meant,
            colors: file.colors.unwrap_or_default(),
            bell: file.bell.unwrap_or_default(),
            timeout: TIMEOUT_DEFAULT,
            trust: Trust::plain(),
            known: Known::default(),
            rooms: file.rooms.iter().map(|room| parse_room(room)).collect::<Result<_, _>>()?,
            log: file.log,
            palette: file.palette,
            mouse: file.mouse.unwrap_or(true),
            keymap: Keymap::parse(&file.keys).map_err(|error| format!("keys: {error}"))?,
        })
    }

    /// The name given, else the one that this machine knows the user by.
    ///
    /// # Errors
    /// [`Error::Usage`]: there is none, or none that could be a name.
    pub fn name(&self) -> Result<Name, Error> {
        if let Some(name) = &self.target.name {
            return Ok(name.clone());
        }
        let login = ["USER", "LOGNAME", "USERNAME"]
            .iter()
            .find_map(|key| std::env::var(key).ok().filter(|name| !name.is_empty()))
            .ok_or_else(|| Error::Usage("who are you? Say so by --name NAME".to_owned()))?;
        Name::parse(&login).map_err(|error| {
            Error::Usage(format!("your login {login:?} is no name here ({error}): --name NAME"))
        })
    }

    /// Whether to use colours.
    pub fn has_colors(&self) -> bool {
        match self.colors {
            Colors::Always => true,
            Colors::Never => false,
            Colors::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

/// A room's name, with or without its `#`; returned with it.
///
/// # Errors
/// It is none.
pub fn parse_room(room: &str) -> Result<String, String> {
    let name = room.strip_prefix('#').unwrap_or(room);
    match Name::parse(name) {
        Ok(_) => Ok(format!("#{name}")),
        Err(error) => Err(format!("{room:?} is no room: {error}")),
    }
}

/// Whether there is a terminal that a full screen can be drawn on.
pub fn has_screen() -> bool {
    let is_dumb = match std::env::var_os("TERM") {
        Some(term) => term.is_empty() || term == "dumb",
        // Consoles of Windows have no name.
        None => !cfg!(windows),
    };
    !is_dumb && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

fn default_path() -> Option<PathBuf> {
    Some(system::config_folder()?.join("config.toml"))
}

fn read(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > CONFIG_BYTES_MAX {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "too long for a configuration"));
    }
    std::fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    fn load(target: &str, text: &str) -> Result<Settings, String> {
        Settings::parse(target.parse().unwrap(), text)
    }

    #[test]
    fn the_file_fills_what_was_left_open() {
        let text =
            "name = \"ann\"\nserver = \"bob@hall:7000\"\nbell = \"mentions\"\ncolors = \"never\"";
        let settings = load("", text).unwrap();
        assert_eq!(settings.name().unwrap().shown(), "ann");
        assert_eq!(settings.target.server().to_string(), "hall:7000");
        assert_eq!((settings.bell, settings.has_colors()), (Bell::Mentions, false));
        assert!(!settings.is_name_meant);
        assert_eq!(settings.palette, Palette::default());

        let settings = load("carl@attic", text).unwrap();
        assert_eq!(settings.name().unwrap().shown(), "carl");
        assert_eq!(settings.target.server().to_string(), "attic:5260");
        assert!(settings.is_name_meant);
    }

    #[test]
    fn rooms_colours_and_keys() {
        let text = "rooms = [\"ops\", \"#tea\"]\nlog = \"/tmp/x\"\n\
            [palette]\nalarm = \"light magenta\"\nbanner = \"#102030\"\nanswer = 45\nmention = \"46\"\n\
            [keys]\nCtrl-N = \"search\"";
        let settings = load("", text).unwrap();
        assert_eq!(settings.rooms, ["#ops", "#tea"]);
        assert_eq!(settings.log, Some(PathBuf::from("/tmp/x")));
        assert_eq!(settings.palette.alarm, Color::LightMagenta);
        assert_eq!(settings.palette.banner, Color::Rgb(0x10, 0x20, 0x30));
        assert_eq!(settings.palette.answer, Color::Indexed(45));
        assert_eq!(settings.palette.mention, Color::Indexed(46));
        assert_ne!(settings.keymap, Keymap::default());
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for text in [
            "nmae = \"x\"",
            "name = \"_\"",
            "server = \"::1\"",
            "bell = \"loud\"",
            "name = 7",
            "[",
            "rooms = [\"#_\"]",
            "palette.alarm = \"loud\"",
            "palette.alarm = 256",
            "palette.alarms = \"red\"",
            "keys.n = \"search\"",
        ] {
            assert!(load("", text).is_err(), "{text}");
        }
    }
}
