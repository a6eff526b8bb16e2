//! What the machine knows about a process: CPU time, memory, descriptors, and
//! which core it runs on. Linux, by `/proc` and process clocks.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use std::time::Duration;

/// CPU time that all threads of a process have used so far, ended ones
/// included. `None` if there is no such process.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid as i32)).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

/// CPU time of this process.
pub(crate) fn own_cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    memory_bytes(pid, "VmRSS:")
}

/// The most resident memory that a process ever had, in bytes.
pub(crate) fn peak_resident_bytes(pid: u32) -> Option<u64> {
    memory_bytes(pid, "VmHWM:")
}

fn memory_bytes(pid: u32, which: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(which))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// How long threads of a process that were ready have waited for a core so far, all
/// together (proc_pid_schedstat(5), the second number).
pub(crate) fn time_waited_for_cores(pid: u32) -> Option<Duration> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    Some(Duration::from_nanos(threads.filter_map(of).sum()))
}

/// The number and name of each thread of a process, and the CPU time that it has used so far
/// (proc_pid_schedstat(5), the first number).
fn thread_times(pid: u32) -> Option<Vec<(u32, String, Duration)>> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let thread = thread.ok()?;
        let (number, place) = (thread.file_name().to_str()?.parse().ok()?, thread.path());
        let name = std::fs::read_to_string(place.join("comm")).ok()?.trim_end().to_owned();
        let text = std::fs::read_to_string(place.join("schedstat")).ok()?;
        let time = text.split_whitespace().next()?.parse::<u64>().ok()?;
        Some((number, name, Duration::from_nanos(time)))
    };
    Some(threads.filter_map(of).collect())
}

/// CPU time of a server's threads so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerCpu {
    pub workers: Duration,
    pub store: Duration,
}

impl ServerCpu {
    /// `None` if there is no such process.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let mut cpu = Self::default();
        for (thread, name, time) in thread_times(pid)? {
            match name.as_str() {
                "store" => cpu.store += time,
                // The main thread is the first worker.
                name if thread == pid || name.starts_with("worker-") => cpu.workers += time,
                _ => {}
            }
        }
        Some(cpu)
    }

    /// What came on top of `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            workers: self.workers.saturating_sub(before.workers),
            store: self.store.saturating_sub(before.store),
        }
    }
}

/// Open descriptors of a process.
pub(crate) fn descriptors(pid: u32) -> Option<u64> {
    Some(std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64)
}

/// Cores that this process may use.
pub(crate) fn cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else { return Vec::new() };
    (0..CpuSet::count()).filter(|&core| set.is_set(core).unwrap_or(false)).collect()
}

/// Keeps this thread, and what it starts from now on, to one core.
pub(crate) fn pin_to(core: usize) -> nix::Result<()> {
    pin_to_all(&[core])
}

/// Keeps this thread, and what it starts from now on, to these cores.
pub(crate) fn pin_to_all(cores: &[usize]) -> nix::Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core)?;
    }
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// Raises the soft limit of descriptors to the hard one; returns it.
pub(crate) fn raise_descriptor_limit() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024)
}
