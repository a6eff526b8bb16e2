//! Each scenario for a second with few bots, against the real server: it ends
//! well, and its sums are equal.

use super::support::{Run, run, server, stress, words_of};
use serde_json::Value;
use testkit::program;

/// Checks the accounts of a run and returns its first record.
fn accounted(run: &Run) -> &Value {
    assert_eq!(run.code, Some(0), "{}", run.text);
    let record = &run.json[0];
    let totals = &record["outcome"]["totals"];
    let count = |key: &str| totals[key].as_u64().expect(key);
    let refused = totals["refused"].as_object().expect("refusals");
    let refused: u64 = refused.values().filter_map(Value::as_u64).sum();
    let settled = count("delivered") + refused + count("to_closed_sockets");
    assert_eq!(count("sent"), settled, "{totals}");
    assert_eq!(count("faults"), 0);
    assert!(run.page.contains("<h2>"), "a page was written");
    record
}

fn delivers(scenario: &str, more: &[&str]) {
    let args = [&[scenario, "--users", "20", "--duration", "1"], more].concat();
    let run = run(&args);
    let record = accounted(&run);
    assert!(record["outcome"]["totals"]["delivered"].as_u64() > Some(0), "{}", run.text);
    assert!(record["latency"]["p99"].as_f64() > Some(0.0), "{}", run.text);
}

#[test]
fn handshake() {
    let run = run(&["handshake", "--users", "20", "--duration", "1"]);
    let record = accounted(&run);
    assert!(record["welcomed"].as_u64() >= Some(20), "{}", run.text);
}

#[test]
fn reconnect_with_and_without_tickets() {
    for how in [&[][..], &["--tls"], &["--tls", "--no-tickets"]] {
        let run = run(&[&["reconnect", "--users", "20", "--duration", "1"], how].concat());
        let record = accounted(&run);
        // All came once, and were lost and came back at least once more.
        assert!(record["welcomed"].as_u64() >= Some(20), "{}", run.text);
        assert!(record["latency"]["max"].as_f64() > Some(0.0), "{}", run.text);
    }
}

#[test]
fn chatter() {
    delivers("chatter", &[]);
}

#[test]
fn chatter_at_a_rate() {
    delivers("chatter", &["--rate", "200", "--workers", "2"]);
}

#[test]
fn pipeline() {
    delivers("pipeline", &["--window", "20"]);
}

#[test]
fn broadcast() {
    delivers("broadcast", &[]);
}

#[test]
fn room() {
    delivers("room", &["--workers", "2"]);
}

#[test]
fn churn() {
    delivers("churn", &["--rate", "500", "--workers", "2"]);
}

#[test]
fn slow() {
    delivers("slow", &["--rate", "500", "--size", "2000"]);
}

#[test]
fn soak() {
    delivers("soak", &["--rate", "500", "--workers", "2"]);
}

#[test]
fn accounts_lose_nothing_that_is_stored() {
    for scenario in ["chatter", "broadcast", "churn", "slow", "soak"] {
        delivers(scenario, &["--accounts", "--rate", "300", "--workers", "2"]);
    }
}

#[test]
fn a_store_is_filled_and_a_server_starts_on_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("store.json");
    let mut command = stress();
    command
        .args(["store", "--fill", "5000", "--users", "10", "--rounds", "1", "--json"])
        .arg(&json);
    command.arg("--server-bin").arg(program::fresh_path());
    let output = program::run_command(command);
    assert_eq!(output.status.code(), Some(0), "{}", words_of(&output));
    let text = std::fs::read_to_string(&json).expect("figures");
    let figures: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(figures["packets"], 5000);
    assert!(figures["bytes_each"].as_f64() > Some(64.0), "{figures}");
    assert_eq!(figures["starts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn two_processes_of_bots_keep_common_books() {
    for scenario in ["chatter", "broadcast"] {
        delivers(scenario, &["--processes", "2"]);
    }
}

#[test]
fn breakpoint_ends_with_as_many_as_asked() {
    let run = run(&[
        "breakpoint",
        "--from",
        "10",
        "--step",
        "10",
        "--to",
        "30",
        "--duration",
        "0.2",
        "--latency-bound",
        "1000000",
        "--rate-per-user",
        "20",
    ]);
    let record = accounted(&run);
    assert_eq!(record["ending"]["as_many_as_asked"]["users"], 30, "{}", run.text);
    assert_eq!(record["steps"].as_array().map(Vec::len), Some(3));
    assert!(run.page.contains("<svg"), "a plot was drawn");
}

#[test]
fn breakpoint_ends_with_a_refusal() {
    let server = server(&["--max-clients", "15"]);
    let address = server.address().to_string();
    let run = run(&[
        "breakpoint",
        "--from",
        "10",
        "--step",
        "10",
        "--duration",
        "0.2",
        "--latency-bound",
        "1000000",
        "--server",
        &address,
    ]);
    let record = accounted(&run);
    assert_eq!(record["ending"]["refused"]["why"], "server-full", "{}", run.text);
    assert_eq!(record["ending"]["refused"]["users"], 15, "{}", run.text);
}

#[test]
fn a_server_that_lets_nobody_in_fails_the_run() {
    let server = server(&["--max-clients", "5"]);
    let address = server.address().to_string();
    let run = run(&["chatter", "--users", "10", "--duration", "1", "--server", &address]);
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.text.contains("server-full"), "{}", run.text);
}

#[test]
fn public_addresses_and_bad_flags_are_usage_errors() {
    for args in [
        &["chatter", "--server", "8.8.8.8:5260"][..],
        &["chatter", "--users", "1"],
        &["chatter", "--duration", "0"],
        &["handshake", "--accounts"],
        &["chatter", "--accounts", "--server", "127.0.0.1:5260"],
        &["versus", "--stored", "--workloads", "direct-10"],
        &["versus", "--servers", "lanline-stored"],
        &["sing"],
    ] {
        let mut command = stress();
        command.args(args);
        let output = program::run_command(command);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", words_of(&output));
    }
}
