//! The program as a child process, its log read along; killed when dropped.

use super::{PATIENCE, eventually};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub struct Server {
    pub address: SocketAddr,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

/// The program's path: the one just built, or another build of it to take
/// figures of.
pub fn path() -> String {
    let built = env!("CARGO_BIN_EXE_lanline").to_owned();
    std::env::var("LANLINE_HOSTILE_PROGRAM").unwrap_or(built)
}

/// The program, with these flags.
pub fn program(flags: &[&str]) -> Command {
    let mut command = Command::new(path());
    command.args(flags);
    command
}

impl Server {
    /// On a free port of the loopback interface, with these flags.
    pub fn start(flags: &[&str]) -> Self {
        let listen = ["--listen", "127.0.0.1:0"];
        Self::start_by(program(&[&listen, flags].concat()))
    }

    /// By a command that ends up being the program.
    pub fn start_by(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        collect(child.stderr.take().unwrap(), log.clone());
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("listening on ") {
            line.clear();
            let read = out.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before it listened: {:?}", log.lock().unwrap());
        }
        let address = line["listening on ".len()..].trim().parse().unwrap();
        Self { address, child, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lines of the log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Waits for a line of the log that holds `words`.
    pub fn wait_for_log(&self, words: &str) -> String {
        let find = || self.log().into_iter().find(|line| line.contains(words));
        eventually(&format!("{words:?} in the log"), || find().is_some());
        find().unwrap()
    }

    /// Ends it as a supervisor does.
    pub fn terminate(&self) {
        signal(self.pid(), "TERM");
    }

    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// A line of its status, `VmHWM` say, in KiB.
    pub fn memory_kib(&self, line: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let found = status.lines().find_map(|l| l.strip_prefix(&format!("{line}:"))).unwrap();
        found.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// CPU time of the process so far, in clock ticks of 10 ms.
    pub fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // proc_pid_stat(5): utime and stime are fields 14 and 15.
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process.
pub fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "the program doesn't end");
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
}

pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(sent.success(), "kill -s {name} {pid}");
}

/// Reads a stream to its end in a thread of its own, line by line.
pub fn collect(stream: impl Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
}
