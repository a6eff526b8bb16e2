//! What an operator can set about the chat. Never: whether it makes sense,
//! which `cli` checks.

use super::work::Units;
use crate::accounts::Span;
use crate::limits;
use std::time::Duration;

/// Which names are protected from look-alikes in plain ASCII (`aIice`, `Adrnin`);
/// names of other letters are always protected from all look-alikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LookAlikes {
    /// None.
    Unicode,
    /// Those of operators who are here.
    #[default]
    Operators,
    /// All.
    Everyone,
}

/// Who may come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accounts {
    /// There are no accounts.
    #[default]
    Off,
    /// Guests, and accounts.
    Open,
    /// Accounts only.
    Closed,
}

/// What becomes of a packet that the disk refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreFailure {
    /// It goes to those who are here all the same.
    #[default]
    Relay,
    /// It goes to nobody.
    Refuse,
}

/// The settings of a shard, the same for all.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A packet as received, in bytes.
    pub packet_bytes_max: usize,
    /// What may wait for one recipient, in bytes.
    pub queue_bytes_max: usize,
    /// Time to greet.
    pub greeting_timeout: Duration,
    /// How long a queue may stand still.
    pub stuck_timeout: Duration,
    /// Packets a second from one connection; 0 is no bound.
    pub rate: u32,
    /// Packets a second from all connections of one address; 0 is no bound, on
    /// bytes and logins either.
    pub rate_per_address: u32,
    /// What may wait for all recipients together, in bytes.
    pub queues_bytes_max: usize,
    /// Between two broadcasts of one connection; zero is no bound.
    pub broadcast_interval: Duration,
    /// What one connection may cost before others are heard.
    pub quantum_work_max: Units,
    /// Which names' look-alikes in plain ASCII are refused.
    pub look_alikes: LookAlikes,
    /// What all connections together may cost in a tick.
    pub tick_work_max: Units,
    /// Of what is for many, or given back to many, so much is done at once; more in
    /// slices.
    pub fan_out_slice: usize,
    /// What makes a user an operator; none, and there are no operators.
    pub operator_token: Option<String>,
    /// Who may come.
    pub accounts: Accounts,
    /// Whether the server has a data directory.
    pub has_data: bool,
    /// Whether secrets may cross the network in the clear.
    pub plain_logins: bool,
    /// Sessions of an account at once, at the most.
    pub sessions_max: usize,
    /// Time to log in, from the challenge on.
    pub login_timeout: Duration,
    /// What an account may have stored, in bytes a second; 0 is no bound.
    pub store_rate: u64,
    /// How long what is stored is kept.
    pub keep: Span,
    /// What becomes of a packet that the disk refuses.
    pub store_failure: StoreFailure,
    /// Whether it is reported who comes, goes, joins and leaves rooms.
    pub reports_everyone: bool,
    /// What the welcome calls us, like `lanline/0.1.0`.
    pub version: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            packet_bytes_max: limits::PACKET_BYTES_DEFAULT,
            queue_bytes_max: limits::QUEUE_BYTES_DEFAULT,
            greeting_timeout: limits::GREETING_TIMEOUT_DEFAULT,
            stuck_timeout: limits::STUCK_TIMEOUT_DEFAULT,
            rate: limits::RATE_DEFAULT,
            rate_per_address: limits::RATE_PER_ADDRESS_DEFAULT,
            queues_bytes_max: limits::QUEUES_BYTES_DEFAULT,
            broadcast_interval: limits::BROADCAST_INTERVAL_DEFAULT,
            quantum_work_max: limits::QUANTUM_WORK_MAX,
            look_alikes: LookAlikes::default(),
            tick_work_max: limits::TICK_WORK_MAX,
            fan_out_slice: limits::FAN_OUT_SLICE,
            operator_token: None,
            accounts: Accounts::default(),
            has_data: false,
            plain_logins: false,
            sessions_max: limits::SESSIONS_DEFAULT,
            login_timeout: limits::LOGIN_TIMEOUT_DEFAULT,
            store_rate: limits::STORE_RATE_DEFAULT,
            keep: Span::parse(limits::KEEP_DEFAULT).unwrap_or(Span::Forever),
            store_failure: StoreFailure::default(),
            reports_everyone: false,
            version: concat!("lanline/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// How fast a connection may send, worked out once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// What one packet costs of a connection's time.
    pub interval_ns: u64,
    /// What a connection may have saved up.
    pub saved_up_ns: u64,
    /// How long one over its rate is left alone.
    pub pause: Duration,
}

impl Settings {
    /// Up to here a tick reads mail.
    pub(super) fn mail_work(&self) -> Units {
        (self.tick_work_max / 4 * 3).max(1)
    }

    /// The share of what is for many in a tick, at the least, and that of what is given
    /// back.
    pub(super) fn fan_out_work(&self) -> Units {
        (self.tick_work_max / 8).max(1)
    }

    /// The share of lists in a tick, besides that.
    pub(super) fn list_work(&self) -> Units {
        (self.tick_work_max / 11).max(1)
    }

    /// ... and of presence.
    pub(super) fn presence_work(&self) -> Units {
        (self.tick_work_max / 16).max(1)
    }

    /// What a stored byte costs of its account's time; none, where there is no bound.
    pub(super) fn store_ns_per_byte(&self) -> Option<u64> {
        1_000_000_000_u64.checked_div(self.store_rate)
    }

    pub(super) fn pace(&self) -> Pace {
        let interval_ns = 1_000_000_000_u64.checked_div(u64::from(self.rate)).unwrap_or(0);
        Pace {
            interval_ns,
            saved_up_ns: limits::RATE_BURST.as_nanos() as u64,
            pause: Duration::from_nanos(interval_ns)
                .clamp(limits::RATE_PAUSE_MIN, limits::RATE_PAUSE_MAX),
        }
    }
}
