//! In place of the server's command line, on systems that it doesn't run on.

use clap::Args;
use std::ffi::OsString;
use std::fmt;

/// Whatever is asked of the server.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeFlags {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    flags: Vec<OsString>,
}

/// Why it can't be had here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoServer;

impl fmt::Display for NoServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the server needs Linux; on this system there are the client and the tools: \
             `lanline chat NAME@SERVER`, `lanline --help`",
        )
    }
}
