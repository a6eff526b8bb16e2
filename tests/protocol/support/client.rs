//! A blocking client that checks every packet it gets.

use super::packet::{Packet, packet_text};
use super::{PATIENCE, Server};
use socket2::{Domain, SockRef, Socket, Type};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection to the server, greeted or not.
pub struct Client {
    stream: TcpStream,
    /// The registered name; empty before the welcome.
    pub name: String,
    /// How many packets were sent by [`Client::send`] and its like.
    sent: u64,
    /// Bytes that are no whole line yet.
    torn: Vec<u8>,
    /// Packets that came while another was waited for, in order.
    unread: VecDeque<Packet>,
}

/// What became of a stream of bytes: pings answered in order, and refusals by
/// ordinal (they may overtake one another).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub pongs: Vec<String>,
    pub refusals: Vec<(u64, String)>,
}

impl Client {
    /// Connects and says nothing.
    pub fn connect(server: &Server) -> Self {
        Self::connect_to(server.address())
    }

    /// Connects to one of several listeners.
    pub fn connect_to(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("the server accepts"))
    }

    /// Connects from an address of our choice, with as small a receive buffer
    /// as the system has if `narrow`.
    pub fn connect_from(local: Option<IpAddr>, narrow: bool, address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        if narrow {
            socket.set_recv_buffer_size(4096).unwrap();
        }
        if let Some(local) = local {
            socket.bind(&SocketAddr::new(local, 0).into()).unwrap();
        }
        socket.connect(&address.into()).expect("the server accepts");
        Self::over(socket.into())
    }

    /// Connects and greets by a bare name with a line feed.
    pub fn join(server: &Server, name: &str) -> Self {
        Self::connect(server).greet(name)
    }

    /// [`Client::join`] with a small receive buffer, for who will not read.
    pub fn join_narrow(server: &Server, name: &str) -> Self {
        Self::connect_from(None, true, server.address()).greet(name)
    }

    /// Greets by a bare name with a line feed.
    pub fn greet(mut self, name: &str) -> Self {
        self.send_raw(format!("{name}\n"));
        self.expect_welcome();
        self
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let (torn, unread) = (Vec::new(), VecDeque::new());
        Self { stream, name: String::new(), sent: 0, torn, unread }
    }

    /// Waits for the welcome, and takes the name from it.
    pub fn expect_welcome(&mut self) -> Packet {
        let welcome = self.next();
        assert_eq!(welcome.name, "/welcome", "{welcome:?}");
        welcome
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes bytes");
    }

    /// Sends a packet; returns its ordinal.
    pub fn send(&mut self, to: &str, msg: &str) -> u64 {
        let line = packet_text(&self.name, to, msg) + "\n";
        self.send_counted(line)
    }

    /// Sends bytes that count as one packet; returns its ordinal.
    pub fn send_counted(&mut self, bytes: impl AsRef<[u8]>) -> u64 {
        self.send_raw(bytes);
        self.sent += 1;
        self.sent
    }

    /// Tells that packets were sent by other ways; returns the last ordinal.
    pub fn count(&mut self, packets: u64) -> u64 {
        self.sent += packets;
        self.sent
    }

    /// The sending half, for another thread.
    pub fn sending_half(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    /// Sends a packet to an endpoint and waits for its answer.
    pub fn ask(&mut self, endpoint: &str, argument: &str) -> Packet {
        self.send(endpoint, argument);
        self.expect_from(endpoint)
    }

    /// Sends a packet and waits for its refusal, which must have this code.
    pub fn refused(&mut self, to: &str, msg: &str, code: &str) -> Packet {
        let ordinal = self.send(to, msg);
        self.expect_refusal(ordinal, code)
    }

    /// The next packet; `None` at the end of the stream.
    pub fn next_or_end(&mut self) -> Option<Packet> {
        if let Some(packet) = self.unread.pop_front() {
            return Some(packet);
        }
        self.receive(Instant::now() + PATIENCE)
    }

    /// The next packet, in the order in which they came.
    pub fn next(&mut self) -> Packet {
        self.next_or_end().expect("the server closed the connection")
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

    /// The next packet from this user or endpoint.
    pub fn expect_from(&mut self, name: &str) -> Packet {
        self.expect(&format!("a packet from {name}"), |packet| packet.name == name)
    }

    /// The refusal of the packet with this ordinal.
    pub fn expect_refusal(&mut self, ordinal: u64, code: &str) -> Packet {
        let what = format!("the refusal of packet {ordinal}");
        let is_it = |packet: &Packet| packet.refusal().is_some_and(|(number, _)| number == ordinal);
        let refusal = self.expect(&what, is_it);
        assert_eq!(refusal.refusal().unwrap().1, code, "{refusal:?}");
        refusal
    }

    /// Everything up to the end of the stream, which must be an orderly one.
    pub fn rest(&mut self) -> Vec<Packet> {
        std::iter::from_fn(|| self.next_or_end()).collect()
    }

    /// Everything that can still be read, however the stream ends.
    pub fn salvage(mut self) -> Vec<Packet> {
        let mut bytes = std::mem::take(&mut self.torn);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A reset ends it as well; what came before stays.
        let _ = self.stream.read_to_end(&mut bytes);
        let whole =
            bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        self.unread.into_iter().chain(whole.map(Packet::read)).collect()
    }

    /// Takes what has come and was not asked for.
    pub fn take_unread(&mut self) -> Vec<Packet> {
        self.unread.drain(..).collect()
    }

    /// The refusal that closes: the last packet before the end.
    pub fn expect_closing(&mut self, ordinal: u64, code: &str) -> Packet {
        let last = self.rest().pop().expect("words before the close");
        assert_eq!(last.refusal(), Some((ordinal, code)), "{last:?}");
        last
    }

    /// Shows that nothing has come: the answer to a ping is the next packet.
    pub fn assert_nothing_came(&mut self) {
        let pong = self.ask("/ping", "is anything there?");
        assert_eq!(pong.msg, "is anything there?");
        assert!(self.unread.is_empty(), "unexpected: {:?}", self.unread);
    }

    /// [`Client::assert_nothing_came`], but for this many refusals.
    pub fn assert_nothing_came_but_refusals(&mut self, refusals: usize) {
        self.ask("/ping", "and now?");
        let came = std::mem::take(&mut self.unread);
        let of_them = came.iter().filter(|packet| packet.refusal().is_some()).count();
        assert_eq!((of_them, came.len()), (refusals, refusals), "{came:?}");
    }

    /// Whether the server says nothing for that long.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let mut byte = [0];
        match self.stream.peek(&mut byte) {
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            Ok(_) => false,
        }
    }

    /// Closes the sending half.
    pub fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Leaves by a reset, without a word.
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Leaves; once this returns, the name is free.
    pub fn leave(mut self) {
        self.half_close();
        self.rest();
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

    /// [`Client::outcome`] of what was sent already.
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

    fn receive(&mut self, deadline: Instant) -> Option<Packet> {
        let mut scanned = 0;
        loop {
            if let Some(end) = self.torn[scanned..].iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.torn.drain(..=scanned + end).collect();
                let packet = Packet::read(&line);
                self.check(&packet);
                return Some(packet);
            }
            scanned = self.torn.len();
            let left = deadline.saturating_duration_since(Instant::now());
            self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    let torn = String::from_utf8_lossy(&self.torn);
                    assert!(self.torn.is_empty(), "the stream ends in a torn packet: {torn:?}");
                    return None;
                }
                Ok(length) => self.torn.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error} while reading; unread: {:?}", self.unread),
            }
        }
    }

    /// What holds for every packet of the server's own.
    fn check(&mut self, packet: &Packet) {
        if packet.name == "/welcome" {
            assert_eq!(self.name, "", "a second welcome: {packet:?}");
            self.name = packet.first_line().split(' ').next().unwrap().to_owned();
        }
        if packet.name.starts_with('/') {
            assert_eq!(packet.to, self.name, "whom it is for: {packet:?}");
            let server = self.stream.peer_addr().map(|address| address.ip().to_string());
            assert!(server.is_err() || server.unwrap() == packet.ip, "whose it is: {packet:?}");
        }
    }
}
