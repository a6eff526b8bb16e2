//! The full-screen client without its threads: events in, a drawn screen out.

mod behaviour;
mod clock;
mod safety;
mod screens;
mod stage;
