//! The thread that writes the log: the only one that may wait for standard
//! error or standard output.

use super::line::Style;
use crate::limits::LOG_LINES_MAX;
use crossbeam_channel::{Receiver, Sender};
use log::Level;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the thread is to do.
pub(super) enum Entry {
    /// For standard error, with its end.
    Line(Vec<u8>),
    /// For standard output, with its end.
    Announcement(Vec<u8>),
    /// Answered once everything before it is written.
    Flush(Sender<()>),
}

/// The thread's own.
pub(super) struct Writer<E, O> {
    pub(super) queue: Receiver<Entry>,
    pub(super) err: E,
    pub(super) out: O,
    pub(super) style: Style,
    pub(super) lost: Arc<AtomicU64>,
}

impl<E: Write, O: Write> Writer<E, O> {
    /// Writes until nobody can log any more.
    pub(super) fn run(mut self) {
        // Entries since lines were lost: all that were in the queue then are
        // older, and come first.
        let mut since_loss = 0;
        while let Ok(entry) = self.queue.recv() {
            self.write(entry);
            if self.lost.load(Ordering::Relaxed) == 0 {
                since_loss = 0;
                continue;
            }
            since_loss += 1;
            if self.queue.is_empty() || since_loss > LOG_LINES_MAX {
                since_loss = 0;
                self.say_what_is_lost();
            }
        }
    }

    fn write(&mut self, entry: Entry) {
        match entry {
            Entry::Line(line) => {
                if self.err.write_all(&line).is_err() {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
            }
            Entry::Announcement(line) => {
                // Lost, if it can't be written: the log has it too.
                let _ = self.out.write_all(&line).and_then(|()| self.out.flush());
            }
            Entry::Flush(done) => {
                let _ = done.send(());
            }
        }
    }

    fn say_what_is_lost(&mut self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let words = format!("{lost} lines of this log are lost: they could not be written in time");
        if self.err.write_all(&self.style.line(Level::Warn, &words)).is_err() {
            self.lost.fetch_add(lost, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;
    use std::io;

    /// Fails so many times, then works.
    struct Disk {
        failures: usize,
        text: String,
    }

    impl Write for &mut Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.failures > 0 {
                self.failures -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.text.push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(lines: &[&str], lost: u64, failures: usize) -> (String, u64) {
        let (entries, queue) = unbounded();
        for line in lines {
            entries.send(Entry::Line(format!("{line}\n").into_bytes())).unwrap();
        }
        drop(entries);
        let lost = Arc::new(AtomicU64::new(lost));
        let mut disk = Disk { failures, text: String::new() };
        let style = Style::Journal;
        Writer { queue, err: &mut disk, out: io::sink(), style, lost: lost.clone() }.run();
        (disk.text, lost.load(Ordering::Relaxed))
    }

    #[test]
    fn lines_that_found_no_room_are_counted_behind_those_that_did() {
        let (text, lost) = written(&["one", "two"], 7, 0);
        let told = "<4>7 lines of this log are lost: they could not be written in time\n";
        assert_eq!((text.as_str(), lost), (&*format!("one\ntwo\n{told}"), 0));
        assert_eq!(written(&["one", "two"], 0, 0).0, "one\ntwo\n");
    }

    #[test]
    fn lines_that_a_full_disk_refused_are_counted_once_there_is_room() {
        let (text, lost) = written(&["one", "two", "three"], 0, 2);
        assert!(text.starts_with("three\n<4>2 lines"), "{text}");
        assert_eq!(lost, 0);
        // While there is none, the sum stands.
        assert_eq!(written(&["one", "two"], 3, 9), (String::new(), 5));
    }

    #[test]
    fn a_queue_that_never_empties_hides_no_loss() {
        let lines = vec!["x"; LOG_LINES_MAX * 2];
        let (text, _) = written(&lines, 1, 0);
        let place = text.lines().position(|line| line.contains("lost")).unwrap();
        assert!(place <= LOG_LINES_MAX + 1, "{place}");
    }
}
