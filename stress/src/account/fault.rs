//! What a server does wrong, in words that name the packet.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FaultKind {
    /// Neither delivered nor refused.
    Lost,
    /// Delivered again, or after it was refused.
    Twice,
    /// Delivered behind one that was sent later.
    OutOfOrder,
    /// Under a name or an address that is not its sender's.
    WrongSender,
    /// To somebody whom it wasn't for.
    WrongRecipient,
    /// Nobody sent it, or not with these bytes.
    NeverSent,
    /// Refused, though what is for an account is stored until it can have it.
    NotStored,
    /// A refusal or an answer that fits nothing that was sent.
    StrayAnswer,
    /// A connection that ended though nobody wanted it to.
    LostConnection,
}

/// One fault: who, when, which packet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    pub from: String,
    pub to: String,
    /// The packet's ordinal on its sender's connection; 0 where it is about none.
    pub ordinal: u64,
    /// Seconds since the run began: when it was sent, if it was.
    pub at_seconds: f64,
    pub detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FaultKind::Lost => "lost",
            FaultKind::Twice => "delivered twice",
            FaultKind::OutOfOrder => "out of order",
            FaultKind::WrongSender => "wrong sender",
            FaultKind::WrongRecipient => "wrong recipient",
            FaultKind::NeverSent => "never sent",
            FaultKind::NotStored => "not stored",
            FaultKind::StrayAnswer => "stray answer",
            FaultKind::LostConnection => "lost connection",
        };
        let Self { from, to, ordinal, at_seconds, detail, .. } = self;
        write!(f, "{kind}: {from} → {to}, packet {ordinal}, {at_seconds:.6} s")?;
        if !detail.is_empty() {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}
