//! Programs that log in by a token, from a file or the environment, against the real
//! server and over TLS: what works, and what they are told once it doesn't.

use crate::site::{Site, told};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use testkit::{Process, program};

/// A site, and a token of ann's in a file; the user's own state isn't there.
fn site_with_token() -> (Site, String, String) {
    let site = Site::new();
    site.log_in();
    let token = site.new_token("robot");
    let path = site.folder.path().join("token");
    fs::write(&path, format!("{token}\nnot this\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    (site, path.to_str().unwrap().to_owned(), token)
}

fn command(site: &Site, args: &[&str], env: (&str, &str)) -> std::process::Command {
    let mut command = site.command(args);
    command.args(["--server", &site.target()]).env("XDG_STATE_HOME", "/dev/null").env(env.0, env.1);
    command
}

fn run(site: &Site, args: &[&str], env: (&str, &str)) -> Output {
    program::run_command(command(site, args, env))
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", told(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn revoke(site: &Site) {
    let revoke = ["send", "/token", "revoke robot", "--server", &site.target()];
    assert!(site.run(&revoke).status.success());
}

#[test]
fn a_token_from_a_file_or_the_environment_logs_every_command_in() {
    let (site, path, token) = site_with_token();
    for env in [("LANLINE_TOKEN_FILE", &path), ("LANLINE_TOKEN", &token)] {
        let env = (env.0, env.1.as_str());
        assert_eq!(out(&run(&site, &["send", "/whoami", ""], env)), "ann user 1\n");
        assert_eq!(out(&run(&site, &["list"], env)), "");
        assert!(out(&run(&site, &["who", "ann"], env)).starts_with("ann 127.0.0.1 "));
        let tail = Process::spawn(command(&site, &["tail", "--json"], env));
        assert!(tail.out.next().unwrap().contains("/welcome"));
        let bob = site.target_of("bob");
        out(&site.run(&["send", "ann", "over here", "--server", &bob]));
        assert!(tail.out.next().unwrap().contains("over here"));
        drop(tail);
    }
    // What is said on the command line counts before the environment.
    let flag = ["send", "/whoami", "", "--token-file", &path];
    assert_eq!(out(&run(&site, &flag, ("LANLINE_TOKEN", "wrong"))), "ann user 1\n");
}

#[test]
fn a_token_that_was_revoked_is_told_with_its_source_and_ends_programs() {
    let (site, path, token) = site_with_token();
    let env = ("LANLINE_TOKEN_FILE", path.as_str());
    let mut tail = Process::spawn(command(&site, &["tail"], env));
    assert!(tail.out.next().unwrap().contains("/welcome"));
    let mut chat = site.command(&["chat", &site.target()]);
    chat.env("XDG_STATE_HOME", "/dev/null").env(env.0, env.1);
    let mut chat = Process::spawn_with_stdin(chat, std::process::Stdio::piped());
    assert!(chat.out.next().unwrap().contains("/welcome"));
    revoke(&site);
    let rest = tail.err.rest().join("\n");
    assert!(rest.contains("You were logged out: the token was revoked"), "{rest}");
    assert_eq!(tail.wait().code(), Some(1));
    // It tries to come back, and can't.
    let rest = chat.err.rest().join("\n");
    assert!(rest.contains("Not logged in: the token is no longer taken"), "{rest}");
    assert_eq!(chat.wait().code(), Some(1));

    for (env, source) in [(env, path.as_str()), (("LANLINE_TOKEN", &*token), "LANLINE_TOKEN")] {
        for args in [&["send", "bob", "hi"][..], &["tail"], &["list"]] {
            let output = run(&site, args, env);
            assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{args:?}");
            let told = told(&output);
            assert!(told.contains(&format!("The token in {source} is no longer taken")), "{told}");
            assert!(!told.contains(&token), "{told}");
        }
    }
}

#[test]
fn a_token_that_nobody_asks_for_is_told() {
    let (site, _, token) = site_with_token();
    let args = ["send", "/whoami", "", "--name", "rob0t", "--server", &site.target_of("rob0t")];
    let output = program::run_command({
        let mut command = site.command(&args);
        command.env("LANLINE_TOKEN", &token);
        command
    });
    assert_eq!(out(&output), "rob0t guest 1\n");
    let told = told(&output);
    assert!(told.contains("rob0t has no account there: the token in LANLINE_TOKEN"), "{told}");
}

#[test]
fn a_file_that_is_missing_or_for_everybody_is_told() {
    let (site, path, _) = site_with_token();
    let missing = format!("{path}.missing");
    let output = run(&site, &["list"], ("LANLINE_TOKEN_FILE", &missing));
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains(&format!("{missing}: ")), "{}", told(&output));
    for (mode, is_told) in [(0o600, false), (0o640, false), (0o644, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let output = run(&site, &["list"], ("LANLINE_TOKEN_FILE", &path));
        assert!(output.status.success(), "{}", told(&output));
        assert_eq!(told(&output).contains("chmod"), is_told, "{mode:o}: {}", told(&output));
    }
}
