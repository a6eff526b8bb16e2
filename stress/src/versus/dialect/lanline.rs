//! Lanline: packets, through the wire that the server shares.

use super::{Dialect, Ear, Heard, Role, User, words};
use lanline::wire::{Endpoint, Framer, JsonText, Step, canonical, packet};

/// A packet is never longer than this here.
const PACKET_BYTES_MAX: usize = 1 << 20;

/// One for Lanline and for the Python server.
pub(crate) struct Lanline;

/// A packet as a client writes it. `text` needs no escapes.
pub(super) fn push(from: User, to: &str, text: &[u8], out: &mut Vec<u8>) {
    let name = format!("u{from}");
    let text = JsonText::escape_cow(String::from_utf8_lossy(text));
    packet::push_packet(out, &name, "127.0.0.1", to, &text);
}

impl Dialect for Lanline {
    fn greet(&self, user: User, _: Role, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("u{user}\n").as_bytes());
    }

    fn send(&self, from: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        push(from, &format!("u{to}"), text, out);
    }

    fn announce(&self, from: User, text: &[u8], out: &mut Vec<u8>) {
        push(from, Endpoint::Broadcast.name(), text, out);
    }

    fn hear<'a>(&self, _: &mut Ear, bytes: &'a [u8], _: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let (start, end) = match Framer::default().next(bytes, PACKET_BYTES_MAX) {
            Step::Packet { start, end } => (start, end),
            // White space behind a packet can go, what began has to stay.
            Step::More { keep } => return (keep, Heard::Nothing),
            other => return (bytes.len(), Heard::Refusal(format!("{other:?}"))),
        };
        let Ok(packet) = canonical::parse(&bytes[start..end]) else {
            return (end, Heard::Refusal(words(&bytes[start..end])));
        };
        let heard = match packet.name.as_ref() {
            name if name.starts_with('/') => match Endpoint::parse(name) {
                Some(Endpoint::Welcome) => Heard::Ready,
                Some(Endpoint::Error) => Heard::Refusal(packet.msg.plain().into_owned()),
                _ => Heard::Noise,
            },
            // Plain texts stand on the wire as they are: borrowed from there.
            _ => {
                let length = packet.msg.raw().len();
                let behind = end - (packet::END.len() - 1);
                Heard::Message(&bytes[behind - length..behind])
            }
        };
        (end, heard)
    }
}
