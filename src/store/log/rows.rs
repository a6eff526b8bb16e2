//! A packet's row, written and read. Never: which ones.

use super::number::whole;
use super::places::{Parties, Places};
use crate::accounts::AccountId;
use crate::archive::{Key, Micros, PacketId, Post, SessionNumber, Stamped, StoredPacket};
use crate::limits::PACKET_KEPT_BYTES;
use rusqlite::types::{ToSqlOutput, Type, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, Error, OptionalExtension, Result, params};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Writes packets, one after the other.
pub(super) struct Writer<'c>(CachedStatement<'c>);

impl<'c> Writer<'c> {
    pub(super) fn new(connection: &'c Connection) -> Result<Self> {
        let sql =
            "INSERT INTO packet (id, conversation, time, sender, session, name, ip, recipient, msg, key)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        connection.prepare_cached(sql).map(Self)
    }

    /// Writes one; what it counts in bytes. `usual` is how its recipient is usually spelt.
    pub(super) fn write<W>(
        &mut self,
        (id, conversation, time): (u64, i64, Micros),
        post: &Post<W>,
        usual: Option<&str>,
    ) -> Result<u64> {
        let packet = &post.packet;
        let (sender, session) = match post.sender {
            Some((account, number)) => (Some(account.0.get()), Some(number.0 as i64)),
            None => (None, None),
        };
        let name = post.sender.is_none().then(|| packet.name());
        let recipient = Some(packet.to()).filter(|to| Some(*to) != usual);
        let address = Address::of(packet.ip());
        let bytes = [name.map_or(0, str::len), address.len(), recipient.map_or(0, str::len)];
        let key = post.sender.and(post.key.as_ref()).map(Key::as_str);
        let bytes = bytes.iter().sum::<usize>() + packet.msg().len() + key.map_or(0, str::len);
        let (id, msg) = (id as i64, packet.msg());
        self.0.execute(params![
            id,
            conversation,
            time.0,
            sender,
            session,
            name,
            address,
            recipient,
            msg,
            key
        ])?;
        Ok(bytes as u64 + PACKET_KEPT_BYTES)
    }
}

/// What a packet's texts count, of its row: as [`Writer::write`] says, but for what all count.
pub(super) const COUNTED: &str = "coalesce(octet_length(name), 0) + octet_length(ip)
     + coalesce(octet_length(recipient), 0) + octet_length(msg)
     + coalesce(octet_length(key), 0)";

/// An address in few bytes; whatever else it may be, as text.
enum Address<'a> {
    V4([u8; 4]),
    V6([u8; 16]),
    Text(&'a str),
}

impl<'a> Address<'a> {
    fn of(text: &'a str) -> Self {
        match text.parse() {
            // It is to come back as it was.
            Ok(IpAddr::V4(ip)) if ip.to_string() == text => Self::V4(ip.octets()),
            Ok(IpAddr::V6(ip)) if ip.to_string() == text => Self::V6(ip.octets()),
            _ => Self::Text(text),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::V4(octets) => octets.len(),
            Self::V6(octets) => octets.len(),
            Self::Text(text) => text.len(),
        }
    }

    fn read(value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.clone()),
            Value::Blob(bytes) => match (<[u8; 4]>::try_from(&bytes[..]), &bytes[..]) {
                (Ok(octets), _) => Some(IpAddr::from(octets).to_string()),
                (_, bytes) => {
                    let octets = <[u8; 16]>::try_from(bytes).ok()?;
                    Some(IpAddr::from(octets).to_string())
                }
            },
            _ => None,
        }
    }
}

impl rusqlite::ToSql for Address<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::V4(octets) => ValueRef::Blob(octets),
            Self::V6(octets) => ValueRef::Blob(octets),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// A packet read back, and which session has sent it.
pub(super) struct Found {
    pub packet: StoredPacket,
    pub sender: Option<(AccountId, SessionNumber)>,
}

/// Reads packets by their ids.
pub(super) struct Reader<'c> {
    connection: &'c Connection,
    find: CachedStatement<'c>,
}

/// A row, before names are looked up.
struct Read {
    time: i64,
    sender: Option<AccountId>,
    session: u64,
    name: Option<String>,
    ip: String,
    recipient: Option<String>,
    msg: String,
    parties: Parties,
}

impl<'c> Reader<'c> {
    pub(super) fn new(connection: &'c Connection) -> Result<Self> {
        let sql = "SELECT time, sender, coalesce(session, 0), name, ip, recipient, msg, kind, a, b
                   FROM packet JOIN conversation ON conversation.id = packet.conversation
                   WHERE packet.id = ?1";
        Ok(Self { connection, find: connection.prepare_cached(sql)? })
    }

    /// None where it was removed, or its sender was.
    pub(super) fn read(&mut self, places: &mut Places, id: PacketId) -> Result<Option<Found>> {
        let row = self.find.query_row([id.get() as i64], |row| {
            let ip: Value = row.get(4)?;
            let no_address = || Error::FromSqlConversionFailure(4, Type::Blob, "no address".into());
            let sender: Option<u32> = row.get(1)?;
            Ok(Read {
                time: row.get(0)?,
                sender: sender.and_then(NonZeroU32::new).map(AccountId),
                session: whole(row, 2)?,
                name: row.get(3)?,
                ip: Address::read(&ip).ok_or_else(no_address)?,
                recipient: row.get(5)?,
                msg: row.get(6)?,
                parties: Parties::from_row(row.get(7)?, row.get(8)?, row.get(9)?),
            })
        });
        let Some(row) = row.optional()? else { return Ok(None) };
        let name = match (row.sender, row.name) {
            (Some(account), _) => places.name(self.connection, account)?,
            (None, name) => name.map(Into::into),
        };
        let recipient = match row.recipient {
            Some(recipient) => Some(recipient.into()),
            None => row.parties.recipient(self.connection, places, row.sender)?,
        };
        let (Some(name), Some(recipient)) = (name, recipient) else { return Ok(None) };
        let stamped = Stamped::new(&name, &row.ip, &recipient, &row.msg);
        let packet = StoredPacket { id, time: Micros(row.time), stamped };
        let sender = row.sender.map(|account| (account, SessionNumber(row.session)));
        Ok(Some(Found { packet, sender }))
    }
}
