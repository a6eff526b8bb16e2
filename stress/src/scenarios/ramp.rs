//! Random direct messages at a rate per user, while users become more.

use super::chatter::another;
use crate::bots::{Script, World};
use std::time::{Duration, Instant};

pub(super) struct Ramp {
    rate_per_user: f64,
    next: Option<Instant>,
    is_running: bool,
}

impl Ramp {
    pub(super) fn new(rate_per_user: f64) -> Self {
        Self { rate_per_user, next: None, is_running: false }
    }
}

impl Script for Ramp {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        self.next = Some(world.now());
    }

    /// The users who came while nothing was measured don't make anything late.
    fn resume(&mut self, world: &mut World<'_>) {
        self.next = Some(world.now());
    }

    fn tick(&mut self, world: &mut World<'_>) {
        let users = world.cast.seats();
        if !self.is_running || users < 2 || world.cast.is_growing() {
            return;
        }
        let interval = Duration::from_secs_f64(1.0 / (self.rate_per_user * users as f64));
        while let Some(due) = self.next.filter(|&due| due <= world.now()) {
            self.next = Some(due + interval);
            let from = world.random(users);
            let to = another(from, world);
            world.say_as_of(from, to, due);
        }
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
    }
}
