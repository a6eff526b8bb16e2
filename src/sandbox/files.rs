//! Landlock (landlock(7)): but in the data directory, no file can be opened, made or run, no TCP port
//! bound or connected to, no signal sent and no abstract socket reached
//! outside of this process. What is open stays open.

use super::needs::Needs;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::path::Path;

/// Files, TCP ports and scopes: Linux 6.12. What later versions add concerns
/// calls that seccomp refuses altogether.
const WANTED: ABI = ABI::V6;

/// How much of Landlock is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Landlock {
    No,
    /// An older kernel: files, but not all of TCP ports, signals and abstract
    /// sockets.
    InPart,
    Yes,
}

/// Refuses files and ports to the calling thread. Returns how much of this the
/// kernel enforces.
///
/// # Errors
/// The library's error, or a directory that can't be opened.
pub(super) fn close(needs: &Needs) -> Result<Landlock, Box<dyn std::error::Error>> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(WANTED))?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    for file in &needs.read_again {
        let directory = match file.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        rules = rules.add_rule(PathBeneath::new(PathFd::new(directory)?, AccessFs::ReadFile))?;
    }
    for directory in &needs.write_in {
        let access = AccessFs::ReadFile
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::RemoveFile;
        rules = rules.add_rule(PathBeneath::new(PathFd::new(directory)?, access))?;
    }
    if let Some(directory) = &needs.database {
        // It opens the directory as well, to sync it.
        let access = AccessFs::ReadFile
            | AccessFs::ReadDir
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::RemoveFile;
        rules = rules.add_rule(PathBeneath::new(PathFd::new(directory)?, access))?;
    }
    Ok(match rules.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Yes,
        RulesetStatus::PartiallyEnforced => Landlock::InPart,
        RulesetStatus::NotEnforced => Landlock::No,
    })
}
