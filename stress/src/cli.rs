//! The command line: flags, checked. Never: what they lead to.

use crate::attack::{AttackArgs, MobArgs};
use crate::crash::CrashArgs;
use crate::login::LoginArgs;
use crate::run::{BreakpointArgs, FirstArgs, ScenarioArgs};
use crate::store::StoreArgs;
use crate::versus::VersusArgs;
use clap::{Parser, Subcommand};
use std::net::SocketAddr;

/// Thousands of bots against a Lanline server, every packet accounted for.
///
/// Without a command: a first test of a few seconds, against a server of its
/// own. Ends with 0 if all is well, 1 if a packet is not accounted for or
/// something failed, 2 if the command line is wrong.
#[derive(Parser, Debug)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub first: FirstArgs,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// All connect at the same instant, again and again.
    Handshake(ScenarioArgs),
    /// All are lost at once, and come back at once, again and again.
    Reconnect(ScenarioArgs),
    /// Direct messages between random bots.
    Chatter(ScenarioArgs),
    /// Pairs that send as fast as the window allows.
    Pipeline(ScenarioArgs),
    /// One to all; the next goes once everyone has it.
    Broadcast(ScenarioArgs),
    /// One to a room of all, in turns.
    Room(ScenarioArgs),
    /// Users come, talk and go, politely and by reset, while others talk to them.
    Churn(ScenarioArgs),
    /// Some read slowly or never, while the others' latency is watched.
    Slow(ScenarioArgs),
    /// A mixture of everything, for as long as you like.
    Soak(ScenarioArgs),
    /// More and more users, until one is refused, the latency is over a bound,
    /// or the descriptors are used up.
    Breakpoint(BreakpointArgs),
    /// Accounts come at once beside guests, pairs talk while passwords are hashed, servers
    /// start with many accounts: what each costs; against servers of its own only.
    Login(LoginArgs),
    /// Accounts talk while their server is killed again and again; then every promise about
    /// what is stored is checked. Against a server of its own only.
    Crash(CrashArgs),
    /// A store is filled with packets: what that takes, how large it is, and how long a server
    /// takes to start on it.
    Store(StoreArgs),
    /// What an attacker would try, with well-behaved users measured beside it, and a
    /// verdict for each; against a server of one's own only.
    Attack(AttackArgs),
    /// The same workloads against other servers and the bare relay.
    Versus(VersusArgs),
    /// The bare relay: the floor of `versus`.
    Relay {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Plays the attackers; led over standard input.
    #[command(hide = true)]
    Mob(MobArgs),
    /// Plays the part of some of the bots; led over standard input.
    #[command(hide = true)]
    Member,
}
