//! What calls for the user's attention: the bell, notifications. Never: how a
//! terminal does it.

use super::clock::Now;
use super::{Effect, Model};
use std::time::Duration;

/// The bell rings, and notifications come, this often at the most.
const BELL_PAUSE: Duration = Duration::from_secs(1);
/// What a notification says of a text, in characters.
const NOTIFICATION_CHARS: usize = 80;

impl Model {
    /// Rings, and says by whom and by what.
    pub(super) fn ring(&mut self, from: &str, text: &str, now: Now) {
        let since = self.last_bell.map(|last| now.ticks.saturating_sub(last));
        if since.is_some_and(|since| since < BELL_PAUSE) {
            return;
        }
        self.last_bell = Some(now.ticks);
        self.effects.push(Effect::Bell);
        let text: String = text.replace('\n', " ").chars().take(NOTIFICATION_CHARS).collect();
        self.effects.push(Effect::Notify(format!("{from}: {text}")));
    }
}
