//! A data directory with accounts, servers on it one after the other, and who logs in.
//! Never: assertions about the contract.

use tempfile::TempDir;
use testkit::{Peer, Server, Setup, program};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A directory, and how a server is started on it.
pub(crate) struct Site {
    pub data: TempDir,
    pub setup: Setup,
    flags: &'static [&'static str],
}

impl Site {
    pub(crate) fn new(setup: Setup, flags: &'static [&'static str]) -> Self {
        Self { data: tempfile::tempdir().unwrap(), setup, flags }
    }

    pub(crate) fn start(&self) -> Server {
        let data = self.data.path().to_str().unwrap();
        let builder = Server::builder().arguments(&["--data", data]).arguments(self.flags);
        builder.setup(self.setup).start()
    }

    /// `lanline` with these words on its data directory.
    pub(crate) fn order(&self, words: &[&str]) -> String {
        let data = self.data.path().to_str().unwrap();
        let output = program::run(&[words, &["--data", data]].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// An operator whose password is set by an invitation.
    pub(crate) fn operator(&self, server: &Server) -> Peer {
        self.order(&["account", "add", "root", "--operator"]);
        let code = self.order(&["account", "invite", "root"]);
        log_in(server, "root", &format!("invite {} {PASSWORD}", code.trim_end()))
    }
}

pub(crate) fn challenged(server: &Server, name: &str) -> Peer {
    let mut peer = Peer::say(server, name);
    let challenge = peer.next();
    assert_eq!((&*challenge.name, &*challenge.to), ("/login", ""));
    assert_eq!(challenge.msg, format!("{name} password token invite"));
    peer
}

pub(crate) fn log_in(server: &Server, name: &str, proof: &str) -> Peer {
    let mut peer = challenged(server, name);
    peer.send("/login", proof);
    peer.expect_welcome();
    peer
}
