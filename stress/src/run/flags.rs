//! The flags of a run.

use crate::driver::Security;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Against which server, and where the figures go.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Common {
    /// A server that runs already; without it one is started on loopback.
    /// Public addresses are refused.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: Option<SocketAddr>,
    /// The program to start; by default the `lanline` beside this one.
    #[arg(long, value_name = "PATH", conflicts_with = "server")]
    pub server_bin: Option<PathBuf>,
    /// Worker threads of the server that is started.
    #[arg(long, conflicts_with = "server")]
    pub workers: Option<usize>,
    /// Bots speak TLS; whatever certificate the server has will do.
    #[arg(long)]
    pub tls: bool,
    /// Bots have no tickets: each handshake is a whole one.
    #[arg(long, requires = "tls")]
    pub no_tickets: bool,
    /// What the random choices are made from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Writes a page with plots.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

impl Common {
    /// How bots speak to the server.
    pub(super) fn security(&self) -> Security {
        match (self.tls, self.no_tickets) {
            (false, _) => Security::Plain,
            (true, false) => Security::Tls,
            (true, true) => Security::TlsWithoutTickets,
        }
    }
}

/// The flags of a scenario.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScenarioArgs {
    /// Bots.
    #[arg(long, default_value_t = 50)]
    pub users: usize,
    /// How long they play.
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS", value_parser = crate::values::seconds)]
    pub duration: f64,
    /// Length of a text (short ones are padded to hold what tells them apart).
    #[arg(long, default_value_t = 64, value_name = "BYTES", value_parser = size)]
    pub size: usize,
    /// Packets a second, all bots together; without it, as fast as the answers
    /// come, or 2 per bot where a scenario needs a rate.
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Packets of a pair on their way (pipeline).
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub window: u32,
    /// Processes of bots; by default as many as the descriptor limit asks for.
    #[arg(long)]
    pub processes: Option<usize>,
    /// The bots are accounts of a server of the harness's own: what they say to each
    /// other and to all is stored before anybody sees it.
    #[arg(long, conflicts_with_all = ["server", "processes"])]
    pub accounts: bool,
    #[command(flatten)]
    pub common: Common,
}

/// The flags of `breakpoint`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BreakpointArgs {
    /// Users to begin with, and to add each time.
    #[arg(long, default_value_t = 500, value_name = "USERS")]
    pub from: usize,
    /// Users to add each time; by default a fifth of those there are, and no
    /// fewer than it began with.
    #[arg(long, value_name = "USERS")]
    pub step: Option<usize>,
    /// Users at the most.
    #[arg(long, default_value_t = 40_000, value_name = "USERS")]
    pub to: usize,
    /// How long each step is measured.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS", value_parser = crate::values::seconds)]
    pub duration: f64,
    /// Packets a second and user.
    #[arg(long, default_value_t = 1.0, value_parser = rate)]
    pub rate_per_user: f64,
    /// The 99th percentile of the latency must stay below this.
    #[arg(long, default_value_t = 250.0, value_name = "MILLISECONDS", value_parser = rate)]
    pub latency_bound: f64,
    /// Length of a text.
    #[arg(long, default_value_t = 64, value_name = "BYTES", value_parser = size)]
    pub size: usize,
    /// Processes of bots; by default as many as the descriptor limit asks for.
    #[arg(long)]
    pub processes: Option<usize>,
    #[command(flatten)]
    pub common: Common,
}

/// The flags of the first test.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FirstArgs {
    #[command(flatten)]
    pub common: Common,
}

fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size <= 60_000 => Ok(size),
        _ => Err("a number of bytes up to 60000".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e7 => Ok(rate),
        _ => Err("a number above 0".to_owned()),
    }
}
