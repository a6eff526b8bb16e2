//! A question whose answer nobody sees, and what is typed of it. Never: what becomes of it.

use crate::client::dialog::{Dialog, Purpose};
use crate::client::masked::Typed;

/// A question, and what is typed of its answer.
#[derive(Debug)]
pub struct Unseen {
    pub(super) dialog: Dialog,
    pub(super) typed: Typed,
}

impl Unseen {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self { dialog: Dialog::new(purpose), typed: Typed::new() }
    }

    pub fn question(&self) -> &'static str {
        self.dialog.question()
    }

    /// How many characters are typed so far.
    pub fn chars(&self) -> usize {
        self.typed.chars()
    }
}
