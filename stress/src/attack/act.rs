//! What a connection of an attack does, and the bytes that it says. Never: a
//! socket.

use lanline::limits::PACKET_BYTES_DEFAULT;
use lanline::wire::{JsonText, packet};

/// What a connection does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Is here and reads.
    Idle,
    /// Wants to hear who comes and goes.
    Watch,
    /// Is in [`ROOM`].
    Join,
    /// Is in so many rooms of its own.
    Rooms(usize),
    /// Reads so many bytes a second.
    Sip(usize),
    /// Says something so often a second.
    Say { to: &'static str, bytes: usize, per_second: f64 },
    /// Is in [`ROOM`] and posts to it.
    Post { per_second: f64 },
    /// Says it as fast as the server takes it.
    Flood { to: &'static str, bytes: usize },
    /// White space, as fast as the server takes it.
    Blank,
    /// Packets that take long to read: large, all escapes, in an unusual layout.
    Long,
    /// Connects, says so many bytes of calls at once and ends it; again and again, as
    /// fast as it can or so often a second.
    Hit {
        calls: &'static [(&'static str, &'static str)],
        bytes: usize,
        end: End,
        per_second: Option<f64>,
    },
    /// Begins a handshake of TLS, and resets once it is answered; again and again.
    Shake,
    /// Comes and goes under names of letters that look alike.
    Alike,
    /// Is in 256 rooms; every few seconds all reset at once and come back.
    Herd,
    /// Reads nothing; every few seconds all reset at once and come back.
    DeafHerd,
    /// Fills the queue of the `deaf` of the same number with small packets.
    FeedTheDeaf,
}

/// How a hit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Reset,
    /// The sending half is closed, and everything is read.
    Leave,
    /// It reads nothing until the server closes it.
    Stuck,
}

/// The operators' token, where there is one.
pub(super) const TOKEN: &str = "no-guess-of-theirs-is-this-long-one";
/// The room of all who are in one.
pub(super) const ROOM: &str = "#all";
/// Rooms of each of a herd: as many as one may be in.
const HERD_ROOMS: usize = 256;

/// A ClientHello that a server has to answer.
pub(super) fn client_hello() -> Vec<u8> {
    let mut hello = Vec::new();
    let written = crate::driver::client().map(|mut client| client.write_tls(&mut hello));
    // Writing into memory doesn't fail.
    debug_assert!(matches!(written, Ok(Ok(_))));
    hello
}

/// Greets by a bare name.
pub(super) fn greeting(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
}

/// A packet; `text` needs no escapes.
pub(super) fn push(out: &mut Vec<u8>, name: &str, to: &str, text: &str) {
    packet::push_packet(out, name, "", to, &JsonText::escape_cow(text.into()));
}

/// At least so many bytes of these calls in turns, the operators' token and a
/// privileged one behind guesses of it.
pub(super) fn push_calls(out: &mut Vec<u8>, name: &str, calls: &[(&str, &str)], bytes: usize) {
    let end = out.len() + bytes;
    for (to, text) in calls.iter().cycle() {
        if out.len() >= end {
            break;
        }
        push(out, name, to, text);
    }
    if calls.iter().any(|(to, _)| *to == "/operator") {
        push(out, name, "/operator", TOKEN);
        push(out, name, "/kick", "pair0 found");
    }
}

/// What it says once it is welcome.
pub(super) fn push_opening(out: &mut Vec<u8>, act: Act, name: &str) {
    match act {
        Act::Watch => push(out, name, "/presence", "on"),
        Act::Join | Act::Post { .. } => push(out, name, "/join", ROOM),
        Act::Rooms(rooms) => {
            (0..rooms).for_each(|room| push(out, name, "/join", &format!("#{name}-{room}")));
        }
        Act::Herd => {
            (0..HERD_ROOMS).for_each(|room| push(out, name, "/join", &format!("#herd-{room}")));
        }
        _ => {}
    }
}

/// A packet as large as may be that takes long to read.
pub(super) fn push_long(out: &mut Vec<u8>, name: &str) {
    let start = out.len();
    out.extend_from_slice(br#"{"msg":""#);
    while out.len() - start < PACKET_BYTES_DEFAULT - 200 {
        out.extend_from_slice(br"\u00e4\n\ud83d\ude00");
    }
    out.extend_from_slice(br#"","to":"nobody","from":{"ip":"","name":""#);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\"}}\n");
}

/// A name of twelve letters, some of them of those that look alike to people; each
/// number has its own.
pub(super) fn alike(number: usize) -> String {
    let letter = |place: usize| if number >> place & 1 == 1 { 'l' } else { '1' };
    let mut name: String = (0..20).map(letter).collect();
    name.insert(0, 'x');
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use lanline::wire::{Name, Packet};

    #[test]
    fn what_is_said_are_packets_and_names() {
        let mut long = Vec::new();
        push_long(&mut long, "bob");
        assert!(long.len() <= PACKET_BYTES_DEFAULT);
        assert_eq!(
            Packet::parse(long.trim_ascii_end()).map(|packet| packet.to),
            Ok("nobody".into())
        );
        let names = [0, 1, 12_345].map(alike);
        assert!(names.iter().all(|name| Name::parse(name).is_ok()));
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn guesses_end_with_the_right_token_and_a_kick() {
        let mut out = Vec::new();
        push_calls(&mut out, "bob", &[("/operator", "guess")], 1000);
        let text = String::from_utf8(out).expect("text");
        let mut last = text.lines().rev();
        assert!(last.next().is_some_and(|line| line.contains("/kick")));
        assert!(last.next().is_some_and(|line| line.contains(TOKEN)));
        assert!(text.len() >= 1000);
    }
}
