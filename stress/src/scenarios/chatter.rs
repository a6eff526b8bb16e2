//! Direct messages between random bots: one on its way per bot, or at a rate.

use super::pace::Pace;
use crate::bots::{Script, World};
use crate::driver::Bot;

pub(super) struct Chatter {
    pace: Option<Pace>,
    is_running: bool,
}

impl Chatter {
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self { pace: rate.map(Pace::new), is_running: false }
    }

    fn next(&self, from: Bot, world: &mut World<'_>) {
        if self.is_running && self.pace.is_none() {
            let to = another(from, world);
            world.say(from, to);
        }
    }
}

/// A random bot besides this one.
pub(super) fn another(from: Bot, world: &mut World<'_>) -> Bot {
    let bots = world.cast.seats();
    let other = world.random(bots - 1);
    (from % bots + 1 + other) % bots
}

impl Script for Chatter {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        if let Some(pace) = &mut self.pace {
            pace.start(world.now());
        }
        for bot in 0..world.cast.seats() {
            self.next(bot, world);
        }
    }

    fn arrived(&mut self, from: Bot, _: Bot, world: &mut World<'_>) {
        self.next(from, world);
    }

    fn refused(&mut self, from: Bot, _: &str, world: &mut World<'_>) {
        self.next(from, world);
    }

    fn tick(&mut self, world: &mut World<'_>) {
        let Some(pace) = &mut self.pace else { return };
        for due in pace.due(world.now()) {
            let bots = world.cast.seats();
            let from = world.random(bots);
            let to = another(from, world);
            world.say_as_of(from, to, due);
        }
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
        self.pace = None;
    }
}
