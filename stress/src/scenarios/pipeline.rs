//! Pairs: one writes as fast as the window allows, the other reads.

use crate::bots::{Script, World};
use crate::driver::Bot;

pub(super) struct Pipeline {
    window: usize,
    is_running: bool,
}

impl Pipeline {
    pub(super) fn new(window: usize) -> Self {
        Self { window, is_running: false }
    }

    fn next(&self, from: Bot, world: &mut World<'_>) {
        if self.is_running {
            world.say(from, from + 1);
        }
    }
}

impl Script for Pipeline {
    fn start(&mut self, world: &mut World<'_>) {
        self.is_running = true;
        for pair in 0..world.cast.seats() / 2 {
            for _ in 0..self.window {
                self.next(2 * pair, world);
            }
        }
    }

    fn arrived(&mut self, from: Bot, _: Bot, world: &mut World<'_>) {
        self.next(from, world);
    }

    fn refused(&mut self, from: Bot, _: &str, world: &mut World<'_>) {
        self.next(from, world);
    }

    fn stop(&mut self, _: &mut World<'_>) {
        self.is_running = false;
    }
}
