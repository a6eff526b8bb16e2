//! One to all; the next goes once the last has it. Where the server keeps
//! broadcasts apart, a refused one is tried again a little later.

use crate::bots::{Script, World};
use crate::driver::Bot;
use lanline::wire::Endpoint;
use std::time::{Duration, Instant};

/// Before a refused broadcast is tried again.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Broadcast {
    /// Whether this process's first bot is the one who writes.
    is_announcer: bool,
    is_running: bool,
    retry_at: Option<Instant>,
}

impl Broadcast {
    pub(super) fn new(is_announcer: bool) -> Self {
        Self { is_announcer, is_running: false, retry_at: None }
    }

    fn next(&self, world: &mut World<'_>) {
        if self.is_running && self.is_announcer {
            world.post(0, Endpoint::Broadcast.name(), |_| true);
        }
    }
}

impl Script for Broadcast {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        self.next(world);
    }

    fn arrived(&mut self, _: Bot, _: Bot, world: &mut World<'_>) {
        self.next(world);
    }

    fn refused(&mut self, _: Bot, _: &str, world: &mut World<'_>) {
        self.retry_at = Some(world.now() + PAUSE);
    }

    fn tick(&mut self, world: &mut World<'_>) {
        if self.retry_at.is_some_and(|retry_at| retry_at <= world.now()) {
            self.retry_at = None;
            self.next(world);
        }
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
    }
}
