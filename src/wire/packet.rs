//! One packet: the strict schema, read and written. Never: what it is for, who
//! may send it, where it ends in a stream.

use super::text::{JsonText, push_escaped};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A packet as the server receives it. Its `from.ip` was checked to be a string and
/// dropped: the server takes the address from the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// `from.name`, as its sender claims it.
    pub name: Cow<'a, str>,
    /// Whom it is for.
    pub to: Cow<'a, str>,
    /// The text, as it stands on the wire.
    pub msg: JsonText<'a>,
    /// A key of the sender's own for what is stored: only read where the stream takes keys.
    pub key: Option<Cow<'a, str>>,
}

/// A packet as a client receives it: all four leaves, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its sender, as the server stamped it; an endpoint begins with `/`.
    pub name: String,
    /// The sender's address as the server sees it; of an endpoint, the server's own.
    pub ip: String,
    /// Whom it is for: oneself, a room, or `/broadcast`.
    pub to: String,
    pub msg: String,
}

/// No packet by the schema: a key missing, unknown or given twice, a leaf that
/// is no string, invalid UTF-8, a lone surrogate, no JSON at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Packet<'a> {
    /// Reads the packet that `bytes` hold, from its first brace to its last. It
    /// decides what is valid; [`super::canonical`] is faster.
    ///
    /// # Errors
    /// [`Malformed`] where `bytes` are anything else than one packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::parse_keyed(bytes, false)
    }

    /// The same, where a fifth key, `key`, may be there.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse_keyed(bytes: &'a [u8], takes_keys: bool) -> Result<Self, Malformed> {
        let Object { name, to, msg, key, .. } = Object::parse(bytes)?;
        if key.as_ref().is_some_and(|key| !takes_keys || !is_key(key)) {
            return Err(Malformed);
        }
        Ok(Self { name, to, msg: JsonText::escape_cow(msg), key })
    }
}

/// Whether it may be a key of one's own: 1 to 64 printable ASCII characters.
pub fn is_key(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

impl Received {
    /// Reads the packet that `bytes` hold, from its first brace to its last.
    ///
    /// # Errors
    /// [`Malformed`], as for [`Packet::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let Object { name, ip, to, msg, key } = Object::parse(bytes)?;
        if key.is_some() {
            return Err(Malformed);
        }
        let [name, ip, to, msg] = [name, ip, to, msg].map(Cow::into_owned);
        Ok(Self { name, ip, to, msg })
    }
}

/// Appends a packet as the server and its clients write it: compact, keys in
/// order, one line. `msg` stands on the wire already.
pub fn push_packet(out: &mut Vec<u8>, name: &str, ip: &str, to: &str, msg: &JsonText<'_>) {
    out.reserve(48 + name.len() + ip.len() + to.len() + msg.raw().len());
    out.extend_from_slice(FROM_NAME);
    push_escaped(out, name);
    out.extend_from_slice(IP);
    push_escaped(out, ip);
    out.extend_from_slice(TO);
    push_escaped(out, to);
    out.extend_from_slice(MSG);
    out.extend_from_slice(msg.raw().as_bytes());
    out.extend_from_slice(END);
}

/// In front of the sender's name.
pub const FROM_NAME: &[u8; 17] = b"{\"from\":{\"name\":\"";
/// Between the sender's name and address.
pub const IP: &[u8; 8] = b"\",\"ip\":\"";
/// Between the sender's address and the recipient.
pub const TO: &[u8; 9] = b"\"},\"to\":\"";
/// Between the recipient and the text.
pub const MSG: &[u8; 9] = b"\",\"msg\":\"";
/// Behind the text.
pub const END: &[u8; 3] = b"\"}\n";

/// A packet with its strings read, the way `serde_json` sees it.
struct Object<'a> {
    name: Cow<'a, str>,
    ip: Cow<'a, str>,
    to: Cow<'a, str>,
    msg: Cow<'a, str>,
    key: Option<Cow<'a, str>>,
}

impl<'a> Object<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        // Checked first: a parser that skips a string may not look into it.
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
        serde_json::from_str(text).map_err(|_| Malformed)
    }
}

/// A string leaf, borrowed where it has no escapes.
struct Leaf<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Leaf<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LeafVisitor;
        impl<'de> Visitor<'de> for LeafVisitor {
            type Value = Leaf<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Leaf(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Leaf(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(LeafVisitor)
    }
}

/// `from`. Written by hand, as [`Object`] is: derived code would take an array
/// in place of an object.
struct Sender<'a> {
    name: Cow<'a, str>,
    ip: Cow<'a, str>,
}

impl<'de> Deserialize<'de> for Sender<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SenderVisitor;
        impl<'de> Visitor<'de> for SenderVisitor {
            type Value = Sender<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of name and ip")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut name, mut ip) = (None, None);
                while let Some(key) = map.next_key::<Leaf<'de>>()? {
                    match key.0.as_ref() {
                        "name" => once(&mut name, map.next_value::<Leaf<'de>>()?.0)?,
                        "ip" => once(&mut ip, map.next_value::<Leaf<'de>>()?.0)?,
                        _ => return Err(de::Error::custom("unknown key")),
                    }
                }
                Ok(Sender { name: given(name)?, ip: given(ip)? })
            }
        }
        deserializer.deserialize_map(SenderVisitor)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of from, to and msg")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut from, mut to, mut msg, mut own) = (None, None, None, None);
                while let Some(key) = map.next_key::<Leaf<'de>>()? {
                    match key.0.as_ref() {
                        "from" => once(&mut from, map.next_value::<Sender<'de>>()?)?,
                        "to" => once(&mut to, map.next_value::<Leaf<'de>>()?.0)?,
                        "msg" => once(&mut msg, map.next_value::<Leaf<'de>>()?.0)?,
                        "key" => once(&mut own, map.next_value::<Leaf<'de>>()?.0)?,
                        _ => return Err(de::Error::custom("unknown key")),
                    }
                }
                let Sender { name, ip } = given(from)?;
                Ok(Object { name, ip, to: given(to)?, msg: given(msg)?, key: own })
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}

fn once<T, E: de::Error>(slot: &mut Option<T>, value: T) -> Result<(), E> {
    match slot.replace(value) {
        Some(_) => Err(E::custom("a key given twice")),
        None => Ok(()),
    }
}

fn given<T, E: de::Error>(slot: Option<T>) -> Result<T, E> {
    slot.ok_or_else(|| E::custom("a key is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_reads_four_leaves_and_nothing_else() {
        let good = br#"{"from":{"name":"a","ip":"::1"},"to":"b","msg":"\u0041"}"#;
        let packet = Received::parse(good).unwrap();
        let leaves = [packet.name, packet.ip, packet.to, packet.msg];
        assert_eq!(leaves, ["a", "::1", "b", "A"]);
        for bad in [
            r#"{"from":{"name":"a","ip":"::1"},"to":"b"}"#,
            r#"{"from":{"name":"a","ip":"::1"},"to":"b","msg":"","x":1}"#,
            r#"{"from":{"name":"a","ip":7},"to":"b","msg":""}"#,
            r#"{"from":["a","::1"],"to":"b","msg":""}"#,
            r#"{"from":{"name":"a","ip":""},"to":"b","msg":"\ud800"}"#,
        ] {
            assert_eq!(Received::parse(bad.as_bytes()), Err(Malformed), "{bad}");
        }
    }
}
