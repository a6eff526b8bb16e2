//! Accounts in a real terminal, against the real server and over TLS: made, logged in to,
//! their password changed, in the middle of a chat and by commands; several devices.

use crate::site::{PASSWORD, Site, told, wait_until_connected};
use crate::terminal::Terminal;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use testkit::{FakeServer, Signal};

/// The full screen, and line by line.
const TERMS: [&str; 2] = ["xterm-256color", "dumb"];
const NEW: &str = "new staple battery";

/// The question stands at the end of the screen, with nothing typed yet.
fn answer(terminal: &Terminal, question: &str, answer: &str) {
    terminal.wait(|screen| screen.trim_end().ends_with(&format!("{question}:")));
    terminal.type_keys(&format!("{answer}\r"));
}

#[track_caller]
fn has_shown_nothing(terminal: &Terminal, secrets: &[&str]) {
    for secret in secrets {
        assert!(!terminal.has_written(secret.as_bytes()), "{secret}");
    }
}

fn quit(terminal: Terminal) {
    terminal.type_keys("/quit\r");
    assert_eq!(terminal.end(), (Some(0), true));
}

#[test]
fn a_name_becomes_an_account_in_the_chat_and_comes_back_by_its_password() {
    for term in TERMS {
        let mut site = Site::new();
        let logs = site.folder.path().join("logs");
        let target = site.target_of("bob");
        let args = ["chat", &target, "--log", logs.to_str().unwrap()];
        let terminal = site.terminal_of(term, &args);
        terminal.wait_for(if term == "dumb" { "/welcome: bob" } else { "Connected to" });
        terminal.type_keys("/register\r");
        answer(&terminal, "Password for your account (8 characters or more)", PASSWORD);
        answer(&terminal, "The same once more", PASSWORD);
        terminal.wait_for("your name is an account now");
        terminal.type_keys("/whoami\r");
        terminal.wait_for("bob user 1");
        site.restart();
        terminal.wait_for(if term == "dumb" { "connected again" } else { "Connected again" });
        terminal.type_keys("/whoami\r");
        terminal.wait(|screen| screen.matches("bob user 1").count() == 2);
        has_shown_nothing(&terminal, &[PASSWORD, "battery"]);
        quit(terminal);
        for folder in fs::read_dir(&logs).into_iter().flatten() {
            for file in fs::read_dir(folder.unwrap().path()).unwrap() {
                let text = fs::read_to_string(file.unwrap().path()).unwrap();
                assert!(text.contains("account now") && !text.contains("battery"), "{text}");
            }
        }
    }
}

#[test]
fn a_password_is_changed_in_the_chat_and_other_devices_are_asked_for_the_new_one() {
    for term in TERMS {
        let site = Site::new();
        let [here, elsewhere] = [site.chat(term, &[]), site.chat(term, &[])];
        here.type_keys("/password\r");
        answer(&here, "Your password so far", "not this one");
        answer(&here, "New password (8 characters or more)", NEW);
        answer(&here, "The same once more", NEW);
        here.wait_for("That is not the account's secret");
        here.type_keys("/password\r");
        answer(&here, "Your password so far", PASSWORD);
        answer(&here, "New password (8 characters or more)", NEW);
        answer(&here, "The same once more", NEW);
        here.wait_for("the account has its new password");
        elsewhere.wait_for("You were logged out");
        answer(&elsewhere, "Password of your account", PASSWORD);
        let wrong = "that is not the account's password";
        elsewhere.wait(|screen| screen.matches(wrong).count() == 2);
        answer(&elsewhere, "Password of your account", NEW);
        elsewhere.wait_for(if term == "dumb" { "connected again" } else { "Connected again" });
        elsewhere.type_keys("/whoami\r");
        elsewhere.wait_for("ann user 2");
        for terminal in [here, elsewhere] {
            has_shown_nothing(&terminal, &[PASSWORD, NEW, "battery"]);
            quit(terminal);
        }
    }
}

#[test]
fn the_password_command_asks_for_both_unseen_and_takes_them_from_a_pipe() {
    let site = Site::new();
    let target = site.target();
    let terminal = site.terminal(&["password", &target]);
    answer(&terminal, "Password of ann", PASSWORD);
    answer(&terminal, "New password (8 characters or more)", "short");
    terminal.wait_for("A password has 8 characters or more.");
    answer(&terminal, "New password (8 characters or more)", NEW);
    answer(&terminal, "The same once more", NEW);
    terminal.wait_for("the password is changed");
    has_shown_nothing(&terminal, &[PASSWORD, NEW]);
    assert_eq!(terminal.end(), (Some(0), true));

    let change = ["password", &target, "--password-stdin"];
    let output = site.run_with(&change, &format!("{PASSWORD}\n{PASSWORD}\n"));
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("that is not the account's password"), "{}", told(&output));
    let output = site.run_with(&change, &format!("{NEW}\n"));
    assert!(output.status.code() == Some(2) && told(&output).contains("line 2"), "{output:?}");
    let output = site.run_with(&change, &format!("{NEW}\n{PASSWORD}\n"));
    assert!(output.status.success(), "{}", told(&output));
    let login = ["login", &target, "--password-stdin", "--label", "pipe"];
    let output = site.run_with(&login, &format!("{PASSWORD}\n"));
    assert!(output.status.success() && site.tokens().contains(" ann pipe "), "{}", told(&output));

    let guest = ["password", &site.target_of("bob"), "--password-stdin"];
    let output = site.run_with(&guest, &format!("{NEW}\n{PASSWORD}\n"));
    assert!(told(&output).contains("bob has no account there"), "{}", told(&output));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_invitation_sets_the_first_password_also_where_only_accounts_may_come() {
    let site = Site::with(&["--accounts", "closed"]);
    let target = site.target_of("bob");
    let output = site.run_with(&["register", &target, "--password-stdin"], PASSWORD);
    assert!(told(&output).contains("lanline login --invite"), "{}", told(&output));
    let code = site.operate(&["account", "invite", "bob"]);
    let terminal = site.terminal(&["login", "--invite", &target, "--label", "desk"]);
    answer(&terminal, "Code of the invitation", &code);
    answer(&terminal, "New password (8 characters or more)", NEW);
    answer(&terminal, "The same once more", NEW);
    terminal.wait_for("the token desk is stored");
    has_shown_nothing(&terminal, &[NEW, &code]);
    assert_eq!(terminal.end(), (Some(0), true));
    let output = site.run(&["send", "/whoami", "", "--server", &target]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "bob user 1\n");
    // A code is for one use.
    let again = ["login", "--invite", &target, "--password-stdin"];
    let output = site.run_with(&again, &format!("{code}\n{PASSWORD}\n"));
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

#[test]
fn what_is_for_somebody_comes_to_each_of_their_devices() {
    let site = Site::new();
    let devices = TERMS.map(|term| site.chat(term, &[]));
    let bob = site.target_of("bob");
    let output = site.run(&["send", "ann", "supper is ready", "--server", &bob]);
    assert!(output.status.success(), "{}", told(&output));
    for device in devices {
        device.wait_for("bob");
        if device.has_written(b"\x1b[?1049h") {
            device.type_keys("/to bob\r");
        }
        device.wait_for("supper is ready");
        quit(device);
    }
}

#[test]
fn who_is_logged_out_from_elsewhere_is_asked_for_the_password() {
    for term in TERMS {
        let site = Site::new();
        site.log_in();
        let terminal = site.terminal_of(term, &["chat", &site.target()]);
        wait_until_connected(&terminal, term);
        let output = site.run(&["logout", &site.target()]);
        assert!(output.status.success(), "{}", told(&output));
        terminal.wait_for("You were logged out");
        answer(&terminal, "Password of your account", PASSWORD);
        terminal.wait_for(if term == "dumb" { "connected again" } else { "Connected again" });
        quit(terminal);
    }
}

#[test]
fn a_token_outlasts_a_restart_and_its_end_is_told_in_the_middle_of_a_chat() {
    for term in TERMS {
        let mut site = Site::new();
        site.log_in();
        let token = site.new_token("phone");
        let env = [
            ("TERM", term),
            ("XDG_STATE_HOME", "/dev/null"),
            ("LANLINE_PLAIN", "0"),
            ("LANLINE_TOKEN", &token),
        ];
        let terminal = Terminal::start_with(120, 24, &["chat", &site.target()], &env);
        wait_until_connected(&terminal, term);
        site.restart();
        terminal.wait_for(if term == "dumb" { "connected again" } else { "Connected again" });
        let revoke = ["send", "/token", "revoke phone", "--server", &site.target()];
        assert!(site.run(&revoke).status.success());
        terminal.wait_for("Not logged in: the token is no longer taken");
        // Escape, and coming back to it.
        terminal.wait_for("Password of your account:");
        terminal.type_keys("\x03");
        terminal.wait_for("nothing was sent");
        terminal.type_keys("/reconnect\r");
        answer(&terminal, "Password of your account", PASSWORD);
        terminal.wait(|screen| !screen.trim_end().ends_with("Password of your account:"));
        terminal.type_keys("/whoami\r");
        terminal.wait_for("ann user 1");
        has_shown_nothing(&terminal, &[PASSWORD, &token]);
        quit(terminal);
    }
}

#[test]
fn a_guest_whose_name_becomes_somebodys_is_told_so_and_asked() {
    for term in TERMS {
        let site = Site::new();
        let terminal = site.terminal_of(term, &["chat", &site.target_of("bob")]);
        terminal.wait_for(if term == "dumb" { "/welcome: bob" } else { "Connected to" });
        site.operate(&["account", "add", "bob"]);
        terminal.wait_for("belongs to an account now. If it is yours");
        terminal.wait_for("Password of your account:");
        terminal.type_keys("\x03/quit\r");
        assert_eq!(terminal.end(), (Some(0), true));
    }
}

#[test]
fn a_signal_in_the_middle_of_a_question_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let server = FakeServer::new();
        for command in ["login", "chat", "password"] {
            let terminal = Terminal::start(100, 24, &[command, &server.target("ann")]);
            let mut peer = server.accept();
            assert_eq!(peer.line(), "ann");
            peer.send("/login", "ann", "ann password token invite");
            terminal.wait_for("Password of ann:");
            assert!(!terminal.echoes());
            terminal.type_keys("half a passw");
            terminal.signal(signal);
            let (status, given_back) = terminal.end_status();
            assert_eq!((status.signal(), given_back), (Some(signal.as_raw()), true), "{command}");
        }
        // After it nobody sees to signals but what they always do.
        let terminal = Terminal::start(100, 24, &["login", &server.target("ann")]);
        let mut peer = server.accept();
        assert_eq!(peer.line(), "ann");
        peer.send("/login", "ann", "ann password token invite");
        terminal.wait_for("Password of ann:");
        terminal.type_keys("a password\r");
        peer.expect("/login", "password a password");
        terminal.signal(signal);
        let (status, given_back) = terminal.end_status();
        assert_eq!((status.signal(), given_back), (Some(signal.as_raw()), true));
    }
}

#[test]
fn a_signal_in_the_middle_of_a_question_in_the_chat_ends_it_as_ever() {
    for term in TERMS {
        for signal in [Signal::TERM, Signal::INT] {
            let site = Site::new();
            let terminal = site.chat(term, &[]);
            terminal.type_keys("/password\r");
            answer(&terminal, "Your password so far", PASSWORD);
            terminal.wait_for("New password");
            terminal.type_keys("half a passw");
            terminal.signal(signal);
            assert_eq!(terminal.end(), (Some(0), true), "{term}");
        }
    }
}

/// 0.0.0.0 leads to this machine, but doesn't say so.
#[test]
fn nothing_secret_is_typed_for_a_connection_that_is_not_encrypted() {
    let site = Site::with(&["--tls", "off"]);
    let [ann, bob] = ["ann", "bob"].map(|name| format!("{name}@0.0.0.0:{}", site.port()));
    for args in [
        &["login", &ann][..],
        &["password", &ann],
        &["chat", &ann],
        &["register", &bob],
        &["send", "/token", "list", "--server", &bob],
        &["send", "/operator", "t0ken", "--server", &bob],
    ] {
        let terminal = site.terminal(args);
        terminal.wait_for("this connection is not encrypted");
        terminal.wait_for("--plain sends it all the same");
        assert_eq!(terminal.end(), (Some(1), true), "{args:?}");
    }
    for term in TERMS {
        let terminal = site.terminal_of(term, &["chat", &bob]);
        terminal.wait_for(if term == "dumb" { "/welcome: bob" } else { "Connected to" });
        terminal.type_keys("/register\r");
        terminal.wait_for("whoever is on the network in between could read it");
        terminal.type_keys("\x03/quit\r");
        assert_eq!(terminal.end(), (Some(0), true));
    }
    // Who has said so is warned, and asked.
    let terminal = site.terminal(&["login", &ann, "--plain", "--label", "desk"]);
    terminal.wait_for("This connection is not encrypted.");
    answer(&terminal, "Password of ann", PASSWORD);
    terminal.wait_for("the token desk is stored");
    assert_eq!(terminal.end(), (Some(0), true));
}
