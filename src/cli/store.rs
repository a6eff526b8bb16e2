//! `lanline store`: what a server has stored, also while it runs. Never: storing it.

use super::place::{CommandError, PlaceArgs, columns, time};
use crate::store::{Order, StoreInfo, Told};
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Clone, Debug, Subcommand)]
pub enum StoreCommand {
    /// Show how much is stored, since when, and how much may be
    Info(InfoArgs),
    /// Read the whole database and say whether it is sound; may take minutes. A server that
    /// runs goes on meanwhile
    Check(CheckArgs),
}

#[derive(Args, Clone, Debug)]
pub struct InfoArgs {
    /// Print JSON: an object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    place: PlaceArgs,
}

impl StoreCommand {
    /// Does it; what there is to print.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Info(InfoArgs { json, place }) => match place.give(Order::Info)? {
                Told::Info(info) if json => Ok(as_json(&info)),
                Told::Info(info) => Ok(as_text(&info)),
                Told::Refused(refusal) => Err(CommandError::refused(refusal, "")),
                _ => Ok(String::new()),
            },
            Self::Check(CheckArgs { place }) => {
                let directory = place.directory()?;
                let faults = crate::store::check(&directory).map_err(CommandError::Store)?;
                if faults.is_empty() {
                    return Ok("ok\n".to_owned());
                }
                Err(CommandError::Damaged(faults.join("\n")))
            }
        }
    }
}

fn seconds(micros: Option<i64>) -> Option<i64> {
    micros.map(|micros| micros.div_euclid(1_000_000))
}

fn as_json(info: &StoreInfo) -> String {
    let when = |micros| seconds(micros).map(|it| time(Some(it), "-"));
    let object = json!({
        "accounts": info.accounts,
        "packets": info.packets,
        "bytes": info.bytes,
        "limit": info.bytes_max,
        "last_id": info.last_id,
        "oldest": when(info.oldest),
        "newest": when(info.newest),
        "file_bytes": info.file_bytes,
        "free_bytes": info.free_bytes,
        "failing": info.failing,
    });
    format!("{object}\n")
}

fn as_text(info: &StoreInfo) -> String {
    let row = |what: &str, value: String| [what.to_owned(), value];
    let when = |micros| time(seconds(micros), "-");
    columns(&[
        row("accounts", info.accounts.to_string()),
        row("packets", info.packets.to_string()),
        row("bytes", info.bytes.to_string()),
        row("limit", info.bytes_max.map_or_else(|| "-".to_owned(), |most| most.to_string())),
        row("last id", info.last_id.to_string()),
        row("oldest", when(info.oldest)),
        row("newest", when(info.newest)),
        row("file", info.file_bytes.to_string()),
        row("free in it", info.free_bytes.to_string()),
        row("disk", if info.failing { "refuses" } else { "takes writes" }.to_owned()),
    ])
}
