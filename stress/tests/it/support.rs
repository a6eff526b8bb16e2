//! What all tests of the harness need: the server's program, and a run whose
//! figures can be asked.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

/// The harness.
pub(crate) fn stress() -> Command {
    Command::new(env!("CARGO_BIN_EXE_stress"))
}

/// The server, built like the harness and beside it.
pub(crate) fn lanline() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let beside = Path::new(env!("CARGO_BIN_EXE_stress")).with_file_name("lanline");
        let profile_folder = beside.parent().expect("a folder of the profile");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "lanline", "--bin", "lanline"]);
        build.arg("--target-dir").arg(profile_folder.parent().expect("the target folder"));
        if profile_folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo starts").success(), "the server is built");
        beside
    })
}

/// A server of the test's own, ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(lanline())
            .args(["serve", "--listen", "127.0.0.1:0", "--rate", "0"])
            .args(["--broadcast-interval", "0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").expect("it says where");
        let address = address.parse().expect("an address");
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
        command.arg("--server-bin").arg(lanline());
    }
    let output = command.output().expect("the harness runs");
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
