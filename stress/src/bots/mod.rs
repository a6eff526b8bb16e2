//! **The bots**: pure scripts. A [`Script`] says who arrives, writes and
//! leaves; the [`Stage`] turns it into packets, keeps the ledger, and tells
//! the script what became of them. Never: a socket or a clock.

mod cast;
mod stage;
#[cfg(test)]
mod tests;
mod world;

pub(crate) use cast::{Cast, Phase, Window, histogram};
pub(crate) use stage::Stage;
pub(crate) use world::{Leave, World};

use crate::driver::Bot;
use lanline::wire::Endpoint;

/// What the bots of a scenario do.
pub(crate) trait Script {
    /// Everyone is there: begin. Called once.
    fn start(&mut self, world: &mut World<'_>);

    /// It goes on, after a look at the figures or after more have come.
    fn resume(&mut self, _world: &mut World<'_>) {}

    /// A bot was welcomed after the start.
    fn welcomed(&mut self, _bot: Bot, _world: &mut World<'_>) {}

    /// A packet of `from` has reached `to`; a post, the last who was missing it.
    fn arrived(&mut self, _from: Bot, _to: Bot, _world: &mut World<'_>) {}

    /// A packet of `from` was refused.
    fn refused(&mut self, _from: Bot, _code: &str, _world: &mut World<'_>) {}

    /// An endpoint has answered.
    fn answered(&mut self, _bot: Bot, _endpoint: Endpoint, _text: &str, _world: &mut World<'_>) {}

    /// A bot that left is gone; its seat is free.
    fn gone(&mut self, _bot: Bot, _world: &mut World<'_>) {}

    /// Once a turn.
    fn tick(&mut self, _world: &mut World<'_>) {}

    /// No more packets, please: the run ends. Held readers shall read.
    fn stop(&mut self, _world: &mut World<'_>) {}

    /// Whether this bot will read slowly or not at all; asked before it connects.
    fn reads_slowly(&self, _bot: Bot) -> bool {
        false
    }

    /// Whether the latency of what this bot receives is watched.
    fn is_watched(&self, _bot: Bot) -> bool {
        true
    }

    /// Whether the latency is that of connecting and being welcomed.
    fn watches_arrivals(&self) -> bool {
        false
    }

    /// Whether the server may close this bot's connection with this code.
    fn may_be_closed(&self, _bot: Bot, _code: &str) -> bool {
        false
    }
}
