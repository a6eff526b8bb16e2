//! **The everyday commands**: `cargo xtask` lists them, and `.ci/run` runs the
//! same. Never: logic; a command runs a few others, one after the other.

use std::path::Path;
use std::process::{Command, ExitCode};

/// A command: its name, what it is for, and what is run, one after the other.
/// Arguments behind the name go to the last of them.
type Task = (&'static str, &'static str, &'static [&'static [&'static str]]);

const FUZZ: &str = "tests/fuzz/Cargo.toml";

const TASKS: [Task; 11] = [
    (
        "fmt",
        "formats everything",
        &[&["cargo", "fmt", "--all"], &["cargo", "fmt", "--manifest-path", FUZZ]],
    ),
    (
        "lint",
        "formatting, then clippy as CI wants it",
        &[
            &["cargo", "fmt", "--all", "--check"],
            &["cargo", "fmt", "--manifest-path", FUZZ, "--check"],
            &["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-Dwarnings"],
        ],
    ),
    ("test", "all tests; arguments go to `cargo test`", &[&["cargo", "test", "--workspace"]]),
    ("spelling", "spelling, and the shell scripts", &[&["scripts/lint-text.sh"]]),
    (
        "sim",
        "the simulation; LANLINE_SIM_SEED=4711 plays one seed, LANLINE_SIM_SEEDS=100000 many",
        &[&["cargo", "test", "--test", "simulation"]],
    ),
    (
        "loom",
        "the models of what synchronizes threads",
        &[&["cargo", "test", "-p", "lanline-loom"]],
    ),
    ("fuzz", "SECONDS [TARGET...]: fuzzes the targets of tests/fuzz", &[&["scripts/fuzz.sh"]]),
    ("deny", "licences, duplicates and origins of dependencies", &[&["scripts/deny.sh"]]),
    (
        "doc",
        "the documentation of the code",
        &[&["cargo", "doc", "--workspace", "--no-deps", "--locked"]],
    ),
    (
        "bundle",
        "makes the bundle and uses it as its operator would",
        &[&["scripts/check-bundle.sh"]],
    ),
    ("ci", "everything, as it has to pass before anything lands", &[&[".ci/run"]]),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    let Some((_, _, commands)) = TASKS.iter().find(|(name, ..)| Some(*name) == wanted.as_deref())
    else {
        for (name, what, _) in TASKS {
            println!("cargo xtask {name:<9} {what}");
        }
        return ExitCode::from(u8::from(wanted.is_some()) * 2);
    };
    let extra: Vec<String> = arguments.collect();
    for (at, command) in commands.iter().enumerate() {
        let is_last = at + 1 == commands.len();
        if !run(command, if is_last { &extra } else { &[] }) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Runs it at the root of the project; returns whether it succeeded.
fn run(command: &[&str], extra: &[String]) -> bool {
    eprintln!("$ {} {}", command.join(" "), extra.join(" "));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let result =
        Command::new(command[0]).args(&command[1..]).args(extra).current_dir(root).status();
    match result {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("{}: {error}", command[0]);
            false
        }
    }
}
