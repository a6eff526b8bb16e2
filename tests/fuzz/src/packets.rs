//! What is inside of a packet: three readers and a writer compared with each other.

use lanline::wire::canonical;
use lanline::wire::packet::push_packet;
use lanline::wire::{Malformed, Packet};
use serde::Deserialize;
use serde_json::Value;

/// A packet by what it means: name, recipient, text. The readers may keep
/// different spellings of the same text.
pub type Meaning = Option<(String, String, String)>;

pub fn meaning(packet: Result<Packet<'_>, Malformed>) -> Meaning {
    let packet = packet.ok()?;
    Some((packet.name.into_owned(), packet.to.into_owned(), packet.msg.plain().into_owned()))
}

/// The schema as `serde` derives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Derived {
    from: DerivedSender,
    to: String,
    msg: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DerivedSender {
    name: String,
    #[serde(rename = "ip")]
    _ip: String,
}

/// What `serde_json` makes of a packet without any of our code.
fn derived(bytes: &[u8]) -> Meaning {
    let packet: Derived = serde_json::from_slice(bytes).ok()?;
    // Derived code takes an array for an object; the contract doesn't.
    let value: Value = serde_json::from_slice(bytes).ok()?;
    (value.is_object() && value["from"].is_object()).then_some(())?;
    Some((packet.from.name, packet.to, packet.msg))
}

/// The fast path, the strict reader and plain `serde_json` agree.
pub fn assert_readers_agree(bytes: &[u8]) {
    let judged = meaning(Packet::parse(bytes));
    assert_eq!(meaning(canonical::parse(bytes)), judged, "the fast path");
    assert_eq!(derived(bytes), judged, "serde_json");
}

/// A packet that is written parses to the same, and is one line.
pub fn assert_written_and_read_again(bytes: &[u8]) {
    let Ok(packet) = canonical::parse(bytes) else { return };
    let mut out = Vec::new();
    push_packet(&mut out, &packet.name, "192.168.1.7", &packet.to, &packet.msg);
    let line_end = out.iter().position(|&byte| byte == b'\n');
    assert_eq!(line_end, Some(out.len() - 1));
    assert_eq!(meaning(canonical::parse(&out[..out.len() - 1])), meaning(Ok(packet)));
}
