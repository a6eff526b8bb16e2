//! Names with an account: the password asked for without echo, tokens stored, given and
//! refused; nothing secret where it doesn't belong. Against scripted servers, and the
//! real one.

use crate::site::{PASSWORD, Site, told};
use crate::support::Client;
use crate::terminal::Terminal;
use std::fs;
use testkit::{FakeServer, Session, program};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The next connection, which greets as ann and is challenged.
fn challenge(server: &FakeServer) -> Session {
    let mut peer = server.accept();
    assert_eq!(peer.line(), "ann");
    peer.send("/login", "ann", "ann password token invite");
    peer
}

fn refuse(peer: &mut Session, ordinal: u32) {
    peer.send(
        "/error",
        "ann",
        &format!("{ordinal} wrong-login\nThat is not the account's secret."),
    );
}

/// The question is there again, behind these words.
fn wait_for_question(terminal: &Terminal, words: &str) {
    terminal
        .wait(|screen| screen.contains(words) && screen.trim_end().ends_with("Password of ann:"));
}

fn chat_in_terminal(server: &FakeServer, term: &str) -> Terminal {
    let args = ["chat", &server.target("ann")];
    Terminal::start_with(100, 24, &args, &[("TERM", term)])
}

#[test]
fn the_password_is_asked_for_unseen_and_again_where_it_is_wrong() {
    for (term, arrived) in [("xterm-256color", "Connected to"), ("dumb", "Hello ann.")] {
        let server = FakeServer::new();
        let terminal = chat_in_terminal(&server, term);
        let mut peer = challenge(&server);
        terminal.wait_for("Password of ann:");
        terminal.type_keys("wr0ng guess\r");
        peer.expect("/login", "password wr0ng guess");
        refuse(&mut peer, 1);
        wait_for_question(&terminal, "That is not the password. 3 more tries");
        terminal.type_keys("oops\x15correct horse batterz\x7fy\r");
        peer.expect("/login", &format!("password {PASSWORD}"));
        peer.welcome("ann");
        terminal.wait_for(arrived);
        // Up brings back what was typed, and that was not it.
        terminal.type_keys("\x1b[A");
        terminal.type_keys("@bob hi\r");
        peer.expect_typed("bob", "hi");
        for secret in ["wr0ng", "correct", "battery"] {
            assert!(!terminal.has_written(secret.as_bytes()), "{term}: {secret}");
        }
    }
}

#[test]
fn the_fourth_wrong_password_is_the_last() {
    let server = FakeServer::new();
    let terminal = chat_in_terminal(&server, "dumb");
    let mut peer = challenge(&server);
    terminal.wait_for("Password of ann:");
    for (ordinal, left) in [(1, "3 more tries"), (2, "2 more tries"), (3, "one more try")] {
        terminal.type_keys("guess\r");
        peer.expect("/login", "password guess");
        refuse(&mut peer, ordinal);
        wait_for_question(&terminal, left);
    }
    terminal.type_keys("guess\r");
    peer.expect("/login", "password guess");
    refuse(&mut peer, 4);
    terminal.wait_for("Wait a minute before you try again");
    peer.close();
    assert_eq!(terminal.end(), (Some(1), true));
}

#[test]
fn who_had_rather_not_say_it_leaves_the_terminal_as_it_was() {
    for key in ["\x03", "\x04", "\x1b"] {
        let server = FakeServer::new();
        let terminal = chat_in_terminal(&server, "xterm-256color");
        let mut peer = challenge(&server);
        terminal.wait_for("Password of ann:");
        terminal.type_keys(key);
        peer.expect_end();
        terminal.wait_for("that name has an account");
        assert_eq!(terminal.end(), (Some(1), true), "{key:?}");
    }
}

#[test]
fn where_nobody_can_be_asked_it_is_said_what_to_do() {
    let server = FakeServer::new();
    for words in [&["chat"][..], &["send", "bob", "hi"], &["tail"], &["list"], &["who"]] {
        let target = server.target("ann");
        let target: &[&str] = if words[0] == "chat" { &[&target] } else { &["--server", &target] };
        let client = Client::start(&[words, target].concat());
        challenge(&server).expect_end();
        let (code, out, err) = client.end();
        assert_eq!((code, out.len()), (1, 0), "{words:?}");
        assert!(err[0].contains("--token-file or LANLINE_TOKEN"), "{err:?}");
    }
}

#[test]
fn a_token_comes_from_a_file_or_the_environment_and_is_never_told() {
    let server = FakeServer::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let target = server.target("ann");
    for is_file in [true, false] {
        let words = ["send", "bob", "hi", "--server", &target];
        let mut command = program::command(&words);
        match is_file {
            true => command.arg("--token-file").arg(&file),
            false => command.env("LANLINE_TOKEN", TOKEN),
        };
        command.env("XDG_STATE_HOME", "/dev/null");
        let client = std::thread::spawn(move || program::run_command(command));
        let mut peer = challenge(&server);
        peer.expect("/login", &format!("token {TOKEN}"));
        refuse(&mut peer, 1);
        peer.expect_end();
        let output = client.join().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("is no longer taken") && !told.contains(TOKEN), "{told}");
        assert_eq!(output.status.code(), Some(1));
    }
    fs::write(&file, "\n").unwrap();
    let flag = ["list", "--server", &target, "--token-file", file.to_str().unwrap()];
    let (code, _, err) = Client::start(&flag).end();
    assert!(code == 2 && err.iter().any(|line| line.contains("there is no token in")), "{err:?}");
}

#[test]
fn refusals_about_accounts_say_what_to_do() {
    let server = FakeServer::new();
    for (refusal, told) in [
        ("0 banned\nYou are banned from this server.", "Whoever runs the server"),
        ("0 tls-required\nThis server wants TLS.", "connect without --plain"),
    ] {
        let target = server.target("ann");
        let client = Client::start(&["list", "--server", &target]);
        let mut peer = server.accept();
        assert_eq!(peer.line(), "ann");
        peer.send("/error", "", refusal);
        peer.close();
        let (code, _, err) = client.end();
        assert!(code == 1 && err[0].contains(told), "{err:?}");
    }
}

#[test]
fn who_has_logged_in_needs_no_password_until_logging_out() {
    let site = Site::new();
    let target = site.target();
    let whoami = ["send", "/whoami", "", "--server", &target];
    assert_eq!(site.run(&whoami).status.code(), Some(1));

    site.log_in();
    let tokens = site.tokens();
    assert!(tokens.contains(" ann desk ") && !tokens.contains(PASSWORD), "{tokens}");
    let output = site.run(&whoami);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ann user 1\n");

    // Once more: this machine's token is a new one.
    site.log_in();
    assert_ne!(site.tokens(), tokens);
    assert!(site.run(&whoami).status.success());

    let output = site.run(&["logout", &target]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(site.tokens(), "");
    assert_eq!(site.run(&whoami).status.code(), Some(1));
    let output = site.run(&["logout", &target]);
    assert!(told(&output).contains("no token is stored"));
}

#[test]
fn a_stored_token_that_was_revoked_elsewhere_is_told_and_the_password_asked_for() {
    let site = Site::new();
    site.log_in();
    let target = site.target();
    let output = site.run(&["send", "/token", "revoke desk", "--server", &target]);
    assert!(output.status.code().is_some());
    let terminal = site.terminal(&["chat", &target]);
    terminal.wait_for("The stored token is no longer taken");
    terminal.wait_for("Password of ann:");
    terminal.type_keys(&format!("{PASSWORD}\r"));
    terminal.wait_for("Connected to");
    terminal.type_keys("/whoami\r");
    terminal.wait_for("ann user 1");
    terminal.type_keys("/quit\r");
    assert_eq!(terminal.end(), (Some(0), true));
    let output = site.run(&["logout", &target]);
    assert!(told(&output).contains("knew that token no more"));
    assert_eq!(site.tokens(), "");
}

#[test]
fn a_name_becomes_an_account_and_nothing_of_its_password_is_shown() {
    let site = Site::new();
    let target = site.target_of("bob");
    let terminal = site.terminal(&["register", &target, "--label", "desk"]);
    terminal.wait_for("Password for the new account");
    terminal.type_keys(&format!("{PASSWORD}\r"));
    terminal.wait_for("The same once more:");
    terminal.type_keys(&format!("{PASSWORD}\r"));
    terminal.wait_for("the token desk is stored");
    assert!(!terminal.has_written(PASSWORD.as_bytes()));
    assert_eq!(terminal.end(), (Some(0), true));
    let output = site.run(&["send", "/whoami", "", "--server", &target]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "bob user 1\n");

    let output = site.run(&["register", &target]);
    assert!(told(&output).contains("has an account already"));
    assert_eq!(output.status.code(), Some(1));
}
