//! A child process whose output is read while it runs. Killed when dropped.

use crate::PATIENCE;
use crate::lines::Lines;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::fs::read_to_string;
use std::io::{Write, empty};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A child process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    handle: Handle,
    stdin: Option<ChildStdin>,
    /// What it writes to standard output.
    pub out: Lines,
    /// What it writes to standard error.
    pub err: Lines,
}

impl Process {
    /// Starts it with nothing on standard input.
    pub fn spawn(command: Command) -> Self {
        Self::spawn_with_stdin(command, Stdio::null())
    }

    /// Starts it with this standard input; a pipe is written to by
    /// [`Process::type_line`].
    pub fn spawn_with_stdin(command: Command, stdin: impl Into<Stdio>) -> Self {
        Self::spawn_into(command, stdin, Stdio::piped())
    }

    /// Starts it with this standard input and output; what goes elsewhere than
    /// into a pipe is not in [`Process::out`].
    pub fn spawn_into(
        mut command: Command,
        stdin: impl Into<Stdio>,
        stdout: impl Into<Stdio>,
    ) -> Self {
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}: {command:?}"));
        Self {
            handle: Handle::of(&child),
            stdin: child.stdin.take(),
            out: child.stdout.take().map_or_else(|| Lines::of(empty()), Lines::of),
            err: Lines::of(child.stderr.take().expect("a pipe")),
            child,
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        self.handle.signal(signal).expect("the child is there");
    }

    /// Writes a line to its standard input.
    pub fn type_line(&mut self, line: &str) {
        self.type_text(&format!("{line}\n"));
    }

    /// Writes to its standard input, without an ending.
    pub fn type_text(&mut self, text: &str) {
        self.stdin.as_mut().expect("an open pipe").write_all(text.as_bytes()).expect("it reads");
    }

    /// Closes its standard input.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Whether it has ended by now.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_some()
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let ended = self.handle.wait(PATIENCE);
        assert!(ended, "it doesn't end; {:#?}", (self.out.all(), self.err.all()));
        self.child.wait().expect("the child is ours")
    }

    /// [`memory_bytes`] of this one.
    pub fn memory_bytes(&self, line: &str) -> usize {
        memory_bytes(self.pid(), line)
    }

    /// CPU time of all its threads so far, in steps of 10 ms.
    pub fn cpu_time(&self) -> Duration {
        let stat = read_to_string(format!("/proc/{}/stat", self.pid())).expect("a stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // proc_pid_stat(5): utime and stime are fields 14 and 15, in ticks of 1/100 s.
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(10 * ticks)
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("its descriptors").count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of a process' status in bytes: `VmRSS`, what is resident, say, or
/// `VmHWM`, the most that ever was.
pub fn memory_bytes(pid: u32, line: &str) -> usize {
    let status = read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let found = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|kib| kib.trim().strip_suffix(" kB")).expect("a size");
    kib.parse::<usize>().expect("a number") * 1024
}

/// A handle of one process (a pidfd), which never means another that gets its id.
#[derive(Debug)]
pub struct Handle(OwnedFd);

impl Handle {
    /// Of a child that was not waited for yet.
    pub fn of(child: &Child) -> Self {
        let pid = Pid::from_child(child);
        Self(pidfd_open(pid, PidfdFlags::empty()).expect("a descriptor of the child"))
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// Where it was waited for.
    pub fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        pidfd_send_signal(&self.0, signal)
    }

    /// Waits for the end; whether it came in time.
    pub fn wait(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).expect("less than ages");
            let mut ended = [PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut ended, Some(&left)) {
                Ok(count) => return count == 1,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("poll: {error}"),
            }
        }
    }
}
