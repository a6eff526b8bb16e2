//! `lanline top`: what a running server does, seen from anywhere on its
//! network: it joins like a user and asks `/stats`.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `stats` | the answers, and what has happened between two of them |
//! | `view` | the screen |

mod stats;
mod view;

use crate::connect::{self, Connection, Deadline, Greeting, Server};
use crate::wire::Endpoint;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
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
pub fn run(server: &Server, interval: Duration, count: Option<u64>) -> Result<(), TopError> {
    let tag = getrandom::u32().unwrap_or_else(|_| std::process::id());
    let name = format!("top-{tag:08x}");
    let connection = Connection::open(server, Greeting::Name(&name), Deadline::after(TIMEOUT))
        .map_err(TopError::Server)?;
    let watch = Watch { connection, server: server.to_string(), interval, count };
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        ratatui::run(|terminal| watch.on_screen(terminal))
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
    fn on_screen(mut self, terminal: &mut ratatui::DefaultTerminal) -> Result<(), TopError> {
        let mut history = History::default();
        let mut shown = 0;
        loop {
            let next = Instant::now() + self.interval;
            history.add(self.stats()?, Instant::now());
            terminal
                .draw(|frame| {
                    view::draw(frame, &self.server, &self.connection.welcome.version, &history);
                })
                .map_err(TopError::Terminal)?;
            shown += 1;
            if self.count == Some(shown) || Self::waits_for_the_end(next)? {
                return Ok(());
            }
        }
    }

    /// Until the next look; true where the user has had enough.
    fn waits_for_the_end(next: Instant) -> Result<bool, TopError> {
        loop {
            let left = next.saturating_duration_since(Instant::now());
            if !event::poll(left).map_err(TopError::Terminal)? {
                return Ok(false);
            }
            if let Event::Key(key) = event::read().map_err(TopError::Terminal)? {
                let control_c =
                    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
                if control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                    return Ok(true);
                }
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

impl fmt::Display for TopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => write!(f, "{error}"),
            Self::Terminal(error) => write!(f, "the terminal: {error}"),
        }
    }
}

impl std::error::Error for TopError {}
