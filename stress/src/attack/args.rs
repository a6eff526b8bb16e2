//! The command line of the attacks. Never: playing them.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Which attacks, on whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct AttackArgs {
    /// Rows of the table, by their names; all by default.
    #[arg(long, value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Worker threads of the servers that are started, one run for each number.
    #[arg(long, value_delimiter = ',', conflicts_with = "server")]
    pub workers: Vec<usize>,
    /// How long each attack lasts, and the look without it before.
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// A part of the connections, for small machines.
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    pub share: f64,
    /// A server of your own that runs already; needs --it-is-mine.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: Option<SocketAddr>,
    /// The server is yours to attack.
    #[arg(long, requires = "server")]
    pub it_is_mine: bool,
    /// Where the metrics of that server are.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "server")]
    pub metrics: Option<SocketAddr>,
    /// The program to start; by default the `lanline` beside this one.
    #[arg(long, value_name = "PATH", conflicts_with = "server")]
    pub server_bin: Option<PathBuf>,
    /// Writes all figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|seconds| (0.1..=3600.0).contains(seconds))
        .ok_or_else(|| "0.1 to 3600".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    number(text)
        .filter(|share| (0.001..=1.0).contains(share))
        .ok_or_else(|| "0.001 to 1".to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}
