//! The bare relay: Lanline's packets with a binary address and a length in
//! place of their first eight bytes.

use super::lanline::push;
use super::{Dialect, Ear, Heard, Role, User};
use crate::relay::{EVERYONE, HEADER_BYTES};
use lanline::wire::{Endpoint, packet};

pub(crate) struct Relay;

/// Overwrites the start of the packet that begins at `start`.
fn address(to: u32, start: usize, out: &mut [u8]) {
    let length = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&to.to_le_bytes());
    out[start + 4..start + HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
}

impl Dialect for Relay {
    fn greet(&self, user: User, _: Role, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_BYTES]);
        address(user, start, out);
    }

    fn send(&self, from: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        push(from, &format!("u{to}"), text, out);
        address(to, start, out);
    }

    fn announce(&self, from: User, text: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        push(from, Endpoint::Broadcast.name(), text, out);
        address(EVERYONE, start, out);
    }

    fn hear<'a>(&self, _: &mut Ear, bytes: &'a [u8], _: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some(header) = bytes.get(..HEADER_BYTES) else { return (0, Heard::Nothing) };
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let Some(frame) = bytes.get(..length.max(HEADER_BYTES)) else {
            return (0, Heard::Nothing);
        };
        // The welcome alone doesn't end as a packet does.
        let Some(packet) = frame.strip_suffix(packet::END) else {
            return (frame.len(), Heard::Ready);
        };
        let text = packet.iter().rposition(|&byte| byte == b'"').map_or(0, |quote| quote + 1);
        (frame.len(), Heard::Message(&packet[text..]))
    }
}
