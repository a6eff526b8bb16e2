//! What this machine is called, asked before the sandbox is closed. Never: what
//! for.

use super::authority::Name;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The host name (also with `.local`), `localhost`, the machine's addresses, and
/// what else it is called.
pub fn names_of_this_machine(others: &[Name]) -> Vec<Name> {
    let mut names = BTreeSet::from([Name::Dns("localhost".to_owned())]);
    names.extend(others.iter().cloned());
    let host = nix::sys::utsname::uname().ok();
    let host = host.as_ref().and_then(|host| host.nodename().to_str());
    if let Some(host) = host.map(str::to_ascii_lowercase).filter(|host| is_dns_name(host)) {
        let first = host.split('.').next().unwrap_or(&host);
        names.insert(Name::Dns(format!("{first}.local")));
        names.insert(Name::Dns(host));
    }
    names.extend(addresses().into_iter().map(Name::Ip));
    names.into_iter().collect()
}

/// Whether it can stand in a certificate.
pub fn is_dns_name(name: &str) -> bool {
    rustls::pki_types::DnsName::try_from(name).is_ok()
}

/// Of all interfaces that are up.
fn addresses() -> Vec<IpAddr> {
    let Ok(all) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let ip = |interface: nix::ifaddrs::InterfaceAddress| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    all.filter_map(ip).collect()
}
