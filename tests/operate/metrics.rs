//! The numbers: right in form, and true.

use crate::support::{http, server};
use lanline::limits::METRICS_SCRAPERS_MAX;
use std::collections::{BTreeMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use testkit::{PATIENCE, Peer, ask_until, tls, uninterrupted};

const GET: &str = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";

/// Every sample by its name and labels. The text is checked the way a scraper
/// reads it: types declared once and first, names by their types, buckets that
/// grow, the mark at the end.
fn scrape(address: SocketAddr) -> BTreeMap<String, f64> {
    let (head, body) = http(address, GET);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    let body = body.strip_suffix("# EOF\n").expect("the mark at the end");
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut family = "";
    let mut samples = BTreeMap::new();
    for line in body.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').unwrap();
            assert_eq!(kinds.insert(name, kind), None, "declared twice: {name}");
            family = name;
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let bare = name.split('{').next().unwrap();
        let suffix = bare.strip_prefix(family).unwrap_or_else(|| panic!("undeclared: {line}"));
        let wanted: &[&str] = match kinds[family] {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_sum", "_count", "_bucket"],
            kind => panic!("unknown kind: {kind}"),
        };
        assert!(wanted.contains(&suffix), "{line}");
        let value: f64 = value.parse().unwrap();
        assert!(value >= 0.0, "{line}");
        assert_eq!(samples.insert(name.to_owned(), value), None, "given twice: {line}");
    }
    check_buckets(body);
    samples
}

fn check_buckets(body: &str) {
    let mut before = 0.0;
    let mut worker = "";
    for line in body.lines().filter(|line| line.contains("_bucket{")) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let of = name.rsplit_once("worker=").unwrap().1;
        let value: f64 = value.parse().unwrap();
        assert!(value >= before || of != worker, "{line}");
        (before, worker) = (value, of);
    }
}

fn sum(samples: &BTreeMap<String, f64>, family: &str) -> f64 {
    let of_family = |name: &str| name == family || name.starts_with(&format!("{family}{{"));
    samples.iter().filter(|(name, _)| of_family(name)).map(|(_, value)| value).sum()
}

#[test]
fn the_numbers_agree_with_what_happened() {
    let server = server(&["--metrics", "127.0.0.1:0", "--rate", "0"]);
    let metrics = server.metrics();
    let mut clients: Vec<Peer> =
        (0..20).map(|number| Peer::join(&server, &format!("user{number}"))).collect();
    for number in 0..200 {
        let to = format!("user{}", (number * 7 + 1) % 20);
        clients[number % 20].send(&to, "hello");
    }
    clients[0].exchange("nobody", "x");
    // All that was sent is dealt with once each has its own answer.
    for client in &mut clients {
        client.send("/ping", "the end");
        client.expect("the end", |packet| packet.msg == "the end");
    }
    clients[3].send("#nowhere", "x");
    clients[3].expect("a refusal", |packet| packet.msg.contains("no-such-room"));

    // What went to another worker may be on its way still.
    let samples = ask_until("all of it is out", || {
        let samples = scrape(metrics);
        (sum(&samples, "lanline_packets_out_total") >= 242.0).then_some(samples)
    });
    assert_eq!(sum(&samples, "lanline_users"), 20.0);
    assert_eq!(sum(&samples, "lanline_users_peak"), 20.0);
    assert_eq!(sum(&samples, "lanline_connections"), 20.0);
    // 200 to users, 20 pings, one to nobody, one to no room.
    assert_eq!(sum(&samples, "lanline_packets_in_total"), 222.0);
    // 20 welcomes, and one for each of these.
    assert_eq!(sum(&samples, "lanline_packets_out_total"), 242.0);
    assert_eq!(samples["lanline_refusals_total{code=\"no-such-user\"}"], 1.0);
    assert_eq!(samples["lanline_refusals_total{code=\"no-such-room\"}"], 1.0);
    assert_eq!(sum(&samples, "lanline_refusals_total"), 2.0);
    assert!(sum(&samples, "lanline_shard_messages_total") > 0.0, "two workers wrote each other");
    assert!(sum(&samples, "lanline_tick_seconds_count") > 20.0);
    assert_eq!(sum(&samples, "lanline_queue_bytes"), 0.0);
    assert!(samples["process_open_fds"] >= 20.0);
    assert!(samples["process_resident_memory_bytes"] > 1e5);

    // /stats says the same.
    let stats = clients[0].ask("/stats", "").msg;
    for wanted in ["packets_in 223", "packets_out 242", "refused 2", "users 20"] {
        assert!(stats.contains(wanted), "{wanted}: {stats}");
    }
    assert!(server.stop().success());
}

#[test]
fn bytes_that_wait_for_a_socket_are_counted_and_forgotten() {
    let server = server(&["--metrics", "127.0.0.1:0", "--rate", "0", "--queue", "8000000"]);
    let metrics = server.metrics();
    let mut reader = Peer::join(&server, "reader");
    let mut writer = Peer::join(&server, "writer");
    let long = "x".repeat(60_000);
    let waiting = ask_until("bytes that wait", || {
        writer.send("reader", &long);
        Some(sum(&scrape(metrics), "lanline_queue_bytes")).filter(|&bytes| bytes > 100_000.0)
    });
    assert!(waiting < 8_100_000.0, "{waiting}");
    writer.send("reader", "the end");
    reader.expect("the end", |packet| packet.msg == "the end");
    ask_until("nothing waits", || {
        (sum(&scrape(metrics), "lanline_queue_bytes") == 0.0).then_some(())
    });

    // What waits for one who leaves is forgotten as well.
    ask_until("bytes that wait", || {
        writer.send("reader", &long);
        (sum(&scrape(metrics), "lanline_queue_bytes") > 100_000.0).then_some(())
    });
    drop(reader);
    ask_until("nothing waits", || {
        (sum(&scrape(metrics), "lanline_queue_bytes") == 0.0).then_some(())
    });
}

#[test]
fn scrapers_get_an_answer_whatever_they_ask() {
    let server = server(&["--metrics", "127.0.0.1:0"]);
    let metrics = server.metrics();
    for (request, wanted) in [
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK"),
        ("GET /nowhere HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found"),
        ("GET /metrics?x=y HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK"),
        ("GET http://here:9260/metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK"),
        ("HEAD /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
        ("what?\r\n\r\n", "HTTP/1.1 400 Bad Request"),
    ] {
        assert!(http(metrics, request).0.starts_with(wanted), "{request}");
    }
    // A request that goes on for ever is cut off, and the next one is served.
    let mut endless = TcpStream::connect(metrics).unwrap();
    endless.set_read_timeout(Some(PATIENCE)).unwrap();
    let line = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'x'; 40_000]].concat();
    // The server may have hung up before it has taken all of it.
    let _ = endless.write_all(&line);
    let mut answer = Vec::new();
    let _ = endless.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    let (_, body) = http(metrics, "HEAD /metrics HTTP/1.1\r\n\r\n");
    assert_eq!(body, "");
}

#[test]
fn silent_connections_keep_no_scraper_waiting() {
    let server = server(&["--metrics", "127.0.0.1:0"]);
    let metrics = server.metrics();
    // More than are allowed at once, some of them with half a request.
    let mut silent: Vec<TcpStream> =
        (0..METRICS_SCRAPERS_MAX + 4).map(|_| TcpStream::connect(metrics).unwrap()).collect();
    for some in &mut silent[..6] {
        // Those that came first may be closed already.
        let _ = some.write_all(b"GET /metrics HTTP/1.1\r\nHost: ");
    }
    // Nobody has hung up before the scrape is over: the last ones are open still.
    assert!(scrape(metrics).contains_key("lanline_users{worker=\"1\"}"));
    let last = silent.last_mut().unwrap();
    last.set_nonblocking(true).unwrap();
    let error = last.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "the scrape took its whole patience");
    // Each is hung up on when its time is over.
    last.set_nonblocking(false).unwrap();
    last.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(uninterrupted(|| last.read(&mut [0])).unwrap(), 0);
    // Who says nothing after a whole request keeps its answer.
    assert!(scrape(metrics).contains_key("lanline_users{worker=\"1\"}"));
}

/// With TLS, or there would be none about its certificate.
fn server_of_all_numbers() -> testkit::Server {
    let [certificate, key] = [tls::certificate(), tls::key()];
    let pair = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    server(&[&["--metrics", "127.0.0.1:0"], &pair[..]].concat())
}

#[test]
fn every_alerting_rule_is_about_numbers_that_are_there() {
    let server = server_of_all_numbers();
    let samples = scrape(server.metrics());
    let names: HashSet<&str> = samples.keys().map(|name| name.split('{').next().unwrap()).collect();
    let rules = include_str!("../../packaging/alerts.yml");
    let mut named = HashSet::new();
    for word in rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        // A text may name the program; a number has its kind in front.
        if word.starts_with("lanline_") || word.starts_with("process_") {
            assert!(names.contains(word), "no {word}");
            named.insert(word);
        }
    }
    assert!(named.len() >= 8, "{named:?}");
    let codes = rules.split("code=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    for code in codes {
        let sample = format!("lanline_refusals_total{{code=\"{code}\"}}");
        assert!(samples.contains_key(&sample), "no {sample}");
    }
    let alerts = rules.lines().filter(|line| line.contains("- alert: ")).count();
    let expressions = rules.lines().filter(|line| line.trim_start().starts_with("expr: ")).count();
    assert!(alerts >= 6 && alerts == expressions, "{alerts} {expressions}");
}

#[test]
fn every_panel_of_the_dashboard_has_numbers() {
    let server = server_of_all_numbers();
    let samples = scrape(server.metrics());
    let names: HashSet<&str> = samples.keys().map(|name| name.split('{').next().unwrap()).collect();
    let dashboard = include_str!("../../packaging/grafana-dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let queries: Vec<&str> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    assert!(queries.len() >= 16, "{queries:?}");
    for query in queries {
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let ours: Vec<&str> =
            words.filter(|w| w.starts_with("lanline_") || w.starts_with("process_")).collect();
        assert!(!ours.is_empty(), "{query}");
        for name in ours {
            assert!(names.contains(name), "{query}: no {name}");
        }
    }
}
