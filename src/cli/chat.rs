//! `lanline chat`: its flags. Never: chatting.

use super::server::ServerArgs;
use crate::client::settings::{Bell, Colors, parse_room};
use crate::client::{self, Error};
use crate::connect::Target;
use clap::Args;
use std::path::PathBuf;

/// Full-screen in a terminal, line by line in a pipe.
#[derive(Args, Clone, Debug)]
pub struct ChatArgs {
    /// Your name, and the server: [NAME@][HOST][:PORT]
    ///
    /// Your name is your login, the server this machine, the port 5260 unless
    /// you say otherwise. An IPv6 address goes in brackets: bob@[fd00::7]:5260
    #[arg(value_name = "[NAME@][HOST][:PORT]", default_value = "", hide_default_value = true)]
    pub target: Target,
    /// Packets as JSON lines on standard output
    #[arg(long)]
    pub json: bool,
    /// Line by line, also in a terminal
    #[arg(long)]
    pub lines: bool,
    /// Colours; NO_COLOR is heeded
    #[arg(long, env = "LANLINE_COLORS", value_enum, value_name = "WHEN")]
    pub colors: Option<Colors>,
    /// What rings the bell
    #[arg(long, env = "LANLINE_BELL", value_enum, value_name = "FOR")]
    pub bell: Option<Bell>,
    /// Join this room at the start (repeatable)
    #[arg(long, value_name = "#ROOM", value_parser = parse_room)]
    pub room: Vec<String>,
    /// Write conversations to files in this folder
    #[arg(long, env = "LANLINE_CHAT_LOG", value_name = "FOLDER")]
    pub log: Option<PathBuf>,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl ChatArgs {
    /// Chats.
    ///
    /// # Errors
    /// As [`client::chat`].
    pub fn run(self) -> Result<(), Error> {
        let mut settings = self.server.settings(self.target)?;
        settings.colors = self.colors.unwrap_or(settings.colors);
        settings.bell = self.bell.unwrap_or(settings.bell);
        settings.rooms.extend(self.room);
        settings.log = self.log.or(settings.log);
        client::chat(&settings, self.json, self.lines)
    }
}
