//! MQTT 3.1.1, quality of service 0: a topic per user, one for all.
//! <https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html>

use super::{Dialect, Ear, Heard, Role, User};

pub(crate) struct Mqtt;

/// A string with its length in two bytes in front.
pub(super) fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text);
}

/// A packet: type and flags, the remaining length in base 128, the rest.
pub(super) fn push_packet(kind: u8, body: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    let mut length = body.len();
    loop {
        let low = (length % 128) as u8;
        length /= 128;
        out.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
}

/// Where the body of the packet at the start of `bytes` begins and ends.
pub(super) fn body(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (index, &byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let start = index + 2;
            return (start + length <= bytes.len()).then_some((start, start + length));
        }
    }
    None
}

fn publish(topic: &[u8], text: &[u8], out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(2 + topic.len() + text.len());
    push_string(topic, &mut body);
    body.extend_from_slice(text);
    push_packet(0x30, &body, out);
}

impl Dialect for Mqtt {
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>) {
        let name = format!("u{user}");
        // Version 4, a clean session, no keep-alive.
        let mut connect = b"\x00\x04MQTT\x04\x02\x00\x00".to_vec();
        push_string(name.as_bytes(), &mut connect);
        push_packet(0x10, &connect, out);
        let mut subscribe = b"\x00\x01".to_vec();
        push_string(name.as_bytes(), &mut subscribe);
        subscribe.push(0);
        if role == Role::Listener {
            push_string(b"all", &mut subscribe);
            subscribe.push(0);
        }
        push_packet(0x82, &subscribe, out);
    }

    fn send(&self, _: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        publish(format!("u{to}").as_bytes(), text, out);
    }

    fn announce(&self, _: User, text: &[u8], out: &mut Vec<u8>) {
        publish(b"all", text, out);
    }

    fn hear<'a>(&self, _: &mut Ear, bytes: &'a [u8], _: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some((start, end)) = body(bytes) else { return (0, Heard::Nothing) };
        let body = &bytes[start..end];
        let heard = match (bytes[0] >> 4, body) {
            (2, [_, 0]) => Heard::Noise,
            (2, _) => Heard::Refusal(format!("CONNACK {body:?}")),
            (9, _) => Heard::Ready,
            (3, [high, low, rest @ ..]) => {
                let topic = usize::from(u16::from_be_bytes([*high, *low]));
                rest.get(topic..).map_or(Heard::Noise, Heard::Message)
            }
            _ => Heard::Noise,
        };
        (end, heard)
    }
}
