//! One room of all bots of a process; they post in turns, the next once the
//! last has it.

use crate::bots::{Script, World};
use crate::driver::Bot;
use lanline::wire::Endpoint;

pub(super) struct Room {
    name: String,
    is_running: bool,
    members: usize,
    next: Bot,
}

impl Room {
    pub(super) fn new(process: usize) -> Self {
        let name = format!("#stress-{}-{process}", std::process::id());
        Self { name, is_running: false, members: 0, next: 0 }
    }

    fn post(&mut self, world: &mut World<'_>) {
        if self.is_running && world.post(self.next, &self.name, |_| true) {
            self.next = (self.next + 1) % self.members;
        }
    }
}

impl Script for Room {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        for bot in 0..world.cast.seats() {
            world.ask(bot, Endpoint::Join, &self.name);
        }
    }

    fn answered(&mut self, _: Bot, endpoint: Endpoint, _: &str, world: &mut World<'_>) {
        if endpoint == Endpoint::Join {
            self.members += 1;
            if self.members == world.cast.seats() {
                self.post(world);
            }
        }
    }

    fn arrived(&mut self, _: Bot, _: Bot, world: &mut World<'_>) {
        self.post(world);
    }

    fn refused(&mut self, from: Bot, _: &str, world: &mut World<'_>) {
        // A post to many is refused for each who misses it; the rest has it.
        if world.cast.last_packet_is_settled(from) {
            self.post(world);
        }
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
    }
}
