//! Redis streams: one for each user who reads. Who writes is answered once it is stored,
//! as `appendfsync` says; who reads waits for what is new behind the last that it has.
//! <https://redis.io/docs/latest/develop/data-types/streams/>

use super::redis::{command, value_bytes};
use super::{Dialect, Ear, Heard, Role, User, line, number, words};

/// Messages that a reader gets in one answer at the most.
const COUNT: &[u8] = b"512";

pub(crate) struct Streams;

pub(super) fn read_behind(user: User, id: &[u8], out: &mut Vec<u8>) {
    let name = format!("u{user}");
    let name = name.as_bytes();
    command(&[b"XREAD", b"COUNT", COUNT, b"BLOCK", b"0", b"STREAMS", name, id], out);
}

/// The first bulk string in `bytes`, and what is behind it.
fn bulk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, start) = line(bytes)?;
    let length = number(head.strip_prefix(b"$")?)?;
    Some((bytes.get(start..start + length)?, bytes.get(start + length + 2..)?))
}

/// An entry of one field: its id, its text, and how long it is.
fn entry(bytes: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let length = value_bytes(bytes)?;
    let (id, rest) = bulk(bytes[..length].strip_prefix(b"*2\r\n")?)?;
    let (_, rest) = bulk(rest.strip_prefix(b"*2\r\n")?)?;
    Some((id, bulk(rest)?.0, length))
}

/// The head of an answer with entries of one stream: how many, and where the first begins.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let (_, rest) = bulk(bytes.strip_prefix(b"%1\r\n")?)?;
    let (count, length) = line(rest)?;
    Some((number(count.strip_prefix(b"*")?)?, bytes.len() - rest.len() + length))
}

impl Dialect for Streams {
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>) {
        command(&[b"HELLO", b"3"], out);
        command(&[b"PING"], out);
        if role == Role::Reader {
            read_behind(user, b"0", out);
        }
    }

    fn send(&self, _: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        command(&[b"XADD", format!("u{to}").as_bytes(), b"*", b"t", text], out);
    }

    fn announce(&self, from: User, text: &[u8], out: &mut Vec<u8>) {
        self.send(from, from, text, out);
    }

    fn hear<'a>(&self, ear: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>) {
        if ear.left > 0 {
            let Some((id, text, length)) = entry(bytes) else { return (0, Heard::Nothing) };
            ear.left -= 1;
            if ear.left == 0 {
                read_behind(ear.user, id, out);
            }
            return (length, Heard::Message(text));
        }
        if let Some((count, length)) = head(bytes).filter(|_| ear.role != Role::Writer) {
            // The greeting's answer is a map of more.
            ear.left = count;
            return (length, Heard::Noise);
        }
        let is_head = ear.role != Role::Writer && bytes.starts_with(b"%1\r\n");
        let Some(length) = value_bytes(bytes).filter(|_| !is_head) else {
            return (0, Heard::Nothing);
        };
        let value = &bytes[..length];
        let heard = match value[0] {
            b'-' => Heard::Refusal(words(value)),
            b'+' if value == b"+PONG\r\n" => Heard::Ready,
            b'$' => Heard::Stored,
            _ => Heard::Noise,
        };
        (length, heard)
    }
}
