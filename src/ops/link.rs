//! A connection that greets, asks endpoints and waits for their answers; one
//! question at a time, each with its deadline. Never: what an answer means.

use crate::limits::{DEFAULT_PORT, PACKET_BYTES_MAX};
use crate::wire::packet::push_packet;
use crate::wire::{Framer, JsonText, Packet, Step};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Why there is no answer.
#[derive(Debug)]
pub enum LinkError {
    /// No such host.
    NoSuchHost(String, io::Error),
    /// Nothing listens, the connection was lost.
    Broken(io::Error),
    /// The server's own word: its code.
    Refused(String),
    /// What answers there is no Lanline.
    Stranger,
    /// Nothing came in time.
    Late(Duration),
}

/// A connection with a name.
pub struct Link {
    stream: TcpStream,
    name: String,
    framer: Framer,
    inbound: Vec<u8>,
    /// The welcome's text: NAME IP USERS VERSION.
    pub welcome: String,
}

impl Link {
    /// Connects to `HOST`, `HOST:PORT` or `[IPv6]:PORT` and greets.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn open(server: &str, name: &str, patience: Duration) -> Result<Self, LinkError> {
        let deadline = Instant::now() + patience;
        let stream = connect(server, deadline, patience)?;
        let mut link = Self {
            stream,
            name: name.to_owned(),
            framer: Framer::default(),
            inbound: Vec::new(),
            welcome: String::new(),
        };
        // A server that refuses at the door may have closed already; what it
        // said is still to be read.
        let _ = link.stream.write_all(format!("{name}\n").as_bytes());
        let (from, text) = link.receive(deadline, patience)?;
        match from.as_str() {
            "/welcome" => link.welcome = text,
            "/error" => return Err(refusal(&text)),
            _ => return Err(LinkError::Stranger),
        }
        Ok(link)
    }

    /// Asks an endpoint; the answer's text. Other packets are passed over.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn ask(
        &mut self,
        endpoint: &str,
        argument: &str,
        patience: Duration,
    ) -> Result<String, LinkError> {
        let deadline = Instant::now() + patience;
        let mut packet = Vec::new();
        push_packet(&mut packet, &self.name, "", endpoint, &JsonText::escape(argument));
        self.stream.set_write_timeout(Some(patience)).map_err(LinkError::Broken)?;
        self.stream.write_all(&packet).map_err(|error| slow(error, patience))?;
        loop {
            let (from, text) = self.receive(deadline, patience)?;
            if from == endpoint {
                return Ok(text);
            }
            if from == "/error" {
                return Err(refusal(&text));
            }
        }
    }

    /// The next packet: whom it is from, and its text.
    fn receive(
        &mut self,
        deadline: Instant,
        patience: Duration,
    ) -> Result<(String, String), LinkError> {
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.framer.next(&self.inbound, PACKET_BYTES_MAX) {
                Step::Packet { start, end } => {
                    let packet = Packet::parse(&self.inbound[start..end]);
                    let packet = packet.map_err(|_| LinkError::Stranger)?;
                    let read = (packet.name.into_owned(), packet.msg.plain().into_owned());
                    self.inbound.drain(..end);
                    return Ok(read);
                }
                Step::Malformed { .. } | Step::TooLarge => return Err(LinkError::Stranger),
                Step::More { keep } => {
                    self.inbound.drain(..keep);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LinkError::Late(patience));
            }
            self.stream.set_read_timeout(Some(left)).map_err(LinkError::Broken)?;
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(LinkError::Broken(ErrorKind::UnexpectedEof.into())),
                Ok(count) => self.inbound.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(slow(error, patience)),
            }
        }
    }
}

/// `ORDINAL CODE ...`, a line for people behind it.
fn refusal(text: &str) -> LinkError {
    match text.split([' ', '\n']).nth(1) {
        Some(code) => LinkError::Refused(code.to_owned()),
        None => LinkError::Stranger,
    }
}

fn slow(error: io::Error, patience: Duration) -> LinkError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => LinkError::Late(patience),
        _ => LinkError::Broken(error),
    }
}

/// Tries each address that the host has.
fn connect(server: &str, deadline: Instant, patience: Duration) -> Result<TcpStream, LinkError> {
    let addresses =
        addresses(server).map_err(|error| LinkError::NoSuchHost(server.to_owned(), error))?;
    let mut failure = LinkError::Late(patience);
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(LinkError::Broken)?;
                return Ok(stream);
            }
            Err(error) => failure = slow(error, patience),
        }
    }
    Err(failure)
}

fn addresses(server: &str) -> io::Result<Vec<SocketAddr>> {
    let bare = server.trim_matches(['[', ']']);
    // An IPv6 address without a port is full of colons as well.
    let with_port = bare.parse::<std::net::IpAddr>().is_err() && server.contains(':');
    let found: Vec<SocketAddr> = if with_port {
        server.to_socket_addrs()?.collect()
    } else {
        (bare, DEFAULT_PORT).to_socket_addrs()?.collect()
    };
    if found.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(found) }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchHost(host, error) => write!(f, "can't find {host}: {error}"),
            Self::Broken(error) if error.kind() == ErrorKind::UnexpectedEof => {
                f.write_str("the connection was closed without a word")
            }
            Self::Broken(error) => write!(f, "{error}"),
            Self::Refused(code) => write!(f, "refused: {}", code.escape_debug()),
            Self::Stranger => f.write_str("what answers there is no Lanline"),
            Self::Late(patience) => write!(f, "no answer in {} s", patience.as_secs_f32()),
        }
    }
}

impl std::error::Error for LinkError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_with_or_without_its_port() {
        for (text, wanted) in [
            ("127.0.0.1", "127.0.0.1:5260"),
            ("127.0.0.1:7", "127.0.0.1:7"),
            ("::1", "[::1]:5260"),
            ("[::1]", "[::1]:5260"),
            ("[::1]:7", "[::1]:7"),
        ] {
            assert_eq!(addresses(text).unwrap(), [wanted.parse().unwrap()], "{text}");
        }
        assert!(addresses("127.0.0.1:port").is_err());
    }
}
