//! Which workloads there are, and what each is called on the command line.

use std::fmt;
use std::str::FromStr;

/// What the users do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// As many messages on the way as users, [`DIRECT_ON_THE_WAY_MAX`] at the
    /// most; who receives one passes it on to a random other.
    Direct { users: usize },
    /// Pairs, each with up to [`PIPELINE_WINDOW`] messages on the way; [`STORED_WINDOW`],
    /// where they are stored.
    Pipelined { pairs: usize },
    /// Pairs, each with one message on the way.
    Paired { pairs: usize },
    /// One writes to all; the next goes once everyone has the last.
    Broadcast { users: usize },
    /// Connect, say who one is, be told so, close; [`LOGINS_AT_ONCE`] at once.
    Login,
    /// Be there and say nothing: memory a user.
    Idle { users: usize },
}

pub(super) const DIRECT_ON_THE_WAY_MAX: usize = 1000;
const PIPELINE_WINDOW: usize = 256;
const STORED_WINDOW: usize = 16;
pub(super) const LOGINS_AT_ONCE: usize = 50;

impl Workload {
    /// How many connections it needs at once.
    pub(crate) fn seats(self) -> usize {
        match self {
            Self::Direct { users } | Self::Broadcast { users } | Self::Idle { users } => users,
            Self::Pipelined { pairs } | Self::Paired { pairs } => 2 * pairs,
            Self::Login => LOGINS_AT_ONCE,
        }
    }

    /// Messages of a pair on the way. Where they are stored, fewer: JetStream has room for
    /// ten thousand that wait for its disk, all pairs together.
    pub(super) fn window(self, is_stored: bool) -> usize {
        match self {
            Self::Pipelined { .. } if is_stored => STORED_WINDOW,
            Self::Pipelined { .. } => PIPELINE_WINDOW,
            _ => 1,
        }
    }

    /// What there is for stored messages.
    pub(crate) fn is_for_stored(self) -> bool {
        matches!(self, Self::Pipelined { .. } | Self::Paired { .. })
    }

    /// Many senders with many messages each; and one with one: what an `fsync` takes.
    pub(crate) fn all_stored() -> Vec<Self> {
        vec![Self::Pipelined { pairs: 500 }, Self::Paired { pairs: 50 }, Self::Paired { pairs: 1 }]
    }

    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::Direct { users: 50 },
            Self::Direct { users: 1000 },
            Self::Direct { users: 6000 },
            Self::Pipelined { pairs: 500 },
            Self::Broadcast { users: 6000 },
            Self::Login,
            Self::Idle { users: 6000 },
        ]
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct { users } => write!(f, "direct-{users}"),
            Self::Pipelined { pairs } => write!(f, "pipelined-{}", 2 * pairs),
            Self::Paired { pairs } => write!(f, "paired-{}", 2 * pairs),
            Self::Broadcast { users } => write!(f, "broadcast-{users}"),
            Self::Login => write!(f, "login"),
            Self::Idle { users } => write!(f, "idle-{users}"),
        }
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, count) = text.split_once('-').unwrap_or((text, ""));
        let users =
            |default| match count {
                "" => Ok(default),
                count => count.parse().ok().filter(|&users| users >= 2).ok_or_else(|| {
                    format!("{text}: behind the dash goes a number of users from 2 on")
                }),
            };
        match kind {
            "direct" => Ok(Self::Direct { users: users(1000)? }),
            "pipelined" => Ok(Self::Pipelined { pairs: users(1000)? / 2 }),
            "paired" => Ok(Self::Paired { pairs: users(2)? / 2 }),
            "broadcast" => Ok(Self::Broadcast { users: users(6000)? }),
            "login" => Ok(Self::Login),
            "idle" => Ok(Self::Idle { users: users(6000)? }),
            _ => Err(format!(
                "{text}: one of direct-N, pipelined-N, paired-N, broadcast-N, login, idle-N"
            )),
        }
    }
}
