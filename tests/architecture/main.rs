//! The rules of `ARCHITECTURE.md` and `CONTRIBUTING.md` that can be checked in the
//! source text: which module may import which, what is pure, how long a file is.
//! Never: what the program does.

mod imports;

use imports::Graph;
use std::fs;
use std::path::{Path, PathBuf};

/// A top-level module, and the others that it may import.
const MODULES: [(&str, &[&str]); 18] = [
    (
        "cli",
        &[
            "ops",
            "net",
            "store",
            "secrets",
            "data",
            "logging",
            "sandbox",
            "chat",
            "archive",
            "accounts",
            "client",
            "connect",
            "terminal",
            "wire",
            "certificate",
            "limits",
            "one_line",
        ],
    ),
    ("ops", &["net", "sandbox", "chat", "connect", "terminal", "wire", "certificate", "limits"]),
    (
        "net",
        &[
            "store",
            "secrets",
            "data",
            "logging",
            "sandbox",
            "chat",
            "archive",
            "accounts",
            "wire",
            "certificate",
            "limits",
        ],
    ),
    ("store", &["secrets", "data", "archive", "accounts", "wire", "limits"]),
    ("secrets", &["accounts", "limits"]),
    ("data", &[]),
    ("logging", &["sandbox", "limits", "one_line"]),
    ("sandbox", &[]),
    ("chat", &["archive", "accounts", "wire", "limits"]),
    ("archive", &["accounts", "wire", "limits"]),
    ("accounts", &["wire", "limits"]),
    ("client", &["connect", "terminal", "wire", "limits", "one_line"]),
    ("connect", &["wire", "certificate", "limits"]),
    ("terminal", &[]),
    ("wire", &["limits"]),
    ("certificate", &[]),
    ("limits", &[]),
    ("one_line", &[]),
];

/// What `stress/` may import of the library.
const SEEN_BY_STRESS: [&str; 6] = ["wire", "limits", "archive", "accounts", "secrets", "store"];

/// Modules that get time, randomness and sockets as arguments, and what they
/// may therefore never name.
const PURE: [&str; 5] = ["archive", "accounts", "chat", "wire", "limits"];
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
        let is_tests = is_for_tests(&self.path);
        self.code().take_while(move |(_, line)| {
            !is_tests && !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test")
        })
    }

    /// The top-level module of `src` that it is in.
    fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let module = inside.split('/').next()?.trim_end_matches(".rs");
        MODULES.iter().map(|(name, _)| *name).find(|name| *name == module)
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

/// Whether a file of `src` is for its unit tests only, which its name says.
fn is_for_tests(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains("test"))
}

/// The library, the program, and the load harness.
fn shipped() -> Vec<Source> {
    sources(&["src", "stress/src"])
}

fn everything() -> Vec<Source> {
    sources(&["src", "stress", "tests", "benches", "packaging", "xtask"])
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
fn require(rule: &str, broken: Vec<String>) {
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
fn modules_import_only_those_below_them() {
    let mut broken = Vec::new();
    for source in shipped() {
        let (krate, allowed) = match source.module() {
            Some(module) => {
                ("crate::", MODULES.iter().find(|(name, _)| *name == module).unwrap().1)
            }
            None if source.path.starts_with("stress/") => ("lanline::", &SEEN_BY_STRESS[..]),
            None => continue,
        };
        let own = source.module().unwrap_or_default();
        let mut forbidden: Vec<String> = MODULES
            .iter()
            .filter(|(name, _)| *name != own && !allowed.contains(name))
            .map(|(name, _)| format!("{krate}{name}"))
            .collect();
        // Several modules in one import would hide from the line above.
        forbidden.push(format!("{krate}{{"));
        forbidden.push(format!("{krate}*"));
        for (number, line) in source.code() {
            if forbidden.iter().any(|path| names(line, path)) {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    require("a module imports one that it may not", broken);
}

#[test]
fn other_top_level_modules_are_named_from_the_root() {
    let mut broken = Vec::new();
    for source in shipped().iter().filter(|source| source.module().is_some()) {
        let out = "super::".repeat(source.depth());
        for (number, line) in source.code_above_tests() {
            if names(line, &out) {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    require("`super` leads out of a top-level module", broken);
}

#[test]
fn no_file_imports_from_one_that_imports_from_it() {
    let sources = shipped();
    let paths = || sources.iter().map(|one| one.path.as_str()).filter(|path| !is_for_tests(path));
    let graphs = ["src/lib.rs", "stress/src/main.rs"].map(|root| Graph::of_crate(root, paths()));
    let cycles: Vec<_> = graphs.iter().flat_map(Graph::cycles).collect();
    let shown = cycles.iter().map(|arrows| arrows.join("\n  ") + "\n");
    require(
        "files import from each other: move what they share to a file of its own",
        shown.collect(),
    );
}

#[test]
fn pure_modules_have_no_sockets_threads_clocks_or_logs() {
    let pure = |source: &Source| source.module().is_some_and(|module| PURE.contains(&module));
    let sources: Vec<Source> = shipped().into_iter().filter(pure).collect();
    assert!(sources.len() > PURE.len());
    require("a pure module has side effects", naming(&sources, &IMPURE));
}

#[test]
fn every_file_opens_with_a_module_document() {
    let silent = shipped().into_iter().filter(|source| !source.text.starts_with("//! "));
    require("a file opens with `//!`", silent.map(|source| source.path).collect());
}

#[test]
fn files_are_short() {
    let lines = |source: &Source| source.text.lines().count();
    let long = shipped().into_iter().filter(|source| lines(source) > FILE_LINES_MAX);
    let long = long.map(|source| format!("{}: {} lines", source.path, lines(&source)));
    require("no file is longer than 450 lines", long.collect());
}

#[test]
fn there_are_no_stubs_and_no_ignored_tests() {
    let stubs = [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("#[", "ignore")];
    require("no stubs, no tests that don't run", naming(&everything(), &stubs));
}

#[test]
fn tests_never_sleep() {
    let sleep = [
        concat!("thread::", "sleep"),
        concat!("time::", "sleep"),
        concat!("park_", "timeout"),
        concat!("yield_", "now"),
    ];
    let tests = sources(&["tests", "stress/tests"]);
    require("a test waits for what must come", naming(&tests, &sleep));
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
    require("an error is handled, or can't be", broken);
}

#[test]
fn output_that_cannot_be_written_is_no_panic() {
    let macros = ["print!", "println!", "eprint!", "eprintln!"];
    require("printing may fail: see cli/output.rs", naming(&shipped(), &macros));
}

#[test]
fn warnings_are_fixed_not_silenced() {
    let silenced = [concat!("#[", "allow("), concat!("#![", "allow(")];
    require("a warning is fixed", naming(&everything(), &silenced));
}

#[test]
fn unsafe_only_in_listed_files() {
    let word = [concat!("un", "safe")];
    let listed = |path: &str| UNSAFE.iter().any(|(listed, _)| *listed == path);
    let (fine, broken): (Vec<Source>, Vec<Source>) =
        everything().into_iter().partition(|source| listed(&source.path));
    require("a file with it has to be listed, with the reason", naming(&broken, &word));
    for source in &fine {
        let path = &source.path;
        assert!(source.code().any(|(_, line)| names(line, word[0])), "{path} needs it no more");
    }
    assert_eq!(fine.len(), UNSAFE.len(), "a listed file is gone");
}
