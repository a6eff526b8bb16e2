//! `lanline doctor`: whether this machine can carry so many users, and the
//! command that mends what can't. It looks and changes nothing.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `kernel` | descriptors, backlog, port range, connection tracking |
//! | `memory` | what users cost |
//! | `place` | ports in use, clock, sandbox, container |

mod kernel;
mod memory;
mod place;

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What the server is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    pub users: usize,
    pub workers: usize,
    /// Empty means the default.
    pub listen: Vec<SocketAddr>,
    /// What may wait for one user, in bytes.
    pub queue_bytes: usize,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Good,
    /// Worth knowing.
    Note,
    /// It stands in the way.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    pub level: Level,
    /// In a word or two.
    pub what: &'static str,
    pub says: String,
    /// The command that mends it.
    pub mend: Option<String>,
}

/// The machine: files below a root, so that tests can build another.
#[derive(Clone, Debug)]
pub struct Machine {
    root: PathBuf,
}

/// Looks at everything.
pub fn examine(plan: &Plan, machine: &Machine) -> Vec<Finding> {
    let mut findings = kernel::examine(plan, machine);
    findings.extend(memory::examine(plan, machine));
    findings.extend(place::examine(plan, machine));
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

impl Machine {
    /// The one we run on.
    pub fn this() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// A model of one, in a folder.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// The first number in a file.
    fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.split_whitespace().next()?.parse().ok()
    }
}

impl Finding {
    fn good(what: &'static str, says: String) -> Self {
        Self { level: Level::Good, what, says, mend: None }
    }

    fn note(what: &'static str, says: String, mend: Option<String>) -> Self {
        Self { level: Level::Note, what, says, mend }
    }

    fn bad(what: &'static str, says: String, mend: String) -> Self {
        Self { level: Level::Bad, what, says, mend: Some(mend) }
    }
}

/// A kernel setting, now and after the next start.
fn sysctl(name: &str, value: impl std::fmt::Display) -> String {
    format!("echo '{name} = {value}' >> /etc/sysctl.d/90-lanline.conf && sysctl --system")
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn plan(users: usize) -> Plan {
        Plan { users, workers: 2, listen: Vec::new(), queue_bytes: 1 << 20 }
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
