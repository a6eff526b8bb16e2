//! How many wakes many messages need: one. The flag of a mailbox says that its
//! worker has been woken and has not looked yet. Never: the wake itself.

#[cfg(lanline_loom)]
use loom::sync::atomic::{AtomicBool, Ordering};
#[cfg(not(lanline_loom))]
use std::sync::atomic::{AtomicBool, Ordering};

/// Who sends raises it behind the message, and wakes if it was down. Who
/// receives lowers it, and then looks for messages.
///
/// - **Invariant**: a message that the receiver's last look did not find is
///   followed by a wake. Sequentially consistent, since the flag and the
///   channel are two places; `loom` checks it below.
#[derive(Debug)]
pub(super) struct WakeFlag(AtomicBool);

impl WakeFlag {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// After sending: whether the receiver has to be woken.
    pub(super) fn raise(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }

    /// Before looking.
    pub(super) fn lower(&self) {
        self.0.swap(false, Ordering::SeqCst);
    }
}

#[cfg(all(test, lanline_loom))]
mod tests {
    use super::WakeFlag;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    /// Two send, one receives; whatever the interleaving, once all wakes are
    /// used up no message is left.
    #[test]
    fn no_message_is_left_without_a_wake() {
        loom::model(|| {
            let flag = Arc::new(WakeFlag::new());
            let messages = Arc::new(Mutex::new(0));
            let wakes = Arc::new(AtomicUsize::new(0));
            let senders: Vec<_> = (0..2)
                .map(|_| {
                    let (flag, messages, wakes) = (flag.clone(), messages.clone(), wakes.clone());
                    thread::spawn(move || {
                        *messages.lock().unwrap() += 1;
                        if flag.raise() {
                            wakes.fetch_add(1, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            let mut received = 0;
            let mut used = 0;
            for _ in 0..2 {
                if wakes.load(Ordering::SeqCst) > used {
                    used += 1;
                    flag.lower();
                    received += std::mem::take(&mut *messages.lock().unwrap());
                }
                thread::yield_now();
            }
            senders.into_iter().for_each(|sender| sender.join().unwrap());
            while wakes.load(Ordering::SeqCst) > used {
                used += 1;
                flag.lower();
                received += std::mem::take(&mut *messages.lock().unwrap());
            }
            assert_eq!(received, 2);
        });
    }
}
