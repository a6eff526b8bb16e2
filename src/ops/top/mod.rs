//! `lanline top`: what a running server does, seen from anywhere on its
//! network: it joins like a user and asks `/stats`.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `stats` | the answers, and what has happened between two of them |
//! | `view` | the screen |

mod stats;
mod view;

use crate::connect::{self, Connection, Deadline, Greeting, Server, Trust};
use crate::terminal::ability::Abilities;
use crate::terminal::console::{Seen, Terminal};
use crate::terminal::keyboard::Input;
use crate::wire::Endpoint;
use crossterm::event::{KeyCode, KeyModifiers};
use stats::{History, Stats};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// For connecting, and for each answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why it ends early.
#[derive(Debug)]
pub enum TopError {
    Server(connect::Error),
    Terminal(io::Error),
}

/// Shows the server until `q`, or so many times. Without a terminal it prints
/// a line each time.
///
/// # Errors
/// [`TopError`].
pub fn run(
    server: &Server,
    trust: &Trust,
    interval: Duration,
    count: Option<u64>,
) -> Result<(), TopError> {
    let tag = getrandom::u32().unwrap_or_else(|_| std::process::id());
    let name = format!("top-{tag:08x}");
    let deadline = Deadline::after(TIMEOUT);
    let connection = Connection::open(server, trust, Greeting::Name(&name), deadline)
        .map_err(TopError::Server)?;
    let watch = Watch { connection, server: server.to_string(), interval, count };
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        watch.on_screen()
    } else {
        watch.in_lines()
    }
}

/// One server under watch.
struct Watch {
    connection: Connection,
    server: String,
    interval: Duration,
    count: Option<u64>,
}

impl Watch {
    fn on_screen(mut self) -> Result<(), TopError> {
        let mut history = History::default();
        // A server that doesn't answer is said in plain words.
        history.add(self.stats()?, Instant::now());
        let mut next = Instant::now() + self.interval;
        let mut shown = 0;
        let abilities = Abilities::of(|name| std::env::var(name).ok());
        let mut terminal = Terminal::open(abilities).map_err(TopError::Terminal)?;
        loop {
            self.draw(&mut terminal, &history).map_err(TopError::Terminal)?;
            shown += 1;
            if self.count == Some(shown) || self.waits_for_the_end(&mut terminal, &history, next)? {
                return Ok(());
            }
            next = Instant::now() + self.interval;
            history.add(self.stats()?, Instant::now());
        }
    }

    fn draw(&self, terminal: &mut Terminal, history: &History) -> io::Result<()> {
        let version = &self.connection.welcome.version;
        terminal.draw(|frame| view::draw(frame, &self.server, version, history))
    }

    /// Until the next look; true where the user has had enough, or has gone.
    fn waits_for_the_end(
        &self,
        terminal: &mut Terminal,
        history: &History,
        next: Instant,
    ) -> Result<bool, TopError> {
        loop {
            let left = next.saturating_duration_since(Instant::now());
            match terminal.wait(Some(left)).map_err(TopError::Terminal)? {
                Seen::End => return Ok(true),
                Seen::Changed => self.draw(terminal, history).map_err(TopError::Terminal)?,
                Seen::Something => {}
            }
            while let Some(input) = terminal.input() {
                match key_of(input) {
                    Some('q') => return Ok(true),
                    // In vain where no shell could make us go on.
                    Some('z') => {
                        terminal.suspend();
                    }
                    _ => {}
                }
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    fn in_lines(mut self) -> Result<(), TopError> {
        let mut history = History::default();
        let mut out = io::stdout().lock();
        let mut shown = 0;
        loop {
            let next = Instant::now() + self.interval;
            history.add(self.stats()?, Instant::now());
            let line = history.line();
            match writeln!(out, "{line}").and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.map_err(TopError::Terminal)?,
            }
            shown += 1;
            if self.count == Some(shown) {
                return Ok(());
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    fn stats(&mut self) -> Result<Stats, TopError> {
        let answer = self.connection.ask(Endpoint::Stats, "", Deadline::after(TIMEOUT));
        let text = answer.map_err(TopError::Server)?;
        Stats::parse(&text).ok_or(TopError::Server(connect::Error::NotLanline))
    }
}

/// `q` for what leaves, `z` for what stops.
fn key_of(input: Input) -> Option<char> {
    match input {
        Input::Text(text) => text.contains('q').then_some('q'),
        Input::Key(key) if key.modifiers.contains(KeyModifiers::CONTROL) => match key.code {
            KeyCode::Char('c') => Some('q'),
            KeyCode::Char('z') => Some('z'),
            _ => None,
        },
        Input::Key(key) => (key.code == KeyCode::Esc).then_some('q'),
        _ => None,
    }
}

impl fmt::Display for TopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => write!(f, "{error}"),
            Self::Terminal(error) => write!(f, "the terminal: {error}"),
        }
    }
}

impl std::error::Error for TopError {}
