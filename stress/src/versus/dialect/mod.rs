//! **Dialects**: how one says "I am u7", "this is for u9" and "this is for
//! all" to each server, and how one hears the answer. All that differs between
//! the servers lives here. Never: sockets, workloads, clocks.

pub(super) mod irc;
mod jetstream;
mod kept_mqtt;
mod lanline;
mod mqtt;
mod nats;
mod redis;
mod relay;
mod stored_lanline;
mod streams;
#[cfg(test)]
mod tests;

pub(super) use irc::Irc;
pub(super) use jetstream::JetStream;
pub(super) use kept_mqtt::KeptMqtt;
pub(super) use lanline::Lanline;
pub(super) use mqtt::Mqtt;
pub(super) use nats::Nats;
pub(super) use redis::Redis;
pub(super) use relay::Relay;
pub(super) use stored_lanline::StoredLanline;
pub(super) use streams::Streams;

/// A user: what its name is made of. Negative numbers do not exist, nor does
/// one twice at a time.
pub(super) type User = u32;

/// What stood at the start of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// Nothing whole.
    Nothing,
    /// Something of no interest.
    Noise,
    /// The user is logged in and can be written to.
    Ready,
    /// What the user has written is stored.
    Stored,
    /// A message, the text as it was sent.
    Message(&'a [u8]),
    /// The server says no, in these words.
    Refusal(String),
}

/// How one talks to a server.
pub(crate) trait Dialect {
    /// Logs in. The user who announces may write to all.
    fn greet(&self, user: User, role: Role, out: &mut Vec<u8>);

    /// Writes `text` (printable ASCII, no quotes) to one user.
    fn send(&self, from: User, to: User, text: &[u8], out: &mut Vec<u8>);

    /// Writes `text` to all others; only the announcer does.
    fn announce(&self, from: User, text: &[u8], out: &mut Vec<u8>);

    /// What comes next for a user, and how many bytes it takes; what has to be answered
    /// goes to `out`.
    fn hear<'a>(&self, ear: &mut Ear, bytes: &'a [u8], out: &mut Vec<u8>) -> (usize, Heard<'a>);
}

/// Who hears, and what is remembered between two things that it hears.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ear {
    pub user: User,
    pub role: Role,
    /// Messages that are left of an answer that has many.
    pub left: usize,
}

/// What a user takes part in besides direct messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    Talker,
    /// Hears what is said to all.
    Listener,
    /// Says it.
    Announcer,
    /// Of a pair whose messages are stored, the one who writes and the one who reads.
    Writer,
    Reader,
}

/// Where a line ends: the bytes before CR LF or LF, and how many it takes.
fn line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// A number in decimal.
fn number(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn words(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
