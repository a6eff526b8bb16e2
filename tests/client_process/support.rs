//! What the client's tests share: a server that does only what the test tells
//! it to, and a client process that is watched. Everything has a deadline.

use lanline::wire::JsonText;
use lanline::wire::Received;
use lanline::wire::packet::push_packet;
use socket2::SockRef;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing that a test waits for takes this long.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub const IP: &str = "127.0.0.1";

/// Listens, and leaves the rest to the test.
pub struct FakeServer {
    listener: TcpListener,
}

/// One connection, seen from the server.
pub struct Peer {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl FakeServer {
    pub fn new() -> Self {
        Self::on("127.0.0.1:0")
    }

    pub fn on(address: &str) -> Self {
        Self { listener: TcpListener::bind(address).unwrap() }
    }

    /// `name@host:port`, as `lanline chat` takes it.
    pub fn target(&self, name: &str) -> String {
        format!("{name}@{}", self.listener.local_addr().unwrap())
    }

    /// The next connection, not greeted yet.
    pub fn accept(&self) -> Peer {
        // On Linux, a listener's read timeout bounds `accept`.
        SockRef::from(&self.listener).set_read_timeout(Some(DEADLINE)).unwrap();
        let (stream, _) = self.listener.accept().expect("somebody connects");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Peer { writer: stream.try_clone().unwrap(), reader: BufReader::new(stream) }
    }

    /// The next connection, greeted and welcomed.
    pub fn welcome(&self, name: &str) -> Peer {
        let mut peer = self.accept();
        assert_eq!(peer.line(), name);
        peer.welcome(name);
        peer
    }

    /// The next connection, greeted by a name that is taken.
    pub fn refuse_name(&self, name: &str) {
        let mut peer = self.accept();
        assert_eq!(peer.line(), name);
        peer.send("/error", "", &format!("0 name-taken\nSomebody is called {name}."));
        peer.close();
    }
}

impl Peer {
    pub fn welcome(&mut self, name: &str) {
        self.send("/welcome", "", &format!("{name} {IP} 2 lanline/0.1.0\nHello {name}."));
    }

    /// The next line, without its ending.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next packet: `to` and `msg`.
    pub fn packet(&mut self) -> (String, String) {
        let line = self.line();
        let packet =
            Received::parse(line.as_bytes()).unwrap_or_else(|_| panic!("no packet: {line:?}"));
        (packet.to, packet.msg)
    }

    /// The next packet that somebody typed, past the client's own questions.
    pub fn expect_typed(&mut self, to: &str, msg: &str) {
        const OWN: [&str; 6] = ["/ping", "/time", "/presence", "/list", "/members", "/resume"];
        let typed = loop {
            let packet = self.packet();
            if !OWN.contains(&packet.0.as_str()) {
                break packet;
            }
        };
        assert_eq!(typed, (to.to_owned(), msg.to_owned()));
    }

    pub fn expect(&mut self, to: &str, msg: &str) {
        assert_eq!(self.packet(), (to.to_owned(), msg.to_owned()));
    }

    /// Nothing comes any more.
    pub fn expect_end(&mut self) {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }

    pub fn send(&mut self, from: &str, to: &str, msg: &str) {
        let mut bytes = Vec::new();
        push_packet(&mut bytes, from, IP, to, &JsonText::escape(msg));
        self.write(&bytes);
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
    }

    pub fn close(self) {
        self.writer.shutdown(Shutdown::Both).unwrap();
    }
}

/// A `lanline` process, killed at the end at the latest.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Client {
    pub fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lanline"))
            .args(args)
            .env_remove("LANLINE_SERVER")
            .env_remove("LANLINE_NAME")
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .env("XDG_STATE_HOME", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = lines_of(child.stdout.take().unwrap());
        let stderr = lines_of(child.stderr.take().unwrap());
        Self { child, stdin, stdout, stderr }
    }

    pub fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// The next line on standard output.
    pub fn out(&self) -> String {
        self.stdout.recv_timeout(DEADLINE).expect("a line on standard output")
    }

    /// The next line on standard error.
    pub fn err(&self) -> String {
        self.stderr.recv_timeout(DEADLINE).expect("a line on standard error")
    }

    /// Waits for the end: the exit code, the rest of both outputs.
    pub fn end(mut self) -> (i32, Vec<String>, Vec<String>) {
        let start = Instant::now();
        let out = rest_of(&self.stdout, start);
        let err = rest_of(&self.stderr, start);
        let status: ExitStatus = self.child.wait().unwrap();
        (status.code().unwrap(), out, err)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn rest_of(lines: &Receiver<String>, start: Instant) -> Vec<String> {
    let mut rest = Vec::new();
    loop {
        match lines.recv_timeout(DEADLINE.saturating_sub(start.elapsed())) {
            Ok(line) => rest.push(line),
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("it does not end; so far: {rest:?}"),
        }
    }
}
