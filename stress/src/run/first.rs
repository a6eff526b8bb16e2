//! The first test, with no arguments: a few scenarios, a few seconds each,
//! that show whether a server is well.

use super::flags::{FirstArgs, ScenarioArgs};
use super::record::Record;
use super::scenario::play;
use super::target::Server;
use crate::scenarios::Kind;
use anyhow::Result;

/// Which, with how many users, for how many seconds.
const PROGRAMME: [(Kind, usize, f64); 6] = [
    (Kind::Handshake, 50, 2.0),
    (Kind::Chatter, 500, 3.0),
    (Kind::Pipeline, 100, 2.0),
    (Kind::Broadcast, 500, 2.0),
    (Kind::Room, 100, 2.0),
    (Kind::Churn, 200, 3.0),
];

/// Plays the programme against one server.
///
/// # Errors
/// Where there is no server, or a process of bots fails.
pub(crate) fn run(args: &FirstArgs) -> Result<Vec<Record>> {
    let server = Server::find(&args.common)?;
    let mut records = Vec::new();
    for (kind, users, duration) in PROGRAMME {
        let args = ScenarioArgs {
            users,
            duration,
            size: 64,
            // Against somebody else's server, its own limits hold.
            rate: (!server.was_started_here()).then_some(users as f64),
            window: 64,
            processes: None,
            accounts: false,
            common: args.common.clone(),
        };
        records.push(play(kind, &args, &server)?);
    }
    Ok(records)
}
