//! The thread that reads the socket, one for each connection: it connects, if
//! need be, and tells what comes. Never: sending, what is done about it.

use super::Error;
use super::credentials::{Known, Login};
use super::open::{is_name_taken, open_or_resume};
use super::proof::Lacking;
use crate::connect::{self, Connection, Incoming, Protection, Receiver, Sender, Server, Trust};
use crate::wire::Name;
use crate::wire::{Received, Welcome};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// What the thread tells; the last is [`News::Lost`], or that there was no
/// connection.
pub enum News {
    /// `resumed`: by `open_or_resume`.
    Connected {
        sender: Box<Sender>,
        welcome: Welcome,
        /// The packet that the welcome came in.
        first: Received,
        resumed: bool,
        protection: Protection,
        was_challenged: bool,
    },
    Failed(String),
    /// The server asks for a password that we don't have, or no longer.
    /// What is left of what we knew.
    NoProof {
        known: Box<Known>,
        lacking: Lacking,
    },
    /// The server refuses our name; in its words.
    NameTaken(String),
    Packet {
        packet: Received,
        /// When it was read: delays are measured by it.
        at: Instant,
        /// No other has been read behind it yet.
        is_last: bool,
    },
    /// Something that is no packet.
    Odd,
    /// `is_end`: the server has closed it, rather than that it broke.
    Lost {
        why: String,
        is_end: bool,
    },
}

impl News {
    /// The bytes of its text.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Packet { packet, .. } => {
                let Received { name, ip, to, msg } = packet;
                name.len() + ip.len() + to.len() + msg.len()
            }
            Self::Failed(why) | Self::NameTaken(why) | Self::Lost { why, .. } => why.len(),
            Self::Connected { .. } | Self::NoProof { .. } | Self::Odd => 0,
        }
    }
}

/// What is told to; false if nobody listens any more.
pub type Tell = Arc<dyn Fn(News) -> bool + Send + Sync>;

/// Where to, and whom to tell.
#[derive(Clone)]
pub struct Reader {
    pub server: Server,
    pub trust: Trust,
    pub name: Name,
    /// What connecting may take.
    pub timeout: Duration,
    /// What takes the name back, if it is taken.
    pub secret: Option<String>,
    /// What shows that the name is ours.
    pub known: Known,
    pub tell: Tell,
}

impl Reader {
    /// Connects, and reads.
    pub fn connect(self) {
        self.spawn(Self::connect_and_read);
    }

    /// Reads from a connection that stands.
    pub fn read_from(self, receiver: Receiver) {
        self.spawn(|this| this.read(receiver));
    }

    fn spawn(self, work: impl FnOnce(Self) + Send + 'static) {
        let failed = self.clone();
        let spawned = thread::Builder::new().name("socket".to_owned()).spawn(|| work(self));
        if let Err(error) = spawned {
            (failed.tell)(News::Failed(format!("can't start a thread: {error}")));
        }
    }

    fn connect_and_read(self) {
        let (secret, mut known) = (self.secret.as_deref(), self.known.clone());
        let mut login = Login::silent(&self.name, &mut known);
        let at = (&self.server, &self.trust);
        match open_or_resume(at, &self.name, secret, &mut login, self.timeout) {
            Ok((connection, resumed)) => {
                let Connection {
                    sender, receiver, welcome, first, protection, was_challenged, ..
                } = connection;
                let sender = Box::new(sender);
                let news =
                    News::Connected { sender, welcome, first, resumed, protection, was_challenged };
                if (self.tell)(news) {
                    self.read(receiver);
                }
            }
            Err(connect::Error::NoProof) => {
                let lacking = login.lacking();
                (self.tell)(News::NoProof { known: Box::new(known), lacking });
            }
            Err(error) => {
                let words = Error::unreachable(&self.server, &error).to_string();
                (self.tell)(match is_name_taken(&error) {
                    true => News::NameTaken(words),
                    false => News::Failed(words),
                });
            }
        }
    }

    fn read(self, mut receiver: Receiver) {
        loop {
            let news = match receiver.receive(None) {
                Ok(Some(Incoming::Packet(packet))) => {
                    News::Packet { packet, at: Instant::now(), is_last: receiver.is_drained() }
                }
                Ok(Some(Incoming::Malformed)) => News::Odd,
                Ok(None) => News::Lost { why: "the server closed it.".to_owned(), is_end: true },
                Err(error) => News::Lost { why: format!("{error}."), is_end: false },
            };
            let is_lost = matches!(news, News::Lost { .. });
            if !(self.tell)(news) || is_lost {
                return;
            }
        }
    }
}
