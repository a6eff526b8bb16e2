//! A certificate that is about to end: who says so before it does. Never: what TLS
//! does.

use crate::support::{File, http, server, text};
use std::process::Output;
use testkit::program::{command, run, run_command};
use testkit::tls::Issued;

const DAY: i64 = 24 * 60 * 60;

#[test]
fn a_certificate_that_ends_soon_is_told_by_log_health_and_doctor_and_is_well_until_it_has_ended() {
    for (holds, words, is_well) in [
        (40 * DAY, None, true),
        (20 * DAY + 60, Some("ends in 20 days"), true),
        (3 * 60 * 60 - 60, Some("ends in 3 hours"), true),
        (-DAY, Some("has ended"), false),
    ] {
        let place = tempfile::tempdir().unwrap();
        let issued = Issued::new(place.path(), holds);
        let server = server(&issued.flags());
        let address = server.address().to_string();
        // Without TLS, as this machine's own server is looked at, and with it.
        let of_this_machine = run(&["health", &address]);
        let mut with_authority = command(&["health", &address]);
        with_authority.env_remove("LANLINE_PLAIN").env("LANLINE_CA", &issued.certificate);
        with_authority.env("XDG_STATE_HOME", place.path());
        let doctor = ["doctor", "--users", "1", "--listen", "127.0.0.1:0"];
        let doctor = run(&[&doctor[..], &issued.flags()].concat());
        for output in [of_this_machine, run_command(with_authority), doctor] {
            let told = text(&output);
            assert_eq!(output.status.success(), is_well, "{holds}: {told}");
            match words {
                Some(words) => assert!(told.contains(words), "{holds}: {told}"),
                None => assert!(!told.contains("its certificate"), "{holds}: {told}"),
            }
        }
        if let Some(words) = words {
            assert!(server.logged("TLS: the certificate ", 0).contains(words));
        }
        assert!(server.stop().success());
    }
}

#[test]
fn health_without_a_server_named_sees_the_certificate_that_the_settings_have_made() {
    let place = tempfile::tempdir().unwrap();
    let issued = Issued::new(place.path(), DAY / 2);
    let server = server(&issued.flags());
    let listen = format!("listen = ['{}']\n", server.address());
    let look = |settings: &str| -> Output {
        let file = File::new("lanline.toml", &format!("{listen}{settings}"));
        let mut health = command(&["health"]);
        health.env("LANLINE_CONFIG", file.as_str()).env("LANLINE_DATA", "none");
        run_command(health)
    };
    let [certificate, key] = [&issued.certificate, &issued.key].map(|path| path.display());
    let named = look(&format!("tls-cert = '{certificate}'\ntls-key = '{key}'\n"));
    assert!(named.status.success() && text(&named).contains("ends in 12 hours"), "{named:?}");
    // Where they know of no TLS it is not tried: a server without it would log that.
    let unnamed = look("");
    assert!(unnamed.status.success() && !text(&unnamed).contains("ends"), "{unnamed:?}");
}

#[test]
fn the_numbers_say_how_long_the_certificate_holds_that_is_served_now() {
    let place = tempfile::tempdir().unwrap();
    let issued = Issued::new(place.path(), 10 * DAY);
    let server = server(&[&["--metrics", "127.0.0.1:0"], &issued.flags()[..]].concat());
    let metrics = server.metrics();
    let left = || -> f64 {
        let (_, body) = http(metrics, "GET /metrics HTTP/1.1\r\n\r\n");
        let line = body.lines().find(|line| line.starts_with("lanline_certificate_left_seconds "));
        line.unwrap().rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    let days = |days: i64| ((days - 1) * DAY) as f64..=(days * DAY) as f64;
    assert!(days(10).contains(&left()), "{}", left());
    Issued::new(place.path(), 50 * DAY);
    server.signal(testkit::Signal::HUP);
    server.logged("SIGHUP: reloaded", 0);
    assert!(days(50).contains(&left()), "{}", left());
}
