//! **The log**, to standard error: a bounded queue and a thread of its own.
//! Whoever logs never waits: where nobody reads standard error the queue fills,
//! further lines are lost, and how many is said as soon as a line can be written
//! again. Never: what is logged, and by whom.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `line` | what a line looks like, for people and for the journal |
//! | `writer` | the thread |

mod line;
mod writer;

use crate::limits::{LOG_FLUSH_MAX, LOG_LINES_MAX};
use crate::sandbox::Helper;
use crossbeam_channel::{Sender, bounded};
use line::Style;
use log::{LevelFilter, Log, Metadata, Record, info};
use std::fs::{File, Metadata as FileMetadata};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use writer::{Entry, Writer};

static LOGGER: OnceLock<Logger> = OnceLock::new();

struct Logger {
    entries: Sender<Entry>,
    /// Lines that found the queue full, or could not be written, since the last
    /// time that this was said.
    lost: Arc<AtomicU64>,
    style: Style,
    /// Where standard output leads to.
    out: Out,
    /// The thread, until it is released.
    helper: Mutex<Option<Helper>>,
}

/// Where standard output leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Out {
    /// To the journal, as standard error does.
    Journal,
    /// Where standard error leads to.
    WithLog,
    Elsewhere,
}

/// Starts the log. Lines wait in the queue until its thread is released: by
/// [`helper`], or by the first flush. A second call changes the level alone.
///
/// # Errors
/// What the system says to a thread, or to standard error.
pub fn start(level: LevelFilter) -> io::Result<()> {
    if LOGGER.get().is_none() {
        let logger = Logger::new()?;
        let logger = LOGGER.get_or_init(|| logger);
        // Fails only where another log was started before.
        let _ = log::set_logger(logger);
    }
    log::set_max_level(level);
    Ok(())
}

/// The log's thread, to be confined and released; once.
pub fn helper() -> Option<Helper> {
    LOGGER.get()?.take_helper()
}

/// Tells where something listens: people in the log, and scripts on standard
/// output; once, where both are the same. What can't be written is lost.
pub fn announce(words: &str) {
    let out = LOGGER.get().map_or(Out::Elsewhere, |logger| logger.out);
    if out != Out::WithLog {
        info!("{words}");
    }
    if out == Out::Journal {
        return;
    }
    let line = format!("{words}\n").into_bytes();
    match LOGGER.get() {
        Some(logger) => logger.push(Entry::Announcement(line)),
        None => io::stdout().write_all(&line).unwrap_or_default(),
    }
}

/// Whether standard error leads to the journal.
pub fn is_journal() -> bool {
    Style::of_standard_error() == Style::Journal
}

/// A line for whoever started a command that failed, by the way of the log
/// where there is one: so it never waits longer than a moment.
pub fn complain(words: &str) {
    let Some(logger) = LOGGER.get() else {
        let line = Style::of_standard_error().complaint(words);
        io::stderr().write_all(&line).unwrap_or_default();
        return;
    };
    logger.push(Entry::Line(logger.style.complaint(words)));
    logger.flush();
}

impl Logger {
    fn new() -> io::Result<Self> {
        // Descriptors of its own: nobody holds the locks of the standard
        // streams while a write waits.
        let err = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let style = Style::of(&err);
        let kind = Out::of(&out, &err, style);
        let (entries, queue) = bounded(LOG_LINES_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let writer = Writer { queue, err, out, style, lost: lost.clone() };
        let helper = Helper::start("log", move || writer.run())?;
        Ok(Self { entries, lost, style, out: kind, helper: Mutex::new(Some(helper)) })
    }

    fn push(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take_helper(&self) -> Option<Helper> {
        self.helper.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.push(Entry::Line(self.style.line(record.level(), &record.args().to_string())));
        }
    }

    /// Waits until what is in the queue is written, for a moment at the most.
    fn flush(&self) {
        if let Some(helper) = self.take_helper() {
            helper.release(|| ());
        }
        let deadline = Instant::now() + LOG_FLUSH_MAX;
        let (done, is_done) = bounded(1);
        if self.entries.send_deadline(Entry::Flush(done), deadline).is_ok() {
            let _ = is_done.recv_deadline(deadline);
        }
    }
}

impl Out {
    fn of(out: &File, err: &File, style: Style) -> Self {
        let place = |file: &File| file.metadata().ok().map(|m: FileMetadata| (m.dev(), m.ino()));
        if place(out).is_none() || place(out) != place(err) {
            Self::Elsewhere
        } else if style == Style::Journal {
            Self::Journal
        } else {
            Self::WithLog
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_find_the_queue_full_are_lost_and_counted_and_nobody_waits() {
        // Its thread is not released, so nothing is taken out.
        let logger = Logger::new().unwrap();
        for _ in 0..LOG_LINES_MAX + 5 {
            logger.push(Entry::Announcement(Vec::new()));
        }
        assert_eq!(logger.lost.load(Ordering::Relaxed), 5);
        // Released, it takes them all.
        while !logger.entries.is_empty() {
            logger.flush();
        }
    }
}
