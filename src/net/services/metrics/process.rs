//! What the kernel knows of this process, under the names that every client
//! library of Prometheus has for it. What can't be read is left out.
//!
//! The files are opened once, at the start: in its sandbox the process can't
//! open any.

use procfs::FromRead;
use procfs::process::Stat;
use rustix::fs::Dir;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::sync::Mutex;

/// The open files.
#[derive(Debug)]
pub(super) struct Process(Mutex<Files>);

#[derive(Debug)]
struct Files {
    stat: Option<File>,
    descriptors: Option<Dir>,
    descriptors_max: Option<u64>,
    tick_seconds: f64,
    page_bytes: u64,
}

/// The process, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub resident_bytes: Option<u64>,
    pub virtual_bytes: Option<u64>,
    pub cpu_seconds: Option<f64>,
    pub descriptors: Option<u64>,
    pub descriptors_max: Option<u64>,
    pub threads: Option<u64>,
}

impl Process {
    /// This process. Its limits are those of now.
    pub(super) fn open() -> Self {
        let folder = File::open("/proc/self/fd").ok();
        Self(Mutex::new(Files {
            stat: File::open("/proc/self/stat").ok(),
            descriptors: folder.and_then(|folder| Dir::new(folder).ok()),
            descriptors_max: rlimit::Resource::NOFILE.get_soft().ok(),
            tick_seconds: 1.0 / procfs::ticks_per_second() as f64,
            page_bytes: procfs::page_size(),
        }))
    }

    /// Reads it now.
    pub(super) fn read(&self) -> Reading {
        // One thread reads; a panic would have ended the process.
        self.0.lock().map(|mut files| files.read()).unwrap_or_default()
    }
}

impl Files {
    fn read(&mut self) -> Reading {
        let mut reading = Reading {
            descriptors: self.descriptors.as_mut().and_then(count),
            descriptors_max: self.descriptors_max,
            ..Reading::default()
        };
        if let Some(stat) = self.stat.as_mut().and_then(again) {
            reading.cpu_seconds = Some((stat.utime + stat.stime) as f64 * self.tick_seconds);
            reading.resident_bytes = Some(stat.rss * self.page_bytes);
            reading.virtual_bytes = Some(stat.vsize);
            reading.threads = u64::try_from(stat.num_threads).ok();
        }
        reading
    }
}

fn again(file: &mut File) -> Option<Stat> {
    file.seek(SeekFrom::Start(0)).ok()?;
    Stat::from_read(file).ok()
}

/// All entries but `.` and `..`.
fn count(folder: &mut Dir) -> Option<u64> {
    folder.rewind();
    let mut count = 0;
    while let Some(entry) = folder.read() {
        let named = entry.ok()?.file_name().to_bytes().iter().all(u8::is_ascii_digit);
        count += u64::from(named);
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let process = Process::open();
        let reading = process.read();
        assert!(reading.resident_bytes.unwrap() > 100_000, "{reading:?}");
        assert!(reading.virtual_bytes >= reading.resident_bytes, "{reading:?}");
        assert!(reading.descriptors_max >= reading.descriptors, "{reading:?}");
        // Other tests of this process open and close files beside this one.
        let open: Vec<File> = (0..200).map(|_| File::open("/dev/null").unwrap()).collect();
        let more = process.read().descriptors.unwrap();
        assert!(more >= 200, "{more}");
        drop(open);
    }
}
