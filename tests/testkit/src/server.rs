//! The server as a child process.

use crate::connection::Connection;
use crate::{PATIENCE, Process, Setup, Signal, program, tls};
use std::net::SocketAddr;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What `serve` says of each listener.
const LISTENING: &str = "listening on ";

/// How a server is started: by default on a free port of 127.0.0.1, with no
/// flags but `--listen` and no settings from our own environment.
#[derive(Debug)]
pub struct ServerBuilder {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// Adds nothing to the arguments.
    is_exact: bool,
    /// Becomes the program.
    wrapper: Option<Command>,
    /// Runs this test program in place of the server.
    is_test: bool,
    /// Its peers speak TLS.
    speaks_tls: bool,
    stdin: Stdio,
}

impl ServerBuilder {
    /// The workers and transport of this setup, and no limit on the rate.
    pub fn setup(self, setup: Setup) -> Self {
        let mut builder = self.workers(setup.workers);
        if setup.tls {
            let (certificate, key) = (tls::certificate(), tls::key());
            builder = builder
                .flag("--tls-cert", certificate.to_str().unwrap())
                .flag("--tls-key", key.to_str().unwrap());
            builder.speaks_tls = true;
        }
        if builder.has("--rate") { builder } else { builder.flag("--rate", "0") }
    }

    /// That many worker threads, unless flags say otherwise; without it, one
    /// per core.
    pub fn workers(self, workers: usize) -> Self {
        if self.has("--workers") { self } else { self.flag("--workers", &workers.to_string()) }
    }

    /// A flag with its value.
    pub fn flag(self, name: &str, value: &str) -> Self {
        self.arguments(&[name, value])
    }

    /// Flags with their values, one behind the other.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Standard input; nothing by default.
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.stdin = stdin.into();
        self
    }

    /// Just these arguments, with no command and no address of our own; waits
    /// for one listener.
    pub fn exactly(mut self, arguments: &[&str]) -> Self {
        self.is_exact = true;
        self.arguments(arguments)
    }

    /// Started by a command that replaces itself with the program: the program's
    /// path and arguments are appended to the command's.
    pub fn through(mut self, command: Command) -> Self {
        self.wrapper = Some(command);
        self
    }

    /// Runs one test of this test program in place of the server.
    pub fn test(mut self, name: &str) -> Self {
        self.is_test = true;
        self.exactly(&[name, "--exact", "--nocapture", "--test-threads", "1"])
    }

    /// Starts it, and waits until it says where it listens.
    ///
    /// # Panics
    /// Where it ends or takes too long.
    pub fn start(mut self) -> Server {
        if !self.is_exact {
            if !self.has("--listen") {
                self = self.flag("--listen", "127.0.0.1:0");
            }
            self.arguments.insert(0, "serve".to_owned());
        }
        let listeners = self.arguments.iter().filter(|word| *word == "--listen").count().max(1);
        let (is_test, speaks_tls) = (self.is_test, self.speaks_tls);
        let program = if is_test {
            std::env::current_exe().expect("the path of this test")
        } else {
            program::path()
        };
        let mut command = match self.wrapper {
            Some(mut wrapper) => {
                wrapper.arg(program);
                wrapper
            }
            None => Command::new(program),
        };
        program::clean(&mut command);
        // A server that is watched by a sanitizer can't be confined.
        command.envs(std::env::var_os("LANLINE_SANDBOX").map(|mode| ("LANLINE_SANDBOX", mode)));
        // Nothing is kept, and no directory shared, unless a test asks for it.
        command.env("LANLINE_DATA", "none");
        command.args(self.arguments).envs(self.environment);
        let process = Process::spawn_with_stdin(command, self.stdin);
        let mut server = Server { process, addresses: Vec::new(), was_waited_for: false };
        while server.addresses.len() < listeners {
            let Some(line) = server.process.out.next() else {
                let status = server.wait();
                panic!("{status} before it listened; its log: {:#?}", server.log());
            };
            let (before, address) = line.split_once(LISTENING).unwrap_or((&line, ""));
            if !address.is_empty() && (before.is_empty() || is_test) {
                let address = address.parse().expect("ADDRESS:PORT");
                tls::speak_to(address, speaks_tls);
                server.addresses.push(address);
            } else {
                assert!(is_test, "not a `listening on` line: {line:?}");
            }
        }
        server
    }

    fn has(&self, flag: &str) -> bool {
        self.arguments.iter().any(|argument| argument == flag)
    }
}

/// A running server, killed when dropped; if it has ended by itself before, the
/// test fails.
#[derive(Debug)]
pub struct Server {
    pub process: Process,
    /// Where it listens, in the order printed.
    pub addresses: Vec<SocketAddr>,
    was_waited_for: bool,
}

impl Server {
    /// A server to be started in another way than the usual one.
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            arguments: Vec::new(),
            environment: Vec::new(),
            is_exact: false,
            wrapper: None,
            is_test: false,
            speaks_tls: false,
            stdin: Stdio::null(),
        }
    }

    /// A server for a test of the protocol: no limit on the rate.
    pub fn start(setup: Setup) -> Self {
        Self::with(setup, &[])
    }

    /// [`Server::start`] with these flags as well, or instead.
    pub fn with(setup: Setup, flags: &[(&str, &str)]) -> Self {
        let flags: Vec<&str> = flags.iter().flat_map(|(name, value)| [*name, *value]).collect();
        Self::builder().arguments(&flags).setup(setup).start()
    }

    /// The first listener.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Where its metrics are, if it was started with `--metrics`.
    pub fn metrics(&self) -> SocketAddr {
        let line = self.logged("metrics at http://", 0);
        let (_, url) = line.split_once("http://").expect("a URL");
        url.trim_end_matches("/metrics").parse().expect("ADDRESS:PORT/metrics")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.was_waited_for = true;
        self.process.wait()
    }

    /// Ends it as a supervisor does, and waits for that.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// The lines that it wrote to standard error so far.
    pub fn log(&self) -> Vec<String> {
        self.process.err.all()
    }

    /// The line of the log behind the first `skip` ones that has these words;
    /// waited for.
    pub fn logged(&self, words: &str, skip: usize) -> String {
        self.process.err.with(words, skip)
    }

    /// Waits until 100 ms have passed by the server's own clock: after so much
    /// silence a bare name without an ending is welcome.
    pub fn pass_100_ms(&self) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let mut clock = Connection::open(self.address());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        clock.send(format!("clock-{number}")).expect("the server takes bytes");
        let welcome = clock.line(Instant::now() + PATIENCE).expect("an answer");
        let welcome =
            String::from_utf8(welcome.expect("a welcome")).expect("the server writes UTF-8");
        assert!(welcome.contains("\"/welcome\""), "{welcome}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let died = !self.was_waited_for && self.process.has_ended();
        if std::thread::panicking() {
            eprintln!("--- the server said:\n{}\n---", self.log().join("\n"));
        } else {
            assert!(!died, "the server died; it said: {:#?}", self.log());
        }
    }
}
