//! Descriptors that the parent process has left open by accident: they are closed,
//! so that the server can't read or write them. Never: what we open ourselves.

use nix::unistd::close;
use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::RawFd;

/// Standard input, output and error.
const STANDARD: Range<RawFd> = 0..3;

/// Inherited descriptors that are open.
#[derive(Debug)]
pub struct Inherited(Vec<RawFd>);

/// All descriptors but the standard streams and those that a supervisor hands over
/// (`LISTEN_FDS`, sd_listen_fds(3)). To be called before the program has opened
/// anything.
///
/// # Errors
/// Where the system doesn't say which are open (`/proc/self/fd`).
pub fn inherited() -> io::Result<Inherited> {
    let handed_over = handed_over(|name| std::env::var(name).ok(), std::process::id());
    let listed: Vec<RawFd> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let is_kept = |fd: &RawFd| STANDARD.contains(fd) || handed_over.contains(fd);
    // The list's own is closed by now; its number is the next one of ours.
    let is_open = |fd: &RawFd| fs::read_link(format!("/proc/self/fd/{fd}")).is_ok();
    Ok(Inherited(listed.into_iter().filter(|fd| !is_kept(fd) && is_open(fd)).collect()))
}

impl Inherited {
    /// Closes them.
    pub fn close(self) {
        for fd in self.0 {
            let _ = close(fd);
        }
    }
}

/// As `process::supervisor` takes them: for this process, from the first one on.
fn handed_over(variable: impl Fn(&str) -> Option<String>, process: u32) -> Range<RawFd> {
    let number = |name: &str| -> Option<RawFd> { variable(name)?.parse().ok() };
    let count = number("LISTEN_FDS").filter(|&count| count > 0);
    let is_ours = match variable("LISTEN_PID").as_deref() {
        None | Some("") => true,
        Some(pid) => pid.parse() == Ok(process),
    };
    let first = number("LISTEN_FDS_FIRST_FD").unwrap_or(STANDARD.end);
    match count.filter(|_| is_ours) {
        Some(count) => first..first.saturating_add(count),
        None => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_are_handed_over_to_this_process_are_kept() {
        let given = |variables: &'static [(&str, &str)]| {
            let find = move |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            handed_over(find, 77)
        };
        assert_eq!(given(&[("LISTEN_FDS", "2"), ("LISTEN_PID", "77")]), 3..5);
        assert_eq!(given(&[("LISTEN_FDS", "1")]), 3..4);
        assert_eq!(given(&[("LISTEN_FDS", "2"), ("LISTEN_FDS_FIRST_FD", "9")]), 9..11);
        assert!(given(&[("LISTEN_FDS", "2"), ("LISTEN_PID", "78")]).is_empty(), "another's");
        assert!(given(&[("LISTEN_FDS", "-2")]).is_empty());
        assert!(given(&[]).is_empty());
    }
}
