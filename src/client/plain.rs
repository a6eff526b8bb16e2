//! The plain client: lines in, lines out, for pipes and for terminals that
//! can't do more. One thread reads the socket and prints (the caller's), one
//! reads the keyboard and sends. Never: the cursor, colours.

use super::open::open;
use super::typed::{Typed, split_word};
use super::{Error, safe};
use crate::connect::{self, Connection, Deadline, Incoming, Receiver, Sender, Server};
use crate::wire::packet::push_packet;
use crate::wire::{JsonText, Name, Received, Refusal};
use std::collections::VecDeque;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// The plain client's own part of `/help`.
const HELP: &str = "\
@NAME text         send text to NAME (or to #ROOM)
/to NAME           from now on lines go to NAME (or to #ROOM)
/msg NAME text     as @NAME text
/join #ROOM        join a room; from now on lines go there
/list /who NAME /time /rooms /members #ROOM ...
                   ask the server; it explains all of them below
//text             a line that begins with a slash
/quit              leave";

/// How many sent lines are remembered, so that a refusal can name its line.
const REMEMBERED_LINES_MAX: usize = 10_000;
/// A remembered line is shown up to this many characters.
const PREVIEW_CHARS_MAX: usize = 40;
/// A server that doesn't take a line for this long is lost.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// The server has this many times the timeout to answer what was sent before
/// we left, and to end the connection.
const GOODBYE_TIMEOUTS: u32 = 15;
/// A typed line is read up to this many bytes; no packet could hold more.
const TYPED_LINE_BYTES_MAX: u64 = 1 << 20;

/// Talks until the server or the input ends.
///
/// # Errors
/// The greeting was refused, or the connection was lost.
pub fn run(server: &Server, name: &Name, timeout: Duration, as_json: bool) -> Result<(), Error> {
    let Connection { sender, receiver, first, .. } =
        open(server, name, timeout).map_err(|error| Error::unreachable(server, &error))?;
    let shared = Arc::new(Shared::default());
    let keyboard = Keyboard { sender, shared: Arc::clone(&shared), open: None, line: 0, timeout };
    // Not joined: it may wait for a key when the server has already gone.
    thread::Builder::new()
        .name("keyboard".to_owned())
        .spawn(move || keyboard.run(io::stdin().lock()))
        .map_err(|error| Error::failed(format!("can't start a thread: {error}")))?;
    Printer { shared, as_json }.run(receiver, first)
}

/// Prints what comes, sending nothing, until the connection ends.
///
/// # Errors
/// It has ended.
pub fn print_all(receiver: Receiver, first: Received, as_json: bool) -> Result<(), Error> {
    Printer { shared: Arc::default(), as_json }.run(receiver, first)
}

/// What the two threads share.
#[derive(Default)]
struct Shared {
    sent: Mutex<VecDeque<SentLine>>,
    /// We said that we go: the end of the connection is no loss.
    leaving: AtomicBool,
    /// Why we ended the connection ourselves.
    given_up: OnceLock<&'static str>,
}

impl Shared {
    fn sent(&self) -> MutexGuard<'_, VecDeque<SentLine>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line that became a packet.
struct SentLine {
    ordinal: u64,
    /// Which line of the input, from 1.
    line: u64,
    to: String,
    preview: String,
}

/// The thread that reads the input and sends.
struct Keyboard {
    sender: Sender,
    shared: Arc<Shared>,
    /// Whom plain text is for.
    open: Option<String>,
    /// Lines read so far.
    line: u64,
    timeout: Duration,
}

impl Keyboard {
    fn run(mut self, input: impl BufRead) {
        self.send_lines(input);
        // Until the connection ends, and the program with it, or for so long.
        thread::sleep(self.timeout.saturating_mul(GOODBYE_TIMEOUTS));
        self.give_up("the server did not end the connection");
    }

    /// The thread that reads the socket tells of it.
    fn give_up(&self, why: &'static str) {
        self.shared.given_up.get_or_init(|| why);
        self.sender.close();
    }

    /// Until the input ends, we leave, or the connection is lost.
    fn send_lines(&mut self, mut input: impl BufRead) {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = input.by_ref().take(TYPED_LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
            if !matches!(read, Ok(count) if count > 0) {
                break;
            }
            self.line += 1;
            let line = String::from_utf8_lossy(&bytes);
            self.handle(line.trim_end_matches(['\n', '\r']));
            match self.sender.send(Deadline::after(SEND_TIMEOUT)) {
                Ok(()) => {}
                Err(connect::Error::TimedOut(_)) => {
                    return self.give_up("the server takes no more lines");
                }
                // The thread that reads the socket tells of a lost connection.
                Err(_) => return self.sender.close(),
            }
            if self.shared.leaving.load(Ordering::Relaxed) {
                return;
            }
        }
        self.shared.leaving.store(true, Ordering::Relaxed);
        self.sender.half_close();
    }

    fn handle(&mut self, line: &str) {
        match Typed::parse(line) {
            Typed::Nothing => {}
            Typed::Text(text) => match self.open.clone() {
                Some(to) => self.send(&to, text),
                None => self.note("nobody to send this to: begin with `/to NAME` or `@NAME `"),
            },
            Typed::Message { to, text } => self.send(to, text),
            Typed::Command { name, rest } => self.command(name, rest),
        }
    }

    fn command(&mut self, name: &str, rest: &str) {
        match name {
            "to" if rest.is_empty() => self.note("whom? `/to NAME` or `/to #ROOM`"),
            "to" => self.open = Some(rest.trim_end().to_owned()),
            "msg" => match split_word(rest) {
                (_, "") => self.note("`/msg NAME text`"),
                (to, text) => self.send(to, text),
            },
            "help" => {
                note(HELP);
                self.send("/help", rest);
            }
            "quit" => {
                self.send("/quit", rest);
                self.shared.leaving.store(true, Ordering::Relaxed);
            }
            "join" => {
                self.open = Some(rest.trim_end().to_owned());
                self.send("/join", rest.trim_end());
            }
            name => self.send(&format!("/{name}"), rest),
        }
    }

    fn send(&mut self, to: &str, text: &str) {
        // Remembered first: the refusal may be here before the next statement.
        let preview = text.chars().take(PREVIEW_CHARS_MAX).collect();
        let ordinal = self.sender.next_ordinal();
        let sent = SentLine { ordinal, line: self.line, to: to.to_owned(), preview };
        let mut lines = self.shared.sent();
        lines.push_back(sent);
        if lines.len() > REMEMBERED_LINES_MAX {
            lines.pop_front();
        }
        drop(lines);
        if let Err(error) = self.sender.push(to, text) {
            self.shared.sent().pop_back();
            self.note(&error.to_string());
        }
    }

    fn note(&self, text: &str) {
        note(&format!("! line {}: {text}", self.line));
    }
}

/// The thread that reads the socket and prints.
struct Printer {
    shared: Arc<Shared>,
    as_json: bool,
}

impl Printer {
    fn run(self, mut receiver: Receiver, first: Received) -> Result<(), Error> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let mut last_words = None;
        let mut incoming = Some(Incoming::Packet(first));
        loop {
            match incoming {
                Some(Incoming::Packet(packet)) => {
                    last_words = (matches!(packet.name.as_str(), "/error" | "/kick"))
                        .then(|| safe::line(&packet.msg).into_owned());
                    if let Err(error) = self.print(&mut out, &packet) {
                        return unprinted(&error);
                    }
                }
                Some(Incoming::Malformed) => note("! the server sent something that is no packet"),
                None => break,
            }
            if receiver.is_drained()
                && let Err(error) = out.flush()
            {
                return unprinted(&error);
            }
            incoming = match receiver.receive(None) {
                Ok(incoming) => incoming,
                Err(_) if self.shared.given_up.get().is_some() => None,
                Err(error) if self.leaving() => {
                    return Err(Error::failed(format!("lost the last answers: {error}")));
                }
                Err(error) => return Err(Error::failed(format!("connection lost: {error}"))),
            };
        }
        if let Err(error) = out.flush() {
            return unprinted(&error);
        }
        if let Some(why) = self.shared.given_up.get() {
            return Err(Error::failed(*why));
        }
        match last_words {
            _ if self.leaving() => Ok(()),
            Some(words) => Err(Error::failed(format!("the server closed the connection: {words}"))),
            None => Err(Error::failed("the server closed the connection")),
        }
    }

    fn leaving(&self) -> bool {
        self.shared.leaving.load(Ordering::Relaxed)
    }

    fn print(&self, out: &mut impl Write, packet: &Received) -> io::Result<()> {
        if self.as_json {
            return print_json(out, packet);
        }
        if packet.name == "/error" {
            note(&format!("! {}", self.refusal(&packet.msg)));
            return Ok(());
        }
        let from = safe::line(&packet.name);
        let mut lines = safe::lines(&packet.msg);
        let first = lines.next().unwrap_or_default();
        // A name has no blank, no colon and no slash: no text can look like one.
        match packet.to.as_bytes().first() {
            _ if packet.name.starts_with('/') => writeln!(out, "{from}: {first}")?,
            Some(b'#' | b'/') => writeln!(out, "{} {from}: {first}", safe::line(&packet.to))?,
            _ => writeln!(out, "{from}: {first}")?,
        }
        lines.try_for_each(|line| writeln!(out, "    {line}"))
    }

    /// Which line it was, as it was typed, and why.
    fn refusal(&self, msg: &str) -> String {
        let Some(refusal) = Refusal::parse(msg) else { return safe::line(msg).into_owned() };
        let reason = safe::line(&refusal.in_words()).into_owned();
        let sent = self.shared.sent();
        match sent.iter().rev().find(|sent| sent.ordinal == refusal.ordinal) {
            Some(SentLine { line, to, preview, .. }) => {
                let (to, preview) = (safe::line(to), safe::line(preview));
                format!("line {line} (to {to}: {preview}) was refused: {reason}")
            }
            None if refusal.ordinal == 0 => reason,
            None => format!("packet {} was refused: {reason}", refusal.ordinal),
        }
    }
}

/// Standard output takes no more. Where it is a pipe that nobody reads any
/// longer, that is the reader's choice and no failure.
fn unprinted(error: &io::Error) -> Result<(), Error> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Error::failed(format!("standard output: {error}"))),
    }
}

/// One line of JSON, as the server sends it, but harmless to a terminal.
fn print_json(out: &mut impl Write, packet: &Received) -> io::Result<()> {
    let Received { name, ip, to, msg } = packet;
    let mut bytes = Vec::new();
    push_packet(&mut bytes, name, ip, to, &JsonText::escape(msg));
    bytes.pop();
    writeln!(out, "{}", safe::json(&String::from_utf8_lossy(&bytes)))
}

/// A line for the person, not for the next program in the pipe. Where standard
/// error is gone, nobody is there to miss it.
pub fn note(text: &str) {
    writeln!(io::stderr(), "{text}").unwrap_or_default();
}
