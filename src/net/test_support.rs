//! What the unit tests of `net` share: settings, and the lines of the log.
//! Never: compiled into the program.

use super::admission::Rules;
use super::config::Config;
use crate::chat::Settings;
use crate::data::Choice;
use crate::sandbox;
use log::{LevelFilter, Log, Metadata, Record};
use std::cell::RefCell;
use std::time::Duration;

/// After this time a test that waits for something fails.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// The settings of a server of two workers.
pub(super) fn config() -> Config {
    Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        workers: 2,
        clients_max: None,
        per_address_max: None,
        allow: Vec::new(),
        trust: Vec::new(),
        metrics: None,
        log: LevelFilter::Trace,
        reread: Vec::new(),
        data_choice: Choice::None,
        tls_names: Vec::new(),
        tls: None,
        data: None,
        site: None,
        tls_required: false,
        sandbox: sandbox::Mode::Off,
        keeping: std::sync::Arc::default(),
        warnings: Vec::new(),
        settings: Settings::default(),
    }
}

/// Room for so many clients, of the local network.
pub(super) fn rules(clients_max: usize) -> Rules {
    Rules { clients_max, ..Rules::default() }
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what each thread logs for itself.
struct Lines;

impl Log for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Libraries log as well.
        if record.target().starts_with("lanline") {
            LINES.with_borrow_mut(|lines| lines.push(record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

/// What this thread has logged since the last call; the first call begins it.
pub(super) fn logged() -> Vec<String> {
    // Fails where another test has done it.
    let _ = log::set_logger(&Lines);
    log::set_max_level(LevelFilter::Trace);
    LINES.with_borrow_mut(std::mem::take)
}
