//! **Connect**: the one client side of the protocol, blocking: find a server,
//! greet it, send packets, read packets. The terminal client and the operators'
//! tools speak through it. Never: what is said, what is shown of it, the server.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`address`] | `[NAME@][HOST][:PORT]` |
//! | [`dial`] | a host's addresses, tried in turn |
//! | [`transport`] | the bytes of a connection in two halves, over TCP or TLS |
//! | [`trust`] | which servers to trust |
//! | [`sender`], [`receiver`] | packets out with their ordinals; packets in, bounded |
//! | [`listing`] | a list put together from its pages, bounded |
//! | [`private_files`] | what a user keeps of servers, for nobody else to read |
//! | [`deadline`], [`error`] | until when; why not |
//!
//! - Every wait has a [`Deadline`] for all of it, however the bytes come, or
//!   waits for ever because its caller says so.
//! - What is kept of a server is bounded in bytes.
//! - A login is one more answer to the greeting, in `Connection::greet`.

pub mod address;
pub mod deadline;
pub mod dial;
pub mod error;
pub mod listing;
pub mod private_files;
pub mod receiver;
pub mod sender;
pub mod transport;
pub mod trust;

pub use address::{Server, Target};
pub use deadline::Deadline;
pub use error::{Error, SENT_PACKET_BYTES_MAX, TooLong};
pub use listing::Listing;
pub use receiver::{Incoming, Receiver};
pub use sender::{Sender, pack};
pub use trust::{Protection, Trust, TrustOptions};

use crate::wire::{Endpoint, Received, Refusal, Welcome};
use dial::Dialled;
use std::time::Duration;

/// How a connection begins: who we are.
#[derive(Clone, Copy, Debug)]
pub enum Greeting<'a> {
    /// A bare name.
    Name(&'a str),
    /// A packet: its sender's name is the greeting, and the packet itself is
    /// handled as any other, with ordinal 1.
    Packet { name: &'a str, to: &'a str, msg: &'a str },
}

/// A connection that has its welcome. Its halves may go to two threads.
#[derive(Debug)]
pub struct Connection {
    pub sender: Sender,
    pub receiver: Receiver,
    pub welcome: Welcome,
    /// The packet that the welcome came in.
    pub first: Received,
    pub protection: Protection,
    /// When the server's certificate ends, since 1970, if it has shown one.
    pub certificate_ends: Option<Duration>,
}

impl Connection {
    /// Connects to a server and greets it. Looking the host up, connecting and
    /// greeting are done by `deadline`, all together.
    ///
    /// # Errors
    /// [`Error::Refused`] is the server's own word.
    pub fn open(
        server: &Server,
        trust: &Trust,
        greeting: Greeting<'_>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        Self::greet(dial::dial(server, trust, deadline)?, greeting, deadline)
    }

    /// What a connection begins with, whatever carries it: the greeting there,
    /// the welcome or a refusal back.
    fn greet(dialled: Dialled, greeting: Greeting<'_>, deadline: Deadline) -> Result<Self, Error> {
        let Dialled { reader, mut writer, protection, certificate_ends } = dialled;
        let (bytes, packets) = match greeting {
            Greeting::Name(name) => (format!("{name}\n").into_bytes(), 0),
            Greeting::Packet { name, to, msg } => (pack(name, "", to, msg)?, 1),
        };
        // A server that is full may close before it reads: what it said is
        // read all the same.
        let greeted = writer.write_all(&bytes, deadline);
        let mut receiver = Receiver::new(reader);
        let first = match receiver.receive(Some(deadline))? {
            Some(Incoming::Packet(packet)) => packet,
            Some(Incoming::Malformed) => return Err(Error::NotLanline),
            None => return Err(greeted.err().unwrap_or(Error::Closed)),
        };
        let welcome = match Endpoint::parse(&first.name) {
            Some(Endpoint::Welcome) => Welcome::parse(&first.msg).ok_or(Error::NotLanline)?,
            Some(Endpoint::Error) => return Err(refusal(&first.msg)),
            _ => return Err(Error::NotLanline),
        };
        let sender = Sender::new(writer, &welcome, packets);
        Ok(Self { sender, receiver, welcome, first, protection, certificate_ends })
    }

    /// Asks an endpoint and waits for its answer's text. Other packets that
    /// come meanwhile are dropped.
    ///
    /// # Errors
    /// [`Error::Refused`] where this packet, or the whole connection, is
    /// refused.
    pub fn ask(
        &mut self,
        endpoint: Endpoint,
        argument: &str,
        deadline: Deadline,
    ) -> Result<String, Error> {
        let ordinal = self.sender.push(endpoint.name(), argument)?;
        self.sender.send(deadline)?;
        loop {
            let packet = self.next(deadline)?.ok_or(Error::Closed)?;
            if packet.name == endpoint.name() {
                return Ok(packet.msg);
            }
            if packet.name == Endpoint::Error.name() {
                match refusal(&packet.msg) {
                    Error::Refused(refusal) if ![0, ordinal].contains(&refusal.ordinal) => {}
                    error => return Err(error),
                }
            }
        }
    }

    /// The next packet, past what is none; `None` is the end.
    ///
    /// # Errors
    /// None comes by the deadline, or the connection is lost.
    pub fn next(&mut self, deadline: Deadline) -> Result<Option<Received>, Error> {
        loop {
            match self.receiver.receive(Some(deadline))? {
                Some(Incoming::Packet(packet)) => return Ok(Some(packet)),
                Some(Incoming::Malformed) => {}
                None => return Ok(None),
            }
        }
    }
}

fn refusal(msg: &str) -> Error {
    Refusal::parse(msg).map_or(Error::NotLanline, Error::Refused)
}
