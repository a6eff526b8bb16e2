//! **The scenarios**: what a crowd of bots does, one script a file. Never: how
//! it is started, measured or reported.

mod broadcast;
mod chatter;
mod churn;
mod handshake;
mod pace;
mod pipeline;
mod ramp;
mod reconnect;
mod room;
mod slow;
mod soak;

use crate::bots::Script;
use crate::driver::Security;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What the bots do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// All connect at the same instant, again and again.
    Handshake,
    /// All are lost at once, and come back at once, again and again.
    Reconnect,
    /// Direct messages between random bots.
    Chatter,
    /// Pairs that send as fast as the window allows.
    Pipeline,
    /// One to all; the next goes once everyone has it.
    Broadcast,
    /// One to a room of all, in turns.
    Room,
    /// Users come, talk and go, politely and by reset, while others talk to them.
    Churn,
    /// Some read slowly or never, while the others' latency is watched.
    Slow,
    /// A mixture of everything.
    Soak,
    /// Random direct messages at a rate per user, while users become more.
    Ramp,
}

/// All that a script is made from; the same for every process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub kind: Kind,
    /// Length of a text, in bytes.
    pub size: usize,
    /// Packets a second, all bots of a process together; `None` is as fast as
    /// the answers come.
    pub rate: Option<f64>,
    /// Packets of a pair on their way, for [`Kind::Pipeline`].
    pub window: usize,
    pub seed: u64,
    pub security: Security,
    /// What each bot says to `/login`; none, where the bots are guests.
    pub logins: Vec<String>,
}

/// Where a script that needs a rate gets none: packets a second per bot.
const RATE_PER_BOT_DEFAULT: f64 = 2.0;

impl Spec {
    /// The script for so many bots.
    pub(crate) fn script(&self, users: usize, process: usize) -> Box<dyn Script> {
        let rate = self.rate.unwrap_or(users as f64 * RATE_PER_BOT_DEFAULT);
        match self.kind {
            Kind::Handshake => Box::new(handshake::Handshake::new(users)),
            Kind::Reconnect => Box::new(reconnect::Reconnect::new(users)),
            Kind::Chatter => Box::new(chatter::Chatter::new(self.rate)),
            Kind::Pipeline => Box::new(pipeline::Pipeline::new(self.window)),
            Kind::Broadcast => Box::new(broadcast::Broadcast::new(process == 0)),
            Kind::Room => Box::new(room::Room::new(process)),
            Kind::Churn => Box::new(churn::Churn::new(rate)),
            Kind::Slow => Box::new(slow::Slow::new(rate)),
            Kind::Ramp => Box::new(ramp::Ramp::new(self.rate.unwrap_or(1.0))),
            Kind::Soak => Box::new(soak::Soak::new(rate, process)),
        }
    }
}

impl Kind {
    /// Whether users come and go while others write to all.
    pub(crate) fn has_newcomers(self) -> bool {
        self == Self::Soak
    }

    /// Whether all bots have to be there before it starts.
    pub(crate) fn needs_everyone(self) -> bool {
        self != Self::Handshake
    }

    /// Whether its rate is that of each user.
    pub(crate) fn has_rate_per_user(self) -> bool {
        self == Self::Ramp
    }

    /// Whether its bots can be accounts.
    pub(crate) fn is_for_accounts(self) -> bool {
        !matches!(self, Self::Handshake | Self::Reconnect | Self::Ramp)
    }

    /// Whether connections end, and somebody comes back.
    pub(crate) fn loses_connections(self) -> bool {
        matches!(self, Self::Churn | Self::Slow | Self::Soak)
    }

    /// How many users it takes at the least.
    pub(crate) fn users_min(self) -> usize {
        match self {
            Self::Handshake => 1,
            Self::Churn => 4,
            Self::Slow | Self::Soak => 10,
            _ => 2,
        }
    }
}
