//! The command lines of the operator's tools, and what they print. Never: what
//! they look at.

#[cfg(target_os = "linux")]
use super::files::Reading;
#[cfg(target_os = "linux")]
use super::layers::ServeFlags;
use super::seconds::{Seconds, some_time};
#[cfg(target_os = "linux")]
use super::serve_tls::SiteTls;
use super::trust::TrustArgs;
#[cfg(target_os = "linux")]
use super::usage::UsageError;
use crate::certificate;
#[cfg(target_os = "linux")]
use crate::chat::Accounts;
use crate::connect::{Server, Target, Trust};
#[cfg(target_os = "linux")]
use crate::data::Choice;
use crate::limits::{DEFAULT_PORT, TLS_WARNING};
#[cfg(target_os = "linux")]
use crate::net::tls;
#[cfg(target_os = "linux")]
use crate::ops::doctor::{self, Machine, Plan};
use crate::ops::health::{self, Health};
#[cfg(unix)]
use crate::ops::top;
use clap::Args;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Flags of `lanline doctor`.
#[cfg(target_os = "linux")]
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// How many users this machine is to carry
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = users)]
    users: usize,
    /// What the server would be started with.
    #[command(flatten)]
    serve: ServeFlags,
}

/// The server that a tool looks at.
#[derive(Args, Clone, Debug)]
struct WatchedServer {
    /// The server: [NAME@][HOST][:PORT]; tools pass over the name
    ///
    /// Without it, the server of this machine, where LANLINE_LISTEN or the
    /// settings in LANLINE_CONFIG say that it listens, else at port 5260.
    #[arg(value_name = "[NAME@][HOST][:PORT]", value_parser = target)]
    target: Option<Target>,
    /// The same, as for the commands of the client
    #[arg(long, env = "LANLINE_SERVER", value_name = "[NAME@][HOST][:PORT]", value_parser = target)]
    server: Option<Target>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Flags of `lanline health`.
#[derive(Args, Clone, Debug)]
pub struct HealthArgs {
    #[command(flatten)]
    server: WatchedServer,
    /// How long each step may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = some_time)]
    timeout: Seconds,
}

/// Flags of `lanline top`.
#[cfg(unix)]
#[derive(Args, Clone, Debug)]
pub struct TopArgs {
    #[command(flatten)]
    server: WatchedServer,
    /// Between two looks, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = some_time)]
    interval: Seconds,
    /// End after so many looks
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// A server, and how to look at it.
struct Watched {
    server: Server,
    trust: Trust,
    /// It is spoken to without TLS, and may have a certificate all the same.
    sees_certificate: bool,
}

/// What a tool has to say, and whether all is well.
pub struct Verdict {
    pub text: String,
    pub well: bool,
}

#[cfg(target_os = "linux")]
impl DoctorArgs {
    /// Looks at this machine.
    ///
    /// # Errors
    /// [`UsageError`] where the server's settings can't be used.
    pub fn run(self) -> Result<Verdict, UsageError> {
        let args = self.serve.resolve(Reading::First)?.args;
        let made_ends = args.site_there().and_then(|site| site.ends());
        let place = match args.data() {
            Choice::None => None,
            Choice::Asked(path) | Choice::Default(path) => Some(path),
        };
        let config = args.into_config(Reading::First, SiteTls::Unasked, None)?;
        let certificate_ends = config.tls.and_then(|tls| tls.ends()).or(made_ends);
        let plan = Plan {
            users: self.users,
            workers: config.workers,
            clients_max: config.clients_max,
            listen: config.listen,
            queue_bytes: config.settings.queue_bytes_max,
            data: place.filter(|_| config.settings.accounts != Accounts::Off),
            warnings: config.warnings,
            certificate_left: certificate_ends.map(|end| end.saturating_sub(tls::now())),
        };
        let findings = doctor::examine(&plan, &Machine::this());
        let text = doctor::report(&plan, &findings);
        Ok(Verdict { text, well: doctor::is_fit(&findings) })
    }
}

impl HealthArgs {
    /// Looks at a server.
    pub fn run(self) -> Verdict {
        let Self { server, timeout: Seconds(patience) } = self;
        let Watched { server, trust, sees_certificate } = match server.resolve() {
            Ok(found) => found,
            Err(why) => return Verdict { text: format!("{why}\n"), well: false },
        };
        let (well, says) = match health::check(&server, &trust, sees_certificate, patience) {
            Ok(Health::Well(took, left)) => {
                let warning = left.filter(|&left| left < TLS_WARNING).map(|left| {
                    format!("\n{server}: its certificate {}", certificate::ends_in_words(left))
                });
                let says =
                    format!("well, after {} ms{}", took.as_millis(), warning.unwrap_or_default());
                (left != Some(Duration::ZERO), says)
            }
            Ok(Health::Full) => (true, "full".to_owned()),
            Err(error) => (false, error.to_string()),
        };
        Verdict { text: format!("{server}: {says}\n"), well }
    }
}

#[cfg(unix)]
impl TopArgs {
    /// Shows a server until the user has had enough.
    pub fn run(self) -> Verdict {
        let Watched { server, trust, .. } = match self.server.resolve() {
            Ok(found) => found,
            Err(why) => return Verdict { text: format!("{why}\n"), well: false },
        };
        match top::run(&server, &trust, self.interval.0, self.count) {
            Ok(()) => Verdict { text: String::new(), well: true },
            Err(error) => Verdict { text: format!("{server}: {error}\n"), well: false },
        }
    }
}

impl WatchedServer {
    /// What is wrong with the settings of this machine's own server, or with whom
    /// to trust, in words.
    fn resolve(self) -> Result<Watched, String> {
        let (server, may_have_tls) = match self.target.or(self.server) {
            Some(target) => (target.server(), true),
            None => own_server()?,
        };
        let trust = self.trust.load_for_probe(&server)?;
        let sees_certificate = may_have_tls && self.trust.probes_plain(&server);
        Ok(Watched { server, trust, sees_certificate })
    }
}

/// Where no server runs, it has no settings.
#[cfg(not(target_os = "linux"))]
fn own_server() -> Result<(Server, bool), String> {
    Ok((SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)).into(), false))
}

/// The server of this machine, by the settings that it would start with here, and
/// whether it has a certificate.
#[cfg(target_os = "linux")]
fn own_server() -> Result<(Server, bool), String> {
    let settings = ServeFlags::from_environment().and_then(|flags| flags.resolve(Reading::First));
    let args = settings.map_err(|wrong| wrong.to_string())?.args;
    let has_tls = args.has_certificate();
    let listen = args.listen;
    let Some(&first) = listen.first() else {
        return Ok((SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)).into(), has_tls));
    };
    if first.port() == 0 {
        return Err(format!("which port? The settings leave it open: {first}"));
    }
    Ok((reachable(first, &listen).into(), has_tls))
}

/// Where this machine reaches a listener of its own.
#[cfg(target_os = "linux")]
fn reachable(mut address: SocketAddr, all: &[SocketAddr]) -> SocketAddr {
    if address.ip().is_unspecified() {
        // It takes IPv4 too, unless that has a listener of its own.
        let has_ipv4 = all.iter().any(|a| a.is_ipv4() && a.port() == address.port());
        address.set_ip(match address.is_ipv6() && has_ipv4 {
            true => Ipv6Addr::LOCALHOST.into(),
            false => Ipv4Addr::LOCALHOST.into(),
        });
    }
    address
}

/// As the client's commands take it, and IPv6 addresses without brackets.
fn target(text: &str) -> Result<Target, String> {
    let (address, _) = text.split_once('%').unwrap_or((text, ""));
    if address.parse::<Ipv6Addr>().is_ok() {
        let Server { host, port } = text.parse()?;
        return Ok(Target { name: None, host: Some(host), port: Some(port) });
    }
    text.parse()
}

#[cfg(target_os = "linux")]
fn users(text: &str) -> Result<usize, String> {
    super::number::within(text, 1, doctor::USERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_what_chat_takes_and_a_bare_ipv6_address() {
        for (text, wanted) in [
            ("hall", "hall:5260"),
            ("robot@hall:7", "hall:7"),
            ("::1", "[::1]:5260"),
            ("fe80::1%eth0", "[fe80::1%eth0]:5260"),
            ("robot@[fe80::1%eth0]:7", "[fe80::1%eth0]:7"),
        ] {
            assert_eq!(target(text).unwrap().server().to_string(), wanted, "{text}");
        }
        assert!(target("1:2:3").is_err());
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_by_loopback() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (listen, wanted) in [
            (&["192.0.2.7:5"][..], "192.0.2.7:5"),
            (&["0.0.0.0:5"][..], "127.0.0.1:5"),
            (&["[::]:5"][..], "127.0.0.1:5"),
            (&["[::]:5", "192.0.2.7:5"][..], "[::1]:5"),
            (&["[::]:5", "192.0.2.7:6"][..], "127.0.0.1:5"),
        ] {
            let listen: Vec<SocketAddr> = listen.iter().map(|text| address(text)).collect();
            assert_eq!(reachable(listen[0], &listen), address(wanted), "{listen:?}");
        }
    }
}
