//! What the plain client knows of secrets that are asked for. Never: asking for them.

use crate::client::dialog::Dialog;
use crate::wire::Secret;

/// What becomes of secrets.
#[derive(Debug, Default)]
pub struct Secrets {
    /// The questions that are being asked.
    pub(super) dialog: Option<Dialog>,
    /// The password that the server is being told.
    pub(super) new_password: Option<Secret>,
    /// Our name belongs to an account, and we have been logged in to it.
    pub(super) is_account: bool,
    /// Why there is no connection, and no attempt to come.
    pub(super) why_off: Option<String>,
}

impl Secrets {
    /// There is a connection, by what was asked for, or by the name alone.
    pub(super) fn connected(&mut self, was_challenged: bool) {
        self.is_account |= was_challenged;
        self.why_off = None;
    }
}
