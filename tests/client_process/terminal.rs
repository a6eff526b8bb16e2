//! A terminal to run the client in: a real pty, and a screen that is read from
//! what the client writes to it.

use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, kill_process};
use rustix::termios::{LocalModes, tcgetattr, tcgetpgrp};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use testkit::process::Handle;
use testkit::{PATIENCE, Signal, program, uninterrupted};

/// `sh` with job control, as a shell that somebody types into has it: says when
/// the client was stopped, and goes on with it after a line is typed.
pub(crate) const JOB: &str =
    r#"set -m; "$@"; echo "the shell is back: $?"; read line; fg >/dev/null"#;

pub(crate) struct Terminal {
    pty: Option<Arc<Pty>>,
    child: Child,
    shown: Arc<Shown>,
    /// Reads what the client writes, as long as the other end of the stream is
    /// open.
    reader: Option<(UnixStream, JoinHandle<()>)>,
}

struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    /// All bytes so far.
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Terminal {
    pub(crate) fn start(width: u16, height: u16, args: &[&str]) -> Self {
        Self::start_with(width, height, args, &[("TERM", "xterm-256color")])
    }

    /// With these variables in the environment.
    pub(crate) fn start_with(width: u16, height: u16, args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start_program(width, height, &program::path(), args, env)
    }

    /// In a shell that runs `script`, with the client and its arguments as `$@`.
    pub(crate) fn start_in_shell(script: &str, args: &[&str]) -> Self {
        let program = program::path();
        let client = ["-c", script, "sh", program.to_str().unwrap()];
        let args = [&client, args].concat();
        Self::start_program(100, 24, Path::new("sh"), &args, &[("TERM", "xterm-256color")])
    }

    fn start_program(
        width: u16,
        height: u16,
        program: &Path,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(height, width)).unwrap();
        let mut command = Command::new(program).args(args);
        for name in program::settings() {
            command = command.env_remove(name);
        }
        let command = command.env_remove("COLUMNS").env_remove("LINES");
        let command = command.env("XDG_CONFIG_HOME", "/nonexistent");
        let command = command.env("XDG_STATE_HOME", "/dev/null").env("LANLINE_PLAIN", "1");
        let child = command.envs(env.iter().copied()).spawn(pts).unwrap();
        let pty = Arc::new(pty);
        // A terminal of unknown size is one of the usual size.
        let size = |told: u16, usual: u16| NonZeroU16::new(told).unwrap_or(non_zero(usual));
        let parser = vt100::Parser::new(size(height, 24), size(width, 80), 0);
        let state = Mutex::new(State { parser, bytes: Vec::new(), has_ended: false });
        let shown = Arc::new(Shown { state, changed: Condvar::new() });
        let (stop, stopped) = UnixStream::pair().unwrap();
        let (master, screen) = (Arc::clone(&pty), Arc::clone(&shown));
        let reader = thread::spawn(move || read(&master, &screen, &stopped));
        Self { pty: Some(pty), child, shown, reader: Some((stop, reader)) }
    }

    fn pty(&self) -> &Arc<Pty> {
        self.pty.as_ref().unwrap()
    }

    pub(crate) fn type_keys(&self, keys: &str) {
        self.type_bytes(keys.as_bytes());
    }

    /// All of them at once, as far as the terminal takes them.
    pub(crate) fn type_bytes(&self, keys: &[u8]) {
        // From a thread: a client that reads no keys must not hang the test.
        let (pty, keys) = (Arc::clone(self.pty()), keys.to_owned());
        let (done, is_done) = channel();
        thread::spawn(move || {
            let written = (&*pty).write_all(&keys).is_ok();
            drop(pty);
            done.send(written)
        });
        assert_eq!(is_done.recv_timeout(PATIENCE), Ok(true), "the client reads no keys");
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        let mut state = self.shown.state.lock().unwrap();
        state.parser.screen_mut().set_size(non_zero(height), non_zero(width));
        self.pty().resize(pty_process::Size::new(height, width)).unwrap();
    }

    /// Something else writes to the terminal.
    pub(crate) fn scribble(&self, bytes: &[u8]) {
        self.shown.state.lock().unwrap().parser.process(bytes);
    }

    /// Waits until the screen is as wanted; returns it.
    pub(crate) fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_state(|state| {
            let screen = state.parser.screen().contents();
            wanted(&screen).then_some(screen)
        })
    }

    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(|screen| screen.contains(text))
    }

    /// Waits until the client has written these bytes.
    pub(crate) fn wait_for_bytes(&self, wanted: &[u8]) {
        self.wait_state(|state| has(&state.bytes, wanted).then_some(()));
    }

    /// Whether the client has written these bytes so far.
    pub(crate) fn has_written(&self, wanted: &[u8]) -> bool {
        has(&self.shown.state.lock().unwrap().bytes, wanted)
    }

    /// Waits until the terminal itself is as wanted.
    pub(crate) fn wait_screen<T>(&self, wanted: impl Fn(&vt100::Screen) -> Option<T>) -> T {
        self.wait_state(|state| wanted(state.parser.screen()))
    }

    fn wait_state<T>(&self, wanted: impl Fn(&State) -> Option<T>) -> T {
        let start = Instant::now();
        let mut state = self.shown.state.lock().unwrap();
        loop {
            if let Some(found) = wanted(&state) {
                return found;
            }
            let left = PATIENCE.saturating_sub(start.elapsed());
            let screen = state.parser.screen().contents();
            assert!(!left.is_zero() && !state.has_ended, "not what was wanted:\n{screen}");
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A signal for whoever is in the foreground: the client, also in a shell.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.foreground(), signal).unwrap();
    }

    /// The first process of the job in the foreground.
    pub(crate) fn foreground(&self) -> Pid {
        tcgetpgrp(self.pty()).unwrap()
    }

    /// What the shell runs that was started.
    pub(crate) fn only_child(&self) -> Pid {
        let path = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = std::fs::read_to_string(path).unwrap();
        Pid::from_raw(children.trim().parse().unwrap()).unwrap()
    }

    /// Whether the terminal itself shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        is_echoing(self.pty())
    }

    /// From now on nobody reads what the client writes.
    pub(crate) fn freeze(&mut self) {
        if let Some((stop, reader)) = self.reader.take() {
            drop(stop);
            reader.join().unwrap();
        }
    }

    /// The window is closed; waits for the end.
    pub(crate) fn close(mut self) -> ExitStatus {
        self.freeze();
        self.pty = None;
        self.wait_for_end()
    }

    fn wait_for_end(&mut self) -> ExitStatus {
        assert!(Handle::of(&self.child).wait(PATIENCE), "it doesn't end");
        self.child.wait().unwrap()
    }

    /// Waits for the end: how it ended.
    pub(crate) fn status(mut self) -> ExitStatus {
        self.wait_for_end()
    }

    /// Waits for the end: the exit code, and whether the terminal was given back.
    pub(crate) fn end(self) -> (Option<i32>, bool) {
        let (status, given_back) = self.end_status();
        (status.code(), given_back)
    }

    /// Waits for the end: how it ended, and whether the terminal was given back.
    pub(crate) fn end_status(mut self) -> (ExitStatus, bool) {
        let start = Instant::now();
        let mut state = self.shown.state.lock().unwrap();
        while !state.has_ended {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "it doesn't end:\n{}", state.parser.screen().contents());
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
        let given_back = is_given_back(state.parser.screen()) && is_echoing(self.pty());
        drop(state);
        (self.child.wait().unwrap(), given_back)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether no mode is left on that a shell doesn't want.
pub(crate) fn is_given_back(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen()
        && !screen.bracketed_paste()
        && !screen.hide_cursor()
        && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
}

fn read(mut pty: &Pty, shown: &Shown, stopped: &UnixStream) {
    let mut bytes = [0; 4096];
    loop {
        let [_, is_stopped] = is_readable(&[pty, stopped], PATIENCE * 10)[..] else { return };
        if is_stopped {
            return;
        }
        // The last one to have the terminal open is gone: EIO.
        let count = pty.read(&mut bytes).unwrap_or(0);
        let mut state = shown.state.lock().unwrap();
        state.parser.process(&bytes[..count]);
        state.bytes.extend_from_slice(&bytes[..count]);
        state.has_ended = count == 0;
        shown.changed.notify_all();
        if count == 0 {
            return;
        }
    }
}

/// Which of them can be read, once one can.
fn is_readable(files: &[&dyn AsFd], patience: Duration) -> Vec<bool> {
    let mut polled: Vec<PollFd<'_>> =
        files.iter().map(|file| PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)).collect();
    let patience = Timespec::try_from(patience).unwrap();
    uninterrupted(|| Ok(poll(&mut polled, Some(&patience))?)).unwrap();
    polled.iter().map(|file| !file.revents().is_empty()).collect()
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn is_echoing(pty: &Pty) -> bool {
    tcgetattr(pty).unwrap().local_modes.contains(LocalModes::ECHO)
}

fn non_zero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}
