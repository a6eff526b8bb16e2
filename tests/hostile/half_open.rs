//! Peers that are gone without a word: in a network namespace whose firewall
//! drops everything from some moment on. Needs root and the programs `ip` and
//! `iptables`; without them it says so. Keep-alive takes 85 seconds, so it is
//! waited for at full size only.

use crate::support::{figure, is_full, server};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use testkit::{Peer, Process};

/// Tells the run inside of the namespace where the server is.
const SERVER: &str = "LANLINE_TEST_HALF_OPEN";
const TEST: &str =
    "half_open::what_waits_for_a_silent_peer_comes_back_and_at_full_size_all_are_found";

#[test]
fn what_waits_for_a_silent_peer_comes_back_and_at_full_size_all_are_found() {
    if let Ok(server) = std::env::var(SERVER) {
        return be_silent_peers(server.parse().unwrap());
    }
    let Some(network) = Network::make() else {
        println!("not run: no root, or no `ip` and `iptables` that work");
        return;
    };
    let flags = ["--listen", &network.listen(), "--stuck-timeout", "2", "--workers", "2"];
    let server = server(&flags);
    let _peers = network.silent_peers(server.address());
    let mut watcher = Peer::join(&server, "watcher");
    watcher.ask("/presence", "on");
    network.drop_everything();

    let cut = Instant::now();
    // One has something under way, one so much that it waits in the server.
    watcher.send("busy", "hello");
    let (posts, text) = (300, "x".repeat(20_000));
    for _ in 0..posts {
        watcher.send("full", &text);
    }
    let mut left = BTreeSet::new();
    let (mut full, mut undelivered) = (0, 0);
    let expected = if is_full() { 3 } else { 1 };
    while left.len() < expected {
        let packet = watcher.next();
        match packet.name.as_str() {
            "/left" => {
                figure(&format!("{} found after", packet.msg), format!("{:?}", cut.elapsed()));
                left.insert(packet.msg);
            }
            "/error" if packet.code() == "busy" => full += 1,
            "/error" if packet.code() == "undelivered" => undelivered += 1,
            _ => panic!("{packet:?}"),
        }
    }
    assert!(left.contains("full"), "{left:?}");
    assert!(!is_full() || cut.elapsed() <= Duration::from_secs(90), "{:?}", cut.elapsed());
    // What comes back is said before or behind the leaving.
    watcher.send("/ping", "and");
    loop {
        let packet = watcher.next();
        match packet.name.as_str() {
            "/ping" => break,
            "/error" if packet.code() == "undelivered" => undelivered += 1,
            "/error" if packet.code() == "busy" => full += 1,
            _ => panic!("{packet:?}"),
        }
    }
    figure("of 300 posts", format!("{full} busy, {undelivered} undelivered"));
    // The kernel holds a few megabytes at the most, and says nothing of them.
    assert!(undelivered > 0 && full > 0, "{full} busy, {undelivered} undelivered");
}

/// Inside: three who greet and then are cut off.
fn be_silent_peers(server: SocketAddr) {
    let peers: Vec<Peer> =
        ["idle", "busy", "full"].iter().map(|name| Peer::connect_to(server).greet(name)).collect();
    println!("all greeted");
    // Until the outer run ends us.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    assert_eq!(peers.len(), 3);
}

/// Two ends of a cable, one of them in a namespace. Gone when dropped.
struct Network {
    namespace: String,
    /// This end's interface.
    here: String,
    /// Three numbers of its addresses.
    prefix: String,
}

impl Network {
    /// None where that isn't possible.
    fn make() -> Option<Self> {
        let pid = std::process::id();
        let network = Self {
            namespace: format!("lanline-{pid}"),
            here: format!("ll{pid}"),
            prefix: format!("10.213.{}", pid % 256),
        };
        let Self { namespace, here, prefix } = &network;
        let there = format!("lt{pid}");
        let steps = [
            format!("ip netns add {namespace}"),
            format!("ip link add {here} type veth peer name {there}"),
            format!("ip link set {there} netns {namespace}"),
            format!("ip address add {prefix}.1/30 dev {here}"),
            format!("ip link set {here} up"),
            format!("ip -n {namespace} address add {prefix}.2/30 dev {there}"),
            format!("ip -n {namespace} link set {there} up"),
            format!("ip netns exec {namespace} iptables -L -n"),
        ];
        steps.iter().all(|step| run(step)).then_some(network)
    }

    fn listen(&self) -> String {
        format!("{}.1:0", self.prefix)
    }

    fn drop_everything(&self) {
        for chain in ["INPUT", "OUTPUT"] {
            assert!(run(&format!("ip netns exec {} iptables -I {chain} -j DROP", self.namespace)));
        }
    }

    /// The process inside; ended when dropped.
    fn silent_peers(&self, server: SocketAddr) -> Process {
        let test = std::env::current_exe().unwrap();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace]).arg(test);
        command.args([TEST, "--exact", "--nocapture"]).env(SERVER, server.to_string());
        let peers = Process::spawn_with_stdin(command, Stdio::piped());
        peers.out.with("all greeted", 0);
        peers
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        run(&format!("ip link delete {}", self.here));
        run(&format!("ip netns delete {}", self.namespace));
    }
}

fn run(command: &str) -> bool {
    let mut words = command.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    let output = command.args(words).stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}
