//! Replays what fuzzing has found worth keeping (`tests/fuzz/seeds`), so that
//! it stays true without a fuzzer.

#[path = "simulation/accounts/mod.rs"]
mod accounts;
#[expect(unreachable_pub, reason = "the fuzz targets use the same file as a library")]
#[path = "fuzz/src/lib.rs"]
mod checks;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "fake_archive/mod.rs"]
mod fake_archive;
#[path = "fake_socket/mod.rs"]
mod fake_socket;
#[expect(dead_code, reason = "other tests need more of it")]
#[path = "fake_store/mod.rs"]
mod fake_store;
#[path = "simulation/plan.rs"]
mod plan;
#[path = "simulation/world/mod.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};

/// Inputs kept for a target.
fn seeds(target: &str) -> Vec<PathBuf> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&seeds).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Shows each kept input to the check; how many there were.
fn replay(target: &str, check: fn(&[u8])) -> usize {
    let files = seeds(target);
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
fn handshake() {
    assert!(replay("handshake", checks::handshake) >= 20);
}

#[test]
fn name() {
    assert!(replay("name", checks::name) >= 20);
}

#[test]
fn ops() {
    let files = seeds("ops");
    for file in &files {
        let plan = fs::read(file).unwrap();
        let what = file.display().to_string();
        let again = format!("LANLINE_SIM_PLAN={what} cargo test --test simulation");
        world::play(&what, &again, || plan::follow(&plan));
    }
    assert!(files.len() >= 20);
}
