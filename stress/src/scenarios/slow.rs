//! One bot in ten reads slowly, one in ten never; all are written to. The
//! latency is that of the others.

use super::chatter::another;
use super::pace::Pace;
use crate::bots::{Script, World};
use crate::driver::Bot;
use std::time::{Duration, Instant};

/// A slow reader takes so much at a time, so often.
const SIP_BYTES: usize = 512;
const SIP_INTERVAL: Duration = Duration::from_millis(50);

/// The bots that read slowly or never.
pub(super) struct SlowReaders {
    next_sip: Option<Instant>,
}

impl SlowReaders {
    pub(super) fn new() -> Self {
        Self { next_sip: None }
    }

    pub(super) fn includes(bot: Bot) -> bool {
        matches!(bot % 10, 3 | 7)
    }

    fn never_reads(bot: Bot) -> bool {
        bot % 10 == 7
    }

    pub(super) fn start(&mut self, world: &mut World<'_>) {
        self.next_sip = Some(world.now());
        (0..world.cast.seats()).filter(|&bot| Self::includes(bot)).for_each(|bot| world.hold(bot));
    }

    pub(super) fn tick(&mut self, world: &mut World<'_>) {
        if self.next_sip.is_some_and(|next_sip| next_sip <= world.now()) {
            self.next_sip = Some(world.now() + SIP_INTERVAL);
            let bots = 0..world.cast.seats();
            bots.filter(|&bot| Self::includes(bot) && !Self::never_reads(bot))
                .for_each(|bot| world.sip(bot, SIP_BYTES));
        }
    }

    pub(super) fn stop(&mut self, world: &mut World<'_>) {
        self.next_sip = None;
        (0..world.cast.seats())
            .filter(|&bot| Self::includes(bot))
            .for_each(|bot| world.release(bot));
    }
}

pub(super) struct Slow {
    readers: SlowReaders,
    pace: Pace,
}

impl Slow {
    pub(super) fn new(rate: f64) -> Self {
        Self { readers: SlowReaders::new(), pace: Pace::new(rate) }
    }
}

impl Script for Slow {
    fn start(&mut self, world: &mut World<'_>) {
        self.readers.start(world);
        self.pace.start(world.now());
    }

    fn tick(&mut self, world: &mut World<'_>) {
        self.readers.tick(world);
        for due in self.pace.due(world.now()) {
            let bots = world.cast.seats();
            let from = world.random(bots);
            let to = another(from, world);
            world.say_as_of(from, to, due);
        }
    }

    fn reads_slowly(&self, bot: Bot) -> bool {
        SlowReaders::includes(bot)
    }

    fn is_watched(&self, bot: Bot) -> bool {
        !SlowReaders::includes(bot)
    }

    fn may_be_closed(&self, bot: Bot, code: &str) -> bool {
        SlowReaders::includes(bot) && (code == "stuck" || code.is_empty())
    }

    fn stop(&mut self, world: &mut World<'_>) {
        self.pace.stop();
        self.readers.stop(world);
    }
}
