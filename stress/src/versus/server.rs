//! Which servers there are: how each is started with fair, fast settings (no
//! flood limits, no log; persistence for those that store), and which dialect it speaks.

use super::dialect::irc;
use super::dialect::{
    Dialect, Irc, JetStream, KeptMqtt, Lanline, Mqtt, Nats, Redis, Relay, StoredLanline, Streams,
};
use crate::driver::Security;
use clap::ValueEnum;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A server that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Server {
    /// The floor: forwards by a binary address, looks at nothing.
    Relay,
    Lanline,
    Inspircd,
    /// Redis that doesn't answer a publisher.
    RedisQuiet,
    Redis,
    Nats,
    Mosquitto,
    Ngircd,
    /// A thread a client, in Python.
    Python,
    /// Between accounts.
    LanlineStored,
    /// JetStream, each message synced before it is acknowledged.
    JetstreamAlways,
    /// As it comes: synced every two minutes.
    Jetstream,
    /// Streams, synced before they are answered.
    RedisAlways,
    /// Streams, synced once a second.
    RedisEverysec,
    /// Quality of service 1, persistent sessions; written down every half hour.
    MosquittoKept,
}

/// The files of a certificate that is its own authority, and of its key.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn write(&self) -> io::Result<()> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.map_err(io::Error::other)?;
        std::fs::write(&self.certificate, made.cert.pem())?;
        std::fs::write(&self.key, made.signing_key.serialize_pem())
    }
}

/// How the harness hears that a server is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It prints `listening on ADDRESS:PORT` to standard output.
    Says,
    /// It takes connections on the port it was given.
    Accepts,
}

impl Server {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// Whether it stores what is sent.
    pub(crate) fn stores(self) -> bool {
        match self {
            Self::LanlineStored
            | Self::JetstreamAlways
            | Self::Jetstream
            | Self::RedisAlways
            | Self::RedisEverysec
            | Self::MosquittoKept => true,
            Self::Relay
            | Self::Lanline
            | Self::Inspircd
            | Self::RedisQuiet
            | Self::Redis
            | Self::Nats
            | Self::Mosquitto
            | Self::Ngircd
            | Self::Python => false,
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// `logins` are what accounts log in by.
    pub(crate) fn dialect(self, logins: &[String]) -> Box<dyn Dialect> {
        match self {
            Self::LanlineStored => Box::new(StoredLanline::new(logins)),
            Self::JetstreamAlways | Self::Jetstream => Box::new(JetStream),
            Self::RedisAlways | Self::RedisEverysec => Box::new(Streams),
            Self::MosquittoKept => Box::new(KeptMqtt::default()),
            Self::Relay => Box::new(Relay),
            Self::Lanline | Self::Python => Box::new(Lanline),
            Self::Redis => Box::new(Redis { replies: true }),
            Self::RedisQuiet => Box::new(Redis { replies: false }),
            Self::Nats => Box::new(Nats),
            Self::Mosquitto => Box::new(Mqtt),
            Self::Inspircd | Self::Ngircd => Box::new(Irc),
        }
    }

    pub(crate) fn readiness(self) -> Readiness {
        match self {
            Self::Relay | Self::Lanline | Self::LanlineStored | Self::Python => Readiness::Says,
            _ => Readiness::Accepts,
        }
    }

    /// How it is spoken to over TLS; none, if it can't be.
    pub(crate) fn tls(self) -> Option<Security> {
        match self {
            Self::Relay | Self::Python => None,
            server if server.stores() => None,
            Self::Nats => Some(Security::TlsBehindLine),
            _ => Some(Security::Tls),
        }
    }

    /// Where its program is. `lanline` is used for Lanline.
    pub(crate) fn program(self, lanline: &Path) -> Option<PathBuf> {
        match self {
            Self::Relay => std::env::current_exe().ok(),
            Self::Lanline | Self::LanlineStored => lanline.is_file().then(|| lanline.to_owned()),
            Self::Redis | Self::RedisQuiet | Self::RedisAlways | Self::RedisEverysec => {
                find("redis-server")
            }
            Self::Nats | Self::Jetstream => find("nats-server"),
            Self::JetstreamAlways => find("nats-server").filter(|program| knows_sync(program)),
            Self::Mosquitto | Self::MosquittoKept => find("mosquitto"),
            Self::Inspircd => find("inspircd"),
            Self::Ngircd => find("ngircd"),
            Self::Python => find("python3"),
        }
    }

    /// The command that starts it on `port`; its files go to `folder`.
    ///
    /// # Errors
    /// Where a file can't be written.
    pub(crate) fn command(
        self,
        program: &Path,
        port: u16,
        folder: &Path,
        tls: bool,
    ) -> io::Result<Command> {
        let mut command = Command::new(program);
        let pair = Pair { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
        let pair = tls.then_some(&pair);
        if let Some(pair) = pair {
            pair.write()?;
        }
        // A variable, which older servers pass over; one with a directory makes its own.
        let has_data = tls || self == Self::LanlineStored;
        command.env("LANLINE_DATA", if has_data { folder } else { Path::new("none") });
        command.env("LANLINE_STORE_RATE", "0");
        command.current_dir(folder);
        let config = folder.join("server.conf");
        let port_text = port.to_string();
        match self {
            Self::Relay => command.args(["relay", "--listen", "127.0.0.1:0"]),
            Self::LanlineStored => command
                .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"])
                .args(["--rate", "0", "--rate-per-address", "0"]),
            Self::JetstreamAlways | Self::Jetstream => {
                std::fs::write(&config, jetstream(port, folder, self == Self::JetstreamAlways))?;
                command.arg("-c").arg(&config)
            }
            Self::RedisAlways | Self::RedisEverysec => {
                let sync = if self == Self::RedisAlways { "always" } else { "everysec" };
                redis(&mut command, &port_text, None).args(["--appendfsync", sync]).args([
                    "--appendonly",
                    "yes",
                    "--auto-aof-rewrite-percentage",
                    "0",
                ])
            }
            Self::MosquittoKept => {
                let persistence = format!("persistence_location {}/\n", folder.display());
                let settings = mosquitto(port, None).replace(
                    "persistence false\n",
                    &format!("persistence true\nmax_inflight_messages 0\n{persistence}"),
                );
                std::fs::write(&config, settings)?;
                command.arg("-c").arg(&config)
            }
            Self::Lanline => command
                .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"])
                .args(["--rate", "0", "--broadcast-interval", "0"]),
            Self::Redis | Self::RedisQuiet => redis(&mut command, &port_text, pair).args([
                "--appendonly",
                "no",
                "--client-output-buffer-limit",
                "pubsub 0 0 0",
            ]),
            Self::Nats => {
                command.args(["--addr", "127.0.0.1", "--port", &port_text]);
                if let Some(Pair { certificate, key }) = pair {
                    command.arg("--tls").arg("--tlscert").arg(certificate);
                    command.arg("--tlskey").arg(key);
                }
                &mut command
            }
            Self::Mosquitto => {
                std::fs::write(&config, mosquitto(port, pair))?;
                command.arg("-c").arg(&config)
            }
            Self::Inspircd => {
                std::fs::write(&config, inspircd(port, folder, pair))?;
                command
                    .args(["--nofork", "--nolog", "--nopid", "--runasroot", "--config"])
                    .arg(&config)
            }
            Self::Ngircd => {
                std::fs::write(&config, ngircd(port, pair))?;
                command.arg("--nodaemon").arg("--config").arg(&config)
            }
            Self::Python => {
                let script = folder.join("thread_per_client.py");
                std::fs::write(&script, include_str!("fixtures/thread_per_client.py"))?;
                command.arg(&script)
            }
        };
        Ok(command)
    }
}

/// Whether it can sync each message: NATS can since 2.10.
fn knows_sync(nats: &Path) -> bool {
    let Ok(folder) = TempDir::with_prefix("stress-") else { return false };
    let config = folder.path().join("server.conf");
    std::fs::write(&config, jetstream(4222, folder.path(), true)).is_ok()
        && Command::new(nats)
            .arg("-t")
            .arg("-c")
            .arg(config)
            .output()
            .is_ok_and(|done| done.status.success())
}

/// A program in `PATH`, or where servers are kept.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn redis<'a>(command: &'a mut Command, port: &str, pair: Option<&Pair>) -> &'a mut Command {
    redis_port(command, port, pair)
        .args(["--bind", "127.0.0.1", "--save", "", "--daemonize", "no", "--protected-mode", "no"])
        .args(["--maxclients", "19000", "--tcp-backlog", "4096", "--logfile", "/dev/null"])
        .args(["--timeout", "0"])
}

/// Redis takes TLS on a port of its own.
fn redis_port<'a>(command: &'a mut Command, port: &str, pair: Option<&Pair>) -> &'a mut Command {
    let Some(Pair { certificate, key }) = pair else { return command.args(["--port", port]) };
    command.args(["--port", "0", "--tls-port", port, "--tls-auth-clients", "no"]);
    command.arg("--tls-cert-file").arg(certificate).arg("--tls-key-file").arg(key);
    command.arg("--tls-ca-cert-file").arg(certificate)
}

fn mosquitto(port: u16, pair: Option<&Pair>) -> String {
    let tls = pair.map(|Pair { certificate, key }| {
        format!("certfile {}\nkeyfile {}\n", certificate.display(), key.display())
    });
    format!(
        "listener {port} 127.0.0.1\n{}allow_anonymous true\npersistence false\nlog_dest none\n\
         set_tcp_nodelay true\nmax_queued_messages 0\nmax_queued_bytes 0\nuser root\n",
        tls.unwrap_or_default()
    )
}

fn jetstream(port: u16, folder: &Path, is_synced: bool) -> String {
    let sync = if is_synced { "sync_interval: always" } else { "" };
    let folder = folder.display();
    format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{folder}\"\n{sync}\n}}\n")
}

fn ngircd(port: u16, pair: Option<&Pair>) -> String {
    let (plain, tls) = match pair {
        None => (format!("Ports = {port}\n"), String::new()),
        Some(Pair { certificate, key }) => {
            let (certificate, key) = (certificate.display(), key.display());
            let tls = format!("[SSL]\nPorts = {port}\nCertFile = {certificate}\nKeyFile = {key}\n");
            (String::new(), tls)
        }
    };
    let (operator, password) = irc::OPERATOR;
    let name = irc::SERVER_NAME;
    format!(
        "[Global]\nName = {name}\nInfo = bench\nListen = 127.0.0.1\n{plain}\
         ServerUID = root\nServerGID = root\nMotdPhrase = hello\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\n\
         PingTimeout = 3600\nPongTimeout = 3600\n\
         [Options]\nDNS = no\nIdent = no\nPAM = no\nOperCanUseMode = yes\n\
         {tls}[Operator]\nName = {operator}\nPassword = {password}\n"
    )
}

fn inspircd(port: u16, folder: &Path, pair: Option<&Pair>) -> String {
    let bind = pair.map_or("", |_| " sslprofile=\"here\"");
    let tls = pair.map(|Pair { certificate, key }| {
        format!(
            "<module name=\"ssl_gnutls\">\n<sslprofile name=\"here\" provider=\"gnutls\" \
             certfile=\"{}\" keyfile=\"{}\" requestclientcert=\"no\" hash=\"sha256\">\n",
            certificate.display(),
            key.display()
        )
    });
    let tls = tls.unwrap_or_default();
    let (operator, password) = irc::OPERATOR;
    let name = irc::SERVER_NAME;
    let data = folder.display();
    format!(
        "<server name=\"{name}\" description=\"bench\" network=\"bench\">\n\
         <admin name=\"bench\" nick=\"bench\" email=\"bench@localhost\">\n\
         <path datadir=\"{data}\" logdir=\"{data}\" runtimedir=\"{data}\">\n\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\"{bind}>\n{tls}\
         <connect allow=\"*\" timeout=\"120\" pingfreq=\"3600\" hardsendq=\"100000000\" \
         softsendq=\"100000000\" recvq=\"1000000\" threshold=\"1000000\" \
         commandrate=\"1000000000\" fakelag=\"no\" localmax=\"100000\" globalmax=\"100000\" \
         maxconnwarn=\"no\" resolvehostnames=\"no\" useident=\"no\" limit=\"100000\">\n\
         <class name=\"all\" commands=\"*\" privs=\"*\" usermodes=\"*\" chanmodes=\"*\">\n\
         <type name=\"all\" classes=\"all\">\n\
         <oper name=\"{operator}\" password=\"{password}\" host=\"*\" type=\"all\">\n\
         <performance somaxconn=\"4096\" softlimit=\"100000\" netbuffersize=\"10240\" \
         clonesonconnect=\"no\">\n\
         <dns enabled=\"no\">\n<files motd=\"\">\n"
    )
}
