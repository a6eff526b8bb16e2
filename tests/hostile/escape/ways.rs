//! The ways out of a process that are tried. Never: from which thread.

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IoSlice, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A way out: succeeds or fails outside, is refused inside.
pub(super) type Way = (&'static str, Box<dyn FnOnce() -> io::Result<()> + Send>);

pub(super) fn is_refused(outcome: &io::Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Every way out that we know of, what it needs made ready. All of them are
/// closed to every thread.
pub(super) fn ways(targets: &[String]) -> Vec<Way> {
    let tcp: SocketAddr = targets[0].parse().unwrap();
    let udp: SocketAddr = targets[1].parse().unwrap();
    let (stream, datagram) = (targets[2].clone(), targets[3].clone());
    let directory = PathBuf::from(&targets[4]);
    let tcp_address = SockAddr::from(tcp);
    let udp_address = SockAddr::from(udp);
    let mut ways: Vec<Way> = Vec::new();
    let mut way = |name, way: Box<dyn FnOnce() -> io::Result<()> + Send>| ways.push((name, way));

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

/// What only threads with connections may do.
pub(super) fn with_connections() -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    let mut way = |name, way: Box<dyn FnOnce() -> io::Result<()> + Send>| ways.push((name, way));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    way("accept", Box::new(move || not_there(listener.accept())));
    let (mut end, _other) = UnixStream::pair().unwrap();
    way("send to a connection", Box::new(move || not_there(end.write(b"out"))));
    let (mut end, other) = UnixStream::pair().unwrap();
    drop(other);
    way("receive from a connection", Box::new(move || not_there(end.read(&mut [0]))));
    ways
}

/// What only threads that serve scrapers may do.
pub(super) fn with_open_files() -> Vec<Way> {
    let mut file = tempfile::tempfile().unwrap();
    let seek = move || file.seek(SeekFrom::Start(0)).map(drop);
    let (end, _other) = UnixStream::pair().unwrap();
    let limit = move || end.set_read_timeout(Some(Duration::from_secs(1)));
    vec![("seek in an open file", Box::new(seek)), ("a time limit", Box::new(limit))]
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
