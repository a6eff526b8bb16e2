//! The commands that are clients: their flags, handed to [`crate::client`].
//! Never: chatting.

use super::chat::ChatArgs;
use super::login::{LoginArgs, LogoutArgs, PasswordArgs, RegisterArgs};
use super::server::ServerArgs;
use crate::client::{Error, script};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Talk to people from this terminal, or from a pipe
    Chat(ChatArgs),
    /// Make an account of your name: asks for a password, and stores a token as `login` does
    Register(RegisterArgs),
    /// Log in to your account once: stores a token, so that nothing else asks for the password
    Login(LoginArgs),
    /// Revoke the token that `login` has stored
    Logout(LogoutArgs),
    /// Change the password of your account
    Password(PasswordArgs),
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

impl ClientCommand {
    /// # Errors
    /// [`Error::Usage`] where it makes no sense, [`Error::Failed`] where it
    /// didn't work.
    pub fn run(self) -> Result<(), Error> {
        match self {
            Self::Chat(args) => args.run(),
            Self::Register(args) => args.run(),
            Self::Login(args) => args.run(),
            Self::Logout(args) => args.run(),
            Self::Password(args) => args.run(),
            Self::Send(args) => {
                script::send(&args.server.script()?, &args.to, args.text.as_deref())
            }
            Self::Tail(args) => {
                script::tail(&args.server.script()?, &args.room, args.presence, args.json)
            }
            Self::Who(args) => script::who(&args.server.script()?, args.names, args.json),
            Self::Time(args) => script::time(&args.server.script()?, args.json),
            Self::List(args) => script::list(&args.server.script()?, args.rooms, args.json),
        }
    }
}
