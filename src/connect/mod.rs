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
//! | [`login`] | the answer to a challenge |
//! | [`listing`] | a list put together from its pages, bounded |
//! | [`private_files`] | what a user keeps of servers, for nobody else to read |
//! | [`tokens`] | a user's tokens, among those |
//! | [`deadline`], [`error`] | until when; why not |
//!
//! - Every wait has a [`Deadline`] for all of it, however the bytes come, or
//!   waits for ever because its caller says so.
//! - What is kept of a server is bounded in bytes.
//! - A login is one more answer to the greeting, in `Greeter`.

pub mod address;
pub mod deadline;
pub mod dial;
pub mod error;
pub mod listing;
pub mod login;
pub mod private_files;
pub mod receiver;
pub mod sender;
pub mod tokens;
pub mod transport;
pub mod trust;

pub use address::{Server, Target};
pub use deadline::Deadline;
pub use error::{Error, NOT_SECRET, SENT_PACKET_BYTES_MAX, TooLong};
pub use listing::Listing;
pub use login::{Challenge, Credentials, NoCredentials, Proof};
pub use receiver::{Incoming, Receiver};
pub use sender::{Sender, pack};
pub use trust::{Protection, Trust, TrustOptions};

use crate::limits::WRONG_LOGINS_MAX;
use crate::wire::{Code, Endpoint, Received, Refusal, Secret, Welcome};
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
    /// Where there is no encryption: whether the server has asked for a secret all the
    /// same.
    pub was_challenged: bool,
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
        let dialled = dial::dial(server, trust, deadline)?;
        let credentials = &mut NoCredentials;
        Greeter { at: (server, trust), greeting, credentials, timeout: None }
            .greet(dialled, deadline)
    }

    /// The same, with what answers a challenge. `timeout` is for all of it but the
    /// answers, and then for the reply to each answer.
    ///
    /// # Errors
    /// [`Error::Refused`] is the server's own word; [`Error::NoProof`] where it asks for
    /// one and there is none.
    pub fn open_as(
        (server, trust): (&Server, &Trust),
        greeting: Greeting<'_>,
        credentials: &mut dyn Credentials,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let deadline = Deadline::after(timeout);
        let dialled = dial::dial(server, trust, deadline)?;
        let timeout = Some(timeout);
        let at = (server, trust);
        Greeter { at, greeting, credentials, timeout }.greet(dialled, deadline)
    }

    /// Whether nothing secret may be said on it; see [`Trust::keeps_secrets`].
    ///
    /// # Errors
    /// [`Error::NotSecret`].
    pub fn check_secrets_may_go(&self, at: (&Server, &Trust)) -> Result<(), Error> {
        let (server, trust) = at;
        match trust.keeps_secrets(server, self.protection) {
            true => Err(Error::NotSecret),
            false => Ok(()),
        }
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
        self.answer_to(endpoint, ordinal, deadline)
    }

    /// The same with an argument that nobody may read.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_secretly(
        &mut self,
        endpoint: Endpoint,
        argument: &Secret,
        deadline: Deadline,
    ) -> Result<String, Error> {
        let ordinal = self.sender.push_secret(endpoint.name(), argument)?;
        self.answer_to(endpoint, ordinal, deadline)
    }

    fn answer_to(
        &mut self,
        endpoint: Endpoint,
        ordinal: u64,
        deadline: Deadline,
    ) -> Result<String, Error> {
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

/// What a connection begins with, whatever carries it: the greeting there, the welcome,
/// a challenge or a refusal back.
struct Greeter<'a> {
    at: (&'a Server, &'a Trust),
    greeting: Greeting<'a>,
    credentials: &'a mut dyn Credentials,
    /// For the reply to an answer; none where there are no answers.
    timeout: Option<Duration>,
}

impl Greeter<'_> {
    fn greet(mut self, dialled: Dialled, mut deadline: Deadline) -> Result<Connection, Error> {
        let Dialled { reader, mut writer, protection, certificate_ends } = dialled;
        let (bytes, mut packets) = match self.greeting {
            Greeting::Name(name) => (format!("{name}\n").into_bytes(), 0),
            Greeting::Packet { name, to, msg } => (pack(name, "", to, msg)?, 1),
        };
        // A server that is full may close before it reads: what it said is
        // read all the same.
        let greeted = writer.write_all(&bytes, deadline);
        let mut receiver = Receiver::new(reader);
        let (mut was_challenged, mut wrong) = (false, 0);
        let first = loop {
            let first = match receiver.receive(Some(deadline))? {
                Some(Incoming::Packet(packet)) => packet,
                Some(Incoming::Malformed) => return Err(Error::NotLanline),
                None => return Err(greeted.err().unwrap_or(Error::Closed)),
            };
            match Endpoint::parse(&first.name) {
                Some(Endpoint::Welcome) => break first,
                Some(Endpoint::Login) if !was_challenged => was_challenged = true,
                Some(Endpoint::Error) => match refusal(&first.msg) {
                    // Of the packet that we greeted by.
                    Error::Refused(refusal)
                        if was_challenged && refusal.is(Code::LoginRequired) =>
                    {
                        continue;
                    }
                    Error::Refused(refusal)
                        if was_challenged
                            && refusal.is(Code::WrongLogin)
                            && wrong + 1 < WRONG_LOGINS_MAX =>
                    {
                        wrong += 1;
                    }
                    error => return Err(error),
                },
                _ => return Err(Error::NotLanline),
            }
            let (server, trust) = self.at;
            if trust.keeps_secrets(server, protection) {
                return Err(Error::NotSecret);
            }
            let challenge = Challenge { server, protection, wrong };
            deadline = self.answer(&mut writer, &challenge)?;
            packets += 1;
        };
        let welcome = Welcome::parse(&first.msg).ok_or(Error::NotLanline)?;
        let sender = Sender::new(writer, &welcome, packets);
        Ok(Connection {
            sender,
            receiver,
            welcome,
            first,
            protection,
            certificate_ends,
            was_challenged,
        })
    }

    /// Until when the reply is waited for.
    fn answer(
        &mut self,
        writer: &mut transport::WriteHalf,
        challenge: &Challenge<'_>,
    ) -> Result<Deadline, Error> {
        let (Greeting::Name(name) | Greeting::Packet { name, .. }) = self.greeting;
        let proof = self.credentials.proof(challenge);
        match (proof, self.timeout) {
            (Some(proof), Some(timeout)) => login::answer(writer, name, &proof, timeout),
            _ => Err(Error::NoProof),
        }
    }
}

fn refusal(msg: &str) -> Error {
    Refusal::parse(msg).map_or(Error::NotLanline, Error::Refused)
}
