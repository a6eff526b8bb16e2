//! The path of the program under test, and how it is started: without the
//! settings in the environment of the tests.

use crate::PATIENCE;
use crate::process::Handle;
use rustix::process::Signal;
use std::ffi::OsString;
use std::fs::{read_to_string, symlink_metadata};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Another build of the program to test, or to take figures of.
const OTHER_PROGRAM: &str = "LANLINE_TEST_PROGRAM";

/// The `lanline` that was built with this test, wherever `CARGO_TARGET_DIR`
/// says, or the one that `LANLINE_TEST_PROGRAM` names.
///
/// # Panics
/// Where there is none.
pub fn path() -> PathBuf {
    if let Some(other) = std::env::var_os(OTHER_PROGRAM) {
        return other.into();
    }
    let test = std::env::current_exe().expect("the path of this test");
    let program = test.ancestors().nth(2).expect("PROFILE/deps/TEST").join("lanline");
    assert!(program.is_file(), "{} is not built: `cargo build` does", program.display());
    program
}

/// [`path`] for tests of another package, for which cargo builds no program:
/// one that is older than its source is refused.
///
/// # Panics
/// Where it isn't there, or has to be built anew.
pub fn fresh_path() -> PathBuf {
    let program = path();
    let changed = |path: &Path| symlink_metadata(path).and_then(|data| data.modified());
    let built = changed(&program).expect("a time of building");
    // PROGRAM: SOURCE SOURCE ..., with `\ ` for a blank within a path.
    let rule = read_to_string(program.with_extension("d")).unwrap_or_default();
    let (_, sources) = rule.trim_end().split_once(": ").unwrap_or_default();
    for source in sources.replace("\\ ", "\0").split(' ').map(|path| path.replace('\0', " ")) {
        let newer = changed(Path::new(&source)).is_ok_and(|time| time > built);
        assert!(!newer, "{source} is newer than {}: `cargo build` first", program.display());
    }
    program
}

/// Variables of our own environment that would be settings of the program.
pub fn settings() -> Vec<OsString> {
    let supervisor = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"];
    let names = std::env::vars_os().map(|(name, _)| name);
    let is_setting = |name: &OsString| {
        let name = name.to_string_lossy();
        let is_ours = name.starts_with("LANLINE_") && !name.starts_with("LANLINE_TEST_");
        is_ours || supervisor.contains(&name.as_ref())
    };
    names.filter(is_setting).collect()
}

/// The program with these arguments, and no settings but these.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(path());
    clean(&mut command);
    command.args(arguments);
    command
}

/// Takes our own settings out of a command's environment. Servers keep nothing, and
/// clients speak plain text, as scripted servers do: tests of these say otherwise.
pub fn clean(command: &mut Command) {
    for name in settings() {
        command.env_remove(name);
    }
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("XDG_STATE_HOME", "/nonexistent");
    command.env("LANLINE_DATA", "none").env("LANLINE_PLAIN", "1");
}

/// Runs the program to its end with these arguments.
///
/// # Panics
/// Where it doesn't end within [`PATIENCE`], such as a server.
pub fn run(arguments: &[&str]) -> Output {
    run_command(command(arguments))
}

/// Runs a command to its end.
///
/// # Panics
/// Where it doesn't end within [`PATIENCE`].
pub fn run_command(command: Command) -> Output {
    run_command_within(command, PATIENCE)
}

/// Runs a command to its end.
///
/// # Panics
/// Where it doesn't end in that time.
pub fn run_command_within(mut command: Command, patience: Duration) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap_or_else(|error| panic!("{error}: {command:?}"));
    let handle = Handle::of(&child);
    let (done, is_done) = channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    is_done.recv_timeout(patience).map_or_else(
        |_| {
            let _ = handle.signal(Signal::KILL);
            panic!("it doesn't end: {command:?}: {:?}", is_done.recv());
        },
        |output| output.expect("the child is ours"),
    )
}
