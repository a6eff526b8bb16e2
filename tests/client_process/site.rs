//! A real server with accounts, over TLS, and a user of it.

use crate::terminal::Terminal;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use testkit::{Server, program};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server with an account of ann's, and a user with a state directory.
pub(crate) struct Site {
    pub(crate) folder: tempfile::TempDir,
    server: Option<Server>,
    address: SocketAddr,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With these flags for the server.
    pub(crate) fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let add = ["account", "add", "ann", "--password-stdin", "--data", data.to_str().unwrap()];
        let mut command = program::command(&add);
        assert!(run_with(&mut command, PASSWORD).status.success());
        let server = start("127.0.0.1:0", &data, flags);
        let address = server.address();
        Self { folder, server: Some(server), address }
    }

    /// Another one, on the same address and data, after the one that ends now.
    pub(crate) fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        let data = self.folder.path().join("data");
        self.server = Some(start(&self.address.to_string(), &data, &[]));
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn target(&self) -> String {
        self.target_of("ann")
    }

    pub(crate) fn target_of(&self, name: &str) -> String {
        format!("{name}@{}", self.address)
    }

    pub(crate) fn state(&self) -> String {
        self.folder.path().join("state").to_str().unwrap().to_owned()
    }

    pub(crate) fn terminal(&self, args: &[&str]) -> Terminal {
        self.terminal_of("xterm-256color", args)
    }

    pub(crate) fn terminal_of(&self, term: &str, args: &[&str]) -> Terminal {
        let env = [("TERM", term), ("XDG_STATE_HOME", &*self.state()), ("LANLINE_PLAIN", "0")];
        Terminal::start_with(120, 24, args, &env)
    }

    /// `lanline chat` by a password that is typed.
    pub(crate) fn chat(&self, term: &str, more: &[&str]) -> Terminal {
        let target = self.target();
        let terminal = self.terminal_of(term, &[&["chat", &target], more].concat());
        terminal.wait_for("Password of ann:");
        terminal.type_keys(&format!("{PASSWORD}\r"));
        wait_until_connected(&terminal, term);
        terminal
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = program::command(args);
        command.env("XDG_STATE_HOME", self.state()).env("LANLINE_PLAIN", "0");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        program::run_command(self.command(args))
    }

    /// With something on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Output {
        run_with(&mut self.command(args), input)
    }

    /// An operator's command on the data directory; what it prints.
    pub(crate) fn operate(&self, args: &[&str]) -> String {
        let data = self.folder.path().join("data");
        let output = self.run(&[args, &["--data", data.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{}", told(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn log_in(&self) {
        let terminal = self.terminal(&["login", &self.target(), "--label", "desk"]);
        terminal.wait_for("Password of ann:");
        terminal.type_keys(&format!("{PASSWORD}\r"));
        terminal.wait_for("the token desk is stored");
        assert!(!terminal.has_written(PASSWORD.as_bytes()));
        assert_eq!(terminal.end(), (Some(0), true));
    }

    pub(crate) fn tokens(&self) -> String {
        fs::read_to_string(Path::new(&self.state()).join("lanline/tokens")).unwrap_or_default()
    }

    /// A new token of ann's, who is logged in.
    pub(crate) fn new_token(&self, label: &str) -> String {
        let asks = format!("new {label}");
        let output = self.run(&["send", "/token", &asks, "--server", &self.target()]);
        assert!(output.status.success(), "{}", told(&output));
        let answer = String::from_utf8(output.stdout).unwrap();
        answer.trim().split(' ').nth(1).unwrap().to_owned()
    }
}

pub(crate) fn wait_until_connected(terminal: &Terminal, term: &str) {
    terminal.wait_for(if term == "dumb" { "/welcome: ann" } else { "Connected to" });
}

fn start(address: &str, data: &Path, flags: &[&str]) -> Server {
    let flags = [&["--listen", address, "--data", data.to_str().unwrap()], flags].concat();
    Server::builder().workers(1).arguments(&flags).start()
}

fn run_with(command: &mut Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Its words on standard error.
pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
