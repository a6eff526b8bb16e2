//! The harness against the real server, from its flags to its exit code.

mod attack;
mod faults;
mod scenarios;
mod support;
mod versus;
