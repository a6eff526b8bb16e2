//! What users cost in memory, and how much there is: the machine's, or the
//! container's share of it.

use super::{Finding, Machine, Plan};

/// The server with nobody in it, scratch buffers and code, and some air.
const SERVER_BYTES: u64 = 32 << 20;
/// A user who is there and says little: what we keep and what the kernel keeps
/// for the socket, with air for a packet on its way in and out.
const USER_BYTES: u64 = 16 << 10;

pub(super) fn examine(plan: &Plan, machine: &Machine) -> Vec<Finding> {
    const WHAT: &str = "memory";
    let Some(available) = available(machine) else {
        return vec![Finding::note(WHAT, "how much there is can't be read".into(), None)];
    };
    let wanted = SERVER_BYTES + plan.users as u64 * USER_BYTES;
    let worst = plan.users as u64 * plan.queue_bytes as u64;
    let says = format!(
        "{} are free, {} are wanted; {} if every user's queue were full (--queue)",
        shown(available),
        shown(wanted),
        shown(wanted + worst),
    );
    if available >= wanted {
        return vec![Finding::good(WHAT, says)];
    }
    let most = available.saturating_sub(SERVER_BYTES) / USER_BYTES;
    vec![Finding::bad(WHAT, says, format!("fewer users: lanline serve --max-clients {most}"))]
}

/// The smaller of what is free and what the control group still allows.
fn available(machine: &Machine) -> Option<u64> {
    let text = machine.text("proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let free = line.split_whitespace().next()?.parse::<u64>().ok()? * 1024;
    // "max" is no number, and no bound.
    let share = machine.number("sys/fs/cgroup/memory.max").map(|most| {
        most.saturating_sub(machine.number("sys/fs/cgroup/memory.current").unwrap_or(0))
    });
    Some(share.map_or(free, |share| share.min(free)))
}

fn shown(bytes: u64) -> String {
    match bytes >> 20 {
        mebibytes @ 0..10_240 => format!("{mebibytes} MiB"),
        mebibytes => format!("{} GiB", mebibytes >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Level, tests::plan};
    use super::*;
    use std::fs;

    #[test]
    fn the_control_group_counts_where_it_is_tighter() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc")).unwrap();
        fs::create_dir_all(root.path().join("sys/fs/cgroup")).unwrap();
        fs::write(root.path().join("proc/meminfo"), "MemTotal: 9 kB\nMemAvailable: 1048576 kB\n")
            .unwrap();
        let machine = Machine::at(root.path());
        assert_eq!(available(&machine), Some(1 << 30));
        assert_eq!(examine(&plan(10_000), &machine)[0].level, Level::Good);
        fs::write(root.path().join("sys/fs/cgroup/memory.max"), "max\n").unwrap();
        assert_eq!(available(&machine), Some(1 << 30));
        fs::write(root.path().join("sys/fs/cgroup/memory.max"), "67108864\n").unwrap();
        fs::write(root.path().join("sys/fs/cgroup/memory.current"), "1048576\n").unwrap();
        assert_eq!(available(&machine), Some(63 << 20));
        let finding = &examine(&plan(10_000), &machine)[0];
        assert_eq!(finding.level, Level::Bad);
        assert_eq!(finding.mend.as_deref(), Some("fewer users: lanline serve --max-clients 1984"));
    }
}
