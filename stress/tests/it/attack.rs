//! `stress attack`, with a few connections each: it plays its rows to their end and says
//! what it saw. Its verdict is about time, which a busy machine may miss, so it isn't
//! looked at here.

use super::support::{server, stress, words_of};
use serde_json::Value;
use testkit::{PATIENCE, program};

fn attack(args: &[&str]) -> (String, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("figures.json");
    let mut command = stress();
    command.args(["attack", "--seconds", "0.5", "--share", "0.01", "--json"]).arg(&json).args(args);
    if !args.contains(&"--server") {
        command.arg("--server-bin").arg(program::fresh_path());
    }
    let output = program::run_command_within(command, 5 * PATIENCE);
    let figures = std::fs::read_to_string(&json).unwrap_or_default();
    (words_of(&output), serde_json::from_str(&figures).unwrap_or_default())
}

#[test]
fn each_row_is_played_and_nobody_but_attackers_is_refused() {
    let (text, figures) = attack(&["--rows", "2,5,6,9,13,a,e", "--workers", "2"]);
    let rows = figures.as_array().expect("rows");
    assert_eq!(rows.len(), 7, "{text}");
    for row in rows {
        assert_eq!(row["has_failed"], false, "{text}");
        assert_eq!(row["refused"], 0, "{text}");
        assert!(row["newcomer_seconds"].as_f64() > Some(0.0), "{text}");
        assert!(row["beside"]["p99"].as_f64() > Some(0.0), "{text}");
        assert!(row["packets_per_second"].as_f64() > Some(0.0), "{text}");
        assert!(row["memory"].as_u64() < row["memory_bound"].as_u64(), "{text}");
        assert!(text.contains(row["title"].as_str().expect("a title")), "{text}");
    }
}

#[test]
fn a_server_that_runs_already_is_attacked_only_if_it_is_said_to_be_ones_own() {
    let server = server(&[]);
    let address = server.address().to_string();
    let (text, figures) = attack(&["--rows", "6", "--server", &address]);
    assert!(text.contains("--it-is-mine") && figures.is_null(), "{text}");
    let (text, figures) = attack(&["--rows", "6", "--server", &address, "--it-is-mine"]);
    assert_eq!(figures[0]["has_failed"], false, "{text}");
    assert!(figures[0]["memory"].is_null() && figures[0]["tick"].is_null(), "{text}");
}

#[test]
fn a_row_that_is_not_there_is_named_with_those_that_are() {
    let (text, _) = attack(&["--rows", "14"]);
    assert!(text.contains("there is no row 14; there are 1, 1b, 2"), "{text}");
}
