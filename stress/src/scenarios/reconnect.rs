//! A switch is rebooted: all are lost at the same instant, without a goodbye, and all
//! come back at once; once all are back, again. The latency is that from the loss to
//! the welcome, so the slowest is how long it takes until everybody is back.

use crate::bots::{Leave, Script, World};
use crate::driver::Bot;

pub(super) struct Reconnect {
    users: usize,
    is_running: bool,
    back: usize,
}

impl Reconnect {
    pub(super) fn new(users: usize) -> Self {
        Self { users, is_running: false, back: 0 }
    }

    fn all_are_lost(&mut self, world: &mut World<'_>) {
        self.back = 0;
        for bot in 0..self.users {
            if world.is_here(bot) {
                world.leave(bot, Leave::Reset);
            }
        }
        for bot in 0..self.users {
            world.arrive(bot);
        }
    }
}

impl Script for Reconnect {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        self.all_are_lost(world);
    }

    fn welcomed(&mut self, _: Bot, world: &mut World<'_>) {
        self.back += 1;
        if self.back == self.users && self.is_running {
            self.all_are_lost(world);
        }
    }

    /// Who is turned away ends the round: the run fails, and says why.
    fn gone(&mut self, _: Bot, _: &mut World<'_>) {
        self.is_running = false;
    }

    fn watches_arrivals(&self) -> bool {
        true
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
    }
}
