//! A scripted client that checks every packet it gets.

use crate::connection::{Connection, ReceivingHalf, SendingHalf};
use crate::packet::{Packet, packet_text};
use crate::{PATIENCE, Server};
use std::collections::VecDeque;
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// A client of the server, greeted or not.
#[derive(Debug)]
pub struct Peer {
    connection: Connection,
    /// The registered name; empty before the welcome.
    pub name: String,
    /// The name that it gave in its greeting, for packets sent before the welcome.
    said: String,
    /// How many packets were sent by [`Peer::send`] and its like.
    sent: u64,
    bytes_sent: u64,
    /// Packets that came while another was waited for, in order.
    unread: VecDeque<Packet>,
}

/// The answers to a stream of bytes: pings in order, and refusals by ordinal (they
/// may overtake one another).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub pongs: Vec<String>,
    pub refusals: Vec<(u64, String)>,
}

/// Ways of getting connected.
impl Peer {
    /// Connects to the first listener and says nothing.
    pub fn connect(server: &Server) -> Self {
        Self::connect_to(server.address())
    }

    /// Connects to one of several listeners, or to something else than a [`Server`].
    pub fn connect_to(address: SocketAddr) -> Self {
        Self::over(Connection::open(address))
    }

    /// Connects from an address of our choice, with as small a receive buffer
    /// as the system has if `narrow`.
    pub fn connect_from(local: Option<IpAddr>, narrow: bool, address: SocketAddr) -> Self {
        Self::over(Connection::open_from(local, narrow, address))
    }

    /// Connects, greets by a bare name with a line feed, and waits for the welcome.
    pub fn join(server: &Server, name: &str) -> Self {
        Self::connect(server).greet(name)
    }

    /// [`Peer::join`] with a small receive buffer, for a peer that will not read.
    pub fn join_narrow(server: &Server, name: &str) -> Self {
        Self::connect_from(None, true, server.address()).greet(name)
    }

    /// Connects and greets by a bare name with a line feed; reads nothing.
    pub fn say(server: &Server, name: &str) -> Self {
        let mut peer = Self::connect(server);
        peer.send_raw(format!("{name}\n"));
        name.clone_into(&mut peer.said);
        peer
    }

    /// Greets by a bare name with a line feed, and waits for the welcome.
    pub fn greet(mut self, name: &str) -> Self {
        self.send_raw(format!("{name}\n"));
        self.expect_welcome();
        self
    }

    fn over(connection: Connection) -> Self {
        let (name, said) = (String::new(), String::new());
        Self { connection, name, said, sent: 0, bytes_sent: 0, unread: VecDeque::new() }
    }
}

/// Sending.
impl Peer {
    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send_raw(bytes).expect("the server takes bytes");
    }

    /// Sends bytes, if the server still takes them.
    ///
    /// # Errors
    /// Where it doesn't.
    pub fn try_send_raw(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.bytes_sent += bytes.as_ref().len() as u64;
        self.connection.send(bytes)
    }

    /// Sends a packet; returns its ordinal.
    pub fn send(&mut self, to: &str, msg: &str) -> u64 {
        let name = if self.name.is_empty() { &self.said } else { &self.name };
        let line = packet_text(name, to, msg) + "\n";
        self.send_counted(line)
    }

    /// Sends bytes that count as one packet; returns its ordinal.
    pub fn send_counted(&mut self, bytes: impl AsRef<[u8]>) -> u64 {
        self.send_raw(bytes);
        self.sent += 1;
        self.sent
    }

    /// Counts packets that were sent by other ways; returns the last ordinal.
    pub fn count(&mut self, packets: u64) -> u64 {
        self.sent += packets;
        self.sent
    }

    /// How many bytes were sent, but for what a [`SendingHalf`] has sent.
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent
    }

    /// The half that sends, for another thread.
    pub fn sending_half(&self) -> SendingHalf {
        self.connection.sending_half()
    }

    /// The half that receives, for another thread; what was read already is
    /// not in it.
    pub fn receiving_half(&self) -> ReceivingHalf {
        self.connection.receiving_half()
    }

    /// Closes the sending half.
    pub fn half_close(&self) {
        self.connection.half_close();
    }

    /// Leaves by a reset.
    pub fn reset(self) {
        self.connection.reset();
    }

    /// Leaves; once this returns, the name is free.
    pub fn leave(mut self) {
        self.half_close();
        self.rest();
    }
}

/// Receiving.
impl Peer {
    /// The next packet; `None` at the end of the stream.
    pub fn next_or_end(&mut self) -> Option<Packet> {
        if let Some(packet) = self.unread.pop_front() {
            return Some(packet);
        }
        self.receive(Instant::now() + PATIENCE)
    }

    /// The next packet, in the order in which they came.
    #[expect(clippy::should_implement_trait, reason = "that one ends by `None`")]
    pub fn next(&mut self) -> Packet {
        self.next_or_end().expect("the server closed the connection")
    }

    /// The next packet; `None` where the connection ends, by a reset as well.
    pub fn next_or_gone(&mut self) -> Option<Packet> {
        if let Some(packet) = self.unread.pop_front() {
            return Some(packet);
        }
        self.try_receive(Instant::now() + PATIENCE).unwrap_or_else(|error| {
            let timed_out = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!timed_out, "{error}: nothing came");
            None
        })
    }

    /// The first packet that `is_it`; the others stay for later.
    pub fn expect(&mut self, what: &str, is_it: impl Fn(&Packet) -> bool) -> Packet {
        if let Some(at) = self.unread.iter().position(&is_it) {
            return self.unread.remove(at).unwrap();
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some(packet) = self.receive(deadline) else {
                panic!("closed before {what}; before that came {:?}", self.unread);
            };
            if is_it(&packet) {
                return packet;
            }
            self.unread.push_back(packet);
        }
    }

    /// The next packet from this user or endpoint; the others stay for later.
    pub fn expect_from(&mut self, name: &str) -> Packet {
        self.expect(&format!("a packet from {name}"), |packet| packet.name == name)
    }

    /// The next packet from this user or endpoint; the others are thrown away.
    pub fn skip_to(&mut self, name: &str) -> Packet {
        loop {
            let packet = self.next();
            if packet.name == name {
                return packet;
            }
        }
    }

    /// Waits for the welcome, and takes the name from it.
    pub fn expect_welcome(&mut self) -> Packet {
        let welcome = self.next();
        assert_eq!(welcome.name, "/welcome", "{welcome:?}");
        welcome
    }

    /// The refusal of the packet with this ordinal.
    pub fn expect_refusal(&mut self, ordinal: u64, code: &str) -> Packet {
        let what = format!("the refusal of packet {ordinal}");
        let is_it = |packet: &Packet| packet.refusal().is_some_and(|(number, _)| number == ordinal);
        let refusal = self.expect(&what, is_it);
        assert_eq!(refusal.refusal().unwrap().1, code, "{refusal:?}");
        refusal
    }

    /// The code of the next refusal; what comes before is thrown away.
    pub fn next_refusal(&mut self) -> String {
        self.skip_to("/error").code().to_owned()
    }

    /// The refusal that closes: the last packet before the end.
    pub fn expect_closing(&mut self, ordinal: u64, code: &str) -> Packet {
        let last = self.rest().pop().expect("words before the close");
        assert_eq!(last.refusal(), Some((ordinal, code)), "{last:?}");
        last
    }

    /// Everything up to the end of the stream, which must be an orderly one.
    pub fn rest(&mut self) -> Vec<Packet> {
        std::iter::from_fn(|| self.next_or_end()).collect()
    }

    /// Everything that can still be read, however the stream ends.
    pub fn salvage(self) -> Vec<Packet> {
        let bytes = self.connection.salvage();
        let whole =
            bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        self.unread.into_iter().chain(whole.map(Packet::read)).collect()
    }

    /// Takes what has come and was not asked for.
    pub fn take_unread(&mut self) -> Vec<Packet> {
        self.unread.drain(..).collect()
    }

    fn receive(&mut self, deadline: Instant) -> Option<Packet> {
        self.try_receive(deadline)
            .unwrap_or_else(|error| panic!("{error} while reading; unread: {:?}", self.unread))
    }

    fn try_receive(&mut self, deadline: Instant) -> Result<Option<Packet>> {
        let Some(line) = self.connection.line(deadline)? else { return Ok(None) };
        let packet = Packet::read(&line);
        self.check(&packet);
        Ok(Some(packet))
    }

    /// What holds for every packet of the server's own.
    fn check(&mut self, packet: &Packet) {
        if packet.name == "/welcome" {
            assert_eq!(self.name, "", "a second welcome: {packet:?}");
            self.name = packet.first_line().split(' ').next().unwrap().to_owned();
        }
        if packet.name.starts_with('/') {
            assert_eq!(packet.to, self.name, "whom it is for: {packet:?}");
            let server = self.connection.peer_ip();
            assert!(server.is_none_or(|ip| ip.to_string() == packet.ip), "whose it is: {packet:?}");
        }
    }
}

/// Requests and their answers.
impl Peer {
    /// Sends a packet to an endpoint and waits for its answer.
    pub fn ask(&mut self, endpoint: &str, argument: &str) -> Packet {
        self.send(endpoint, argument);
        self.expect_from(endpoint)
    }

    /// [`Peer::ask`] that throws away what comes before the answer.
    pub fn ask_skipping(&mut self, endpoint: &str, argument: &str) -> Packet {
        self.send(endpoint, argument);
        self.skip_to(endpoint)
    }

    /// Sends a packet; returns the next one that comes, whatever it is.
    pub fn exchange(&mut self, to: &str, msg: &str) -> Packet {
        self.send(to, msg);
        self.next()
    }

    /// Sends a packet and waits for its refusal, which must have this code.
    pub fn refused(&mut self, to: &str, msg: &str, code: &str) -> Packet {
        let ordinal = self.send(to, msg);
        self.expect_refusal(ordinal, code)
    }

    /// Shows that nothing has come: the answer to a ping is the next packet.
    pub fn assert_nothing_came(&mut self) {
        let pong = self.ask("/ping", "is anything there?");
        assert_eq!(pong.msg, "is anything there?");
        assert!(self.unread.is_empty(), "unexpected: {:?}", self.unread);
    }

    /// [`Peer::assert_nothing_came`], but for this many refusals.
    pub fn assert_nothing_came_but_refusals(&mut self, refusals: usize) {
        self.ask("/ping", "and now?");
        let came = std::mem::take(&mut self.unread);
        let of_them = came.iter().filter(|packet| packet.refusal().is_some()).count();
        assert_eq!((of_them, came.len()), (refusals, refusals), "{came:?}");
    }

    /// Sends `bytes` in the pieces given, closes the sending half and collects
    /// the answers to pings and the refusals.
    pub fn outcome<'a>(mut self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
        for piece in pieces {
            self.send_raw(piece);
        }
        self.half_close();
        self.read_outcome()
    }

    /// [`Peer::outcome`] of what was sent already.
    pub fn read_outcome(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        for packet in self.rest() {
            match packet.refusal() {
                Some((ordinal, code)) => outcome.refusals.push((ordinal, code.to_owned())),
                None if packet.name == "/ping" => outcome.pongs.push(packet.msg),
                None => panic!("neither a pong nor a refusal: {packet:?}"),
            }
        }
        outcome.refusals.sort();
        outcome
    }
}
