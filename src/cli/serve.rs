//! The flags of `lanline serve`, each with its variable in the environment,
//! and how they become a checked `Config`.

use super::files::Reading;
use super::number::within;
use super::seconds::{Seconds, seconds, some_time};
use super::serve_accounts::AccountsArgs;
use super::serve_store::StoreArgs;
use super::serve_tls::{SiteTls, TlsArgs};
use super::token::Token;
use super::usage::UsageError;
use crate::chat::{LookAlikes, Settings};
use crate::data::{self, DataDir};
use crate::limits;
use crate::net::Config;
use crate::net::tls::{Name, Site};
use crate::sandbox;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Flags of the server.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// A TOML file of settings, named like these flags without the dashes;
    /// flags and the environment go over it
    #[arg(long, value_name = "PATH", env = "LANLINE_CONFIG")]
    config: Option<PathBuf>,

    /// Where to listen; repeatable. Port 0 takes a free one. [::] takes IPv4
    /// too, unless an IPv4 address with the same port is asked for
    /// [default: [::]:5260, without IPv6 0.0.0.0:5260]
    #[arg(long, value_name = "ADDR", env = "LANLINE_LISTEN", value_delimiter = ',',
          value_parser = address)]
    pub(super) listen: Vec<SocketAddr>,

    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N", env = "LANLINE_WORKERS", value_parser = workers)]
    workers: Option<usize>,

    /// The largest packet taken, in bytes
    #[arg(long, value_name = "BYTES", env = "LANLINE_MAX_PACKET", value_parser = packet_bytes,
          default_value_t = limits::PACKET_BYTES_DEFAULT)]
    max_packet: usize,

    /// Time to say who one is, in seconds
    #[arg(long, value_name = "SECONDS", env = "LANLINE_GREETING_TIMEOUT", value_parser = some_time,
          default_value_t = Seconds(limits::GREETING_TIMEOUT_DEFAULT))]
    greeting_timeout: Seconds,

    /// What may wait for one recipient, in bytes
    #[arg(long, value_name = "BYTES", env = "LANLINE_QUEUE", value_parser = queue_bytes,
          default_value_t = limits::QUEUE_BYTES_DEFAULT)]
    queue: usize,

    /// What may wait for all recipients together, in bytes; over it the longest
    /// queues take no more
    #[arg(long, value_name = "BYTES", env = "LANLINE_QUEUES", value_parser = queues_bytes,
          default_value_t = limits::QUEUES_BYTES_DEFAULT)]
    queues: usize,

    /// How long a client may read nothing while bytes wait, in seconds
    #[arg(long, value_name = "SECONDS", env = "LANLINE_STUCK_TIMEOUT", value_parser = some_time,
          default_value_t = Seconds(limits::STUCK_TIMEOUT_DEFAULT))]
    stuck_timeout: Seconds,

    /// Packets a second from one client, bursts twice that; 0 is no bound.
    /// Over it a client is slowed, nothing is dropped
    #[arg(long, value_name = "N", env = "LANLINE_RATE", value_parser = whole,
          default_value_t = limits::RATE_DEFAULT)]
    rate: u32,

    /// Packets a second from all clients of one address (IPv6: of one /64),
    /// bursts twice that; 50 MB and 200 logins a second go with it. 0 is no
    /// bound, and so it is with --rate 0
    #[arg(long, value_name = "N", env = "LANLINE_RATE_PER_ADDRESS", value_parser = whole,
          default_value_t = limits::RATE_PER_ADDRESS_DEFAULT)]
    rate_per_address: u32,

    /// Between two broadcasts of one client, in seconds; 0 is no bound
    #[arg(long, value_name = "SECONDS", env = "LANLINE_BROADCAST_INTERVAL", value_parser = seconds,
          default_value_t = Seconds(limits::BROADCAST_INTERVAL_DEFAULT))]
    broadcast_interval: Seconds,

    /// Connections at once [default: what the descriptor limit allows, up to 32768]
    #[arg(long, value_name = "N", env = "LANLINE_MAX_CLIENTS", value_parser = at_least_one)]
    max_clients: Option<usize>,

    /// Connections at once from one address [default: no bound, since a
    /// terminal server has many users]
    #[arg(long, value_name = "N", env = "LANLINE_MAX_PER_ADDRESS", value_parser = at_least_one)]
    max_per_address: Option<usize>,

    /// Let in this network as well, besides loopback, private, link-local and
    /// unique-local addresses; repeatable
    #[arg(long, value_name = "CIDR", env = "LANLINE_ALLOW", value_delimiter = ',',
          value_parser = network)]
    allow: Vec<IpNet>,

    /// No limits by address for this network; repeatable
    #[arg(long, value_name = "CIDR", env = "LANLINE_TRUST", value_delimiter = ',',
          value_parser = network)]
    trust: Vec<IpNet>,

    /// Beside whose names look-alikes in plain ASCII are refused (aIice and a1ice
    /// beside alice, Adrnin beside Admin): those of `operators` who are here, of
    /// `everyone`, or, with `unicode`, of nobody. Names of other letters are
    /// refused beside any name that they look like, whatever this says
    #[arg(
        long,
        value_name = "WHOSE",
        env = "LANLINE_LOOK_ALIKES",
        value_enum,
        default_value = "operators"
    )]
    look_alikes: WhoseLookAlikes,

    /// A file whose first line is the operators' token. The token itself may
    /// stand in LANLINE_OPERATOR_TOKEN instead
    #[arg(long, value_name = "PATH", env = "LANLINE_OPERATOR_TOKEN_FILE")]
    operator_token_file: Option<PathBuf>,

    /// Where to keep what outlives the server, the certificate that it makes for
    /// itself for one; or `none` [default: STATE_DIRECTORY, or lanline in the
    /// user's state directory]
    #[arg(long, value_name = "DIR", env = "LANLINE_DATA")]
    data: Option<PathBuf>,

    #[command(flatten)]
    accounts: AccountsArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    tls: TlsArgs,

    /// Where to serve metrics for Prometheus, over HTTP; without it, nowhere
    #[arg(long, value_name = "ADDR", env = "LANLINE_METRICS", value_parser = metrics_address)]
    metrics: Option<SocketAddr>,
    /// Give up, once the listeners are bound, what a running server never
    /// needs: `require` all of it, `auto` what the kernel gives, or `off`
    #[arg(long, value_name = "MODE", env = "LANLINE_SANDBOX", value_enum, default_value = "auto")]
    sandbox: SandboxMode,

    /// What is logged to standard error: off, error, warn, info, debug
    #[arg(long, value_name = "LEVEL", env = "LANLINE_LOG", default_value = "info")]
    log: log::LevelFilter,
}

/// [`LookAlikes`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum WhoseLookAlikes {
    Operators,
    Everyone,
    Unicode,
}

/// [`sandbox::Mode`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SandboxMode {
    Require,
    Auto,
    Off,
}

impl ServeArgs {
    /// The settings that the flags ask for.
    ///
    /// # Errors
    /// [`UsageError`] where the operators' token can't be used, or files are missing.
    pub fn into_config(
        self,
        reading: Reading,
        site: SiteTls,
        data: Option<Arc<DataDir>>,
    ) -> Result<Config, UsageError> {
        let accounts = self.accounts.mode(&site, &self.data(), data.as_ref())?;
        let Token { token, warnings } = Token::find(self.operator_token_file.as_deref(), reading)?;
        let has_data = data.is_some();
        let tls = self.tls.load(reading, &site)?;
        let site = if self.tls.needs_site() { site.into_site() } else { None };
        let named = [&self.config, &self.operator_token_file];
        let reread = named.into_iter().chain(self.tls.files()).flatten();
        let (data_choice, tls_names) = (self.data(), self.tls_names().to_vec());
        Ok(Config {
            data_choice,
            tls_names,
            listen: self.listen,
            workers: self.workers.unwrap_or_else(workers_default),
            clients_max: self.max_clients,
            per_address_max: self.max_per_address,
            allow: self.allow,
            trust: self.trust,
            metrics: self.metrics,
            log: self.log,
            reread: reread.cloned().collect(),
            tls,
            data,
            site,
            tls_required: self.tls.is_required(),
            sandbox: self.sandbox.into(),
            keeping: self.store.keeping(),
            warnings,
            settings: Settings {
                packet_bytes_max: self.max_packet,
                queue_bytes_max: self.queue,
                greeting_timeout: self.greeting_timeout.0,
                stuck_timeout: self.stuck_timeout.0,
                rate: self.rate,
                rate_per_address: self.rate_per_address,
                queues_bytes_max: self.queues,
                broadcast_interval: self.broadcast_interval.0,
                look_alikes: self.look_alikes.into(),
                operator_token: token,
                accounts,
                has_data,
                plain_logins: self.accounts.plain_logins(),
                sessions_max: self.accounts.sessions,
                login_timeout: self.accounts.login_timeout.0,
                store_rate: self.store.store_rate,
                store_failure: self.store.failure(),
                keep: self.store.keeping().get().keep,
                reports_everyone: self.log >= log::LevelFilter::Debug,
                ..Settings::default()
            },
        })
    }

    /// Where the data goes.
    pub fn data(&self) -> data::Choice {
        data::Choice::new(self.data.as_deref())
    }

    /// Whether there is something to keep, where there is a place.
    pub fn needs_data(&self) -> bool {
        self.needs_site() || self.accounts.needs_data()
    }

    /// Whether the server makes its own certificate, if it has where to keep it.
    pub fn needs_site(&self) -> bool {
        self.tls.needs_site()
    }

    /// The certificates that a server with these settings has made, if it has; that of
    /// a directory that may not be read can't be found.
    pub(super) fn site_there(&self) -> Option<Site> {
        let path = match self.data() {
            data::Choice::None => return None,
            data::Choice::Asked(path) | data::Choice::Default(path) => path,
        };
        let dir = if self.needs_site() { DataDir::visit(&path).ok()? } else { return None };
        Some(Site::new(Arc::new(dir), Vec::new())).filter(Site::is_issued)
    }

    /// Whether such a server has a certificate, as far as that can be seen from here.
    pub(super) fn has_certificate(&self) -> bool {
        self.tls.has_files() || self.site_there().is_some()
    }

    /// What the server is called besides what the machine is.
    pub fn tls_names(&self) -> &[Name] {
        self.tls.names()
    }

    /// As if no file with the operators' token were named.
    pub(super) fn forget_token_file(&mut self) {
        self.operator_token_file = None;
    }
}

impl From<WhoseLookAlikes> for LookAlikes {
    fn from(whose: WhoseLookAlikes) -> Self {
        match whose {
            WhoseLookAlikes::Operators => Self::Operators,
            WhoseLookAlikes::Everyone => Self::Everyone,
            WhoseLookAlikes::Unicode => Self::Unicode,
        }
    }
}

impl From<SandboxMode> for sandbox::Mode {
    fn from(mode: SandboxMode) -> Self {
        match mode {
            SandboxMode::Require => Self::Require,
            SandboxMode::Auto => Self::Auto,
            SandboxMode::Off => Self::Off,
        }
    }
}

/// One per core, asked for once: in its sandbox the process gets less of an
/// answer.
pub(super) fn workers_default() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
    limits::WORKERS_MAX.min(*cores)
}

fn workers(text: &str) -> Result<usize, String> {
    within(text, 1, limits::WORKERS_MAX)
}

fn packet_bytes(text: &str) -> Result<usize, String> {
    within(text, limits::PACKET_BYTES_MIN, limits::PACKET_BYTES_MAX)
}

fn queue_bytes(text: &str) -> Result<usize, String> {
    within(text, limits::QUEUE_BYTES_MIN, limits::QUEUE_BYTES_MAX)
}

fn queues_bytes(text: &str) -> Result<usize, String> {
    within(text, limits::QUEUE_BYTES_MIN, limits::QUEUES_BYTES_MAX)
}

fn whole(text: &str) -> Result<u32, String> {
    let most = u32::MAX as usize;
    within(text, 0, most).map(|number| number as u32)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    within(text, 1, usize::MAX)
}

/// An address with its port, or without one for the usual port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    with_port(text, limits::DEFAULT_PORT).ok_or_else(|| {
        "not an address like 192.168.1.7:5260 or [::]:5260, or of no interface".into()
    })
}

fn metrics_address(text: &str) -> Result<SocketAddr, String> {
    with_port(text, limits::METRICS_PORT)
        .ok_or_else(|| "not an address like 127.0.0.1:9260".to_owned())
}

fn with_port(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = || text.trim_matches(['[', ']']).parse::<IpAddr>();
    let without = || Some(SocketAddr::new(bare().ok()?, port));
    text.parse().ok().or_else(without).or_else(|| with_zone(text, port))
}

/// `[fe80::1%eth0]:5260`, `fe80::1%eth0`: an address of one interface.
fn with_zone(text: &str, port: u16) -> Option<SocketAddr> {
    let (host, port) = match text.strip_prefix('[') {
        None => (text, port),
        Some(rest) => match rest.split_once(']')? {
            (host, "") => (host, port),
            (host, rest) => (host, rest.strip_prefix(':')?.parse().ok()?),
        },
    };
    let (address, zone) = host.split_once('%')?;
    let zone = zone.parse().ok().or_else(|| interface(zone))?;
    Some(SocketAddrV6::new(address.parse().ok()?, port, 0, zone).into())
}

/// The number of an interface, remembered: in its sandbox the process can't ask.
fn interface(name: &str) -> Option<u32> {
    static KNOWN: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&number) = known.get(name) {
        return Some(number);
    }
    let number = nix::net::if_::if_nametoindex(name).ok()?;
    known.insert(name.to_owned(), number);
    Some(number)
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_| address())
        .map_err(|_| "not a network like 203.0.113.0/24".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_zone() {
        let lo = nix::net::if_::if_nametoindex("lo").unwrap();
        for (text, wanted) in [
            ("fe80::1%lo", format!("[fe80::1%{lo}]:5260")),
            ("[fe80::1%lo]", format!("[fe80::1%{lo}]:5260")),
            ("[fe80::1%lo]:0", format!("[fe80::1%{lo}]:0")),
            ("[fe80::1%7]:9", "[fe80::1%7]:9".to_owned()),
            ("fe80::1", "[fe80::1]:5260".to_owned()),
            ("10.0.0.1", "10.0.0.1:5260".to_owned()),
        ] {
            assert_eq!(address(text).unwrap().to_string(), wanted, "{text}");
        }
        for wrong in ["fe80::1%nowhere9", "10.0.0.1%lo", "[fe80::1%lo", "[fe80::1%lo]x", "%lo"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
