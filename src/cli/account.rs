//! `lanline account`: accounts of a server, also while it runs. Never: keeping them.

use super::place::{CommandError, ListArgs, PlaceArgs, columns, time};
use crate::accounts::{Role, Secret};
use crate::limits::PASSWORD_BYTES_MAX;
use crate::store::{AccountRow, Order, Told};
use crate::wire::Name;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::io::Read;
use zeroize::Zeroizing;

#[derive(Clone, Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; without a password, `invite` lets its owner set one
    Add(AddArgs),
    /// List all accounts: name, role, state, when it was made, when it was here last
    List(ListArgs),
    /// Set a password; all sessions and tokens of the account end
    Password(PasswordArgs),
    /// Make an account an operator, or a user again
    Role(RoleArgs),
    /// Let nobody log in to an account; all its sessions and tokens end
    Lock(NameArgs),
    /// Let its owner log in again
    Unlock(NameArgs),
    /// Print a code by which a password can be set, once and within 7 days; makes the
    /// account if need be. A secret that was forgotten is replaced so
    Invite(NameArgs),
    /// Remove an account with all that belongs to it
    Erase(NameArgs),
}

#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// The account's name, as it is to be shown
    #[arg(value_name = "NAME", value_parser = name)]
    name: Name,
    /// Make it an operator
    #[arg(long)]
    operator: bool,
    /// Read its password from standard input: the first line
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct PasswordArgs {
    /// The account
    #[arg(value_name = "NAME", value_parser = name)]
    name: Name,
    /// Read the password from standard input: the first line
    #[arg(long, required = true)]
    password_stdin: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct RoleArgs {
    /// The account
    #[arg(value_name = "NAME", value_parser = name)]
    name: Name,
    #[arg(value_name = "ROLE", value_enum)]
    role: RoleWord,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Clone, Debug)]
pub struct NameArgs {
    /// The account
    #[arg(value_name = "NAME", value_parser = name)]
    name: Name,
    #[command(flatten)]
    place: PlaceArgs,
}

/// [`Role`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleWord {
    User,
    Operator,
}

impl AccountCommand {
    /// Does it; what there is to print.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Add(AddArgs { name, operator, password_stdin, place }) => {
                let role = if operator { Role::Operator } else { Role::User };
                let password = password_stdin.then(|| password(&name)).transpose()?;
                let order = Order::AddAccount { name: name.clone(), role, password };
                told(place.give(order)?, &name)
            }
            Self::List(ListArgs { json, place }) => match place.give(Order::Accounts)? {
                Told::Accounts(rows) if json => Ok(as_json(&rows)),
                Told::Accounts(rows) => Ok(as_text(&rows)),
                Told::Refused(refusal) => Err(CommandError::refused(refusal, "")),
                Told::Done | Told::Code(_) | Told::Bans(_) | Told::Rooms(_) | Told::Info(_) => {
                    Ok(String::new())
                }
            },
            Self::Password(PasswordArgs { name, place, .. }) => {
                let password = password(&name)?;
                told(place.give(Order::SetPassword { name: name.clone(), password })?, &name)
            }
            Self::Role(RoleArgs { name, role, place }) => {
                let role = match role {
                    RoleWord::User => Role::User,
                    RoleWord::Operator => Role::Operator,
                };
                told(place.give(Order::SetRole { name: name.clone(), role })?, &name)
            }
            Self::Lock(args) => args.give(|name| Order::SetLocked { name, locked: true }),
            Self::Unlock(args) => args.give(|name| Order::SetLocked { name, locked: false }),
            Self::Invite(args) => args.give(|name| Order::Invite { name }),
            Self::Erase(args) => args.give(|name| Order::Erase { name }),
        }
    }
}

impl NameArgs {
    fn give(self, order: impl FnOnce(Name) -> Order) -> Result<String, CommandError> {
        told(self.place.give(order(self.name.clone()))?, &self.name)
    }
}

fn told(told: Told, name: &Name) -> Result<String, CommandError> {
    match told {
        Told::Code(code) => Ok(format!("{}\n", code.reveal())),
        Told::Refused(refusal) => Err(CommandError::refused(refusal, name.shown())),
        Told::Done | Told::Accounts(_) | Told::Bans(_) | Told::Rooms(_) | Told::Info(_) => {
            Ok(String::new())
        }
    }
}

/// The first line of standard input.
fn password(name: &Name) -> Result<Secret, CommandError> {
    // A line end of two bytes behind the longest one, and one byte more.
    let mut bytes = Zeroizing::new(vec![0; PASSWORD_BYTES_MAX + 3]);
    let mut length = 0;
    let mut input = std::io::stdin().lock();
    while length < bytes.len() && !bytes[..length].contains(&b'\n') {
        match input.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CommandError::Refused(format!("standard input: {error}"))),
        }
    }
    let line = bytes[..length].split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line)
        .map_err(|_| CommandError::usage("the password is not UTF-8".to_owned()))?;
    Secret::new_password(line, name).map_err(|bad| CommandError::usage(bad.to_string()))
}

fn state(row: &AccountRow) -> &'static str {
    match (row.locked, row.has_secret) {
        (true, _) => "locked",
        (false, true) => "open",
        (false, false) => "no-secret",
    }
}

fn as_text(rows: &[AccountRow]) -> String {
    let row = |row: &AccountRow| {
        [
            row.name.shown().to_owned(),
            row.role.word().to_owned(),
            state(row).to_owned(),
            time(Some(row.created), "-"),
            time(row.last_seen, "-"),
        ]
    };
    columns(&rows.iter().map(row).collect::<Vec<_>>())
}

fn as_json(rows: &[AccountRow]) -> String {
    let row = |row: &AccountRow| {
        json!({
            "name": row.name.shown(),
            "role": row.role.word(),
            "locked": row.locked,
            "has_secret": row.has_secret,
            "created": time(Some(row.created), "-"),
            "last_seen": row.last_seen.map(|seen| time(Some(seen), "-")),
        })
    };
    format!("{}\n", rows.iter().map(row).collect::<serde_json::Value>())
}

pub(super) fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|error| error.to_string())
}
