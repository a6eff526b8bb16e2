//! What operators have in hand, tried on the real program: settings and their
//! reload, the supervisor's side, metrics, doctor, health, top.

mod health;
mod metrics;
mod settings;
mod supervisor;
mod support;
mod tools;
