//! What all tests of the harness need: a server, and a run whose figures can
//! be asked.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use testkit::{PATIENCE, Server, program};

/// The harness.
pub(crate) fn stress() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stress"));
    program::clean(&mut command);
    command
}

/// A server of the test's own, ended when dropped.
pub(crate) fn server(flags: &[&str]) -> Server {
    // Only the package of the server builds it before its own tests.
    program::fresh_path();
    let usual = ["--rate", "0", "--broadcast-interval", "0"];
    Server::builder().arguments(&usual).arguments(flags).start()
}

/// What a run of the harness left behind.
pub(crate) struct Run {
    pub code: Option<i32>,
    pub text: String,
    pub json: Value,
    pub page: String,
}

/// Runs the harness to its end.
pub(crate) fn run(args: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, page) = (folder.path().join("figures.json"), folder.path().join("page.html"));
    let mut command = stress();
    command.args(args).arg("--json").arg(&json).arg("--report").arg(&page);
    if !args.contains(&"--server") {
        command.arg("--server-bin").arg(program::fresh_path());
    }
    let output = program::run_command_within(command, 5 * PATIENCE);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    Run {
        code: output.status.code(),
        text: words_of(&output),
        json: serde_json::from_str(&read(&json)).unwrap_or_default(),
        page: read(&page),
    }
}

pub(crate) fn words_of(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}
