//! A server started as a program, its log, and a plain client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// For whatever should come soon; a machine may be slow.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const LANLINE: &str = env!("CARGO_BIN_EXE_lanline");

/// Runs the program to its end, without a setting from our own environment.
pub fn run(words: &[&str]) -> Output {
    bare().args(words).output().unwrap()
}

/// The program, without a setting from our own environment.
pub fn bare() -> Command {
    let mut command = Command::new(LANLINE);
    without_settings(&mut command);
    command
}

fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("LANLINE_") || shown == "NOTIFY_SOCKET" {
            command.env_remove(&name);
        }
    }
}

/// Standard output as text.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asks again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// A server, killed at the end if it is still there.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    log: PathBuf,
    _folder: tempfile::TempDir,
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one on a free port.
    pub fn start(words: &[&str]) -> Self {
        let mut command = bare();
        command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "2"]).args(words);
        Self::spawn(command)
    }

    /// Starts what `command` says, and waits until it listens.
    pub fn spawn(mut command: Command) -> Self {
        without_settings(&mut command);
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let file = std::fs::File::create(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            panic!("{line:?}; its log: {}", std::fs::read_to_string(&log).unwrap());
        };
        let address = address.parse().unwrap();
        Self { child, address, log, _folder: folder, _out: out }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// The line of the log behind the first `skip` ones that has these words.
    pub fn logged(&self, words: &str, skip: usize) -> String {
        until(words, || {
            let log = std::fs::read_to_string(&self.log).unwrap();
            log.lines().filter(|line| line.contains(words)).nth(skip).map(str::to_owned)
        })
    }

    /// Ends it by a signal; its exit code.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// Where its metrics are.
    pub fn metrics(&self) -> SocketAddr {
        let line = self.logged("metrics at http://", 0);
        let url = line.split("http://").nth(1).unwrap();
        url.trim_end_matches("/metrics").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that writes packets and reads lines.
pub struct Client {
    name: String,
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn join(address: SocketAddr, name: &str) -> Self {
        let mut client = Self::greet(address, name);
        let welcome = client.line();
        assert!(welcome.contains(r#"{"name":"/welcome""#), "{welcome}");
        client
    }

    /// Says a name and reads nothing.
    pub fn greet(address: SocketAddr, name: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        (&stream).write_all(format!("{name}\n").as_bytes()).unwrap();
        Self { name: name.to_owned(), stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, to: &str, msg: &str) {
        let from = &self.name;
        let packet = format!(r#"{{"from":{{"name":"{from}","ip":""}},"to":"{to}","msg":"{msg}"}}"#);
        self.stream.get_mut().write_all(packet.as_bytes()).unwrap();
    }

    /// The next packet as it stands on the wire.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line
    }

    pub fn ask(&mut self, to: &str, msg: &str) -> String {
        self.send(to, msg);
        self.line()
    }
}

/// One request over HTTP; status line and headers, and the body.
pub fn http(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A file of settings, in a folder of its own.
pub struct File {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl File {
    pub fn new(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    /// Puts another file in its place, the way editors do.
    pub fn replace(&self, text: &str) {
        let new = self.path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &self.path).unwrap();
    }

    pub fn as_str(&self) -> &str {
        Path::to_str(&self.path).unwrap()
    }
}
