//! The data directory on a disk that is full, or can only be read: real file systems, each
//! in a name space of its own. That needs rights that not everybody has; where they are
//! missing, a line says so and nothing is tested.

use crate::support::http;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use testkit::{Peer, Server, program};

/// Mounts a small file system on `$1`, says `$2` there, and becomes the rest.
const SCRIPT: &str = r#"mount -t tmpfs -o size=1m,mode=700 none "$1" && cd "$1" && eval "$2" && cd / && shift 2 && exec "$@""#;

/// A command in a name space with a file system on this place, prepared by this.
fn on_a_disk(place: &Path, prepare: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", SCRIPT, "sh"]).arg(place).arg(prepare);
    command
}

/// Whether that can be done here.
fn may_mount() -> bool {
    let place = tempfile::tempdir().unwrap();
    let output = on_a_disk(place.path(), ":").arg("true").output();
    let is_done = output.as_ref().is_ok_and(|output| output.status.success());
    if !is_done {
        println!("not tested, since nothing can be mounted here: {output:?}");
    }
    is_done
}

/// The directory as a server sees it.
fn seen_by(server: &Server, place: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", server.pid()));
    root.join(place.strip_prefix("/").unwrap())
}

fn add(name: &str, data: &Path) -> Output {
    program::run(&["account", "add", name, "--data", data.to_str().unwrap()])
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a server says that doesn't start on such a disk.
fn refuses(prepare: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let mut command = on_a_disk(place.path(), prepare);
    command.arg(program::path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--tls", "off", "--data"]);
    program::clean(command.arg(place.path()));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    words(&output)
}

#[test]
fn a_server_does_not_start_on_a_disk_that_is_full_or_can_only_be_read() {
    if !may_mount() {
        return;
    }
    let said = refuses("mount -o remount,ro .");
    assert!(said.contains("can't be used: Read-only file system"), "{said}");
    // Room for a lock, and for no database.
    let said = refuses("head -c 1040000 /dev/zero > filler");
    assert!(said.contains("No space left on device") || said.contains("no room on"), "{said}");
}

#[test]
fn while_the_disk_is_full_nothing_is_half_done_and_guests_go_on() {
    if !may_mount() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let flags = ["--data", place.path().to_str().unwrap(), "--metrics", "127.0.0.1:0"];
    let wrapper = on_a_disk(place.path(), ":");
    let server = Server::builder().workers(2).arguments(&flags).through(wrapper).start();
    let data = seen_by(&server, place.path());
    let failing = || {
        let page = http(server.metrics(), "GET /metrics HTTP/1.1\r\n\r\n").1;
        page.contains("\nlanline_store_failing 1.0\n")
    };
    assert!(add("ann", &data).status.success());
    let mut filler = fs::File::create(data.join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    drop(filler);
    // What is there already may have room for a few more.
    let added = (0..100).map(|number| add(&format!("user-{number}"), &data));
    let refused = added.into_iter().find(|output| !output.status.success());
    let said = words(&refused.expect("the disk is never full"));
    assert!(said.contains("nothing was done: the disk refuses"), "{said}");
    assert!(failing());
    let mut guest = Peer::join(&server, "guest");
    let stats = guest.ask("/stats", "").msg;
    assert!(stats.ends_with("\nstore_failing 1"), "{stats}");
    fs::remove_file(data.join("filler")).unwrap();
    assert!(add("bob", &data).status.success());
    assert!(!failing());
    assert!(guest.ask("/stats", "").msg.ends_with("\nstore_failing 0"));
}
