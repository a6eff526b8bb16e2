//! Replays what fuzzing has found worth keeping (`tests/fuzz/seeds`), so that
//! it stays true without a fuzzer.

#[path = "fuzz/src/lib.rs"]
mod checks;

use std::fs;
use std::path::Path;

/// Shows each kept input to the check; how many there were.
fn replay(target: &str, check: fn(&[u8])) -> usize {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&seeds).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files {
        // The last line printed names the input that failed.
        println!("{}", file.display());
        check(&fs::read(file).unwrap());
    }
    files.len()
}

#[test]
fn framer() {
    assert!(replay("framer", checks::framer) >= 20);
}

#[test]
fn packet() {
    assert!(replay("packet", checks::packet) >= 20);
}

#[test]
fn name() {
    assert!(replay("name", checks::name) >= 20);
}
