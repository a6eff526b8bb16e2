//! Whether this process runs in a container, and whether the container's
//! network puts the gateway's address in place of the clients'.

use std::fs;
use std::path::Path;

/// What makes us suspect that clients' addresses are hidden; none where there
/// is no reason to.
pub fn hides_addresses(root: &Path) -> Option<String> {
    if !is_container(root) {
        return None;
    }
    let interfaces = fs::read_dir(root.join("sys/class/net")).ok()?;
    let mut names: Vec<String> = interfaces
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != "lo")
        .collect();
    names.sort();
    // With host networking the machine's own devices are here, and some of
    // them belong to a device; all of a container's own are virtual.
    if names.iter().any(|name| root.join("sys/class/net").join(name).join("device").exists()) {
        return None;
    }
    let is_lead = |name: &&String| {
        let number = |file: &str| {
            let path = root.join("sys/class/net").join(name).join(file);
            fs::read_to_string(path).ok()?.trim().parse::<u32>().ok()
        };
        // The other end of a pair in another name space (veth), or the tap of
        // a network in user space (slirp4netns, pasta).
        let paired = number("iflink").is_some_and(|link| Some(link) != number("ifindex"));
        paired || root.join("sys/class/net").join(name).join("tun_flags").exists()
    };
    let lead = names.iter().find(is_lead)?;
    Some(format!("this container has a network of its own, {lead}"))
}

/// By the marks that container engines leave.
pub fn is_container(root: &Path) -> bool {
    ["run/.containerenv", ".dockerenv"].iter().any(|mark| root.join(mark).exists())
        || (root == Path::new("/") && std::env::var_os("container").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(root: &Path, name: &str, files: &[(&str, &str)]) {
        let folder = root.join("sys/class/net").join(name);
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
    }

    #[test]
    fn a_bridged_container_is_suspected_and_the_hosts_network_is_not() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        interface(root, "lo", &[("ifindex", "1\n"), ("iflink", "1\n")]);
        interface(root, "eth0", &[("ifindex", "2\n"), ("iflink", "7\n")]);
        assert_eq!(hides_addresses(root), None, "no container");
        fs::create_dir_all(root.join("run")).unwrap();
        fs::write(root.join("run/.containerenv"), "").unwrap();
        let found = hides_addresses(root).unwrap();
        assert!(found.ends_with("eth0"), "{found}");
        interface(root, "enp1s0", &[("ifindex", "3\n"), ("iflink", "3\n"), ("device", "")]);
        assert_eq!(hides_addresses(root), None, "the host's own card");
    }

    #[test]
    fn a_network_in_user_space_is_suspected() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".dockerenv"), "").unwrap();
        let files = [("ifindex", "2"), ("iflink", "2"), ("tun_flags", "0x1002")];
        interface(root.path(), "tap0", &files);
        assert!(hides_addresses(root.path()).is_some());
    }
}
