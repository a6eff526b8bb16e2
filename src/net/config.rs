//! What an operator has set, checked and complete. Where the values come from
//! is `cli`'s business.

use crate::chat::Rules;
use crate::sandbox;
use ipnet::IpNet;
use std::net::SocketAddr;

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
    /// What the process gives up once it serves.
    pub sandbox: sandbox::Mode,
    /// What the chat itself is told.
    pub rules: Rules,
}
