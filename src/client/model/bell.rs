//! What the bell rings for. Never: ringing it.

/// When the bell rings, and the terminal notifies, if it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Bell {
    Never,
    Broadcasts,
    /// Broadcasts, and what is written to us alone.
    #[default]
    Direct,
    /// Also lines that name us.
    Mentions,
}

impl Bell {
    /// Whether a message rings it.
    pub fn rings_for(self, is_direct: bool, is_mention: bool) -> bool {
        match self {
            Self::Never | Self::Broadcasts => false,
            Self::Direct => is_direct,
            Self::Mentions => is_direct || is_mention,
        }
    }
}
