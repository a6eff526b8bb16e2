//! NATS: a subject per user, one for all. <https://docs.nats.io/reference/reference-protocols/nats-protocol>

use super::{Dialect, Ear, Heard, Role, User, line, number, words};

pub(crate) struct Nats;

impl Dialect for Nats {
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>) {
        let greeting = "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\
                        \"name\":\"bot\",\"lang\":\"rust\",\"version\":\"0\",\"protocol\":1}\r\n";
        out.extend_from_slice(greeting.as_bytes());
        out.extend_from_slice(format!("SUB u{user} 1\r\n").as_bytes());
        if role == Role::Listener {
            out.extend_from_slice(b"SUB all 2\r\n");
        }
        out.extend_from_slice(b"PING\r\n");
    }

    fn send(&self, _: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("PUB u{to} {}\r\n", text.len()).as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
    }

    fn announce(&self, _: User, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(format!("PUB all {}\r\n", text.len()).as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(b"\r\n");
    }

    fn hear<'a>(&self, _: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some((line, end)) = line(bytes) else { return (0, Heard::Nothing) };
        if line.starts_with(b"MSG ") {
            let length = line.rsplit(|&byte| byte == b' ').next().and_then(number).unwrap_or(0);
            return match bytes.get(end..end + length + 2) {
                Some(text) => (end + length + 2, Heard::Message(&text[..length])),
                None => (0, Heard::Nothing),
            };
        }
        match line {
            b"PONG" => (end, Heard::Ready),
            b"PING" => {
                out.extend_from_slice(b"PONG\r\n");
                (end, Heard::Noise)
            }
            _ if line.starts_with(b"-ERR") => (end, Heard::Refusal(words(line))),
            _ => (end, Heard::Noise),
        }
    }
}
