//! The commands that are clients: their flags, handed to [`crate::client`].
//! Never: chatting.

use super::chat::ChatArgs;
use super::extras::{CompletionsArgs, ManArgs};
use super::seconds::{Seconds, some_time};
use crate::client::settings::{Settings, TIMEOUT_DEFAULT};
use crate::client::{Error, script};
use crate::connect::Target;
use crate::wire::Name;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Talk to people from this terminal, or from a pipe
    Chat(ChatArgs),
    /// Send one message; the exit code tells whether it was taken
    Send(SendArgs),
    /// Print what comes, line by line, until the connection ends
    Tail(TailArgs),
    /// Print who is here, from where, and for how many seconds
    Who(WhoArgs),
    /// Print the server's time
    Time(TimeArgs),
    /// Print the names of everybody, or of all rooms
    List(ListArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
}

/// Where to go, and by what name.
#[derive(Args, Clone, Debug)]
pub struct ServerArgs {
    /// The server: [NAME@][HOST][:PORT]
    #[arg(long, env = "LANLINE_SERVER", value_name = "[NAME@][HOST][:PORT]")]
    pub server: Option<Target>,
    /// Your name there
    #[arg(long, env = "LANLINE_NAME", value_parser = parse_name)]
    pub name: Option<Name>,
    /// How long connecting may take, and then each answer, in seconds
    #[arg(long, value_name = "SECONDS", env = "LANLINE_TIMEOUT", value_parser = some_time,
          default_value_t = Seconds(TIMEOUT_DEFAULT))]
    pub timeout: Seconds,
    /// The configuration file [default: lanline/config.toml where XDG has it]
    #[arg(long, env = "LANLINE_CLIENT_CONFIG", value_name = "PATH")]
    pub config: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct SendArgs {
    /// Whom: NAME, #ROOM (joined first), or an /endpoint
    pub to: String,
    /// What; standard input where it is left out, or `-`
    pub text: Option<String>,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args, Clone, Debug)]
pub struct TailArgs {
    /// Join this room first (repeatable)
    #[arg(long, value_name = "#ROOM")]
    pub room: Vec<String>,
    /// Also who comes and goes
    #[arg(long)]
    pub presence: bool,
    /// Packets as JSON lines
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args, Clone, Debug)]
pub struct WhoArgs {
    /// Who; everybody where it is left out
    pub names: Vec<String>,
    /// JSON objects, one a line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args, Clone, Debug)]
pub struct TimeArgs {
    /// A JSON object: time, offset_seconds, round_trip_seconds
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Rooms and their members' number instead
    #[arg(long)]
    pub rooms: bool,
    /// One JSON array
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl ServerArgs {
    /// Flags and environment first, then the configuration file.
    pub fn settings(&self, target: Target) -> Result<Settings, Error> {
        let name = Target { name: self.name.clone(), ..Target::default() };
        let server = self.server.clone().unwrap_or_default();
        let settings = Settings::load(target.or(name).or(server), self.config.as_deref())?;
        Ok(Settings { timeout: self.timeout.0, ..settings })
    }

    fn script(&self) -> Result<Settings, Error> {
        self.settings(Target::default())
    }
}

impl ClientCommand {
    /// # Errors
    /// [`Error::Usage`] where it makes no sense, [`Error::Failed`] where it
    /// didn't work.
    pub fn run(self) -> Result<(), Error> {
        match self {
            Self::Chat(args) => args.run(),
            Self::Send(args) => {
                script::send(&args.server.script()?, &args.to, args.text.as_deref())
            }
            Self::Tail(args) => {
                script::tail(&args.server.script()?, &args.room, args.presence, args.json)
            }
            Self::Who(args) => script::who(&args.server.script()?, args.names, args.json),
            Self::Time(args) => script::time(&args.server.script()?, args.json),
            Self::List(args) => script::list(&args.server.script()?, args.rooms, args.json),
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
        }
    }
}

fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|error| error.to_string())
}
