//! The parameters of a run: how many shards, which settings, which names, how often
//! peers misbehave.

use super::dice::Dice;
use lanline::chat::{LookAlikes, Settings};
use std::time::Duration;

/// Names that a run's peers call themselves and each other. Several are the
/// same by their case folds, or confusable.
const NAMES: [&str; 25] = [
    "bob",
    "BOB",
    "Bob",
    "alice",
    "Alice",
    "zoe.7",
    "Анна",
    "АННА",
    "Straße",
    "STRASSE",
    "straße",
    "e\u{301}ric",
    "ÉRIC",
    "李雷",
    "मीरा",
    "σίσυφος",
    "ΣΊΣΥΦΟΣ",
    "kelvin",
    "\u{212a}elvin",
    "7of9",
    "ВОВ",
    "oo7",
    "оо7",
    "OO7",
    "o07",
];

const ROOMS: [&str; 6] = ["ops", "OPS", "кухня", "КУХНЯ", "a-room", "Straße"];

/// Packets in a second.
const RATES: [u32; 5] = [0, 1, 3, 10, 1000];

/// One run's settings.
pub(super) struct Setting {
    pub workers: usize,
    pub settings: Settings,
    pub names: Vec<&'static str>,
    pub rooms: Vec<&'static str>,
    pub peers_max: usize,
    pub steps: usize,
    /// What a socket takes before its peer reads, in bytes.
    pub socket_bytes_max: usize,
    /// What one read takes at the most, in bytes.
    pub scratch_bytes_max: usize,
    /// How often peers stop reading, in percent.
    pub lazy_percent: usize,
    pub ends_by_shutdown: bool,
    /// Text of a record of every other peer's transport, in bytes; 0 is none at all.
    pub record_bytes_max: usize,
}

impl Setting {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let packet_bytes_max = dice.pick(&[400, 700, 4096, 65_536]);
        let settings = Settings {
            packet_bytes_max,
            queue_bytes_max: dice.pick(&[1024, 1500, 3000, 20_000, 1_048_576]),
            greeting_timeout: Duration::from_millis(dice.pick(&[500, 3_000, 10_000])),
            stuck_timeout: Duration::from_millis(dice.pick(&[200, 2_000, 30_000])),
            rate: dice.pick(&RATES),
            rate_per_address: dice.pick(&[0, 2, 3000]),
            broadcast_interval: Duration::from_millis(dice.pick(&[0, 50, 1000])),
            quantum_work_max: dice.pick(&[1, 2, 5, 50, 1024]),
            look_alikes: dice.pick(&[
                LookAlikes::Unicode,
                LookAlikes::Operators,
                LookAlikes::Everyone,
            ]),
            operator_token: dice.percent(40).then(|| "sesame".to_owned()),
            ..Settings::default()
        };
        let few = dice.between(2, NAMES.len());
        let names = (0..few).map(|_| dice.pick(&NAMES)).collect();
        let mut setting = Self {
            workers: dice.between(1, 5),
            settings,
            names,
            rooms: ROOMS[..dice.between(1, ROOMS.len())].to_vec(),
            peers_max: dice.between(2, 14),
            steps: dice.between(100, 700),
            socket_bytes_max: dice.pick(&[40, 300, 2_000, 100_000]),
            scratch_bytes_max: dice.pick(&[1, 7, 100, 1000, 65_536]),
            lazy_percent: dice.pick(&[0, 10, 50]),
            ends_by_shutdown: dice.percent(30),
            record_bytes_max: 0,
        };
        setting.settings.tick_work_max = dice.pick(&[1, 20, 100, 8192]);
        setting.settings.fan_out_slice = dice.pick(&[0, 1, 3, 256]);
        setting.record_bytes_max = dice.pick(&[0, 1, 60, 500, 16_384]);
        setting
    }

    /// Other settings of those that can change while the server runs, and that
    /// change no packet's correct outcome.
    pub(super) fn draw_other_rules(&self, dice: &mut Dice) -> Settings {
        Settings {
            rate: dice.pick(&RATES),
            greeting_timeout: Duration::from_millis(dice.pick(&[1_000, 5_000])),
            stuck_timeout: Duration::from_millis(dice.pick(&[100, 10_000])),
            ..self.settings.clone()
        }
    }
}
