//! Section "Flags": who is let in. Addresses from outside of a LAN need a
//! network of our own, which an ordinary user can have in a namespace.

use std::process::{Command, Output};
use testkit::{Packet, Setup, for_each_setup, program};

for_each_setup!(
    lan_addresses_are_let_in,
    other_addresses_are_refused,
    other_addresses_are_let_in_where_they_are_allowed
);

/// Starts the server in a network of its own, connects to it from `ip`, says
/// `bob` and prints the first line that comes back.
const SCRIPT: &str = r#"
ip=$1 workers=$2 listen=$3
shift 3
ip link set lo up
# Loopback's own addresses are there already.
# An IPv6 address must not be tentative, or it isn't chosen for connecting.
ip addr add "$ip" dev lo nodad 2>/dev/null || ip addr add "$ip" dev lo 2>/dev/null
coproc SERVER { exec "$LANLINE" serve --workers "$workers" --listen "$listen" --log off "$@"; }
server=$SERVER_PID
read -r _ _ address <&"${SERVER[0]}"
# The kernel puts an IPv6 address to use a moment after it was added: until then
# there is no way out. The time limit is the whole script's.
until { exec 3<>"/dev/tcp/$ip/${address##*:}"; } 2>/dev/null; do :; done
printf 'bob\n' >&3
head -n 1 <&3
kill "$server"
"#;

/// The first packet for a client at `ip`; `None` where there is no way to have
/// a network of one's own.
fn first_packet(ip: &str, setup: Setup, flags: &[&str]) -> Option<Packet> {
    let namespaces =
        Command::new("unshare").args(["-rn", "bash", "-c", "ip link show lo"]).output();
    if !namespaces.is_ok_and(|output| output.status.success()) {
        eprintln!("NOT TRIED: no network namespaces here (unshare -rn, bash, ip)");
        return None;
    }
    let workers = setup.workers.to_string();
    let listen = if ip.contains(':') || workers == "4" { "[::]:0" } else { "0.0.0.0:0" };
    let mut command = Command::new("timeout");
    program::clean(&mut command);
    let output: Output = command
        .args(["30", "unshare", "-rn", "bash", "-c", SCRIPT, "door", ip, &workers, listen])
        .args(flags)
        .env("LANLINE", program::path())
        .output()
        .unwrap();
    assert!(output.stdout.ends_with(b"\n"), "{ip}: {output:?}");
    Some(Packet::read(&output.stdout))
}

fn assert_welcome(ip: &str, setup: Setup, flags: &[&str]) {
    if let Some(packet) = first_packet(ip, setup, flags) {
        assert_eq!(packet.name, "/welcome", "{packet:?}");
        assert!(packet.msg.starts_with(&format!("bob {ip} 1 lanline/")), "{packet:?}");
    }
}

fn assert_refused(ip: &str, setup: Setup, flags: &[&str]) {
    if let Some(packet) = first_packet(ip, setup, flags) {
        assert_eq!(packet.refusal(), Some((0, "not-on-lan")), "{packet:?}");
        assert_eq!(packet.to, "");
    }
}

fn lan_addresses_are_let_in(setup: Setup) {
    for ip in [
        "127.9.9.9",
        "10.0.0.1",
        "10.255.255.254",
        "172.16.0.1",
        "172.31.255.254",
        "192.168.1.7",
        "169.254.1.2",
        "::1",
        "fd12:3456::7",
        "fc00::1",
    ] {
        assert_welcome(ip, setup, &[]);
    }
}

fn other_addresses_are_refused(setup: Setup) {
    for ip in [
        "203.0.113.5",
        "9.255.255.255",
        "11.0.0.1",
        "172.15.255.254",
        "172.32.0.1",
        "192.167.1.1",
        "192.169.1.1",
        "169.253.1.1",
        "2001:db8::5",
        "fe00::1",
    ] {
        assert_refused(ip, setup, &[]);
    }
}

fn other_addresses_are_let_in_where_they_are_allowed(setup: Setup) {
    let both = ["--allow", "203.0.113.0/24", "--allow", "2001:db8::/64"];
    assert_welcome("203.0.113.5", setup, &both);
    assert_welcome("2001:db8::5", setup, &both);
    assert_welcome("10.0.0.1", setup, &both);
    assert_refused("203.0.114.5", setup, &both);
    assert_refused("2001:db8:0:1::5", setup, &both);
}
