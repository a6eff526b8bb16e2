//! What the kernel allows: descriptors, the queue at the door, ports, tracked
//! connections.

use super::finding::{USERS_MAX, sysctl};
use super::{Finding, Machine, Plan};
use crate::limits::{DEFAULT_PORT, LISTEN_BACKLOG};
use crate::net::clients_allowed;

/// So many who come at once are let in without a second try; more gains little.
const BACKLOG_WANTED: u64 = 4096;

pub(super) fn examine(plan: &Plan, machine: &Machine) -> Vec<Finding> {
    let hard = rlimit::Resource::NOFILE.get_hard().unwrap_or(0);
    let mut findings = vec![descriptors(plan, hard), backlog(plan, machine)];
    findings.extend(ports(plan, machine));
    findings.extend(tracking(plan, machine));
    findings
}

/// `hard` is the hard limit; the server raises the soft one itself.
fn descriptors(plan: &Plan, hard: u64) -> Finding {
    const WHAT: &str = "descriptors";
    let listeners = plan.listen.len().max(1);
    let limit = usize::try_from(hard).unwrap_or(usize::MAX);
    let allowed = clients_allowed(limit, plan.workers, listeners);
    // The server doesn't start with a `max-clients` that the limit can't carry.
    let users = plan.users.max(plan.clients_max.unwrap_or(0)).min(USERS_MAX);
    if allowed >= users {
        return Finding::good(WHAT, format!("the limit of {hard} allows {allowed} users"));
    }
    let wanted = (users + (limit - allowed.min(limit))).next_multiple_of(1024);
    Finding::bad(
        WHAT,
        format!("the limit of {hard} allows {allowed} users"),
        format!(
            "in a systemd unit: LimitNOFILE={wanted}\n\
             in a container: --ulimit nofile={wanted}:{wanted}\n\
             in a root shell: ulimit -n {wanted}"
        ),
    )
}

fn backlog(plan: &Plan, machine: &Machine) -> Finding {
    const WHAT: &str = "listen backlog";
    let Some(most) = machine.number("proc/sys/net/core/somaxconn") else {
        return Finding::note(WHAT, "net.core.somaxconn can't be read".into(), None);
    };
    let wanted = BACKLOG_WANTED.min(plan.users as u64);
    let says = format!("{most} may wait at the door while they are let in");
    if most >= wanted {
        return Finding::good(WHAT, says);
    }
    let mend = sysctl("net.core.somaxconn", LISTEN_BACKLOG);
    Finding::note(
        WHAT,
        format!("{says}; when all come back at once, some have to try again"),
        Some(mend),
    )
}

/// A port that the kernel gives to outgoing connections may be gone when the
/// server starts.
fn ports(plan: &Plan, machine: &Machine) -> Option<Finding> {
    const WHAT: &str = "port range";
    let text = machine.text("proc/sys/net/ipv4/ip_local_port_range")?;
    let mut ends = text.split_whitespace().filter_map(|end| end.parse::<u16>().ok());
    let (first, last) = (ends.next()?, ends.next()?);
    let listen = plan.listen.iter().map(|address| address.port());
    let port = listen.chain(plan.listen.is_empty().then_some(DEFAULT_PORT));
    let reserved = machine.text("proc/sys/net/ipv4/ip_local_reserved_ports").unwrap_or_default();
    for port in port.filter(|port| (first..=last).contains(port)) {
        if !reserved.trim().split(',').any(|one| one == port.to_string()) {
            let says = format!("outgoing connections may take port {port} ({first} to {last})");
            let mend = sysctl("net.ipv4.ip_local_reserved_ports", port);
            return Some(Finding::note(WHAT, says, Some(mend)));
        }
    }
    let range = usize::from(last.saturating_sub(first)) + 1;
    if range < plan.users {
        let says = format!(
            "one machine can open {range} connections to one address: \
             no bound for users on their own machines, but one for a load test from here"
        );
        let mend = sysctl("net.ipv4.ip_local_port_range", "10000 65535");
        return Some(Finding::note(WHAT, says, Some(mend)));
    }
    Some(Finding::good(WHAT, format!("outgoing connections keep to {first} to {last}")))
}

/// A firewall that tracks connections drops new ones once its table is full.
fn tracking(plan: &Plan, machine: &Machine) -> Option<Finding> {
    const WHAT: &str = "connection tracking";
    let most = machine.number("proc/sys/net/netfilter/nf_conntrack_max")?;
    let count = machine.number("proc/sys/net/netfilter/nf_conntrack_count").unwrap_or(0);
    let wanted = count + plan.users as u64 * 2;
    let says = format!("the firewall's table has room for {most}, {count} are in it");
    if most >= wanted {
        return Some(Finding::good(WHAT, says));
    }
    let mend = sysctl("net.netfilter.nf_conntrack_max", wanted.next_power_of_two());
    Some(Finding::bad(WHAT, format!("{says}: new connections would be dropped"), mend))
}

#[cfg(test)]
mod tests {
    use super::super::{Level, tests::plan};
    use super::*;
    use std::fs;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let machine = Machine::at(root.path());
        (root, machine)
    }

    #[test]
    fn descriptors_are_counted_with_the_reserve() {
        assert_eq!(descriptors(&plan(10_000), 20_000).level, Level::Good);
        let finding = descriptors(&plan(10_000), 10_000);
        assert_eq!(finding.level, Level::Bad);
        let mend = finding.mend.unwrap();
        let wanted = mend.lines().next().unwrap().strip_prefix("in a systemd unit: LimitNOFILE=");
        let wanted: u64 = wanted.unwrap().parse().unwrap();
        assert_eq!(descriptors(&plan(10_000), wanted).level, Level::Good);
        // The server refuses to start with more than the limit allows.
        let more = Plan { clients_max: Some(30_000), ..plan(10_000) };
        assert_eq!(descriptors(&more, 20_000).level, Level::Bad);
    }

    #[test]
    fn a_short_backlog_is_a_note_with_its_cure() {
        let (_root, machine) = machine(&[("proc/sys/net/core/somaxconn", "128\n")]);
        let finding = backlog(&plan(1000), &machine);
        assert_eq!(finding.level, Level::Note);
        assert!(finding.mend.unwrap().contains("net.core.somaxconn = 65535"));
        assert_eq!(backlog(&plan(100), &machine).level, Level::Good);
    }

    #[test]
    fn a_port_that_others_may_take_is_told_unless_it_is_reserved() {
        let range = ("proc/sys/net/ipv4/ip_local_port_range", "1024\t65535\n");
        let (_root, open) = machine(&[range]);
        let finding = ports(&plan(10), &open).unwrap();
        assert_eq!(finding.level, Level::Note);
        assert!(finding.says.contains("5260"), "{}", finding.says);
        let reserved = ("proc/sys/net/ipv4/ip_local_reserved_ports", "80,5260\n");
        let (_root, closed) = machine(&[range, reserved]);
        assert_eq!(ports(&plan(10), &closed).unwrap().level, Level::Good);
    }

    #[test]
    fn a_full_tracking_table_is_bad() {
        let most = ("proc/sys/net/netfilter/nf_conntrack_max", "4096\n");
        let (_root, small) = machine(&[most]);
        let finding = tracking(&plan(10_000), &small).unwrap();
        assert_eq!(finding.level, Level::Bad);
        assert!(finding.mend.unwrap().contains("nf_conntrack_max = 32768"));
        assert_eq!(tracking(&plan(1000), &small).unwrap().level, Level::Good);
        let (_root, none) = machine(&[]);
        assert!(tracking(&plan(1000), &none).is_none());
    }
}
