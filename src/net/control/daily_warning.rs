//! A certificate that ends soon is warned of once a day: a server may run for months.
//! Never: renewing one.

use crate::chat::Moment;
use crate::limits::TLS_WARNING_INTERVAL;
use crate::net::tls::{Expiry, warning};
use log::warn;
use std::sync::Arc;

/// When the log is to say so next.
pub(super) struct DailyWarning {
    expiry: Arc<Expiry>,
    next_look: Moment,
}

impl DailyWarning {
    /// Of a server that has said it at its start.
    pub(super) fn new(expiry: Arc<Expiry>) -> Self {
        Self { expiry, next_look: Moment::default().after(TLS_WARNING_INTERVAL) }
    }

    /// When [`DailyWarning::look`] has something to do.
    pub(super) fn next_look(&self) -> Moment {
        self.next_look
    }

    pub(super) fn look(&mut self, now: Moment) {
        if now < self.next_look {
            return;
        }
        self.next_look = now.after(TLS_WARNING_INTERVAL);
        if let Some(words) = self.expiry.left().and_then(warning) {
            warn!("{words}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::test_support::logged;
    use std::time::Duration;

    #[test]
    fn a_certificate_that_ends_soon_is_told_of_once_a_day() {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let start = Moment::default();
        for (left, lines) in [(Some(DAY * 20), 1), (Some(DAY * 40), 0), (None, 0)] {
            let mut warning = DailyWarning::new(Arc::new(Expiry::after(left)));
            logged();
            warning.look(start.after(DAY - Duration::from_secs(1)));
            assert_eq!(logged(), [""; 0], "the start has told");
            for day in 1..4 {
                let now = warning.next_look();
                assert_eq!(now, start.after(DAY * day));
                warning.look(now);
                warning.look(now);
                let told = logged();
                assert_eq!(told.len(), lines, "{told:?}");
                assert!(told.iter().all(|line| line.starts_with("TLS: the certificate ends in ")));
            }
        }
    }
}
