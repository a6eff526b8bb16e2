//! The rules of the house, over its source text: which room may name which,
//! what is pure, how long a file is. Never: what the program does.

use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the others that it may name. Arrows point down.
const ROOMS: [(&str, &[&str]); 9] = [
    ("cli", &["ops", "net", "sandbox", "chat", "client", "connect", "wire", "limits"]),
    ("ops", &["net", "sandbox", "chat", "connect", "wire", "limits"]),
    ("net", &["sandbox", "chat", "wire", "limits"]),
    ("sandbox", &[]),
    ("chat", &["wire", "limits"]),
    ("client", &["connect", "wire", "limits"]),
    ("connect", &["wire", "limits"]),
    ("wire", &["limits"]),
    ("limits", &[]),
];

/// What `stress/` may name of the library.
const SEEN_BY_STRESS: [&str; 2] = ["wire", "limits"];

/// Rooms that get time, chance and sockets as arguments, and what they may
/// therefore never name.
const PURE: [&str; 3] = ["chat", "wire", "limits"];
const IMPURE: [&str; 20] = [
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "thread",
    "Instant",
    "SystemTime::now",
    "mio",
    "log",
    "error!",
    "warn!",
    "info!",
    "debug!",
    "trace!",
    "println!",
    "eprintln!",
    "std::fs",
    "std::env",
    "fastrand",
    "getrandom",
];

const FILE_LINES_MAX: usize = 450;

/// Files with `unsafe`, each with its reason.
const UNSAFE: [(&str, &str); 1] =
    [("tests/hostile/escape/ways.rs", "system calls that no library makes, to see them refused")];

/// One source file.
struct Source {
    /// From the root of the project, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Its lines of code with their numbers: comments are not among them.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// [`Source::code`] above its unit tests, which stand last in a file, or are
    /// a file of their own.
    fn code_above_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_tests = self.path.ends_with("/tests.rs");
        self.code().take_while(move |(_, line)| {
            !is_tests && !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test")
        })
    }

    /// The room of `src` that it is in.
    fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        ROOMS.iter().map(|(name, _)| *name).find(|name| *name == room)
    }

    /// How many `super`s lead from it to the root of the crate.
    fn depth(&self) -> usize {
        let modules = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        modules.split('/').count() - 1
    }
}

/// All Rust files below these directories of the project.
fn sources(directories: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left: Vec<PathBuf> = directories.iter().map(|name| root.join(name)).collect();
    let mut found = Vec::new();
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() >= directories.len(), "no sources in {directories:?}");
    found
}

fn ours() -> Vec<Source> {
    sources(&["src", "stress/src"])
}

fn everything() -> Vec<Source> {
    sources(&["src", "stress", "tests", "benches", "packaging"])
}

/// Whether a line names something, as a whole word.
fn names(line: &str, wanted: &str) -> bool {
    let part = |char: char| char.is_alphanumeric() || char == '_';
    line.match_indices(wanted).any(|(at, _)| {
        let after = line[at + wanted.len()..].starts_with(part) && wanted.ends_with(part);
        !line[..at].ends_with(part) && !after
    })
}

/// Fails with every place where a rule is broken.
fn hold(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// Every line of code in `sources` that names one of these.
fn naming(sources: &[Source], wanted: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.code() {
            if wanted.iter().any(|wanted| names(line, wanted)) {
                found.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    found
}

#[test]
fn rooms_name_only_those_below() {
    let mut broken = Vec::new();
    for source in ours() {
        let (krate, allowed) = match source.room() {
            Some(room) => ("crate::", ROOMS.iter().find(|(name, _)| *name == room).unwrap().1),
            None if source.path.starts_with("stress/") => ("lanline::", &SEEN_BY_STRESS[..]),
            None => continue,
        };
        let own = source.room().unwrap_or_default();
        let mut strangers: Vec<String> = ROOMS
            .iter()
            .filter(|(name, _)| *name != own && !allowed.contains(name))
            .map(|(name, _)| format!("{krate}{name}"))
            .collect();
        // Several rooms in one import would hide from the line above.
        strangers.push(format!("{krate}{{"));
        strangers.push(format!("{krate}*"));
        for (number, line) in source.code() {
            if strangers.iter().any(|stranger| names(line, stranger)) {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    hold("a room names one that it may not", broken);
}

#[test]
fn no_path_leaves_its_room_by_the_back_door() {
    let mut broken = Vec::new();
    for source in ours().iter().filter(|source| source.room().is_some()) {
        let out = "super::".repeat(source.depth());
        for (number, line) in source.code_above_tests() {
            if names(line, &out) {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    hold("other rooms are named from the root", broken);
}

#[test]
fn pure_rooms_have_no_sockets_threads_clocks_or_logs() {
    let pure = |source: &Source| source.room().is_some_and(|room| PURE.contains(&room));
    let sources: Vec<Source> = ours().into_iter().filter(pure).collect();
    assert!(sources.len() > PURE.len());
    hold("a pure room does something itself", naming(&sources, &IMPURE));
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent = ours().into_iter().filter(|source| !source.text.starts_with("//! "));
    hold("a file opens with `//!`", silent.map(|source| source.path).collect());
}

#[test]
fn files_are_short() {
    let lines = |source: &Source| source.text.lines().count();
    let long = ours().into_iter().filter(|source| lines(source) > FILE_LINES_MAX);
    let long = long.map(|source| format!("{}: {} lines", source.path, lines(&source)));
    hold("no file is longer than 450 lines", long.collect());
}

#[test]
fn nothing_is_left_for_later() {
    let stubs = [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("#[", "ignore")];
    hold("no stubs, no tests that don't run", naming(&everything(), &stubs));
}

#[test]
fn tests_never_sleep() {
    let sleep = [concat!("thread::", "sleep"), concat!("time::", "sleep")];
    hold("a test waits for what must come", naming(&sources(&["tests", "stress/tests"]), &sleep));
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        for (number, line) in source.code_above_tests() {
            if line.contains(".unwrap()") || line.contains(".expect(") {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    hold("an error is handled, or can't be", broken);
}

#[test]
fn warnings_are_mended_not_silenced() {
    let silenced = [concat!("#[", "allow("), concat!("#![", "allow(")];
    hold("a warning is mended", naming(&everything(), &silenced));
}

#[test]
fn unsafe_only_where_no_library_helps() {
    let word = [concat!("un", "safe")];
    let listed = |path: &str| UNSAFE.iter().any(|(listed, _)| *listed == path);
    let (fine, broken): (Vec<Source>, Vec<Source>) =
        everything().into_iter().partition(|source| listed(&source.path));
    hold("a file with it has to be listed, with the reason", naming(&broken, &word));
    for source in &fine {
        let path = &source.path;
        assert!(source.code().any(|(_, line)| names(line, word[0])), "{path} needs it no more");
    }
    assert_eq!(fine.len(), UNSAFE.len(), "a listed file is gone");
}
