//! The log: nobody waits for it, and the journal can read it.

use crate::support;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write, pipe};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::process::{Child, Command, Stdio};
use testkit::program::{self, command};
use testkit::{PATIENCE, Peer, ask_until};

/// Writes to a pipe until nothing more goes in.
fn fill(writer: &std::io::PipeWriter) {
    // Opened anew, so that only our own description doesn't block.
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let mut filler = File::options().write(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap();
    let error = loop {
        if let Err(error) = filler.write_all(&[b'x'; 512]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

/// Where a server listens, as it says on its standard output.
fn address(server: &mut Child) -> SocketAddr {
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).parse().unwrap()
}

fn join(address: SocketAddr, name: &str) -> Peer {
    Peer::connect_to(address).greet(name)
}

/// Something that is logged.
fn misbehave(address: SocketAddr) {
    let mut stranger = TcpStream::connect(address).unwrap();
    stranger.set_read_timeout(Some(PATIENCE)).unwrap();
    stranger.write_all(b"!!\n").unwrap();
    let mut answer = String::new();
    let _ = stranger.read_to_string(&mut answer);
    assert!(answer.contains("bad-name"), "{answer}");
}

fn terminate(server: &mut Child) -> Option<i32> {
    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
    ask_until("its end", || server.try_wait().unwrap()).code()
}

#[test]
fn a_log_that_nobody_reads_stops_neither_the_chat_nor_the_end() {
    let (reader, writer) = pipe().unwrap();
    let words = ["serve", "--listen", "127.0.0.1:0", "--workers", "2"];
    let mut command = command(&[]);
    command.args(words).stdout(Stdio::piped()).stderr(writer.try_clone().unwrap());
    let mut server = command.spawn().unwrap();
    drop(command);
    let address = address(&mut server);
    fill(&writer);
    misbehave(address);
    let mut alice = join(address, "alice");
    assert_eq!(alice.ask("/ping", "still here").msg, "still here");
    misbehave(address);
    join(address, "bob");
    assert_eq!(terminate(&mut server), Some(0));
    drop((writer, reader));
}

#[test]
fn a_log_that_is_read_again_goes_on_where_it_stood() {
    let (reader, writer) = pipe().unwrap();
    let mut command = command(&[]);
    command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut server = command.stderr(writer.try_clone().unwrap()).spawn().unwrap();
    drop(command);
    let address = address(&mut server);
    fill(&writer);
    misbehave(address);
    drop(writer);
    let mut lines = BufReader::new(reader).lines();
    assert!(lines.any(|line| line.unwrap().contains("refused 127.0.0.1: bad-name")));
    assert_eq!(terminate(&mut server), Some(0));
}

#[test]
fn it_serves_where_nothing_can_be_written() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    // A port that was free a moment ago: nothing can be read that would tell it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let words = ["serve", "--listen", &port.to_string()];
    let mut server = command(&[]).args(words).stdout(full()).stderr(full()).spawn().unwrap();
    ask_until("it listens", || TcpStream::connect(port).ok());
    let mut alice = join(port, "alice");
    assert_eq!(alice.ask("/ping", "well").msg, "well");
    assert_eq!(terminate(&mut server), Some(0));
}

#[test]
fn a_file_size_limit_costs_log_lines_and_not_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    program::clean(&mut command);
    command.args(["-c", "ulimit -f 0; exec \"$@\"", "sh"]).arg(program::path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let log = folder.path().join("log");
    let mut server = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
    let address = address(&mut server);
    misbehave(address);
    join(address, "alice");
    assert_eq!(terminate(&mut server), Some(0));
    assert_eq!(std::fs::read_to_string(log).unwrap(), "");
}

/// A command whose standard error, and output, are the journal's, as far as it
/// can tell.
fn for_the_journal(words: &[&str]) -> (Command, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let metadata = file.as_file().metadata().unwrap();
    let append = || File::options().append(true).open(file.path()).unwrap();
    let mut command = command(&[]);
    command.env("JOURNAL_STREAM", format!("{}:{}", metadata.dev(), metadata.ino()));
    command.args(words).stdout(append()).stderr(append());
    (command, file)
}

#[test]
fn an_error_is_one_line_of_its_priority_in_the_journal() {
    let settings = support::File::new("lanline.toml", "rate = 7\nworkers = \n");
    for words in [
        &["serve", "--config", settings.as_str()][..],
        &["config", "check", "--config", settings.as_str()][..],
        &["serve", "--nonsense"][..],
        &["serve", "--config", "/nowhere/lanline.toml"][..],
    ] {
        let (mut command, file) = for_the_journal(words);
        assert_eq!(command.status().unwrap().code(), Some(2), "{words:?}");
        let said = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(said.lines().count(), 1, "{words:?}: {said}");
        assert!(said.starts_with("<3>") && !said.contains("\\n"), "{words:?}: {said}");
    }
    let (mut command, file) = for_the_journal(&["serve", "--listen", "203.0.113.1:5260"]);
    assert_eq!(command.status().unwrap().code(), Some(1));
    let said = std::fs::read_to_string(file.path()).unwrap();
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("<3>")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(errors[0].starts_with("<3>can't listen on 203.0.113.1:5260: "), "{said}");
}

#[test]
fn the_journal_hears_once_where_it_listens_and_has_its_own_clock() {
    let (mut command, file) = for_the_journal(&["serve", "--listen", "127.0.0.1:0"]);
    let mut server = command.spawn().unwrap();
    let said = || std::fs::read_to_string(file.path()).unwrap();
    ask_until("it listens", || said().contains("listening on").then_some(()));
    assert_eq!(terminate(&mut server), Some(0));
    let said = said();
    let listening: Vec<&str> = said.lines().filter(|l| l.contains("listening on")).collect();
    assert_eq!(listening.len(), 1, "{said}");
    assert!(listening[0].starts_with("<6>listening on 127.0.0.1:"), "{said}");
    assert!(said.lines().all(|line| line.starts_with("<6>") || line.starts_with("<4>")), "{said}");
}

#[test]
fn a_terminal_hears_once_where_it_listens() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let append = || File::options().append(true).open(file.path()).unwrap();
    let words = ["serve", "--listen", "127.0.0.1:0"];
    let mut server = command(&[]).args(words).stdout(append()).stderr(append()).spawn().unwrap();
    let said = || std::fs::read_to_string(file.path()).unwrap();
    ask_until("it listens", || said().contains("listening on").then_some(()));
    assert_eq!(terminate(&mut server), Some(0));
    assert_eq!(said().matches("listening on").count(), 1, "{}", said());
    // Elsewhere both say it.
    let server = support::server(&[]);
    server.logged("listening on", 0);
    assert!(server.stop().success());
}

#[test]
fn it_is_on_record_which_operator_did_what() {
    let token = support::File::new("token", "sesame\n");
    let server = support::server(&["--operator-token-file", token.as_str(), "--log", "debug"]);
    let [mut ann, mut bob] = ["ann", "bob"].map(|name| Peer::join(&server, name));
    assert_eq!(bob.ask("/join", "#ops").msg, "#ops 1");
    assert_eq!(ann.ask("/operator", "sesame").msg, "ok");
    assert_eq!(ann.ask("/broadcast", "never logged").msg, "1");
    assert_eq!(ann.ask("/kick", "bob never logged either").msg, "bob");
    for line in [
        "[DEBUG] bob at 127.0.0.1 came",
        "[DEBUG] bob is in #ops",
        "[INFO] ann at 127.0.0.1 is an operator now",
        "[INFO] ann at 127.0.0.1 wrote to all (users: 1)",
        "[INFO] ann kicked bob at 127.0.0.1",
        "[DEBUG] bob at 127.0.0.1 went",
    ] {
        server.logged(line, 0);
    }
    assert!(!server.log().iter().any(|line| line.contains("never logged")), "{:?}", server.log());
    // Others hear of operators alone.
    let quiet = support::server(&[]);
    Peer::join(&quiet, "carl").leave();
    quiet.logged("listening on", 0);
    let log = quiet.log();
    assert!(quiet.stop().success());
    assert!(!log.iter().any(|line| line.contains("carl")), "{log:?}");
}
