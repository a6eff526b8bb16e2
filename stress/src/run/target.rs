//! Against which server: one that is started here, or one on the LAN. Public
//! addresses are refused, so that nobody's machine is loaded by accident.

use super::Usage;
use super::flags::Common;
use crate::account::User;
use crate::crew::Crew;
use crate::login::site::{Secrets, Site};
use crate::machine::{self, ServerCpu};
use crate::versus::launch::{Running, launch_lanline};
use anyhow::{Context, Result, bail};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// A server to be tested.
pub(super) struct Server {
    pub address: SocketAddr,
    running: Option<Running>,
    /// Its accounts.
    site: Option<Site>,
}

impl Server {
    /// # Errors
    /// Where the address is public, or no server can be started.
    pub(super) fn find(common: &Common) -> Result<Self> {
        if let Some(address) = common.server {
            if !is_local(address.ip()) {
                let ip = address.ip();
                bail!(Usage(format!("{ip} is a public address: load goes to the LAN only")));
            }
            return Ok(Self { address, running: None, site: None });
        }
        Self::start(common, None)
    }

    /// One that is started, with an account for each bot.
    ///
    /// # Errors
    /// Where it can't be.
    pub(super) fn with_accounts(common: &Common, bots: usize) -> Result<Self> {
        let name = |bot| Crew::names(0).name(bot as User);
        Self::start(common, Some(Site::make_called(bots, Secrets::Tokens, name)?))
    }

    fn start(common: &Common, site: Option<Site>) -> Result<Self> {
        let program = crate::versus::launch::server_binary(common.server_bin.as_deref());
        let workers = common.workers.map(|workers| workers.to_string());
        let mut flags = vec!["--rate", "0", "--broadcast-interval", "0"];
        if let Some(workers) = &workers {
            flags.extend(["--workers", workers]);
        }
        if let Some(site) = &site {
            flags.extend(["--data", site.path(), "--rate-per-address", "0", "--store-rate", "0"]);
        }
        let running =
            launch_lanline(Path::new(&program), &flags, common.tls).with_context(|| {
                format!(
                    "no server to test: {} (build it with `cargo build --release`, name it with \
                 --server-bin, or a running one with --server)",
                    program.display()
                )
            })?;
        Ok(Self { address: running.address, running: Some(running), site })
    }

    /// Resident memory and descriptors of one that was started here.
    pub(super) fn vitals(&self) -> (Option<u64>, Option<u64>) {
        let pid = self.running.as_ref().map(Running::pid);
        (pid.and_then(machine::resident_bytes), pid.and_then(machine::descriptors))
    }

    /// Its CPU time in seconds.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        let pid = self.running.as_ref().map(Running::pid)?;
        machine::cpu_time(pid).map(|time| time.as_secs_f64())
    }

    /// That of its workers and its store, where it stores.
    pub(super) fn cpu_by_part(&self) -> Option<ServerCpu> {
        let pid = self.running.as_ref().map(Running::pid)?;
        self.site.as_ref().and_then(|_| ServerCpu::of(pid))
    }

    /// What each bot says to `/login`; nothing where they are guests.
    pub(super) fn logins(&self) -> &[String] {
        self.site.as_ref().map_or(&[], |site| &site.logins)
    }

    pub(super) fn was_started_here(&self) -> bool {
        self.running.is_some()
    }
}

/// Loopback, private, link-local or unique-local.
pub(crate) fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lan_addresses_are_local() {
        for local in ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fe80::1", "fd00::1"] {
            assert!(is_local(local.parse().unwrap()), "{local}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "0.0.0.0"] {
            assert!(!is_local(public.parse().unwrap()), "{public}");
        }
    }
}
