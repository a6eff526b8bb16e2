//! What comes, as lines of text or of JSON: packets on standard output, words
//! for the person on standard error. Never: what is typed.

use super::prompt::Prompt;
use crate::client::model::people::People;
use crate::client::typed::is_told_secrets;
use crate::client::{Error, refusals, safe};
use crate::connect::{Incoming, Receiver};
use crate::wire::JsonText;
use crate::wire::packet::push_packet;
use crate::wire::{Received, Refusal};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Stdout, Write};

/// How many sent lines are remembered, so that a refusal can name its line.
const REMEMBERED_LINES_MAX: usize = 10_000;
/// A remembered line is shown up to this many characters.
const PREVIEW_CHARS_MAX: usize = 40;

/// What is said of what is no packet.
pub const ODD: &str = "! the server sent something that is no packet";

/// Where everything is printed to.
pub struct Printer {
    out: BufWriter<Stdout>,
    as_json: bool,
    /// The line that is being typed, in a terminal: it is never cut.
    pub prompt: Option<Prompt>,
    people: People,
}

impl Printer {
    pub fn new(as_json: bool, prompt: Option<Prompt>) -> Self {
        let out = BufWriter::new(io::stdout());
        Self { out, as_json, prompt, people: People::default() }
    }

    /// # Errors
    /// Nobody reads our output any more.
    pub fn packet(&mut self, packet: &Received, sent: &SentLines) -> io::Result<()> {
        if self.as_json {
            return self.print(&json(packet));
        }
        if packet.name == "/error" {
            self.note(&format!("! {}", sent.refusal(&packet.msg)));
            return Ok(());
        }
        if !packet.name.starts_with('/')
            && let Some(before) = self.people.wrote_from(&packet.name, &packet.ip)
        {
            self.note(&format!(
                "! {} is now at another address ({}, was {before}): it may be somebody else",
                safe::line(&packet.name),
                safe::line(&packet.ip),
            ));
        }
        self.print(&text(packet))
    }

    /// `text` ends with a line feed.
    fn print(&mut self, text: &str) -> io::Result<()> {
        match &mut self.prompt {
            Some(prompt) => prompt.print_above(text),
            None => self.out.write_all(text.as_bytes()),
        }
    }

    /// A line for the person, not for the next program in the pipe. Where
    /// standard error is gone, nobody is there to miss it.
    pub fn note(&mut self, text: &str) {
        match &mut self.prompt {
            Some(prompt) => prompt.print_above(&format!("{text}\n")).unwrap_or_default(),
            None => note(text),
        }
    }

    /// # Errors
    /// Nobody reads our output any more.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A line on standard error.
pub fn note(text: &str) {
    writeln!(io::stderr(), "{text}").unwrap_or_default();
}

/// Prints what comes, sending nothing, until the connection ends.
///
/// # Errors
/// It has ended.
pub fn print_all(mut receiver: Receiver, first: Received, as_json: bool) -> Result<(), Error> {
    let (mut printer, sent) = (Printer::new(as_json, None), SentLines::default());
    let mut incoming = Some(Incoming::Packet(first));
    let mut last_words = None;
    while let Some(one) = incoming {
        let printed = match &one {
            Incoming::Packet(packet) => {
                last_words = words_before_the_end(packet);
                printer.packet(packet, &sent)
            }
            Incoming::Malformed => {
                note(ODD);
                Ok(())
            }
        };
        let printed =
            printed.and_then(|()| if receiver.is_drained() { printer.flush() } else { Ok(()) });
        if printed.is_err() {
            return Error::of_output(printed);
        }
        incoming = receiver.receive(None).map_err(|error| Error::lost(&error))?;
    }
    Error::of_output(printer.flush())?;
    Err(closed(last_words.as_deref()))
}

/// Why the connection ends, if it ends behind this packet.
fn words_before_the_end(packet: &Received) -> Option<String> {
    match packet.name.as_str() {
        "/kick" => Some(safe::line(&packet.msg).into_owned()),
        "/error" => Refusal::parse(&packet.msg)
            .map(|one| safe::line(&refusals::in_words(&one)).into_owned()),
        _ => None,
    }
}

/// The server has closed the connection, perhaps with these words.
pub fn closed(words: Option<&str>) -> Error {
    match words {
        Some(words) => Error::failed(format!("the server closed the connection: {words}")),
        None => Error::failed("the server closed the connection"),
    }
}

fn text(packet: &Received) -> String {
    let from = safe::line(&packet.name);
    let mut lines = safe::lines(&packet.msg);
    let first = lines.next().unwrap_or_default();
    // A name has no blank, no colon and no slash: no text can look like one.
    let mut text = match packet.to.as_bytes().first() {
        _ if packet.name.starts_with('/') => format!("{from}: {first}\n"),
        Some(b'#' | b'/') => format!("{} {from}: {first}\n", safe::line(&packet.to)),
        _ => format!("{from}: {first}\n"),
    };
    for line in lines {
        // Writing to a string never fails.
        writeln!(text, "    {line}").unwrap_or_default();
    }
    text
}

/// One line of JSON, as the server sends it, but harmless to a terminal.
fn json(packet: &Received) -> String {
    let Received { name, ip, to, msg } = packet;
    let mut bytes = Vec::new();
    push_packet(&mut bytes, name, ip, to, &JsonText::escape(msg));
    bytes.pop();
    format!("{}\n", safe::json(&String::from_utf8_lossy(&bytes)))
}

/// A typed line for somebody.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which line of the input, from 1; 0 for what the client sends by itself.
    pub number: u64,
    pub to: String,
    pub msg: String,
}

impl Line {
    /// As refusals and remarks name it.
    pub fn named(&self) -> String {
        named(self.number, &self.to, &self.preview())
    }

    /// How it begins; nothing of a secret.
    fn preview(&self) -> String {
        match self.to.strip_prefix('/') {
            Some(endpoint) if is_told_secrets(endpoint) => "…".to_owned(),
            _ => self.msg.chars().take(PREVIEW_CHARS_MAX).collect(),
        }
    }
}

fn named(number: u64, to: &str, preview: &str) -> String {
    format!("line {number} (to {}: {})", safe::line(to), safe::line(preview))
}

/// The lines sent on this connection.
#[derive(Debug, Default)]
pub struct SentLines {
    /// Ordinal, number of the line, to whom, how it begins.
    lines: VecDeque<(u64, u64, String, String)>,
}

impl SentLines {
    pub fn push(&mut self, ordinal: u64, line: &Line) {
        let preview = line.preview();
        self.lines.push_back((ordinal, line.number, line.to.clone(), preview));
        if self.lines.len() > REMEMBERED_LINES_MAX {
            self.lines.pop_front();
        }
    }

    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// Whether that packet is nothing that anybody wants to hear of.
    pub fn is_hidden(&self, ordinal: u64) -> bool {
        let mut sent = self.lines.iter();
        sent.any(|(sent, number, to, _)| (*sent, *number) == (ordinal, 0) && to == "/resume")
    }

    /// To whom that packet went.
    pub fn recipient(&self, ordinal: u64) -> Option<&str> {
        let mut sent = self.lines.iter().rev();
        sent.find(|(sent, ..)| *sent == ordinal).map(|(_, _, to, _)| to.as_str())
    }

    /// Which line it was, as it was typed, and why.
    fn refusal(&self, msg: &str) -> String {
        let Some(refusal) = Refusal::parse(msg) else { return safe::line(msg).into_owned() };
        let reason = safe::line(&refusals::in_words(&refusal)).into_owned();
        match self.lines.iter().rev().find(|(ordinal, ..)| *ordinal == refusal.ordinal) {
            Some((_, 0, to, preview)) => {
                format!("{} {} was refused: {reason}", safe::line(to), safe::line(preview))
            }
            Some((_, number, to, preview)) => {
                format!("{} was refused: {reason}", named(*number, to, preview))
            }
            None if refusal.ordinal == 0 => reason,
            None => format!("packet {} was refused: {reason}", refusal.ordinal),
        }
    }
}
