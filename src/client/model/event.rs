//! What happens to the model, and what it wants done about it. Never: doing it.

use super::intent::Action;
use crate::client::proof::Lacking;
use crate::connect::Protection;
use crate::wire::{Received, Secret, Welcome};

/// What happens to the model.
#[derive(Clone, Debug)]
pub enum Event {
    Do(Action),
    /// Characters typed, or pasted in a terminal that doesn't say so: never a
    /// line break among them.
    Text(String),
    Paste(String),
    /// [`Effect::Suspend`] was in vain.
    NotSuspended,
    /// How the connection that comes next is protected, and what is worth a word
    /// of it.
    Protected(Protection, Option<String>),
    Connected(Welcome),
    /// As [`Self::Connected`]; so many packets of ours came before.
    Greeted {
        welcome: Welcome,
        packets: u64,
    },
    /// An attempt has failed: the server asks for a password that we don't have.
    NoProof(Lacking),
    /// An attempt has failed.
    NotConnected(String),
    /// An attempt has failed: our name is taken.
    NameTaken,
    /// Conversations can't be written to files.
    NotLogged(String),
    /// This machine has a way to the server again, or another one.
    NetworkCameBack,
    Packet(Received),
    /// The server sent something that is no packet.
    Odd,
    Lost(String),
    /// A moment of [`super::Model::deadline`] has come.
    Tick,
}

/// What the model wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Packets of one connection are sent in the order asked for: their
    /// ordinals are counted by it.
    Send {
        to: String,
        msg: String,
    },
    /// The same for what is kept nowhere.
    SendSecret {
        to: String,
        msg: Secret,
    },
    /// What logs in from now on.
    Password(Secret),
    Connect,
    Disconnect,
    /// What takes our name back after a crash, 32 hexadecimal digits.
    KeepSecret(String),
    /// A line for the file of a conversation, if [`super::Options::keeps_log`].
    Log(Entry),
    Bell,
    /// Something that the user should know of while away from the terminal.
    Notify(String),
    /// Paint everything anew, whatever the terminal shows.
    Repaint,
    /// Stop the process, as Ctrl-Z does elsewhere.
    Suspend,
    Quit,
}

/// A line of a conversation, as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `#ops`, `bob`; `_server` for the server's own, which is no name.
    pub conversation: String,
    pub text: String,
}
