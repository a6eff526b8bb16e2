//! The client as a process: in a pipe, in a script, in a terminal.

mod accounts;
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
mod site;
mod support;
mod terminal;
mod tokens;
