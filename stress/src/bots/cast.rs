//! What is known of the bots of one process: who they are, what they asked,
//! what was counted.

use crate::account::{Ledger, Names, User};
use crate::driver::Bot;
use hdrhistogram::Histogram;
use lanline::wire::{Endpoint, Framer};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Instant;

/// Where a bot stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Absent,
    /// It connects or waits for its welcome.
    Arriving,
    Here,
    /// It has said goodbye and reads to the end.
    Leaving,
}

/// One bot.
#[derive(Default)]
pub(crate) struct Player {
    pub phase: Phase,
    pub user: User,
    /// Connections so far.
    pub connections: u32,
    /// Packets sent on this connection, and on earlier ones.
    pub ordinal: u64,
    pub ordinals_before: u64,
    /// The id of the last stored packet that it has.
    pub last_id: u64,
    pub framer: Framer,
    /// Questions without an answer: the endpoint, and the packet's ordinal.
    pub asked: VecDeque<(Endpoint, u64)>,
    pub was_welcomed: bool,
    /// When it began to connect, in nanoseconds since the run began.
    pub began_at: u64,
    /// The code of the last refusal about no packet.
    pub last_words: Option<String>,
}

/// What was counted in a part of a run; sums up over processes and windows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Window {
    pub seconds: f64,
    pub delivered: u64,
    pub refused: u64,
    pub welcomed: u64,
    pub turned_away: u64,
    pub users: usize,
    /// CPU that the bots' process used, in seconds.
    pub generator_cpu_seconds: f64,
    /// Latencies in nanoseconds, each with how often it was seen.
    pub latencies: Vec<(u64, u64)>,
}

/// A histogram from a microsecond to ten minutes, three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, 600_000_000_000, 3)
        .unwrap_or_else(|_| unreachable!("the bounds are valid"))
}

/// All bots of one process.
pub(crate) struct Cast {
    pub players: Vec<Player>,
    /// Which bot a user is or was.
    pub bots: Vec<Bot>,
    pub ledger: Ledger,
    pub random: SmallRng,
    pub epoch: Instant,
    /// Length of a text, in bytes.
    pub size: usize,
    pub latency: Histogram<u64>,
    pub window: Window,
    /// Why bots were not let in.
    pub turned_away: Vec<String>,
    /// Seats that were ever taken, from the first on.
    pub(super) seats: usize,
    pub(super) is_growing: bool,
    /// A `/broadcast` is for exactly those who are here: the answer is checked.
    pub is_alone: bool,
    /// What each bot says to `/login`; none, where they are guests.
    pub(super) logins: Vec<String>,
    /// They ask for ids, and for what they have missed.
    pub(super) wants_missed: bool,
}

impl Cast {
    pub(crate) fn new(
        bots: usize,
        names: Names,
        has_newcomers: bool,
        size: usize,
        seed: u64,
    ) -> Self {
        Self {
            players: (0..bots).map(|_| Player::default()).collect(),
            bots: Vec::new(),
            ledger: Ledger::new(names, has_newcomers),
            random: SmallRng::seed_from_u64(seed),
            epoch: Instant::now(),
            size,
            latency: histogram(),
            window: Window::default(),
            turned_away: Vec::new(),
            seats: 0,
            is_growing: false,
            is_alone: false,
            logins: Vec::new(),
            wants_missed: false,
        }
    }

    /// The bots are accounts, which log in by these words. `wants_missed`: they lose
    /// connections, and come back for what they have missed.
    pub(crate) fn become_accounts(&mut self, logins: &[String], wants_missed: bool) {
        self.logins = logins.to_vec();
        self.wants_missed = wants_missed;
        self.bots = (0..self.players.len()).collect();
        self.ledger.open_stored_accounts(self.players.len());
    }

    /// Whether what is said to one, or to all, is stored.
    pub(crate) fn is_stored(&self) -> bool {
        self.ledger.is_stored()
    }

    /// Nanoseconds since the run began.
    pub(crate) fn nanoseconds(&self, now: Instant) -> u64 {
        now.duration_since(self.epoch).as_nanos() as u64
    }

    pub(crate) fn name(&self, bot: Bot) -> String {
        self.ledger.names().name(self.players[bot].user)
    }

    /// Seats that were ever taken, from the first on.
    pub(crate) fn seats(&self) -> usize {
        self.seats
    }

    /// Whether users are being let in, and nothing is measured.
    pub(crate) fn is_growing(&self) -> bool {
        self.is_growing
    }

    /// Whether the bot got in, the last time that it came.
    pub(crate) fn was_welcomed(&self, bot: Bot) -> bool {
        self.players[bot].was_welcomed
    }

    /// Whether everyone has the bot's last packet, or was refused it.
    pub(crate) fn last_packet_is_settled(&self, bot: Bot) -> bool {
        let player = &self.players[bot];
        self.ledger.missing(player.user, player.ordinals_before + player.ordinal) == 0
    }

    /// The bot that is or was the user.
    pub(crate) fn bot_of(&self, user: User) -> Bot {
        self.bots[user as usize]
    }

    pub(crate) fn is_here(&self, bot: Bot) -> bool {
        self.players[bot].phase == Phase::Here
    }

    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.players.iter().filter(|player| player.phase == phase).count()
    }

    /// Ends a window and begins the next.
    pub(crate) fn take_window(&mut self) -> Window {
        let mut window = std::mem::take(&mut self.window);
        window.users = self.count(Phase::Here);
        window.latencies = self
            .latency
            .iter_recorded()
            .map(|step| (step.value_iterated_to(), step.count_at_value()))
            .collect();
        self.latency.reset();
        window
    }
}
