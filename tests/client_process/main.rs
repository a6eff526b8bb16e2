//! The client as a process: in a pipe, in a script, in a terminal.

mod full_screen;
mod ghost;
mod plain;
mod script;
mod support;
mod terminal;
