//! Lanline between accounts: what one says to another is stored, and its sender has the
//! receipt.

use super::{Dialect, Ear, Heard, Lanline, Role, User};
use lanline::wire::{Endpoint, JsonText, packet};

/// What `/receipt` says of a packet that is stored begins like this.
const STORED: &[u8] = b"stored ";

pub(crate) struct StoredLanline {
    /// What each user says to `/login`.
    logins: Vec<String>,
}

impl StoredLanline {
    pub(crate) fn new(logins: &[String]) -> Self {
        Self { logins: logins.to_vec() }
    }
}

fn push(user: User, to: Endpoint, text: &str, out: &mut Vec<u8>) {
    let text = JsonText::escape(text);
    packet::push_packet(out, &format!("u{user}"), "0.0.0.0", to.name(), &text);
}

impl Dialect for StoredLanline {
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>) {
        let login = self.logins.get(user as usize).map_or("", String::as_str);
        push(user, Endpoint::Login, login, out);
        if role == Role::Writer {
            push(user, Endpoint::Receipts, "on", out);
        }
    }

    fn send(&self, from: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        Lanline.send(from, to, text, out);
    }

    fn announce(&self, from: User, text: &[u8], out: &mut Vec<u8>) {
        Lanline.announce(from, text, out);
    }

    fn hear<'a>(&self, ear: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let (end, heard) = Lanline.hear(ear, bytes, out);
        // To the other dialect an answer is noise.
        let is_receipt = heard == Heard::Noise
            && bytes[..end].trim_ascii_start().starts_with(packet::FROM_NAME)
            && is_stored(&bytes[..end]);
        (end, if is_receipt { Heard::Stored } else { heard })
    }
}

fn is_stored(packet: &[u8]) -> bool {
    let name = &packet.trim_ascii_start()[packet::FROM_NAME.len()..];
    let text = packet.windows(packet::MSG.len()).position(|window| window == packet::MSG);
    name.starts_with(Endpoint::Receipt.name().as_bytes())
        && text.is_some_and(|place| packet[place + packet::MSG.len()..].starts_with(STORED))
}
