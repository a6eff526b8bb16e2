//! `lanline ban`: who stays out of a server, also while it runs. Never: keeping them out.

use super::place::{CommandError, ListArgs, PlaceArgs, columns, time};
use crate::accounts::{Ban, Banned, Span};
use crate::limits::BAN_REASON_BYTES_MAX;
use crate::store::{Order, Told};
use clap::{Args, Subcommand};
use serde_json::json;
use std::time::SystemTime;

#[derive(Clone, Debug, Subcommand)]
pub enum BanCommand {
    /// Keep out a network, an address, or a name and what looks like it; who is here
    /// and falls under it is closed
    Add(AddArgs),
    /// List the bans that hold: what, until when, by whom, why
    List(ListArgs),
    /// Let somebody in again
    Remove(RemoveArgs),
}

#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// A network (10.1.0.0/16), an address, or a name
    #[arg(value_name = "WHAT", value_parser = what)]
    what: Banned,
    /// How long: 30m, 12h, 7d, forever
    #[arg(value_name = "DURATION", value_parser = span)]
    duration: Span,
    /// Why
    #[arg(value_name = "REASON", default_value = "", hide_default_value = true)]
    reason: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct RemoveArgs {
    /// What was banned
    #[arg(value_name = "WHAT", value_parser = what)]
    what: Banned,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Who has banned somebody by the command line: no name that a user could have.
const BY: &str = "-";

impl BanCommand {
    /// Does it; what there is to print.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Add(AddArgs { what, duration, reason, place }) => {
                let reason = reason.join(" ");
                if reason.len() > BAN_REASON_BYTES_MAX || reason.contains(['\n', '\r']) {
                    let why =
                        format!("a reason is one line of at most {BAN_REASON_BYTES_MAX} bytes");
                    return Err(CommandError::usage(why));
                }
                let until = duration.end(now());
                let shown = what.to_string();
                let ban = Ban { who: what, until, by: BY.into(), reason: reason.into() };
                told(place.give(Order::Ban(ban))?, &shown)
            }
            Self::List(ListArgs { json, place }) => match place.give(Order::Bans)? {
                Told::Bans(bans) if json => Ok(as_json(&bans)),
                Told::Bans(bans) => Ok(as_text(&bans)),
                other => told(other, ""),
            },
            Self::Remove(RemoveArgs { what, place }) => {
                let shown = what.to_string();
                told(place.give(Order::Unban(what))?, &shown)
            }
        }
    }
}

fn told(told: Told, about: &str) -> Result<String, CommandError> {
    match told {
        Told::Refused(refusal) => Err(CommandError::refused(refusal, about)),
        Told::Done
        | Told::Code(_)
        | Told::Accounts(_)
        | Told::Bans(_)
        | Told::Rooms(_)
        | Told::Info(_) => Ok(String::new()),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs() as i64
}

fn as_text(bans: &[Ban]) -> String {
    let row = |ban: &Ban| {
        let until = time(ban.until, "forever");
        [ban.who.to_string(), until, ban.by.to_string(), ban.reason.to_string()]
    };
    columns(&bans.iter().map(row).collect::<Vec<_>>())
}

fn as_json(bans: &[Ban]) -> String {
    let row = |ban: &Ban| {
        json!({
            "what": ban.who.to_string(),
            "until": ban.until.map(|until| time(Some(until), "-")),
            "by": &*ban.by,
            "reason": &*ban.reason,
        })
    };
    format!("{}\n", bans.iter().map(row).collect::<serde_json::Value>())
}

fn what(text: &str) -> Result<Banned, String> {
    Banned::parse(text).ok_or_else(|| "neither a network, nor an address, nor a name".to_owned())
}

fn span(text: &str) -> Result<Span, String> {
    Span::parse(text).ok_or_else(|| "not a time like 30m, 12h, 7d or forever".to_owned())
}
