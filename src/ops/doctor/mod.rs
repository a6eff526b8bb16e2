//! `lanline doctor`: whether this machine can carry so many users, and the
//! command that mends what can't. It looks and changes nothing.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `data` | where accounts are kept |
//! | `finding`, `machine` | what was found, and what is looked at |
//! | `kernel` | descriptors, backlog, port range, connection tracking |
//! | `memory` | what users cost |
//! | `place` | ports in use, clock, sandbox, container |
//! | `settings` | what the server's settings allow |

mod data;
mod finding;
mod kernel;
mod machine;
mod memory;
mod place;
mod settings;

use std::fmt::Write;

pub use finding::{Finding, Level, Plan, USERS_MAX};
pub use machine::Machine;

/// Looks at everything.
pub fn examine(plan: &Plan, machine: &Machine) -> Vec<Finding> {
    let mut findings = settings::examine(plan);
    findings.extend(kernel::examine(plan, machine));
    findings.extend(memory::examine(plan, machine));
    findings.extend(place::examine(plan, machine));
    findings.extend(data::examine(plan));
    findings
}

/// The findings for people.
pub fn report(plan: &Plan, findings: &[Finding]) -> String {
    let mut text = format!("For {} users and {} workers:\n", plan.users, plan.workers);
    for finding in findings {
        let level = match finding.level {
            Level::Good => "good",
            Level::Note => "note",
            Level::Bad => "BAD ",
        };
        let _ = writeln!(text, "{level}  {}: {}", finding.what, finding.says);
        if let Some(mend) = &finding.mend {
            for line in mend.lines() {
                let _ = writeln!(text, "        {line}");
            }
        }
    }
    text.push_str(if is_fit(findings) {
        "This machine can carry them.\n"
    } else {
        "This machine can't carry them yet; see BAD above.\n"
    });
    text
}

/// Whether nothing stands in the way.
pub fn is_fit(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn plan(users: usize) -> Plan {
        Plan {
            users,
            workers: 2,
            clients_max: None,
            listen: Vec::new(),
            queue_bytes: 1 << 20,
            data: None,
            warnings: Vec::new(),
            certificate_left: None,
        }
    }

    #[test]
    fn one_bad_finding_is_enough() {
        let good = Finding::good("a", "b".into());
        let note = Finding::note("c", "d".into(), None);
        assert!(is_fit(&[good.clone(), note.clone()]));
        let findings = [good, note, Finding::bad("e", "f".into(), "mend it".into())];
        assert!(!is_fit(&findings));
        let report = report(&plan(5), &findings);
        assert!(report.contains("BAD   e: f\n        mend it\n"), "{report}");
    }
}
