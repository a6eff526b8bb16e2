//! `lanline room`: rooms of accounts, also while a server runs. Never: keeping them.

use super::account::name;
use super::place::{CommandError, PlaceArgs, columns, time};
use crate::store::order::Refusal;
use crate::store::{Order, RoomOrder, RoomRow, Told};
use crate::wire::Name;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Clone, Debug, Subcommand)]
pub enum RoomCommand {
    /// Make a room that stays, and is stored
    Add(AddArgs),
    /// List the rooms that stay: name, owner, access, how long it keeps, members, topic
    List(ListArgs),
    /// Delete a room; who is in it is told, and what was said there is read no more
    Delete(DeleteArgs),
}

#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// The room, as it is to be shown: '#ops'
    #[arg(value_name = "#ROOM", value_parser = room)]
    room: Name,
    /// The account that owns it, and is in it; without one it is the operators', or
    /// becomes a member's who says so
    #[arg(long, value_name = "NAME", value_parser = name)]
    owner: Option<Name>,
    /// Only who is invited may join
    #[arg(long)]
    private: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Print JSON: an array of objects
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct DeleteArgs {
    /// The room
    #[arg(value_name = "#ROOM", value_parser = room)]
    room: Name,
    #[command(flatten)]
    place: PlaceArgs,
}

impl RoomCommand {
    /// Does it; what there is to print.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Add(AddArgs { room, owner, private, place }) => {
                let about = owner.clone();
                let order = RoomOrder::Add { name: room.clone(), owner, is_private: private };
                match place.give(Order::Room(order))? {
                    Told::Refused(Refusal::NoSuchAccount) => {
                        let owner = about.as_ref().map_or("", Name::shown);
                        Err(CommandError::refused(Refusal::NoSuchAccount, owner))
                    }
                    told => done(told, &room),
                }
            }
            Self::List(ListArgs { json, place }) => {
                match place.give(Order::Room(RoomOrder::List))? {
                    Told::Rooms(rows) if json => Ok(as_json(&rows)),
                    Told::Rooms(rows) => Ok(as_text(&rows)),
                    Told::Refused(refusal) => Err(CommandError::refused(refusal, "")),
                    _ => Ok(String::new()),
                }
            }
            Self::Delete(DeleteArgs { room, place }) => {
                let told = place.give(Order::Room(RoomOrder::Delete { name: room.clone() }))?;
                done(told, &room)
            }
        }
    }
}

fn done(told: Told, room: &Name) -> Result<String, CommandError> {
    match told {
        Told::Refused(refusal) => {
            Err(CommandError::refused(refusal, &format!("#{}", room.shown())))
        }
        _ => Ok(String::new()),
    }
}

fn access(row: &RoomRow) -> &'static str {
    if row.is_private { "private" } else { "open" }
}

fn as_text(rows: &[RoomRow]) -> String {
    let row = |row: &RoomRow| {
        [
            format!("#{}", row.name.shown()),
            row.owner.as_ref().map_or("-", Name::shown).to_owned(),
            access(row).to_owned(),
            row.keep.map_or("-".to_owned(), |keep| keep.to_string()),
            row.members.to_string(),
            row.topic.to_string(),
        ]
    };
    columns(&rows.iter().map(row).collect::<Vec<_>>())
}

fn as_json(rows: &[RoomRow]) -> String {
    let row = |row: &RoomRow| {
        json!({
            "room": format!("#{}", row.name.shown()),
            "owner": row.owner.as_ref().map(Name::shown),
            "private": row.is_private,
            "keep": row.keep.map(|keep| keep.to_string()),
            "topic": &*row.topic,
            "created": time(Some(row.created), "-"),
            "members": row.members,
        })
    };
    format!("{}\n", rows.iter().map(row).collect::<serde_json::Value>())
}

fn room(text: &str) -> Result<Name, String> {
    name(text.strip_prefix('#').ok_or("a room's name begins with #")?)
}
