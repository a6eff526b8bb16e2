//! The comparison runs against what the harness brings along.

use super::support::run;

#[test]
fn the_relay_and_lanline_are_measured() {
    let workloads = ["direct-10", "pipelined-10", "broadcast-10", "login", "idle-10"];
    let run = run(&[
        "versus",
        "--servers",
        "relay,lanline",
        "--workloads",
        &workloads.join(","),
        "--rounds",
        "1",
        "--duration",
        "0.3",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let runs = run.json.as_array().expect("runs");
    assert_eq!(runs.len(), 2 * workloads.len());
    for measured in runs {
        let figures = &measured["measured"];
        match measured["workload"].as_str() {
            Some("idle-10") => assert!(figures["idle_user_bytes"].is_number(), "{measured}"),
            _ => {
                assert!(figures["delivered"].as_u64() > Some(0), "{measured}");
                assert!(figures["server_cpu_us"].as_f64() > Some(0.0), "{measured}");
            }
        }
    }
    assert!(run.page.contains("<svg"), "bars were drawn");
}

#[test]
fn stored_messages_are_acknowledged_and_delivered() {
    let flags = ["--stored", "--servers", "lanline-stored", "--workloads", "pipelined-10,paired-2"];
    let run = run(&[&["versus"][..], &flags, &["--rounds", "1", "--duration", "0.5"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.text);
    for measured in run.json.as_array().expect("runs") {
        assert!(measured["measured"]["delivered"].as_u64() > Some(0), "{measured}");
    }
}

#[test]
fn over_tls_lanline_is_compared_with_itself_over_plain_packets() {
    let flags = ["--tls", "--servers", "relay,lanline", "--workloads", "direct-10,login"];
    let run = run(&[&["versus"][..], &flags, &["--rounds", "1", "--duration", "0.3"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.text);
    let servers: Vec<&str> =
        run.json.as_array().unwrap().iter().map(|run| run["server"].as_str().unwrap()).collect();
    assert_eq!(servers, ["lanline-plain", "lanline", "lanline-plain", "lanline"]);
    assert!(run.text.contains("×ratio to lanline-plain"), "{}", run.text);
}
