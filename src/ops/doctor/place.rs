//! The place that the server would live in: its ports, its clock, what the
//! kernel has for sandboxes, whose addresses it would see.

use super::{Finding, Machine, Plan};
use crate::connect::Trust;
use crate::limits::DEFAULT_PORT;
use crate::ops::{container, health};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::{Duration, SystemTime};

/// To find out who holds a port.
const PATIENCE: Duration = Duration::from_secs(2);
/// This program is younger than a clock that says less: 2026-11-01, UTC.
const RELEASED: Duration = Duration::from_secs(1_793_491_200);

pub(super) fn examine(plan: &Plan, machine: &Machine) -> Vec<Finding> {
    let default = [SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT))];
    let listen = if plan.listen.is_empty() { &default[..] } else { &plan.listen[..] };
    let mut findings: Vec<Finding> = listen.iter().map(|&address| port(address)).collect();
    findings.push(clock(machine));
    findings.extend(clock_source(machine));
    findings.push(sandbox(machine));
    findings.push(network(machine));
    findings
}

fn port(mut address: SocketAddr) -> Finding {
    const WHAT: &str = "port";
    let mut bound = TcpListener::bind(address);
    if address.ip() == Ipv6Addr::UNSPECIFIED
        && bound.as_ref().is_err_and(|error| error.kind() != ErrorKind::AddrInUse)
    {
        address.set_ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        bound = TcpListener::bind(address);
    }
    let number = address.port();
    match bound {
        Ok(_) => Finding::good(WHAT, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let mut near = address;
            if address.ip().is_unspecified() {
                near.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
            }
            if health::check(&near.into(), &Trust::plain(), false, PATIENCE).is_ok() {
                return Finding::note(WHAT, format!("at {address} a Lanline serves already"), None);
            }
            let mend = format!("ss -ltnp 'sport = :{number}'   # shows which; end it, or --listen");
            Finding::bad(WHAT, format!("another program has {address}"), mend)
        }
        Err(error) => {
            let mend = "ip address   # shows which addresses this machine has".to_owned();
            Finding::bad(WHAT, format!("{address} can't be had: {error}"), mend)
        }
    }
}

/// Clients set their clocks by ours.
fn clock(machine: &Machine) -> Finding {
    const WHAT: &str = "clock";
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if now < RELEASED {
        let mend = "timedatectl set-time 'YYYY-MM-DD hh:mm:ss'   # UTC".to_owned();
        return Finding::bad(WHAT, "it is before this program was made".into(), mend);
    }
    let kept = ["run/systemd/timesync/synchronized", "run/chrony/chronyd.pid", "run/ntpd.pid"];
    if kept.iter().any(|mark| machine.exists(mark)) {
        return Finding::good(WHAT, "a time service keeps it".into());
    }
    let says = "nothing seems to keep it right, and clients set theirs by it";
    let mend = "timedatectl   # shows it; set-time sets it where there is no time server";
    Finding::note(WHAT, says.into(), Some(mend.into()))
}

/// The time is asked for at each turn of a loop: slow clocks cost.
fn clock_source(machine: &Machine) -> Option<Finding> {
    const WHAT: &str = "clock source";
    let folder = "sys/devices/system/clocksource/clocksource0";
    let source = machine.text(&format!("{folder}/current_clocksource"))?;
    let source = source.trim();
    if !["acpi_pm", "hpet", "jiffies", "refined-jiffies"].contains(&source) {
        return Some(Finding::good(WHAT, source.to_owned()));
    }
    let others = machine.text(&format!("{folder}/available_clocksource")).unwrap_or_default();
    let mend = format!("echo tsc > /{folder}/current_clocksource   # there are: {}", others.trim());
    Some(Finding::note(WHAT, format!("{source} is slow to read"), Some(mend)))
}

fn sandbox(machine: &Machine) -> Finding {
    const WHAT: &str = "sandbox";
    let status = machine.text("proc/self/status").unwrap_or_default();
    let seccomp = status.lines().any(|line| line.starts_with("Seccomp:"));
    let landlock = machine.text("sys/kernel/security/lsm").map(|lsm| lsm.contains("landlock"));
    match (seccomp, landlock) {
        (true, Some(true)) => Finding::good(WHAT, "the kernel has seccomp and Landlock".into()),
        (true, None) => {
            let says = "the kernel has seccomp; of Landlock nothing can be read here";
            Finding::note(WHAT, says.into(), None)
        }
        (true, Some(false)) => Finding::note(
            WHAT,
            "the kernel has seccomp, but Landlock is not switched on".into(),
            Some("add landlock to the list in lsm= on the kernel's command line".into()),
        ),
        (false, _) => Finding::note(WHAT, "this kernel has no seccomp".into(), None),
    }
}

fn network(machine: &Machine) -> Finding {
    const WHAT: &str = "container network";
    match container::hides_addresses(&machine.root) {
        Some(why) => Finding::bad(
            WHAT,
            format!("{why}: the server would see its gateway in place of the clients"),
            "podman run --network=host ..., or network_mode: host in compose.yaml".into(),
        ),
        None if !container::is_container(&machine.root) => {
            Finding::good(WHAT, "no container".into())
        }
        None => Finding::good(WHAT, "the host's own".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;
    use std::fs;

    #[test]
    fn a_port_that_somebody_holds_is_bad() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = holder.local_addr().unwrap();
        // A stranger who says nothing for as long as we care to wait is
        // another test's business: this one hangs up.
        let stranger = std::thread::spawn(move || drop(holder.accept()));
        let finding = port(address);
        stranger.join().unwrap();
        assert_eq!(finding.level, Level::Bad, "{finding:?}");
        assert!(finding.mend.unwrap().contains(&address.port().to_string()));
        assert_eq!(port("127.0.0.1:0".parse().unwrap()).level, Level::Good);
    }

    #[test]
    fn a_slow_clock_and_a_missing_landlock_are_notes() {
        let root = tempfile::tempdir().unwrap();
        let machine = Machine::at(root.path());
        let folder = root.path().join("sys/devices/system/clocksource/clocksource0");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("current_clocksource"), "hpet\n").unwrap();
        assert_eq!(clock_source(&machine).unwrap().level, Level::Note);
        fs::write(folder.join("current_clocksource"), "tsc\n").unwrap();
        assert_eq!(clock_source(&machine).unwrap().level, Level::Good);

        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        fs::create_dir_all(root.path().join("sys/kernel/security")).unwrap();
        fs::write(root.path().join("proc/self/status"), "Seccomp:\t0\n").unwrap();
        fs::write(root.path().join("sys/kernel/security/lsm"), "capability,yama\n").unwrap();
        assert_eq!(sandbox(&machine).level, Level::Note);
        fs::write(root.path().join("sys/kernel/security/lsm"), "landlock,yama\n").unwrap();
        assert_eq!(sandbox(&machine).level, Level::Good);
    }
}
