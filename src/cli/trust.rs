//! Whether a connection is encrypted, and whom it trusts: flags of all commands
//! that connect. Never: judging a server.

use crate::certificate::Fingerprint;
use crate::connect::{Server, Trust, TrustOptions};
use clap::Args;
use clap::builder::FalseyValueParser;
use std::path::PathBuf;

/// How to connect. By TLS, where the server has it.
#[derive(Args, Clone, Debug, Default)]
pub struct TrustArgs {
    /// Without TLS, this once
    #[arg(long, env = "LANLINE_PLAIN", value_parser = FalseyValueParser::new())]
    pub plain: bool,
    /// Trust this authority too (PEM)
    #[arg(long, env = "LANLINE_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The server's key is this one and no other: what `lanline cert show` prints there
    #[arg(long, env = "LANLINE_FINGERPRINT", value_name = "HEX")]
    pub fingerprint: Option<Fingerprint>,
    /// Your own certificate (PEM), with --key
    #[arg(long, env = "LANLINE_CERT", value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The key of your certificate (PEM)
    #[arg(long, env = "LANLINE_KEY", value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
}

impl TrustArgs {
    /// [`Self::load`] for what looks at a server every few seconds; see
    /// [`Self::probes_plain`].
    ///
    /// # Errors
    /// As there.
    pub fn load_for_probe(&self, server: &Server) -> Result<Trust, String> {
        if self.probes_plain(server) { Ok(Trust::plain()) } else { self.load() }
    }

    /// Whether a probe goes without TLS whatever the server has: on this machine nobody is
    /// in between, and a server that has none has nothing to log.
    pub fn probes_plain(&self, server: &Server) -> bool {
        let is_asked_for = self.ca.is_some() || self.fingerprint.is_some() || self.cert.is_some();
        server.is_this_machine() && !is_asked_for
    }

    /// Reads what the flags name.
    ///
    /// # Errors
    /// In words: a file that can't be read or used.
    pub fn load(&self) -> Result<Trust, String> {
        Trust::load(&TrustOptions {
            plain: self.plain,
            ca: self.ca.clone(),
            fingerprint: self.fingerprint,
            identity: self.cert.clone().zip(self.key.clone()),
        })
    }
}
