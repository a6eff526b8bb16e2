//! What operators have in hand, tried on the real program: settings and their
//! reload, the supervisor's side, metrics, doctor, health, top.

mod accounts;
mod accounts_killed;
mod certificates;
mod data;
mod disks;
mod health;
mod log;
mod metrics;
mod output;
mod settings;
mod supervisor;
mod support;
mod tools;
