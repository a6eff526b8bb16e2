//! Every way out, tried from inside the process, in the very thread that the
//! server confined, while its workers go on chatting. The test runs itself a
//! second time as that process, so that the sandbox doesn't hold the others.
//! Each way is tried before as well: what fails outside proves nothing inside.

use crate::support::server::{collect, program, signal, wait};
use crate::support::{Client, Server, eventually};
use lanline::chat::Settings;
use lanline::net::{Config, serve_then};
use lanline::sandbox::Mode;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IoSlice};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

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
        let mut program = program(&["--listen", "127.0.0.1:0", "--sandbox", "require"]);
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

    let auto = Server::start(&[]);
    if auto.wait_for_log("sandbox: seccomp").ends_with("seccomp+landlock") {
        Server::start(&["--sandbox", "require"]).wait_for_log("sandbox: seccomp+landlock");
    }
    let off = Server::start(&["--sandbox", "off"]);
    off.wait_for_log("sandbox: off");
    let stats = Client::join(off.address, "bob").ask("/stats", "");
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

/// A way out: succeeds or fails outside, is refused inside.
type Way = (&'static str, Box<dyn FnOnce() -> io::Result<()>>);

fn outside(test: &str, lacks: &str) {
    let targets = Targets::open();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&format!("escape::{test}"), "--exact", "--nocapture", "--test-threads", "1"])
        .env(TARGETS, targets.to_words())
        .env(LACKS, lacks)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    collect(child.stdout.take().unwrap(), lines.clone());
    collect(child.stderr.take().unwrap(), lines.clone());
    let said = |prefix: &str| -> Option<String> {
        let lines = lines.lock().unwrap();
        lines.iter().find_map(|line| line.split_once(prefix).map(|(_, rest)| rest.to_owned()))
    };
    eventually("the inner process listens", || {
        ended(&mut child, &lines) || said("listening on ").is_some()
    });
    let address: SocketAddr = said("listening on ").unwrap().trim().parse().unwrap();

    // Four users, so that they are spread over both workers.
    let names = ["alice", "bob", "carol", "dave"];
    let mut users: Vec<Client> = names.iter().map(|name| Client::join(address, name)).collect();
    let mut rounds = 0;
    while said("all ways tried").is_none() || rounds < 50 {
        everybody_hears_everybody(&mut users, rounds);
        rounds += 1;
        assert!(!ended(&mut child, &lines));
    }
    let stats = users[0].ask("/stats", "");
    assert!(stats.contains("sandbox_seccomp 1\n"), "{stats}");
    if lacks == "landlock" {
        assert!(stats.ends_with("sandbox_landlock 0"), "{stats}");
    }
    every_thread_is_confined(child.id());

    signal(child.id(), "TERM");
    let status = wait(&mut child);
    let lines = lines.lock().unwrap();
    assert!(status.success(), "{status}: {lines:#?}");
    targets.nobody_came();
}

fn ended(child: &mut Child, lines: &Mutex<Vec<String>>) -> bool {
    let status = child.try_wait().unwrap();
    assert_eq!(status, None, "{:#?}", lines.lock().unwrap());
    false
}

fn everybody_hears_everybody(users: &mut [Client], round: usize) {
    for from in 0..users.len() {
        for to in 0..users.len() {
            let (sender, name) = (users[from].name.clone(), users[to].name.clone());
            let text = format!("round {round}");
            users[from].send(&name, &text);
            assert_eq!(users[to].read_from(&sender).msg, text);
        }
    }
}

/// proc_pid_status(5): 2 is a filter.
fn every_thread_is_confined(pid: u32) {
    let threads: Vec<_> = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().collect();
    assert!(threads.len() >= 3, "main and two workers");
    for thread in threads {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        assert!(status.contains("Seccomp:\t2"), "{status}");
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
}

/// The inner process: a server, and in its main thread the attempts.
fn inside(targets: &str) {
    simplelog::SimpleLogger::init(log::LevelFilter::Info, simplelog::Config::default()).unwrap();
    let targets: Vec<String> = targets.split(' ').map(str::to_owned).collect();
    for (name, way) in ways(&targets) {
        assert!(!is_refused(&way()), "{name}: refused outside of the sandbox as well");
    }
    if std::env::var(LACKS).is_ok_and(|lacks| lacks == "landlock") {
        forget_landlock();
    }
    let ways = ways(&targets);
    let config = Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        workers: 2,
        clients_max: Some(100),
        per_address_max: None,
        allow: Vec::new(),
        metrics: None,
        log: log::LevelFilter::Info,
        reread: Vec::new(),
        sandbox: Mode::Auto,
        settings: Settings::default(),
    };
    let reread = || Err("there is nothing to read again".to_owned());
    serve_then(config, Box::new(reread), |_| {
        for (name, way) in ways {
            let outcome = way();
            assert!(is_refused(&outcome), "{name}: {outcome:?}");
            println!("refused: {name}");
        }
        println!("all ways tried");
    })
    .unwrap();
}

fn is_refused(outcome: &io::Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Every way out that we know of, what it needs made ready.
fn ways(targets: &[String]) -> Vec<Way> {
    let tcp: SocketAddr = targets[0].parse().unwrap();
    let udp: SocketAddr = targets[1].parse().unwrap();
    let (stream, datagram) = (targets[2].clone(), targets[3].clone());
    let directory = PathBuf::from(&targets[4]);
    let tcp_address = SockAddr::from(tcp);
    let udp_address = SockAddr::from(udp);
    let mut ways: Vec<Way> = Vec::new();
    let mut way = |name, way: Box<dyn FnOnce() -> io::Result<()>>| ways.push((name, way));

    // Sockets that were there before.
    let made = |kind, protocol| Socket::new(Domain::IPV4, kind, protocol).unwrap();
    let (socket, to) = (made(Type::STREAM, None), tcp_address.clone());
    way("connect", Box::new(move || socket.connect(&to)));
    let (socket, to) = (made(Type::STREAM, None), tcp_address.clone());
    way(
        "sendto with fast open",
        Box::new(move || socket.send_to_with_flags(b"out", &to, libc::MSG_FASTOPEN).map(drop)),
    );
    let (socket, to) = (made(Type::STREAM, None), tcp_address.clone());
    way(
        "sendmsg with fast open",
        Box::new(move || {
            let message = socket2::MsgHdr::new().with_addr(&to);
            socket.sendmsg(&message, libc::MSG_FASTOPEN).map(drop)
        }),
    );
    let socket = made(Type::STREAM, None);
    way(
        "send with fast open, no address",
        Box::new(move || {
            match socket.send_with_flags(b"out", libc::MSG_FASTOPEN | libc::MSG_NOSIGNAL) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
                _ => Ok(()),
            }
        }),
    );
    let (socket, to) = (made(Type::DGRAM, None), udp_address.clone());
    way("sendto by UDP", Box::new(move || socket.send_to(b"out", &to).map(drop)));
    let (socket, to) = (made(Type::DGRAM, None), udp_address.clone());
    way(
        "sendmsg by UDP",
        Box::new(move || {
            let message = [IoSlice::new(b"out")];
            socket.send_to_vectored(&message, &to).map(drop)
        }),
    );
    let (socket, to) = (made(Type::DGRAM, None), udp_address.clone());
    way("connect by UDP", Box::new(move || socket.connect(&to)));
    let socket = made(Type::STREAM, None);
    way(
        "bind a new port",
        Box::new(move || socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0))))),
    );
    let socket = made(Type::STREAM, None);
    socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    way("listen", Box::new(move || socket.listen(1)));
    let (socket, to) = (UnixDatagram::unbound().unwrap(), datagram.clone());
    way("sendto by a unix socket", Box::new(move || socket.send_to(b"out", to).map(drop)));
    let socket = made(Type::STREAM, None);
    way(
        "TCP_FASTOPEN_CONNECT",
        Box::new(move || option(&socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT)),
    );

    // New sockets.
    way("a TCP socket", Box::new(|| Socket::new(Domain::IPV4, Type::STREAM, None).map(drop)));
    way("a TCP socket, IPv6", Box::new(|| Socket::new(Domain::IPV6, Type::STREAM, None).map(drop)));
    way(
        "multipath TCP",
        Box::new(|| not_there(Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)))),
    );
    way("a UDP socket", Box::new(|| Socket::new(Domain::IPV4, Type::DGRAM, None).map(drop)));
    way("a unix socket", Box::new(move || UnixStream::connect(stream).map(drop)));
    way("a pair of sockets", Box::new(|| UnixStream::pair().map(drop)));
    for (name, domain, kind, protocol) in [
        ("SCTP", libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_SCTP),
        ("a netlink socket", libc::AF_NETLINK, libc::SOCK_RAW, 0),
        ("a vsock", libc::AF_VSOCK, libc::SOCK_STREAM, 0),
    ] {
        way(
            name,
            Box::new(move || {
                not_there(Socket::new(domain.into(), kind.into(), Some(protocol.into())))
            }),
        );
    }
    if is_root() {
        way(
            "a raw socket",
            Box::new(|| Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).map(drop)),
        );
        way(
            "a packet socket",
            Box::new(|| not_there(Socket::new(libc::AF_PACKET.into(), Type::RAW, None))),
        );
    }

    // Files and programs.
    let file = directory.join("file");
    way("reading a file", Box::new(move || File::open(file).map(drop)));
    way("reading /proc", Box::new(|| File::open("/proc/self/maps").map(drop)));
    let file = directory.join("new");
    way(
        "making a file",
        Box::new(move || OpenOptions::new().create(true).append(true).open(file).map(drop)),
    );
    way(
        "a directory",
        Box::new({
            let directory = directory.clone();
            move || std::fs::read_dir(directory).map(drop)
        }),
    );
    way(
        "removing a file",
        Box::new({
            let file = directory.join("file");
            move || not_there(std::fs::rename(&file, &file))
        }),
    );
    way("running a program", Box::new(|| Command::new("true").status().map(drop)));
    way(
        "another thread",
        Box::new(|| {
            let spawned = std::thread::Builder::new().spawn(|| ());
            spawned.map(|thread| thread.join().unwrap())
        }),
    );

    // System calls that have no place in a library; without proper arguments
    // they fail outside as well, but not by being refused.
    for (name, number, arguments) in [
        ("io_uring_setup", libc::SYS_io_uring_setup, [1, 0, 0]),
        ("execve", libc::SYS_execve, [0, 0, 0]),
        ("execveat", libc::SYS_execveat, [-1, 0, 0]),
        ("ptrace", libc::SYS_ptrace, [libc::PTRACE_PEEKDATA.into(), 0, 0]),
        ("process_vm_writev", libc::SYS_process_vm_writev, [0, 0, 0]),
        ("memfd_create", libc::SYS_memfd_create, [0, 0, 0]),
        ("bpf", libc::SYS_bpf, [-1, 0, 0]),
        ("userfaultfd", libc::SYS_userfaultfd, [-1, 0, 0]),
        ("unshare", libc::SYS_unshare, [0, 0, 0]),
        ("mount", libc::SYS_mount, [0, 0, 0]),
        ("open_by_handle_at", libc::SYS_open_by_handle_at, [-1, 0, 0]),
        ("sendmmsg", libc::SYS_sendmmsg, [-1, 0, 0]),
        ("sendfile", libc::SYS_sendfile, [-1, -1, 0]),
        ("splice", libc::SYS_splice, [-1, 0, -1]),
        ("keyctl", libc::SYS_keyctl, [-1, 0, 0]),
        ("prctl", libc::SYS_prctl, [-1, 0, 0]),
        ("setuid", libc::SYS_setuid, [-1, 0, 0]),
        ("ioctl", libc::SYS_ioctl, [-1, 0, 0]),
        ("kill", libc::SYS_kill, [std::process::id().into(), 0, 0]),
        ("tgkill of another process", libc::SYS_tgkill, [i32::MAX.into(), i32::MAX.into(), 0]),
        ("memory that can be run", libc::SYS_mmap, [0, 0, libc::PROT_EXEC.into()]),
        ("memory made runnable", libc::SYS_mprotect, [1, 0, libc::PROT_EXEC.into()]),
    ] {
        way(name, Box::new(move || call(number, arguments)));
    }
    ways
}

/// A kernel may lack a protocol; then that is no way out, unless it is
/// refused.
fn not_there<T>(outcome: io::Result<T>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(error),
        _ => Ok(()),
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// Calls the kernel; a result that isn't a refusal is fine.
#[expect(unsafe_code, reason = "no library makes these calls with arguments that can't work")]
fn call(number: libc::c_long, [a, b, c]: [i64; 3]) -> io::Result<()> {
    // SAFETY: the arguments are null pointers, lengths of zero, descriptors
    // that don't exist and flags that don't; the kernel checks them all.
    let result = unsafe { libc::syscall(number, a, b, c, 0, 0, 0) };
    not_there(if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) })
}

#[expect(unsafe_code, reason = "socket2 has no such option")]
fn option(socket: &Socket, level: i32, name: i32) -> io::Result<()> {
    let on: i32 = 1;
    // SAFETY: the pointer and the length are those of `on`.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const on).cast(), 4) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
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
