//! Doctor, health, top, as a user starts them.

use crate::support::{File, server, text};
use std::io::Read;
use std::net::TcpListener;
use std::process::Output;
use testkit::program::{command, run, run_command};
use testkit::{Peer, Signal, ask_until};

#[test]
fn health_is_0_where_a_server_answers() {
    let server = server(&["--max-clients", "1"]);
    let address = server.address().to_string();
    let output = run(&["health", &address]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output).contains("well"), "{output:?}");
    // Full is no reason to start it anew.
    let _guest = ask_until("health has left", || {
        let mut guest = Peer::say(&server, "guest");
        (guest.next().name == "/welcome").then_some(guest)
    });
    let output = run(&["health", &address]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output).contains("full"), "{output:?}");
}

#[test]
fn health_is_1_where_none_does() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run(&["health", &free.to_string()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");

    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mute.local_addr().unwrap().to_string();
    let output = run(&["health", &address, "--timeout", "0.2"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output).contains("no answer in 0.2 s"), "{output:?}");

    let stranger = std::thread::spawn(move || {
        // The one that was not accepted above comes first.
        for _ in 0..2 {
            let (mut stream, _) = mute.accept().unwrap();
            let mut greeting = [0; 64];
            let _ = stream.read(&mut greeting);
            let _ = std::io::Write::write_all(&mut stream, b"220 message at your service\r\n");
        }
    });
    let output = run(&["health", &address]);
    stranger.join().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output).contains("no Lanline"), "{output:?}");
}

/// Runs the program to its end with one variable of the environment.
fn run_with(variable: &str, value: &str, words: &[&str]) -> Output {
    let mut command = command(words);
    command.env(variable, value);
    run_command(command)
}

#[test]
fn health_and_top_look_where_the_settings_say_that_the_server_listens() {
    let server = server(&[]);
    let address = server.address().to_string();
    let file = File::new("lanline.toml", &format!("listen = ['{address}']\n"));
    let named = format!("robot@{address}");
    let is_well = |variable: &str, value: &str, words: &[&str]| {
        let output = run_with(variable, value, words);
        assert!(output.status.success(), "{variable} {words:?}: {output:?}");
    };
    for tool in [&["health"][..], &["top", "--count", "1"][..]] {
        is_well("LANLINE_LISTEN", &format!("{address},127.0.0.1:1"), tool);
        is_well("LANLINE_CONFIG", file.as_str(), tool);
        is_well("LANLINE_SERVER", &named, tool);
        is_well("LANLINE_LISTEN", "127.0.0.1:1", &[tool, &["--server", &named]].concat());
        is_well("LANLINE_SERVER", "127.0.0.1:1", &[tool, &[&named]].concat());
    }
    for (variable, value, wanted) in [
        ("LANLINE_LISTEN", "127.0.0.1:0", "which port?"),
        ("LANLINE_CONFIG", "/nowhere/lanline.toml", "No such file"),
    ] {
        let output = run_with(variable, value, &["health"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output).contains(wanted), "{output:?}");
    }
}

#[test]
fn a_server_listens_on_an_address_with_a_zone_and_is_found_there() {
    let server = server(&["--listen", "[::1%lo]:0"]);
    // The library that looks hosts up knows zones of link-local addresses only.
    let output = run(&["health", &format!("[::1]:{}", server.address().port())]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // The name of the zone is known still when the settings are read again.
    server.signal(Signal::HUP);
    server.logged("SIGHUP: reloaded", 0);
    assert!(server.stop().success());
}

#[test]
fn top_prints_lines_where_there_is_no_terminal() {
    let server = server(&[]);
    let mut guest = Peer::join(&server, "guest");
    assert!(guest.exchange("/ping", "x").name == "/ping");
    let address = server.address().to_string();
    let output = run(&["top", &address, "--count", "2", "--interval", "0.1"]);
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output);
    assert_eq!(shown.lines().count(), 2, "{shown}");
    assert!(
        shown.lines().all(|line| line.starts_with("users 2, refused/s 0, packets in/s")),
        "{shown}"
    );
}

#[test]
fn the_doctor_knows_what_stands_in_the_way() {
    let listen = ["--listen", "127.0.0.1:0"];
    let output = run(&[&["doctor", "--users", "10"][..], &listen].concat());
    let fit = text(&output);
    assert!(output.status.success(), "{fit}");
    let output = run(&[&["doctor", "--users", "99000000"][..], &listen].concat());
    let unfit = text(&output);
    assert_eq!(output.status.code(), Some(1), "{unfit}");
    assert!(unfit.contains("BAD   descriptors") && unfit.contains("LimitNOFILE="), "{unfit}");
    let output = run(&[&["doctor", "--users", "10", "--max-clients", "9"][..], &listen].concat());
    let unfit_settings = text(&output);
    assert_eq!(output.status.code(), Some(1), "{unfit_settings}");
    assert!(unfit_settings.contains("BAD   max-clients"), "{unfit_settings}");
    for what in ["descriptors", "listen backlog", "memory", "port", "clock", "sandbox", "container"]
    {
        assert!(fit.contains(&format!("  {what}")), "{what}: {fit}");
    }
}
