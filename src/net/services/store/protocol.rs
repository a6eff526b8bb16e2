//! What is said on the control socket: an order in one line of JSON, and what comes of
//! it in one. Never: who says it.

use crate::accounts::{Ban, Banned, Role, Secret, Span};
use crate::store::order::Refusal;
use crate::store::{AccountRow, Order, RoomOrder, RoomRow, StoreInfo, Told};
use crate::wire::Name;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// An order's line has at most so many bytes.
pub(super) const ORDER_BYTES_MAX: usize = 16 * 1024;

/// A line that says nothing.
#[derive(Debug, Error)]
#[error("that is no order: {0}")]
pub(super) struct NoSense(String);

/// [`Order`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case", deny_unknown_fields)]
enum OrderLine {
    AddAccount { name: String, operator: bool, password: Option<Text> },
    Accounts,
    SetPassword { name: String, password: Text },
    SetRole { name: String, operator: bool },
    SetLocked { name: String, locked: bool },
    Invite { name: String },
    Erase { name: String },
    Ban { what: String, until: Option<i64>, by: String, reason: String },
    Unban { what: String },
    Bans,
    AddRoom { name: String, owner: Option<String>, private: bool },
    Rooms,
    DeleteRoom { name: String },
    Info,
}

/// [`Told`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "kebab-case")]
enum ToldLine {
    Done,
    Code { code: Text },
    Accounts { accounts: Vec<AccountLine> },
    Bans { bans: Vec<BanLine> },
    Info { info: StoreInfo },
    Rooms { rooms: Vec<RoomLine> },
    Refused { why: RefusalWord },
}

#[derive(Serialize, Deserialize)]
struct AccountLine {
    name: String,
    operator: bool,
    locked: bool,
    has_secret: bool,
    created: i64,
    last_seen: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct RoomLine {
    name: String,
    owner: Option<String>,
    private: bool,
    keep: Option<String>,
    topic: String,
    created: i64,
    members: u64,
}

#[derive(Serialize, Deserialize)]
struct BanLine {
    what: String,
    until: Option<i64>,
    by: String,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RefusalWord {
    NameTaken,
    NoSuchAccount,
    NoSuchBan,
    NoSuchRoom,
    RoomTaken,
    TooMany,
    Unavailable,
}

/// A secret's text.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text(Zeroizing<String>);

impl Text {
    fn of(secret: &Secret) -> Self {
        Self(Zeroizing::new(secret.reveal().to_owned()))
    }

    fn secret(&self) -> Secret {
        Secret::new(&self.0)
    }
}

fn name(text: &str) -> Result<Name, NoSense> {
    Name::parse(text).map_err(no_sense)
}

fn what(text: &str) -> Result<Banned, NoSense> {
    Banned::parse(text).ok_or_else(|| no_sense("nothing to ban"))
}

fn no_sense(why: impl fmt::Display) -> NoSense {
    NoSense(why.to_string())
}

fn role(operator: bool) -> Role {
    if operator { Role::Operator } else { Role::User }
}

/// An order in one line, with its end.
pub(super) fn write_order(order: &Order) -> Zeroizing<Vec<u8>> {
    let shown = |name: &Name| name.shown().to_owned();
    let line = match order {
        Order::AddAccount { name, role, password } => OrderLine::AddAccount {
            name: shown(name),
            operator: *role == Role::Operator,
            password: password.as_ref().map(Text::of),
        },
        Order::Accounts => OrderLine::Accounts,
        Order::SetPassword { name, password } => {
            OrderLine::SetPassword { name: shown(name), password: Text::of(password) }
        }
        Order::SetRole { name, role } => {
            OrderLine::SetRole { name: shown(name), operator: *role == Role::Operator }
        }
        Order::SetLocked { name, locked } => {
            OrderLine::SetLocked { name: shown(name), locked: *locked }
        }
        Order::Invite { name } => OrderLine::Invite { name: shown(name) },
        Order::Erase { name } => OrderLine::Erase { name: shown(name) },
        Order::Ban(ban) => OrderLine::Ban {
            what: ban.who.to_string(),
            until: ban.until,
            by: ban.by.to_string(),
            reason: ban.reason.to_string(),
        },
        Order::Unban(who) => OrderLine::Unban { what: who.to_string() },
        Order::Bans => OrderLine::Bans,
        Order::Room(RoomOrder::List) => OrderLine::Rooms,
        Order::Room(RoomOrder::Add { name, owner, is_private }) => OrderLine::AddRoom {
            name: shown(name),
            owner: owner.as_ref().map(shown),
            private: *is_private,
        },
        Order::Room(RoomOrder::Delete { name }) => OrderLine::DeleteRoom { name: shown(name) },
        Order::Info => OrderLine::Info,
    };
    line_of(&line)
}

/// An order from its line, without its end.
pub(super) fn read_order(line: &[u8]) -> Result<Order, NoSense> {
    Ok(match serde_json::from_slice(line).map_err(no_sense)? {
        OrderLine::AddAccount { name: text, operator, password } => {
            let password = password.as_ref().map(Text::secret);
            Order::AddAccount { name: name(&text)?, role: role(operator), password }
        }
        OrderLine::Accounts => Order::Accounts,
        OrderLine::SetPassword { name: text, password } => {
            Order::SetPassword { name: name(&text)?, password: password.secret() }
        }
        OrderLine::SetRole { name: text, operator } => {
            Order::SetRole { name: name(&text)?, role: role(operator) }
        }
        OrderLine::SetLocked { name: text, locked } => {
            Order::SetLocked { name: name(&text)?, locked }
        }
        OrderLine::Invite { name: text } => Order::Invite { name: name(&text)? },
        OrderLine::Erase { name: text } => Order::Erase { name: name(&text)? },
        OrderLine::Ban { what: text, until, by, reason } => {
            Order::Ban(Ban { who: what(&text)?, until, by: by.into(), reason: reason.into() })
        }
        OrderLine::Unban { what: text } => Order::Unban(what(&text)?),
        OrderLine::Bans => Order::Bans,
        OrderLine::Rooms => Order::Room(RoomOrder::List),
        OrderLine::AddRoom { name: text, owner, private } => {
            let (name, owner) = (name(&text)?, owner.as_deref().map(name).transpose()?);
            Order::Room(RoomOrder::Add { name, owner, is_private: private })
        }
        OrderLine::DeleteRoom { name: text } => {
            Order::Room(RoomOrder::Delete { name: name(&text)? })
        }
        OrderLine::Info => Order::Info,
    })
}

/// What comes of an order, in one line with its end.
pub(super) fn write_told(told: &Told) -> Zeroizing<Vec<u8>> {
    let line = match told {
        Told::Done => ToldLine::Done,
        Told::Code(code) => ToldLine::Code { code: Text::of(code) },
        Told::Accounts(rows) => {
            ToldLine::Accounts { accounts: rows.iter().map(account_line).collect() }
        }
        Told::Rooms(rooms) => ToldLine::Rooms { rooms: rooms.iter().map(room_line).collect() },
        Told::Bans(bans) => ToldLine::Bans { bans: bans.iter().map(ban_line).collect() },
        Told::Info(info) => ToldLine::Info { info: info.clone() },
        Told::Refused(refusal) => ToldLine::Refused { why: (*refusal).into() },
    };
    line_of(&line)
}

/// What has come of an order, from its line.
pub(super) fn read_told(line: &[u8]) -> Result<Told, NoSense> {
    Ok(match serde_json::from_slice(line).map_err(no_sense)? {
        ToldLine::Done => Told::Done,
        ToldLine::Code { code } => Told::Code(code.secret()),
        ToldLine::Accounts { accounts } => {
            let row = |line: AccountLine| {
                Ok(AccountRow {
                    name: name(&line.name)?,
                    role: role(line.operator),
                    locked: line.locked,
                    has_secret: line.has_secret,
                    created: line.created,
                    last_seen: line.last_seen,
                })
            };
            Told::Accounts(accounts.into_iter().map(row).collect::<Result<_, NoSense>>()?)
        }
        ToldLine::Bans { bans } => {
            let ban = |line: BanLine| {
                let (by, reason) = (line.by.into(), line.reason.into());
                Ok(Ban { who: what(&line.what)?, until: line.until, by, reason })
            };
            Told::Bans(bans.into_iter().map(ban).collect::<Result<_, NoSense>>()?)
        }
        ToldLine::Info { info } => Told::Info(info),
        ToldLine::Rooms { rooms } => {
            Told::Rooms(rooms.into_iter().map(room_row).collect::<Result<_, NoSense>>()?)
        }
        ToldLine::Refused { why } => Told::Refused(why.into()),
    })
}

fn account_line(row: &AccountRow) -> AccountLine {
    AccountLine {
        name: row.name.shown().to_owned(),
        operator: row.role == Role::Operator,
        locked: row.locked,
        has_secret: row.has_secret,
        created: row.created,
        last_seen: row.last_seen,
    }
}

fn room_line(row: &RoomRow) -> RoomLine {
    RoomLine {
        name: row.name.shown().to_owned(),
        owner: row.owner.as_ref().map(|owner| owner.shown().to_owned()),
        private: row.is_private,
        keep: row.keep.map(|keep| keep.to_string()),
        topic: (*row.topic).to_owned(),
        created: row.created,
        members: row.members,
    }
}

fn room_row(line: RoomLine) -> Result<RoomRow, NoSense> {
    let span = |text: String| Span::parse(&text).ok_or_else(|| no_sense("no time"));
    Ok(RoomRow {
        name: name(&line.name)?,
        owner: line.owner.as_deref().map(name).transpose()?,
        is_private: line.private,
        keep: line.keep.map(span).transpose()?,
        topic: line.topic.into(),
        created: line.created,
        members: line.members,
    })
}

fn ban_line(ban: &Ban) -> BanLine {
    BanLine {
        what: ban.who.to_string(),
        until: ban.until,
        by: ban.by.to_string(),
        reason: ban.reason.to_string(),
    }
}

fn line_of(line: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // Texts and numbers: there is nothing that could not be written.
    let mut bytes = Zeroizing::new(serde_json::to_vec(line).unwrap_or_default());
    bytes.push(b'\n');
    bytes
}

impl From<Refusal> for RefusalWord {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NameTaken => Self::NameTaken,
            Refusal::NoSuchAccount => Self::NoSuchAccount,
            Refusal::NoSuchBan => Self::NoSuchBan,
            Refusal::NoSuchRoom => Self::NoSuchRoom,
            Refusal::RoomTaken => Self::RoomTaken,
            Refusal::TooMany => Self::TooMany,
            Refusal::Unavailable => Self::Unavailable,
        }
    }
}

impl From<RefusalWord> for Refusal {
    fn from(word: RefusalWord) -> Self {
        match word {
            RefusalWord::NameTaken => Self::NameTaken,
            RefusalWord::NoSuchAccount => Self::NoSuchAccount,
            RefusalWord::NoSuchBan => Self::NoSuchBan,
            RefusalWord::NoSuchRoom => Self::NoSuchRoom,
            RefusalWord::RoomTaken => Self::RoomTaken,
            RefusalWord::TooMany => Self::TooMany,
            RefusalWord::Unavailable => Self::Unavailable,
        }
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
