//! The real binary as a child process.

use super::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

/// A running server; killed when it goes out of scope.
pub struct Server {
    child: Child,
    /// Where it listens, in the order printed.
    pub addresses: Vec<SocketAddr>,
    log: Arc<Mutex<String>>,
    ended: bool,
}

impl Server {
    /// A server on a free port of 127.0.0.1, no rate limit.
    pub fn start(workers: usize) -> Self {
        Self::with(workers, &[])
    }

    /// [`Server::start`] with these flags as well, or instead.
    pub fn with(workers: usize, flags: &[(&str, &str)]) -> Self {
        Self::with_environment(workers, flags, &[])
    }

    /// [`Server::with`] and these variables.
    pub fn with_environment(
        workers: usize,
        flags: &[(&str, &str)],
        environment: &[(&str, &str)],
    ) -> Self {
        let workers = workers.to_string();
        let mut all = flags.to_vec();
        for usual in [("--listen", "127.0.0.1:0"), ("--rate", "0"), ("--workers", &workers)] {
            if !flags.iter().any(|(flag, _)| *flag == usual.0) {
                all.push(usual);
            }
        }
        let listeners = all.iter().filter(|(flag, _)| *flag == "--listen").count();
        let mut arguments = vec!["serve"];
        arguments.extend(all.iter().flat_map(|(flag, value)| [*flag, *value]));
        Self::spawn(&arguments, environment, listeners)
    }

    /// Runs the binary with exactly these arguments, and waits until it says
    /// that it listens on `listeners` addresses.
    pub fn spawn(arguments: &[&str], environment: &[(&str, &str)], listeners: usize) -> Self {
        let mut child = command(arguments, environment).spawn().expect("the server starts");
        let log = Arc::new(Mutex::new(String::new()));
        let lines = read_lines(child.stdout.take().unwrap());
        collect(child.stderr.take().unwrap(), Arc::clone(&log));
        let mut server = Self { child, addresses: Vec::new(), log, ended: false };
        while server.addresses.len() < listeners {
            let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!("no `listening on` line from {arguments:?}; it said:\n{}", server.log())
            });
            let address = line
                .strip_prefix("listening on ")
                .unwrap_or_else(|| panic!("not a `listening on` line: {line:?}"));
            server.addresses.push(address.parse().expect("ADDRESS:PORT"));
        }
        server
    }

    /// The first listener.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Sends a signal, named as `kill` names it.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
        assert!(status.success(), "{kill}");
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                self.ended = true;
                return status;
            }
            assert!(Instant::now() < deadline, "the server doesn't end; it said:\n{}", self.log());
            std::thread::yield_now();
        }
    }

    /// The most memory that it ever had resident, in bytes.
    pub fn peak_resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("a process has a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let died = !self.ended && self.child.try_wait().is_ok_and(|status| status.is_some());
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the server said:\n{}---", self.log());
        } else {
            assert!(!died, "the server died; it said:\n{}", self.log());
        }
    }
}

/// Runs the binary to its end.
///
/// # Panics
/// Where it doesn't end within ten seconds: it serves.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut child = command(arguments, environment).spawn().expect("the binary runs");
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().expect("the child is ours").is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let output = child.wait_with_output();
            panic!("{arguments:?} with {environment:?} doesn't end: {output:?}");
        }
        std::thread::yield_now();
    }
    child.wait_with_output().expect("the child is ours")
}

/// The binary, with nothing of our own environment's settings but the sandbox's.
fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lanline"));
    for (name, _) in std::env::vars_os() {
        let kept = name == "LANLINE_SANDBOX";
        if name.to_string_lossy().starts_with("LANLINE_") && !kept {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn read_lines(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // Read on without a listener, so that the pipe never fills.
            let _ = sender.send(line);
        }
    });
    receiver
}

fn collect(stream: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
