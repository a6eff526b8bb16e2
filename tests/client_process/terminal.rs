//! A terminal to run the client in: a real pty, and a screen that is read from
//! what the client writes to it.

use pty_process::blocking::{Command, Pty, open};
use rustix::termios::{LocalModes, tcgetattr};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;
use testkit::process::Handle;
use testkit::{PATIENCE, Signal, program};

pub(crate) struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    shown: Arc<Shown>,
}

struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    has_ended: bool,
}

impl Terminal {
    pub(crate) fn start(width: u16, height: u16, args: &[&str]) -> Self {
        Self::start_with(width, height, args, &[("TERM", "xterm-256color")])
    }

    /// With these variables in the environment.
    pub(crate) fn start_with(width: u16, height: u16, args: &[&str], env: &[(&str, &str)]) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(pty_process::Size::new(height, width)).unwrap();
        let mut command = Command::new(program::path()).args(args);
        for name in program::settings() {
            command = command.env_remove(name);
        }
        let command = command.env("XDG_CONFIG_HOME", "/nonexistent");
        let command = command.env("XDG_STATE_HOME", "/dev/null");
        let child = command.envs(env.iter().copied()).spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let parser = vt100::Parser::new(non_zero(height), non_zero(width), 0);
        let state = Mutex::new(State { parser, has_ended: false });
        let shown = Arc::new(Shown { state, changed: Condvar::new() });
        let (reader, screen) = (Arc::clone(&pty), Arc::clone(&shown));
        thread::spawn(move || read(&reader, &screen));
        Self { pty, child, shown }
    }

    pub(crate) fn type_keys(&self, keys: &str) {
        // From a thread: a client that reads no keys must not hang the test.
        let (pty, keys) = (Arc::clone(&self.pty), keys.to_owned());
        let (done, is_done) = channel();
        thread::spawn(move || done.send((&*pty).write_all(keys.as_bytes()).is_ok()));
        assert_eq!(is_done.recv_timeout(PATIENCE), Ok(true), "the client reads no keys");
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        let mut state = self.shown.state.lock().unwrap();
        state.parser.screen_mut().set_size(non_zero(height), non_zero(width));
        self.pty.resize(pty_process::Size::new(height, width)).unwrap();
    }

    /// Waits until the screen is as wanted; returns it.
    pub(crate) fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        let mut state = self.shown.state.lock().unwrap();
        loop {
            let screen = state.parser.screen().contents();
            if wanted(&screen) {
                return screen;
            }
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero() && !state.has_ended, "not what was wanted:\n{screen}");
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait(|screen| screen.contains(text))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        Handle::of(&self.child).signal(signal).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the terminal itself shows what is typed.
    pub(crate) fn echoes(&self) -> bool {
        is_echoing(&self.pty)
    }

    /// Waits for the end: the exit code, and whether the terminal was given back.
    pub(crate) fn end(mut self) -> (Option<i32>, bool) {
        let start = Instant::now();
        let mut state = self.shown.state.lock().unwrap();
        while !state.has_ended {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "it doesn't end:\n{}", state.parser.screen().contents());
            state = self.shown.changed.wait_timeout(state, left).unwrap().0;
        }
        let screen = state.parser.screen();
        let given_back =
            !screen.alternate_screen() && !screen.bracketed_paste() && is_echoing(&self.pty);
        drop(state);
        (self.child.wait().unwrap().code(), given_back)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut pty: &Pty, shown: &Shown) {
    let mut bytes = [0; 4096];
    loop {
        // The last one to have the terminal open is gone: EIO.
        let count = pty.read(&mut bytes).unwrap_or(0);
        let mut state = shown.state.lock().unwrap();
        state.parser.process(&bytes[..count]);
        state.has_ended = count == 0;
        shown.changed.notify_all();
        if count == 0 {
            return;
        }
    }
}

fn is_echoing(pty: &Pty) -> bool {
    tcgetattr(pty).unwrap().local_modes.contains(LocalModes::ECHO)
}

fn non_zero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}
