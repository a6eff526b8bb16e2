//! `lanline chat`: its flags. Never: chatting.

use crate::client::target::Target;
use crate::client::{self, Settings};
use clap::Args;

/// Talk to people from this terminal, or from a pipe
#[derive(Args, Clone, Debug)]
pub struct ChatArgs {
    /// Your name, and the server: [NAME@][HOST][:PORT]
    ///
    /// Your name is your login, the server this machine, the port 5260 unless
    /// you say otherwise. An IPv6 address goes in brackets: bob@[fe80::1]:5260
    #[arg(value_name = "[NAME@][HOST][:PORT]", default_value = "", hide_default_value = true)]
    pub target: Target,

    /// Print packets as JSON lines
    #[arg(long)]
    pub json: bool,
}

impl ChatArgs {
    /// Chats.
    ///
    /// # Errors
    /// As [`client::run`].
    pub fn run(self) -> Result<(), client::Error> {
        client::run(&Settings { target: self.target, json: self.json })
    }
}
