//! One connection to a server: the greeting, packets out with their ordinals,
//! packets in. Never: threads, what is typed, what is shown.

use super::packet::{Received, Refusal, Welcome};
use super::target::Server;
use crate::limits::PACKET_BYTES_DEFAULT;
use crate::wire::packet::push_packet;
use crate::wire::{Framer, JsonText, Name, Step};
use socket2::{SockRef, TcpKeepalive};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// A server that doesn't take the connection is given up, in seconds per address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that doesn't answer the greeting is none of ours.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(15);
/// A silent connection is asked whether it is still there, in seconds.
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);
/// Asked this often, a second apart each, it is lost.
const KEEPALIVE_RETRIES: u32 = 10;
/// What we send at the most, in bytes of a packet: a server's default
/// `--max-packet`. A longer one would cost us the connection.
pub const SENT_PACKET_BYTES_MAX: usize = PACKET_BYTES_DEFAULT;
/// What we take at the most, in bytes of a packet; servers may be told to let
/// longer ones pass than we send.
const RECEIVED_PACKET_BYTES_MAX: usize = 4 << 20;
/// What is read at once, in bytes.
const READ_BYTES: usize = 64 << 10;

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectError {
    /// No such host, nobody listens, no answer.
    Unreachable { server: Server, error: io::Error },
    /// The server answered, but with no welcome.
    Refused(Refusal),
    /// What answers there doesn't speak our protocol.
    Stranger(Server),
}

/// Opens a connection and greets by a bare name.
///
/// # Errors
/// [`ConnectError`]; [`ConnectError::Refused`] is the server's own word.
pub fn open(
    server: &Server,
    name: &Name,
) -> Result<(Sender, Receiver, Welcome, Received), ConnectError> {
    let unreachable = |error| ConnectError::Unreachable { server: server.clone(), error };
    let stream = connect(server).map_err(unreachable)?;
    let ours = stream.try_clone().map_err(unreachable)?;

    let mut receiver = Receiver::new(stream);
    receiver.set_timeout(Some(WELCOME_TIMEOUT)).map_err(unreachable)?;
    // A server that is full may close before it reads: its words count then.
    let greeted = (&ours).write_all(format!("{}\n", name.shown()).as_bytes());
    let first = match receiver.receive() {
        Ok(Some(Incoming::Packet(packet))) => packet,
        Ok(Some(Incoming::Malformed)) => return Err(ConnectError::Stranger(server.clone())),
        Ok(None) => return Err(unreachable(greeted.err().unwrap_or_else(early_end))),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            return Err(unreachable(io::Error::new(ErrorKind::TimedOut, "no answer")));
        }
        Err(error) => return Err(unreachable(error)),
    };
    let stranger = || ConnectError::Stranger(server.clone());
    if first.name == "/error" {
        return Err(ConnectError::Refused(Refusal::parse(&first.msg).ok_or_else(stranger)?));
    }
    let welcome = (first.name == "/welcome")
        .then(|| Welcome::parse(&first.msg))
        .flatten()
        .ok_or_else(stranger)?;
    receiver.set_timeout(None).map_err(unreachable)?;
    let sender = Sender {
        stream: ours,
        name: welcome.name.clone(),
        ip: welcome.ip.clone(),
        sent: 0,
        waiting: Vec::new(),
    };
    Ok((sender, receiver, welcome, first))
}

fn early_end() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "it closed the connection without a word")
}

/// Tries each address that the host has.
fn connect(server: &Server) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(ErrorKind::NotFound, "that host has no address");
    for address in (server.host.as_str(), server.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                let keepalive = TcpKeepalive::new()
                    .with_time(KEEPALIVE_TIME)
                    .with_interval(Duration::from_secs(1))
                    .with_retries(KEEPALIVE_RETRIES);
                SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A packet's bytes, the line break behind it included.
///
/// # Errors
/// [`TooLong`].
pub fn pack(name: &str, ip: &str, to: &str, msg: &str) -> Result<Vec<u8>, TooLong> {
    let mut line = Vec::new();
    push_packet(&mut line, name, ip, to, &JsonText::escape(msg));
    // The line break doesn't count.
    let bytes = line.len() - 1;
    if bytes > SENT_PACKET_BYTES_MAX { Err(TooLong { bytes }) } else { Ok(line) }
}

/// The half that sends, and counts what it sent.
#[derive(Debug)]
pub struct Sender {
    stream: TcpStream,
    name: String,
    ip: String,
    sent: u64,
    /// Bytes of packets that the socket hasn't taken yet.
    waiting: Vec<u8>,
}

/// A packet that would be over [`SENT_PACKET_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How long it would be, in bytes.
    pub bytes: usize,
}

impl Sender {
    /// Adds a packet to what waits; returns its ordinal. [`Self::flush`] sends it.
    ///
    /// # Errors
    /// [`TooLong`]; nothing is added then.
    pub fn push(&mut self, to: &str, msg: &str) -> Result<u64, TooLong> {
        let line = pack(&self.name, &self.ip, to, msg)?;
        self.waiting.extend_from_slice(&line);
        self.sent += 1;
        Ok(self.sent)
    }

    /// The ordinal that the next packet gets.
    pub fn next_ordinal(&self) -> u64 {
        self.sent + 1
    }

    /// Bytes that wait for the socket.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.len()
    }

    /// From now on [`Self::flush`] waits no longer than this for the socket.
    ///
    /// # Errors
    /// The socket's.
    pub fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.stream.set_write_timeout(Some(patience))
    }

    /// Sends what waits, as much as the socket takes in its patience.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.waiting.len() {
            match self.stream.write(&self.waiting[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.waiting.drain(..written);
        Ok(())
    }

    /// Ends our half; what the server still has to say comes all the same.
    pub fn half_close(&self) {
        // Fails where the connection is gone, which is as good.
        self.stream.shutdown(Shutdown::Write).unwrap_or_default();
    }

    /// Ends both halves, so that the thread that reads ends as well.
    pub fn close(&self) {
        self.stream.shutdown(Shutdown::Both).unwrap_or_default();
    }
}

/// What came from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Packet(Received),
    /// Something that is no packet; reading goes on behind it.
    Malformed,
}

/// The half that reads.
#[derive(Debug)]
pub struct Receiver {
    stream: TcpStream,
    framer: Framer,
    buffer: Vec<u8>,
    /// Where the bytes not yet taken begin in `buffer`.
    at: usize,
    drained: bool,
}

impl Receiver {
    fn new(stream: TcpStream) -> Self {
        Self { stream, framer: Framer::default(), buffer: Vec::new(), at: 0, drained: true }
    }

    /// How long [`Self::receive`] waits; `None` is for ever.
    ///
    /// # Errors
    /// The socket's.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(timeout)
    }

    /// Whether nothing whole is left of what was read: the next call of
    /// [`Self::receive`] may wait.
    pub fn is_drained(&self) -> bool {
        self.drained
    }

    /// The next packet; waits for it. `None` is the end.
    ///
    /// # Errors
    /// The connection is lost, or a packet goes on for too long.
    pub fn receive(&mut self) -> io::Result<Option<Incoming>> {
        loop {
            let bytes = &self.buffer[self.at..];
            match self.framer.next(bytes, RECEIVED_PACKET_BYTES_MAX) {
                Step::Packet { start, end } => {
                    let packet = Received::parse(&bytes[start..end]);
                    self.at += end;
                    self.look_ahead();
                    return Ok(Some(packet.map_or(Incoming::Malformed, Incoming::Packet)));
                }
                Step::Malformed { end } => {
                    self.at += end;
                    self.look_ahead();
                    return Ok(Some(Incoming::Malformed));
                }
                Step::TooLarge => {
                    return Err(io::Error::new(ErrorKind::InvalidData, "a packet without an end"));
                }
                Step::More { keep } => {
                    self.at += keep;
                    if !self.read_more()? {
                        return Ok(self.framer.finish().then_some(Incoming::Malformed));
                    }
                }
            }
        }
    }

    /// Nothing is left, or the beginning of a packet at the most: the server
    /// ends each by a line break.
    fn look_ahead(&mut self) {
        self.drained = !self.buffer[self.at..].trim_ascii_start().contains(&b'\n');
    }

    /// False at the end of the stream.
    fn read_more(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + READ_BYTES, 0);
        let count = loop {
            match self.stream.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.buffer.truncate(length + count.as_ref().unwrap_or(&0));
        Ok(count? > 0)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { server, error } => write!(f, "can't reach {server}: {error}"),
            Self::Refused(refusal) => write!(f, "refused: {}", refusal.in_words()),
            Self::Stranger(server) => write!(f, "what answers at {server} is no Lanline server"),
        }
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too long: {} bytes as a packet, {SENT_PACKET_BYTES_MAX} at the most", self.bytes)
    }
}
