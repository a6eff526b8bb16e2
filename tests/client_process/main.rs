//! The client as a process: in a pipe, in a script, in a terminal.

mod encryption;
mod failures;
mod full_screen;
mod ghost;
mod hostile;
mod login;
mod modes;
mod pastes;
mod plain;
mod script;
mod sending;
mod support;
mod terminal;
