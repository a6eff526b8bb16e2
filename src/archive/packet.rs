//! A stamped packet and its parts; the id and time that it has once it is stored; the
//! extended form. Never: whom it concerns.

use crate::accounts::AccountId;
use crate::wire::packet::{END, FROM_NAME, IP, MSG, TO};
use jiff::Timestamp;
use std::fmt::Write as _;
use std::num::NonZeroU64;

/// Grows over the whole server, and over restarts; never used twice. Below 2^53, so that
/// every JSON reader has it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(NonZeroU64);

impl PacketId {
    /// The largest that there can be.
    pub const MAX: u64 = (1 << 53) - 1;

    /// None for 0, and what is too large.
    pub fn new(id: u64) -> Option<Self> {
        NonZeroU64::new(id).filter(|id| id.get() <= Self::MAX).map(Self)
    }

    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// A time of day: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub i64);

/// A packet as its recipients get it: `from` is what the server knows of the sender, `to`
/// and `msg` are as they came. Where its parts lie is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    bytes: Box<[u8]>,
    name: u16,
    ip: u16,
    to: u16,
}

impl Stamped {
    /// From its parts, which need no escaping any more: `msg` stands on the wire already.
    /// A name, an address or a recipient is far shorter than 64 KiB.
    pub fn new(name: &str, ip: &str, to: &str, msg: &str) -> Self {
        let mut bytes = Vec::with_capacity(FIXED + name.len() + ip.len() + to.len() + msg.len());
        for part in [FROM_NAME, name.as_bytes(), IP, ip.as_bytes(), TO, to.as_bytes(), MSG] {
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(msg.as_bytes());
        bytes.extend_from_slice(END);
        let [name, ip, to] = [name, ip, to].map(|part| part.len() as u16);
        Self { bytes: bytes.into(), name, ip, to }
    }

    /// From what stands in front of the recipient, which holds a name of so many bytes.
    pub fn behind(stamp: &str, name_bytes: usize, to: &str, msg: &str) -> Self {
        let mut bytes =
            Vec::with_capacity(stamp.len() + to.len() + MSG.len() + msg.len() + END.len());
        for part in [stamp.as_bytes(), to.as_bytes(), MSG, msg.as_bytes(), END] {
            bytes.extend_from_slice(part);
        }
        let ip = stamp.len().saturating_sub(FROM_NAME.len() + name_bytes + IP.len() + TO.len());
        let [name, ip, to] = [name_bytes, ip, to.len()].map(|length| length as u16);
        Self { bytes: bytes.into(), name, ip, to }
    }

    /// The whole packet with its line feed, as an ordinary session gets it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The sender's name.
    pub fn name(&self) -> &str {
        self.part(FROM_NAME.len(), self.name.into())
    }

    /// The sender's address.
    pub fn ip(&self) -> &str {
        self.part(self.ip_start(), self.ip.into())
    }

    /// The recipient, as the sender wrote it.
    pub fn to(&self) -> &str {
        self.part(self.to_start(), self.to.into())
    }

    /// The text, as it stands on the wire.
    pub fn msg(&self) -> &str {
        let start = self.to_start() + usize::from(self.to) + MSG.len();
        self.part(start, self.bytes.len() - END.len() - start)
    }

    /// The extended form, without a line feed: with `id` and `time` behind `msg`.
    pub fn push_extended(&self, out: &mut Vec<u8>, id: PacketId, time: Micros) {
        // Without the closing brace and the line feed.
        out.extend_from_slice(&self.bytes[..self.bytes.len() - (END.len() - 1)]);
        let time = Timestamp::from_microsecond(time.0).unwrap_or_default();
        let mut tail = String::with_capacity(64);
        let _ = write!(tail, ",\"id\":{},\"time\":\"{time:.6}\"}}", id.get());
        out.extend_from_slice(tail.as_bytes());
    }

    fn ip_start(&self) -> usize {
        FROM_NAME.len() + usize::from(self.name) + IP.len()
    }

    fn to_start(&self) -> usize {
        self.ip_start() + usize::from(self.ip) + TO.len()
    }

    fn part(&self, start: usize, length: usize) -> &str {
        let bytes = self.bytes.get(start..start + length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

const FIXED: usize = FROM_NAME.len() + IP.len() + TO.len() + MSG.len() + END.len();

/// A packet read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPacket {
    pub id: PacketId,
    pub time: Micros,
    pub stamped: Stamped,
    /// Its sender, where it is a direct packet from another account to the one that asks.
    pub direct_from: Option<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_stamped_packet_are_found_again() {
        let stamped = Stamped::new("Zoë", "::1", "#Ops", r#"a\"b"#);
        let parts = [stamped.name(), stamped.ip(), stamped.to(), stamped.msg()];
        assert_eq!(parts, ["Zoë", "::1", "#Ops", r#"a\"b"#]);
        let wire =
            "{\"from\":{\"name\":\"Zoë\",\"ip\":\"::1\"},\"to\":\"#Ops\",\"msg\":\"a\\\"b\"}\n";
        assert_eq!(stamped.bytes(), wire.as_bytes());
        let stamp = "{\"from\":{\"name\":\"Zoë\",\"ip\":\"::1\"},\"to\":\"";
        assert_eq!(Stamped::behind(stamp, "Zoë".len(), "#Ops", r#"a\"b"#), stamped);
        let empty = Stamped::new("a", "::1", "b", "");
        assert_eq!((empty.to(), empty.msg()), ("b", ""));
    }

    #[test]
    fn the_extended_form_has_id_and_time_behind_the_text() {
        let mut out = Vec::new();
        let (id, time) = (PacketId::new(1234).unwrap(), Micros(1_795_304_298_123_456));
        Stamped::new("a", "::1", "b", "hi").push_extended(&mut out, id, time);
        let wire = r#"{"from":{"name":"a","ip":"::1"},"to":"b","msg":"hi","id":1234,"time":"2026-11-21T23:38:18.123456Z"}"#;
        assert_eq!(String::from_utf8(out).unwrap(), wire);
    }

    #[test]
    fn an_id_is_exact_in_every_reader() {
        assert_eq!(PacketId::new(PacketId::MAX).map(PacketId::get), Some((1 << 53) - 1));
        assert_eq!((PacketId::new(0), PacketId::new(1 << 53)), (None, None));
    }
}
