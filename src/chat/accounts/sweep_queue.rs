//! Whom the sweeps look for, and how far they are. Never: looking.

/// A look at all connections.
#[derive(Debug)]
pub(in crate::chat) struct Sweep {
    pub whom: Whom,
    /// The next to be looked at.
    pub slot: u32,
}

/// Who has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Whom {
    /// Guests whose name has this skeleton.
    LooksLike(u64),
    /// Whoever is banned.
    Banned,
}
