//! A `lanline` client as a process that is watched. Everything has a deadline.

use std::process::Stdio;
use testkit::{Process, program};

/// The program, which finds neither a configuration nor a place for secrets.
fn command(args: &[&str]) -> std::process::Command {
    let mut command = program::command(args);
    command.env("XDG_STATE_HOME", "/dev/null");
    command
}

/// A `lanline` process, killed at the end at the latest.
pub(crate) struct Client {
    process: Process,
}

impl Client {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self { process: Process::spawn_with_stdin(command(args), Stdio::piped()) }
    }

    /// The same with another standard output, which can't be looked at.
    pub(crate) fn start_into(stdout: impl Into<Stdio>, args: &[&str]) -> Self {
        let command = command(args);
        Self { process: Process::spawn_into(command, Stdio::piped(), stdout) }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.process.type_line(line);
    }

    /// Without an ending.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.process.type_text(text);
    }

    pub(crate) fn end_input(&mut self) {
        self.process.end_input();
    }

    /// The next line on standard output.
    pub(crate) fn out(&self) -> String {
        self.process.out.next().expect("a line on standard output")
    }

    /// The next line on standard error.
    pub(crate) fn err(&self) -> String {
        self.process.err.next().expect("a line on standard error")
    }

    /// Waits for the end: the exit code, the rest of both outputs.
    pub(crate) fn end(mut self) -> (i32, Vec<String>, Vec<String>) {
        let (out, err) = (self.process.out.rest(), self.process.err.rest());
        (self.process.wait().code().expect("an exit code"), out, err)
    }
}
