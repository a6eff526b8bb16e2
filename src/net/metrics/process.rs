//! What the kernel knows of this process, under the names that every client
//! library of Prometheus has for it. What can't be read is left out.

use procfs::process::Process;

/// The process, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    pub resident_bytes: Option<u64>,
    pub virtual_bytes: Option<u64>,
    pub cpu_seconds: Option<f64>,
    pub descriptors: Option<u64>,
    pub descriptors_max: Option<u64>,
    pub threads: Option<u64>,
}

/// Reads it now.
pub fn read() -> Reading {
    let Ok(process) = Process::myself() else { return Reading::default() };
    let mut reading = Reading {
        descriptors: process.fd_count().ok().map(|count| count as u64),
        descriptors_max: rlimit::Resource::NOFILE.get_soft().ok(),
        ..Reading::default()
    };
    if let Ok(stat) = process.stat() {
        let ticks = (stat.utime + stat.stime) as f64;
        reading.cpu_seconds = Some(ticks / procfs::ticks_per_second() as f64);
        reading.resident_bytes = Some(stat.rss * procfs::page_size());
        reading.virtual_bytes = Some(stat.vsize);
        reading.threads = u64::try_from(stat.num_threads).ok();
    }
    reading
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_memory_and_descriptors() {
        let reading = super::read();
        assert!(reading.resident_bytes.unwrap() > 100_000, "{reading:?}");
        assert!(reading.virtual_bytes >= reading.resident_bytes, "{reading:?}");
        assert!(reading.descriptors.unwrap() >= 3, "{reading:?}");
        assert!(reading.descriptors_max >= reading.descriptors, "{reading:?}");
    }
}
