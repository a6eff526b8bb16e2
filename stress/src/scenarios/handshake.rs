//! All connect at the same instant; once all are in, all leave, and again.
//! The latency is that of connecting and being welcomed.

use crate::bots::{Leave, Script, World};
use crate::driver::Bot;

pub(super) struct Handshake {
    users: usize,
    is_running: bool,
    welcomed: usize,
    gone: usize,
}

impl Handshake {
    pub(super) fn new(users: usize) -> Self {
        Self { users, is_running: false, welcomed: 0, gone: 0 }
    }

    fn all_arrive(&mut self, world: &mut World<'_>) {
        self.welcomed = 0;
        self.gone = 0;
        for bot in 0..self.users {
            world.arrive(bot);
        }
    }

    /// Everyone is in or was turned away: those who are in leave.
    fn all_leave(&self, world: &mut World<'_>) {
        if self.welcomed + self.gone == self.users && self.is_running {
            for bot in 0..self.users {
                if world.is_here(bot) {
                    world.leave(bot, Leave::Quit);
                }
            }
        }
    }
}

impl Script for Handshake {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        self.all_arrive(world);
    }

    fn welcomed(&mut self, _: Bot, world: &mut World<'_>) {
        self.welcomed += 1;
        self.all_leave(world);
    }

    fn gone(&mut self, bot: Bot, world: &mut World<'_>) {
        self.gone += 1;
        let was_here = world.cast.was_welcomed(bot);
        if !was_here {
            self.all_leave(world);
        }
        if self.is_running && self.gone == self.users {
            self.all_arrive(world);
        }
    }

    fn watches_arrivals(&self) -> bool {
        true
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
    }
}
