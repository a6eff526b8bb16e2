//! IRC (RFC 2812): nicknames; the announcer is an operator who writes to all
//! users by a mask of the server's name, so that no channel of thousands has
//! to be joined first.

use super::{Dialect, Ear, Heard, Role, User, line, words};

/// The operator of the servers that the harness starts, and the password.
pub(crate) const OPERATOR: (&str, &str) = ("boss", "open-sesame");
/// The name of those servers.
pub(crate) const SERVER_NAME: &str = "irc.bench";

pub(crate) struct Irc;

fn privmsg(to: &str, text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"PRIVMSG ");
    out.extend_from_slice(to.as_bytes());
    out.extend_from_slice(b" :");
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

impl Dialect for Irc {
    fn greet(&self, user: User, _: Role, out: &mut Vec<u8>) {
        let greeting = format!("NICK u{user}\r\nUSER u{user} 0 * :u{user}\r\n");
        out.extend_from_slice(greeting.as_bytes());
    }

    fn send(&self, _: User, to: User, text: &[u8], out: &mut Vec<u8>) {
        privmsg(&format!("u{to}"), text, out);
    }

    fn announce(&self, _: User, text: &[u8], out: &mut Vec<u8>) {
        privmsg("$*.bench", text, out);
    }

    fn hear<'a>(&self, ear: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>) {
        let Some((line, end)) = line(bytes) else { return (0, Heard::Nothing) };
        if let Some(token) = line.strip_prefix(b"PING ") {
            out.extend_from_slice(b"PONG ");
            out.extend_from_slice(token);
            out.extend_from_slice(b"\r\n");
            return (end, Heard::Noise);
        }
        let mut words_of = line.splitn(4, |&byte| byte == b' ');
        let (source, command) = (words_of.next().unwrap_or(b""), words_of.next().unwrap_or(b""));
        let text = words_of.nth(1).and_then(|rest| rest.strip_prefix(b":"));
        let heard = match (command, text) {
            // The message of the day, or that there is none, ends the greeting.
            (b"376" | b"422", _) if ear.role == Role::Announcer => {
                let (name, password) = OPERATOR;
                out.extend_from_slice(format!("OPER {name} {password}\r\n").as_bytes());
                Heard::Noise
            }
            (b"376" | b"422" | b"381", _) => Heard::Ready,
            (b"PRIVMSG", Some(text)) => Heard::Message(text),
            (b"433" | b"464" | b"465" | b"481" | b"491" | b"401", _) => Heard::Refusal(words(line)),
            _ if source == b"ERROR" => Heard::Refusal(words(line)),
            _ => Heard::Noise,
        };
        (end, heard)
    }
}
