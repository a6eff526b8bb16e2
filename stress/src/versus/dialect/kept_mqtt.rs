//! MQTT 3.1.1, quality of service 1, with sessions that outlive their connections: the
//! broker answers what it has taken, and is answered by who has got it.

use super::mqtt::{body, push_packet, push_string};
use super::{Dialect, Ear, Heard, Role, User};
use std::cell::Cell;

/// Numbers of packets that are on their way, in turn.
#[derive(Default)]
pub(crate) struct KeptMqtt {
    last: Cell<u16>,
}

impl KeptMqtt {
    /// Never 0.
    fn next(&self) -> [u8; 2] {
        self.last.set(self.last.get().checked_add(1).unwrap_or(1));
        self.last.get().to_be_bytes()
    }

    fn publish(&self, topic: &[u8], text: &[u8], out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(4 + topic.len() + text.len());
        push_string(topic, &mut body);
        body.extend_from_slice(&self.next());
        body.extend_from_slice(text);
        push_packet(0x32, &body, out);
    }
}

impl Dialect for KeptMqtt {
    fn greet(&self, user: User, _: Role, out: &mut Vec<u8>) {
        let name = format!("u{user}");
        // Version 4, no clean session, no keep-alive.
        let mut connect = b"\x00\x04MQTT\x04\x00\x00\x00".to_vec();
        push_string(name.as_bytes(), &mut connect);
        push_packet(0x10, &connect, out);
        let mut subscribe = b"\x00\x01".to_vec();
        push_string(name.as_bytes(), &mut subscribe);
        subscribe.push(1);
        push_packet(0x82, &subscribe, out);
    }

    fn send(&self, _: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        self.publish(format!("u{to}").as_bytes(), text, out);
    }

    fn announce(&self, _: User, text: &[u8], out: &mut Vec<u8>) {
        self.publish(b"all", text, out);
    }

    fn hear<'a>(&self, _: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some((start, end)) = body(bytes) else { return (0, Heard::Nothing) };
        let body = &bytes[start..end];
        let heard = match (bytes[0] >> 4, body) {
            (2, [_, 0]) => Heard::Noise,
            (2, _) => Heard::Refusal(format!("CONNACK {body:?}")),
            (9, _) => Heard::Ready,
            (4, _) => Heard::Stored,
            (3, [high, low, rest @ ..]) => {
                let topic = usize::from(u16::from_be_bytes([*high, *low]));
                match rest.get(topic..) {
                    Some([high, low, text @ ..]) => {
                        push_packet(0x40, &[*high, *low], out);
                        Heard::Message(text)
                    }
                    _ => Heard::Noise,
                }
            }
            _ => Heard::Noise,
        };
        (end, heard)
    }
}
