//! Whether accounts can be kept where they are to be: the data directory, its disk.
//! Never: what is in it.

use super::{Finding, Plan};
use rustix::fs::{StatVfsMountFlags, statvfs};
use std::path::Path;

/// With less room than this, the disk is soon full.
const ROOM_MIN: u64 = 64 << 20;
/// Of the path of a socket in the directory (unix(7)), with its end.
const PATH_BYTES_MAX: usize = 107;
const SOCKET: &str = "/control";

pub(super) fn examine(plan: &Plan) -> Option<Finding> {
    const WHAT: &str = "data directory";
    let path = plan.data.as_deref()?;
    let shown = path.display();
    if path.as_os_str().len() + SOCKET.len() > PATH_BYTES_MAX {
        let most = PATH_BYTES_MAX - SOCKET.len();
        let mend = format!("--data DIR   # with a path of at most {most} bytes");
        return Some(Finding::bad(WHAT, format!("the path {shown} is too long"), mend));
    }
    // It is made at the first start.
    let there = path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let disk = match statvfs(there) {
        Ok(disk) => disk,
        Err(error) => return Some(Finding::note(WHAT, format!("{shown}: {error}"), None)),
    };
    let room = disk.f_bavail.saturating_mul(disk.f_frsize);
    Some(if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let mend = "--data DIR   # on a disk that can be written".to_owned();
        Finding::bad(WHAT, format!("{shown} is on a disk that is read-only"), mend)
    } else if room < ROOM_MIN {
        let mend = format!("df -h {}   # make room there", there.display());
        Finding::bad(WHAT, format!("the disk of {shown} has {} MiB left", room >> 20), mend)
    } else {
        Finding::good(WHAT, format!("{shown}, with {} MiB left on its disk", room >> 20))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Level, tests::plan};
    use super::*;
    use std::path::PathBuf;

    fn level(path: Option<PathBuf>) -> Option<Level> {
        examine(&Plan { data: path, ..plan(1) }).map(|finding| finding.level)
    }

    #[test]
    fn a_directory_whose_socket_has_no_address_or_that_can_not_be_written_is_bad() {
        assert_eq!(level(None), None);
        assert_eq!(level(Some("/x".repeat(60).into())), Some(Level::Bad));
        // Linux mounts it so that nobody writes there.
        let full = examine(&Plan { data: Some("/proc/x".into()), ..plan(1) }).unwrap();
        assert_eq!(full.level, Level::Bad, "{}", full.says);
    }
}
