//! Every way out, tried from inside the process, in the very threads that the
//! server confined (a worker, and a service of each kind), while its workers go
//! on chatting. The test runs itself a
//! second time as that process, so that the sandbox doesn't hold the others.
//! Each way is tried before as well: what fails outside proves nothing inside.

mod ways;

use crate::support::{builder, server};
use lanline::chat::Settings;
use lanline::net::services::metrics::Metrics;
use lanline::net::services::{Inbox, Requests, Service, Stopper, requests};
use lanline::net::{Config, serve_with};
use lanline::sandbox::{Mode, Needs};
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use testkit::{Peer, Signal, program};
use ways::{Way, is_refused};

/// Tells the second run that it is the inner one, and where to break out to.
const TARGETS: &str = "LANLINE_TEST_TARGETS";
/// What the kernel is made to lack: `landlock`, `seccomp` or nothing.
const LACKS: &str = "LANLINE_TEST_LACKS";

#[test]
fn nothing_gets_out_of_the_sandbox() {
    match std::env::var(TARGETS) {
        Ok(targets) => inside(&targets),
        Err(_) => outside("nothing_gets_out_of_the_sandbox", "nothing"),
    }
}

/// An older kernel: seccomp alone has to hold.
#[test]
fn nothing_gets_out_without_landlock() {
    match std::env::var(TARGETS) {
        Ok(targets) => inside(&targets),
        Err(_) => outside("nothing_gets_out_without_landlock", "landlock"),
    }
}

/// What is required and can't be had ends the program, with a reason.
#[test]
fn what_is_required_is_had_or_nothing_is_served() {
    if std::env::var(TARGETS).is_ok() {
        forget_landlock();
        let mut program = program::command(&["--listen", "127.0.0.1:0", "--sandbox", "require"]);
        panic!("the program isn't there: {}", program.exec());
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["escape::what_is_required_is_had_or_nothing_is_served", "--exact", "--nocapture"])
        .env(TARGETS, "none")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out} {log}");
    assert!(log.contains("the sandbox is required, but there is no Landlock"), "{log}");
    assert!(!out.contains("listening on"), "{out}");

    let auto = server(&[]);
    if auto.logged("sandbox: seccomp", 0).ends_with("seccomp+landlock") {
        server(&["--sandbox", "require"]).logged("sandbox: seccomp+landlock", 0);
    }
    let off = server(&["--sandbox", "off"]);
    off.logged("sandbox: off", 0);
    let stats = Peer::join(&off, "bob").ask("/stats", "").msg;
    assert!(stats.ends_with("sandbox_seccomp 0\nsandbox_landlock 0"), "{stats}");
}

/// Where the outer run listens, and hopes that nobody comes.
struct Targets {
    tcp: TcpListener,
    udp: UdpSocket,
    stream: UnixListener,
    datagram: UnixDatagram,
    directory: tempfile::TempDir,
}

fn outside(test: &str, lacks: &str) {
    let targets = Targets::open();
    let builder = builder(&[]).test(&format!("escape::{test}"));
    let builder = builder.env(TARGETS, &targets.to_words()).env(LACKS, lacks);
    let mut server = builder.start();

    // Four users, so that they are spread over both workers.
    let names = ["alice", "bob", "carol", "dave"];
    let mut users: Vec<Peer> = names.iter().map(|name| Peer::join(&server, name)).collect();
    let mut rounds = 0;
    let said = |words: String| server.process.out.all().iter().any(|line| line.contains(&words));
    let tried = |kind: &&str| said(format!("all ways tried by {kind}"));
    while !KINDS.iter().all(tried) || rounds < 50 {
        everybody_hears_everybody(&mut users, rounds);
        rounds += 1;
    }
    let stats = users[0].ask("/stats", "").msg;
    assert!(stats.contains("sandbox_seccomp 1\n"), "{stats}");
    if lacks == "landlock" {
        assert!(stats.ends_with("sandbox_landlock 0"), "{stats}");
    }
    // The main thread is the test harness's.
    let confined = confined_threads(server.pid());
    assert!(confined > KINDS.len(), "two workers and the services, but {confined}");

    server.signal(Signal::TERM);
    let status = server.wait();
    assert!(status.success(), "{status}: {:#?}", (server.process.out.all(), server.log()));
    targets.nobody_came();
}

fn everybody_hears_everybody(users: &mut [Peer], round: usize) {
    for from in 0..users.len() {
        for to in 0..users.len() {
            let (sender, name) = (users[from].name.clone(), users[to].name.clone());
            let text = format!("round {round}");
            users[from].send(&name, &text);
            assert_eq!(users[to].expect_from(&sender).msg, text);
        }
    }
}

/// The threads that are tried: a worker, and a service with the needs of each
/// kind that there is.
const KINDS: [&str; 4] = ["a worker", "metrics", "passwords", "a service"];

/// The inner process: a server, in whose threads the attempts are made.
fn inside(targets: &str) {
    lanline::logging::start(log::LevelFilter::Info).unwrap();
    let targets: Vec<String> = targets.split(' ').map(str::to_owned).collect();
    let outside = [ways::ways(&targets), ways::with_connections(), ways::with_open_files()];
    for (name, way) in outside.into_iter().flatten() {
        assert!(!is_refused(&way()), "{name}: refused outside of the sandbox as well");
    }
    if std::env::var(LACKS).is_ok_and(|lacks| lacks == "landlock") {
        forget_landlock();
    }
    // What one kind of thread needs, the others don't get.
    let [worker, metrics, passwords, service] = KINDS;
    let mut of_worker = Attempts::new(worker, Needs::default(), &targets, ways::with_open_files());
    let nothing_more =
        || ways::with_connections().into_iter().chain(ways::with_open_files()).collect();
    let of_passwords = Needs { priority: true, ..Needs::default() };
    let services = [
        Attempts::new(passwords, of_passwords, &targets, nothing_more()),
        Attempts::new(metrics, Metrics::needs(), &targets, Vec::new()),
        Attempts::new(service, Needs::default(), &targets, nothing_more()),
    ];
    let services = services.map(|attempts| Box::new(attempts) as Box<dyn Service>);
    let config = Config {
        warnings: Vec::new(),
        tls: None,
        data: None,
        data_choice: lanline::data::Choice::None,
        tls_names: Vec::new(),
        site: None,
        tls_required: false,
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        workers: 2,
        clients_max: Some(100),
        per_address_max: None,
        allow: Vec::new(),
        trust: Vec::new(),
        metrics: None,
        log: log::LevelFilter::Info,
        reread: Vec::new(),
        sandbox: Mode::Auto,
        keeping: std::sync::Arc::default(),
        settings: Settings::default(),
    };
    let reread = || Err("there is nothing to read again".to_owned());
    serve_with(config, Box::new(reread), services.into(), |_| of_worker.make()).unwrap();
}

/// All ways out, to be tried in one thread.
struct Attempts {
    kind: &'static str,
    needs: Needs,
    ways: Vec<Way>,
    /// Nobody asks anything; it stays until it is told to stop.
    requests: Requests<()>,
    inbox: Inbox<()>,
}

impl Attempts {
    fn new(kind: &'static str, needs: Needs, targets: &[String], more: Vec<Way>) -> Self {
        let ways = ways::ways(targets).into_iter().chain(more).collect();
        let (requests, inbox) = requests::channel(1);
        Self { kind, needs, ways, requests, inbox }
    }

    fn make(&mut self) {
        for (name, way) in self.ways.drain(..) {
            let outcome = way();
            assert!(is_refused(&outcome), "{}: {name}: {outcome:?}", self.kind);
            println!("refused: {name}");
        }
        println!("all ways tried by {}", self.kind);
    }
}

impl Service for Attempts {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn needs(&self) -> Needs {
        self.needs.clone()
    }

    fn stopper(&mut self) -> Stopper {
        self.inbox.stopper()
    }

    fn run(mut self: Box<Self>) -> io::Result<()> {
        self.make();
        assert_eq!(self.inbox.next(), None);
        drop(self.requests);
        Ok(())
    }
}

/// The real program, all of its threads.
#[test]
fn every_thread_is_confined_once_the_program_listens() {
    let server = server(&["--workers", "2", "--metrics", "127.0.0.1:0"]);
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count();
    assert_eq!(threads, 5, "two workers, the metrics, the log, and the reader of settings");
    assert_eq!(confined_threads(server.pid()), threads);
}

/// What the shell has open is not the server's.
#[test]
fn what_the_shell_has_left_open_is_closed_in_the_server() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"exec 5<"$SECRET" 7>>"$SECRET" && exec "$@""#, "sh"]);
    let path = secret.path().to_str().unwrap();
    let server = builder(&[]).env("SECRET", path).through(shell).start();
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let open: Vec<_> = open.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok()).collect();
    assert!(open.len() > 3, "{open:?}");
    assert!(open.iter().all(|file| file != secret.path()), "{open:?}");
}

/// How many threads of a process have a filter (proc_pid_status(5): 2) and may
/// gain no privileges.
fn confined_threads(pid: u32) -> usize {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let is_confined = |thread: &io::Result<std::fs::DirEntry>| {
        let path = thread.as_ref().unwrap().path().join("status");
        // A thread may have ended meanwhile.
        let status = std::fs::read_to_string(path).unwrap_or_default();
        status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1")
    };
    threads.filter(is_confined).count()
}

/// Makes the kernel one that doesn't know Landlock, by a filter of our own.
fn forget_landlock() {
    use seccompiler::{SeccompAction, SeccompFilter, TargetArch};
    let rules = [(libc::SYS_landlock_create_ruleset, Vec::new())].into_iter().collect();
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, unknown, arch).unwrap();
    let program: seccompiler::BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter_all_threads(&program).unwrap();
}

impl Targets {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "a secret").unwrap();
        Self {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            stream: UnixListener::bind(directory.path().join("stream")).unwrap(),
            datagram: UnixDatagram::bind(directory.path().join("datagram")).unwrap(),
            directory,
        }
    }

    fn to_words(&self) -> String {
        let (tcp, udp) = (self.tcp.local_addr().unwrap(), self.udp.local_addr().unwrap());
        let directory = self.directory.path().display();
        format!("{tcp} {udp} {directory}/stream {directory}/datagram {directory}")
    }

    /// Each way was tried once outside of the sandbox: no more than that came.
    fn nobody_came(&self) {
        self.tcp.set_nonblocking(true).unwrap();
        let tcp = std::iter::from_fn(|| self.tcp.accept().ok()).count();
        assert_eq!(tcp, 3, "by TCP: connect, and two by fast open");
        self.udp.set_nonblocking(true).unwrap();
        let udp = std::iter::from_fn(|| self.udp.recv(&mut [0; 16]).ok()).count();
        assert_eq!(udp, 2, "by UDP: sendto and sendmsg");
        self.stream.set_nonblocking(true).unwrap();
        let stream = std::iter::from_fn(|| self.stream.accept().ok()).count();
        assert_eq!(stream, 1, "by a unix socket: connect");
        self.datagram.set_nonblocking(true).unwrap();
        let datagram = std::iter::from_fn(|| self.datagram.recv(&mut [0; 16]).ok()).count();
        assert_eq!(datagram, 1, "by a unix socket: sendto");
    }
}
