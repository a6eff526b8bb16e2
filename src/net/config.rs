//! What an operator has set, checked and complete. Where the values come from
//! is `cli`'s business.

use super::admission::Rules;
use super::tls::{Name, ServerTls, Site, now, warning};
use super::worst_case;
use crate::chat::Settings;
use crate::data::{Choice, DataDir};
use crate::sandbox;
use crate::store::SharedKeeping;
use ipnet::IpNet;
use log::{info, warn};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; empty means the default, `[::]:5260`, or
    /// `0.0.0.0:5260` on a machine without IPv6.
    pub listen: Vec<SocketAddr>,
    /// Worker threads, at least one.
    pub workers: usize,
    /// Connections, ungreeted ones too; none means what the descriptor limit
    /// allows.
    pub clients_max: Option<usize>,
    /// Connections of one address; none means no bound.
    pub per_address_max: Option<usize>,
    /// Networks that are let in besides the local ones.
    pub allow: Vec<IpNet>,
    /// Networks without limits by address.
    pub trust: Vec<IpNet>,
    /// Where metrics are served, if at all.
    pub metrics: Option<SocketAddr>,
    /// What is logged.
    pub log: log::LevelFilter,
    /// Files that are read again on SIGHUP.
    pub reread: Vec<PathBuf>,
    /// Where the data goes.
    pub data_choice: Choice,
    /// What the server is called besides what the machine is.
    pub tls_names: Vec<Name>,
    /// How TLS is served; none where TLS is off.
    pub tls: Option<Arc<ServerTls>>,
    /// The directory of what outlives the server, held for it.
    pub data: Option<Arc<DataDir>>,
    /// The site that made it; none where it was configured.
    pub site: Option<Arc<Site>>,
    /// Only peers on this machine may connect without TLS.
    pub tls_required: bool,
    /// What the process gives up once it serves.
    pub sandbox: sandbox::Mode,
    /// How long packets are kept, and how many.
    pub keeping: Arc<SharedKeeping>,
    /// What an operator should know about these settings.
    pub warnings: Vec<String>,
    /// The chat's settings.
    pub settings: Settings,
}

impl Config {
    /// The admission's rules, with so many clients.
    pub(super) fn admission_rules(&self, clients_max: usize) -> Rules {
        Rules { clients_max, allow: self.allow.clone(), trust: self.trust.clone() }
    }

    /// Logs the settings in force, with warnings about them.
    pub(super) fn log_limits(&self, clients_max: usize) {
        for warning in &self.warnings {
            warn!("{warning}");
        }
        let settings = &self.settings;
        info!(
            "{}: workers {}, clients {clients_max}, packet {} bytes, queue {} bytes, all queues {} \
             bytes, greeting {:?}, stuck {:?}, rate {}/s, of an address {}/s, broadcasts every \
             {:?}, operators {}, also allowed: {}, trusted: {}",
            settings.version,
            self.workers,
            settings.packet_bytes_max,
            settings.queue_bytes_max,
            settings.queues_bytes_max,
            settings.greeting_timeout,
            settings.stuck_timeout,
            settings.rate,
            settings.rate_per_address,
            settings.broadcast_interval,
            if settings.operator_token.is_some() { "by token" } else { "none" },
            words(&self.allow),
            words(&self.trust),
        );
        match &self.tls {
            None => info!("TLS: off"),
            Some(tls) => {
                let mode = if self.tls_required { "required" } else { "auto" };
                info!("TLS: {mode}, the key's fingerprint is {}", tls.fingerprint());
                let left = tls.ends().map(|end| end.saturating_sub(now()));
                if let Some(words) = left.and_then(warning) {
                    warn!("{words}");
                }
            }
        }
        let tls = self.tls.is_some();
        let parts = worst_case::terms(settings, self.workers, clients_max, tls);
        let parts = parts.map(|(what, bytes)| format!("{what} {}", size(bytes as u64))).join(", ");
        info!(
            "memory: {} for {clients_max} idle clients, at most {} more for what waits for slow \
             readers (queues); {} if strangers filled every other limit as well: {parts}",
            size(worst_case::idle_bytes(self.workers, clients_max)),
            size(settings.queues_bytes_max as u64),
            size(worst_case::bytes(settings, self.workers, clients_max, tls)),
        );
    }
}

/// Bytes in MiB, or in GiB where these are 10,000 or more.
fn size(bytes: u64) -> String {
    match bytes >> 20 {
        mib @ 0..10_000 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib >> 10),
    }
}

fn words(networks: &[IpNet]) -> String {
    if networks.is_empty() {
        return "nobody".to_owned();
    }
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
