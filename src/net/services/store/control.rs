//! The control socket: one connection after the other, one order each, each within a
//! time. It lies in the data directory, so who may open it may do anything there. Never:
//! what an order does.

use super::asked::Asked;
use super::protocol::{ORDER_BYTES_MAX, read_order, write_told};
use crate::limits::{CONTROL_PATIENCE, ORDER_PATIENCE};
use crate::net::error::ServeError;
use crate::net::services::{Requests, Service, Stopper};
use crate::sandbox::Needs;
use crate::store::order::Refusal;
use crate::store::{Order, Told};
use crossbeam_channel::bounded;
use log::{debug, info};
use mio::net::{UnixListener, UnixStream};
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::Permissions;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// The socket, in the data directory.
pub(super) const FILE: &str = "control";
const MODE: u32 = 0o600;
/// Connections that wait for their turn.
const BACKLOG: i32 = 16;
const LISTENER: Token = Token(0);
const CONNECTION: Token = Token(1);
const STOP: Token = Token(2);

/// The socket, open.
pub(super) struct Control {
    poll: Poll,
    listener: UnixListener,
    stop: Arc<Waker>,
}

/// [`Control`] with whom it asks.
pub(super) struct Running {
    control: Control,
    keeper: Requests<Asked>,
}

impl Control {
    /// Takes the socket's place; what a server has left there that is gone goes.
    ///
    /// # Errors
    /// [`ServeError::Control`], with words for a path that is too long as well.
    pub(super) fn open(directory: &Path) -> Result<Self, ServeError> {
        let path = directory.join(FILE);
        bind(&path)
            .and_then(Self::watch)
            .map_err(|error| ServeError::Control(path, with_advice(error)))
    }

    fn watch(mut listener: UnixListener) -> io::Result<Self> {
        let poll = Poll::new()?;
        let stop = Arc::new(Waker::new(poll.registry(), STOP)?);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, stop })
    }

    pub(super) fn service(self, keeper: Requests<Asked>) -> Running {
        Running { control: self, keeper }
    }
}

fn bind(path: &PathBuf) -> io::Result<UnixListener> {
    let address = SockAddr::unix(path)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&address)?;
    // Before anybody can connect.
    std::fs::set_permissions(path, Permissions::from_mode(MODE))?;
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    Ok(UnixListener::from_std(std::os::unix::net::UnixListener::from(socket)))
}

/// A path that doesn't fit an address is told as such.
pub(super) fn with_advice(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::InvalidInput {
        let why = "a socket's path has at most 107 bytes; name a directory with a shorter one";
        return io::Error::new(ErrorKind::InvalidInput, why);
    }
    error
}

impl Service for Running {
    fn name(&self) -> &'static str {
        "control"
    }

    fn needs(&self) -> Needs {
        Needs { connections: true, ..Needs::default() }
    }

    fn stopper(&mut self) -> Stopper {
        let stop = self.control.stop.clone();
        Box::new(move || {
            if let Err(error) = stop.wake() {
                debug!("the control socket can't be told to stop: {error}");
            }
        })
    }

    fn run(mut self: Box<Self>) -> io::Result<()> {
        loop {
            match self.control.listener.accept() {
                Ok((stream, _)) => {
                    if let Err(error) = self.serve(stream) {
                        debug!("an order was not carried out: {error}");
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.control.wait(LISTENER, None)? == Waited::Stop {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    debug!("can't accept an order: {error}");
                    let pause = Instant::now() + crate::limits::ACCEPT_PAUSE;
                    if self.control.wait(STOP, Some(pause))? == Waited::Stop {
                        return Ok(());
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Ready,
    TimedOut,
    Stop,
}

impl Control {
    /// Until there is something to do for `wanted`, or the time has come.
    fn wait(&mut self, wanted: Token, deadline: Option<Instant>) -> io::Result<Waited> {
        let mut events = Events::with_capacity(8);
        loop {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, left) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            if events.iter().any(|event| event.token() == STOP) {
                // For the next wait as well.
                self.stop.wake()?;
                return Ok(Waited::Stop);
            }
            if events.iter().any(|event| event.token() == wanted) {
                return Ok(Waited::Ready);
            }
            if deadline.is_some_and(|at| Instant::now() >= at) {
                return Ok(Waited::TimedOut);
            }
        }
    }
}

impl Running {
    fn serve(&mut self, mut stream: UnixStream) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.control.poll.registry().register(&mut stream, CONNECTION, interest)?;
        let line = self.read_line(&mut stream)?;
        let told = match read_order(&line) {
            Ok(order) => self.carry_out(order),
            Err(error) => return Err(io::Error::new(ErrorKind::InvalidData, error)),
        };
        self.write(&mut stream, &write_told(&told))
    }

    fn carry_out(&self, order: Order) -> Told {
        info!("account, ban or room, by the command line: {}", word(&order));
        let (reply, replied) = bounded(1);
        let refused = || Told::Refused(Refusal::Unavailable);
        match self.keeper.send(Asked::Order(order, reply)) {
            Ok(()) => replied.recv_timeout(ORDER_PATIENCE).unwrap_or_else(|_| refused()),
            Err(_) => refused(),
        }
    }

    fn read_line(&mut self, stream: &mut UnixStream) -> io::Result<Zeroizing<Vec<u8>>> {
        let deadline = Instant::now() + CONTROL_PATIENCE;
        // Of its full length from the start, so that no copy of a secret stays behind.
        let mut line = Zeroizing::new(vec![0; ORDER_BYTES_MAX]);
        let mut length = 0;
        loop {
            match stream.read(&mut line[length..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    length += count;
                    if line[length - 1] == b'\n' {
                        line.truncate(length - 1);
                        return Ok(line);
                    }
                }
                Err(error) => self.later(error, deadline)?,
            }
        }
    }

    fn write(&mut self, stream: &mut UnixStream, mut bytes: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + CONTROL_PATIENCE;
        while !bytes.is_empty() {
            match stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) => self.later(error, deadline)?,
            }
        }
        Ok(())
    }

    /// Waits until the connection may go on.
    fn later(&mut self, error: io::Error, deadline: Instant) -> io::Result<()> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock => match self.control.wait(CONNECTION, Some(deadline))? {
                Waited::Ready => Ok(()),
                Waited::TimedOut | Waited::Stop => Err(ErrorKind::TimedOut.into()),
            },
            _ => Err(error),
        }
    }
}

/// What is logged of an order.
fn word(order: &Order) -> String {
    match order {
        Order::AddAccount { name, .. } => format!("add {}", name.shown()),
        Order::SetPassword { name, .. } => format!("password of {}", name.shown()),
        Order::SetRole { name, role } => format!("role of {}: {}", name.shown(), role.word()),
        Order::SetLocked { name, locked: true } => format!("lock {}", name.shown()),
        Order::SetLocked { name, locked: false } => format!("unlock {}", name.shown()),
        Order::Invite { name } => format!("invite {}", name.shown()),
        Order::Erase { name } => format!("erase {}", name.shown()),
        Order::Ban(ban) => format!("ban {}", ban.who),
        Order::Unban(who) => format!("unban {who}"),
        Order::Accounts | Order::Bans => "list".to_owned(),
        Order::Info => "store info".to_owned(),
    }
}
