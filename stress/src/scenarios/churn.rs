//! Half of the bots stay and talk to everyone; the other half come, talk and
//! go, politely and by reset, under a new name each time.

use super::chatter::another;
use super::pace::Pace;
use crate::bots::{Leave, Script, World};
use crate::driver::Bot;

/// Packets that a visitor writes before it leaves.
const PACKETS_PER_VISIT: usize = 3;

/// The part of the bots that comes and goes.
pub(super) struct Visitors {
    /// Visitors are the bots of which every so many-th.
    every: usize,
    pub is_running: bool,
}

impl Visitors {
    pub(super) fn new(every: usize) -> Self {
        Self { every, is_running: false }
    }

    pub(super) fn includes(&self, bot: Bot) -> bool {
        bot.is_multiple_of(self.every)
    }

    /// Says a few words and leaves; what was said may still be on its way.
    pub(super) fn visit(&self, bot: Bot, world: &mut World<'_>) {
        if !self.is_running || !self.includes(bot) {
            return;
        }
        for _ in 0..PACKETS_PER_VISIT {
            let to = another(bot, world);
            world.say(bot, to);
        }
        let how = match world.random(3) {
            0 => Leave::Finish,
            1 => Leave::Quit,
            _ => Leave::Reset,
        };
        world.leave(bot, how);
        if how == Leave::Reset {
            world.arrive(bot);
        }
    }

    pub(super) fn gone(&self, bot: Bot, world: &mut World<'_>) {
        if self.is_running && self.includes(bot) {
            world.arrive(bot);
        }
    }
}

pub(super) struct Churn {
    visitors: Visitors,
    pace: Pace,
}

impl Churn {
    pub(super) fn new(rate: f64) -> Self {
        Self { visitors: Visitors::new(2), pace: Pace::new(rate) }
    }
}

impl Script for Churn {
    fn start(&mut self, world: &mut World<'_>) {
        self.visitors.is_running = true;
        self.pace.start(world.now());
        for bot in 0..world.cast.seats() {
            self.visitors.visit(bot, world);
        }
    }

    fn welcomed(&mut self, bot: Bot, world: &mut World<'_>) {
        self.visitors.visit(bot, world);
    }

    fn gone(&mut self, bot: Bot, world: &mut World<'_>) {
        self.visitors.gone(bot, world);
    }

    fn tick(&mut self, world: &mut World<'_>) {
        for due in self.pace.due(world.now()) {
            let bots = world.cast.seats();
            let from = world.random(bots);
            if !self.visitors.includes(from) {
                let to = another(from, world);
                world.say_as_of(from, to, due);
            }
        }
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.visitors.is_running = false;
        self.pace.stop();
    }
}
