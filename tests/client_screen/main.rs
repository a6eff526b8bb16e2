//! The full-screen client without its threads: events in, a drawn screen out.

mod accounts;
mod behaviour;
mod clock;
mod expectations;
mod outage;
mod painting;
mod quirks;
mod reading;
mod safety;
mod screens;
mod stage;
