//! The well-behaved users beside an attack: a few pairs who write to each other,
//! and newcomers. Latency counts from the moment of the write, which waits for
//! nothing. Never: an attack.

use super::act::{greeting, push};
use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use lanline::wire::Packet;
use socket2::{Domain, Socket, Type};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Users in pairs, so that with several workers some are neighbours and some not.
const USERS: usize = 8;
/// Between two packets, of all pairs together.
const PACE: Duration = Duration::from_millis(2);
/// What takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where they come from; no attacker does.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 200, 1);

/// Pairs that talk until they are told to stop.
pub(crate) struct Pairs {
    over: Arc<AtomicBool>,
    prefix: &'static str,
    writer: JoinHandle<std::io::Result<u64>>,
    readers: Vec<JoinHandle<Heard>>,
    sockets: Vec<TcpStream>,
}

/// What one of them has heard.
struct Heard {
    latency: Histogram<u64>,
    packets: u64,
    refused: u64,
}

/// What the pairs have seen.
pub(crate) struct Seen {
    /// In nanoseconds.
    pub latency: Histogram<u64>,
    /// Packets refused, or lost.
    pub refused: u64,
}

impl Pairs {
    /// They log in, under names with this prefix, and begin.
    ///
    /// # Errors
    /// Where one is not let in.
    pub(crate) fn start(server: SocketAddr, prefix: &'static str) -> Result<Self> {
        let base = Instant::now();
        let over = Arc::new(AtomicBool::new(false));
        let sockets = (0..USERS).map(|user| log_in(server, &format!("{prefix}{user}")));
        let sockets = sockets.collect::<Result<Vec<TcpStream>>>()?;
        let clones =
            || sockets.iter().map(TcpStream::try_clone).collect::<std::io::Result<Vec<_>>>();
        let read = |socket| thread::spawn(move || hear(socket, base));
        let readers = clones()?.into_iter().map(read).collect();
        let (writes, is_over) = (clones()?, over.clone());
        let writer = thread::spawn(move || talk(writes, prefix, base, &is_over));
        Ok(Self { over, prefix, writer, readers, sockets })
    }

    /// Waits for what is under way, and ends them.
    ///
    /// # Errors
    /// Where a thread of ours has failed.
    pub(crate) fn finish(self) -> Result<Seen> {
        self.over.store(true, Relaxed);
        let sent = self.writer.join().ok().context("the writer")?;
        // The answer to this one comes behind all that was sent.
        for (user, mut socket) in self.sockets.iter().enumerate() {
            let mut end = Vec::new();
            let prefix = self.prefix;
            push(&mut end, &format!("{prefix}{user}"), &format!("{prefix}{}", user ^ 1), "end");
            // Who was closed shows below.
            let _ = socket.write_all(&end);
        }
        let mut latency = crate::bots::histogram();
        let (mut packets, mut refused) = (0, 0);
        for reader in self.readers {
            let heard = reader.join().ok().context("a reader")?;
            latency.add(heard.latency)?;
            packets += heard.packets;
            refused += heard.refused;
        }
        // Where one was closed nothing more could be written.
        let lost = sent.map_or(1, |sent| sent.saturating_sub(packets));
        self.sockets.iter().for_each(|socket| _ = socket.shutdown(Shutdown::Both));
        Ok(Seen { latency, refused: refused.max(lost) })
    }
}

/// How long it takes a newcomer to be welcome and to make a room.
///
/// # Errors
/// Where it is refused.
pub(super) fn newcomer(server: SocketAddr, name: &str) -> Result<Duration> {
    let start = Instant::now();
    let mut socket = log_in(server, name)?;
    let mut join = Vec::new();
    push(&mut join, name, "/join", &format!("#{name}"));
    socket.write_all(&join)?;
    let answer = line_of(&mut BufReader::new(&socket))?;
    if !answer.starts_with(r#"{"from":{"name":"/join""#) {
        bail!("a newcomer may make no room: {}", answer.trim_end());
    }
    Ok(start.elapsed())
}

/// Connects and is welcome.
fn log_in(server: SocketAddr, name: &str) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    if server.ip().is_loopback() && server.is_ipv4() {
        socket.bind(&SocketAddr::from((ADDRESS, 0)).into())?;
    }
    socket.connect_timeout(&server.into(), PATIENCE)?;
    let mut socket = TcpStream::from(socket);
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut words = Vec::new();
    greeting(name, &mut words);
    socket.write_all(&words)?;
    // Nothing else comes before the first packet of others: byte by byte.
    let welcome = line_of(&mut BufReader::with_capacity(1, &socket))?;
    if !welcome.starts_with(r#"{"from":{"name":"/welcome""#) {
        bail!("{name} is not let in: {}", welcome.trim_end());
    }
    Ok(socket)
}

fn line_of(reader: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line)
}

/// Writes a packet with the time in it, each user in turn; how many.
fn talk(
    mut sockets: Vec<TcpStream>,
    prefix: &str,
    base: Instant,
    over: &AtomicBool,
) -> std::io::Result<u64> {
    let mut sent = 0;
    let mut due = Instant::now();
    let mut out = Vec::new();
    while !over.load(Relaxed) {
        let user = sent as usize % USERS;
        out.clear();
        let time = base.elapsed().as_nanos().to_string();
        push(&mut out, &format!("{prefix}{user}"), &format!("{prefix}{}", user ^ 1), &time);
        sockets[user].write_all(&out)?;
        sent += 1;
        due = (due + PACE).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(sent)
}

/// Reads until the end is said, or nothing comes any more.
fn hear(socket: TcpStream, base: Instant) -> Heard {
    let mut heard = Heard { latency: crate::bots::histogram(), packets: 0, refused: 0 };
    let mut reader = BufReader::new(socket);
    let mut line = String::new();
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => {
                heard.refused += 1;
                return heard;
            }
            Ok(_) => {}
        }
        let now = base.elapsed().as_nanos() as u64;
        let Ok(packet) = Packet::parse(line.trim_end().as_bytes()) else { continue };
        let text = packet.msg.plain();
        if packet.name == "/error" {
            heard.refused += 1;
        } else if text == "end" {
            return heard;
        } else if let Ok(sent) = text.parse::<u64>() {
            heard.packets += 1;
            heard.latency.saturating_record(now.saturating_sub(sent));
        }
    }
}
