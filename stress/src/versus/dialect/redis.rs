//! Redis: a channel per user, one for all, over RESP3, so that one connection
//! can publish and subscribe. <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use super::{Dialect, Ear, Heard, Role, User, line, number, words};

pub(crate) struct Redis {
    /// Whether publishing is answered with how many got it.
    pub replies: bool,
}

/// A command as an array of bulk strings.
pub(super) fn command(parts: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", parts.len()).as_bytes());
    for part in parts {
        out.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
}

/// How long the value at the start of `bytes` is.
pub(super) fn value_bytes(bytes: &[u8]) -> Option<usize> {
    let (line, mut end) = line(bytes)?;
    let (&kind, rest) = line.split_first()?;
    let count = number(rest);
    match kind {
        b'$' | b'=' => end += count.map_or(0, |length| length + 2),
        b'*' | b'>' | b'~' | b'%' => {
            let each = if kind == b'%' { 2 } else { 1 };
            for _ in 0..count.unwrap_or(0) * each {
                end += value_bytes(bytes.get(end..)?)?;
            }
        }
        _ => {}
    }
    (end <= bytes.len()).then_some(end)
}

/// The text of a push of three bulk strings that begins with `message`.
fn message(push: &[u8]) -> Option<&[u8]> {
    let rest = push.strip_prefix(b">3\r\n$7\r\nmessage\r\n")?;
    let channel = value_bytes(rest)?;
    let (_, head) = line(&rest[channel..])?;
    let text = &rest[channel + head..];
    text.strip_suffix(b"\r\n")
}

impl Dialect for Redis {
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>) {
        let name = format!("u{user}");
        command(&[b"HELLO", b"3"], out);
        match role {
            Role::Listener => command(&[b"SUBSCRIBE", name.as_bytes(), b"all"], out),
            _ => command(&[b"SUBSCRIBE", name.as_bytes()], out),
        }
        command(&[b"PING"], out);
        if !self.replies {
            command(&[b"CLIENT", b"REPLY", b"OFF"], out);
        }
    }

    fn send(&self, _: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        command(&[b"PUBLISH", format!("u{to}").as_bytes(), text], out);
    }

    fn announce(&self, _: User, text: &[u8], out: &mut Vec<u8>) {
        command(&[b"PUBLISH", b"all", text], out);
    }

    fn hear<'a>(&self, _: &mut Ear, bytes: &'a [u8], _: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some(length) = value_bytes(bytes) else { return (0, Heard::Nothing) };
        let value = &bytes[..length];
        let heard = match value[0] {
            b'>' => message(value).map_or(Heard::Noise, Heard::Message),
            b'-' => Heard::Refusal(words(value)),
            b'+' if value == b"+PONG\r\n" => Heard::Ready,
            _ => Heard::Noise,
        };
        (length, heard)
    }
}
