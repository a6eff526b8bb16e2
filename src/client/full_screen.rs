//! What the full-screen client takes, from the settings. Never: running it.

use super::Error;
use super::live::{Extras, run};
use super::model::Options;
use super::screen::theme::Theme;
use super::settings::Settings;
use super::transcript::Transcript;
use crate::connect::Protection;
use crate::terminal::ability::Abilities;
use crate::wire::Name;
use jiff::tz::TimeZone;

/// Chats until the user or the server has enough.
///
/// # Errors
/// As [`super::chat`].
pub(super) fn chat(settings: &Settings, name: &Name) -> Result<(), Error> {
    let server = settings.target.server();
    let transcript =
        match &settings.log {
            Some(folder) => Some(Transcript::open(folder, &server).map_err(|error| {
                Error::failed(format!("the log in {}: {error}", folder.display()))
            })?),
            None => None,
        };
    let abilities = Abilities::of(|name| std::env::var(name).ok());
    let (colors, depth) = (settings.has_colors(), abilities.depth);
    let theme = Theme { colors, depth, palette: settings.palette };
    let options = Options {
        server: server.to_string(),
        bell: settings.bell,
        zone: TimeZone::system(),
        seed: fastrand::u64(..),
        rooms: settings.rooms.clone(),
        keeps_log: transcript.is_some(),
        keeps_secrets: settings.trust.keeps_secrets(&server, Protection::Plain),
        name_colors: theme.name_colors(),
        has_mouse: settings.mouse,
    };
    let extras = Extras { transcript, keymap: settings.keymap.clone(), abilities };
    let who = (name, settings.known.clone());
    run((&server, &settings.trust), who, settings.timeout, options, theme, extras)
}
