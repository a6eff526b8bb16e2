//! What is asked of a service: a bounded queue of messages, which ends when the
//! service is told to stop. Never: what a message means.

use super::lifecycle::Stopper;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select_biased};
use std::convert::Infallible;
use std::time::Instant;

/// The sending end; every thread may have one.
#[derive(Debug)]
pub struct Requests<R>(Sender<R>);

/// The service's end.
#[derive(Debug)]
pub struct Inbox<R> {
    requests: Receiver<R>,
    /// Disconnected once the service shall stop.
    stop: Receiver<Infallible>,
    stopper: Option<Sender<Infallible>>,
}

/// What [`Inbox::next_before`] has waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<R> {
    Request(R),
    /// The time has come, and no request.
    Timeout,
    /// The service shall stop, and nothing is left to do.
    Stop,
}

/// A queue of at most so many requests.
pub fn channel<R>(capacity: usize) -> (Requests<R>, Inbox<R>) {
    let (sender, requests) = bounded(capacity);
    let (stopper, stop) = bounded(0);
    (Requests(sender), Inbox { requests, stop, stopper: Some(stopper) })
}

impl<R> Requests<R> {
    /// Hands the service a request; never waits.
    ///
    /// # Errors
    /// The request, where as many wait as may, or the service has ended.
    pub fn send(&self, request: R) -> Result<(), R> {
        self.0.try_send(request).map_err(TrySendError::into_inner)
    }

    /// Hands the service a request once there is room for it. For another service, for
    /// which this one never waits.
    ///
    /// # Errors
    /// The request, where the service has ended.
    pub fn send_waiting(&self, request: R) -> Result<(), R> {
        self.0.send(request).map_err(|error| error.0)
    }
}

impl<R> Clone for Requests<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> Inbox<R> {
    /// What makes [`Inbox::next`] end, for [`Service::stopper`](super::Service::stopper).
    pub fn stopper(&mut self) -> Stopper {
        let stopper = self.stopper.take();
        Box::new(move || drop(stopper))
    }

    /// Waits for the next request; none once the service shall stop and
    /// nothing is left.
    pub fn next(&self) -> Option<R> {
        select_biased! {
            recv(self.requests) -> request => request.ok(),
            recv(self.stop) -> _ => self.requests.try_recv().ok(),
        }
    }

    /// What has come already.
    pub fn ready(&self) -> Option<R> {
        self.requests.try_recv().ok()
    }

    /// [`Inbox::next`], until a time.
    pub fn next_before(&self, deadline: Instant) -> Next<R> {
        let left = deadline.saturating_duration_since(Instant::now());
        let next = select_biased! {
            recv(self.requests) -> request => request.ok(),
            recv(self.stop) -> _ => self.requests.try_recv().ok(),
            default(left) => return Next::Timeout,
        };
        next.map_or(Next::Stop, Next::Request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_finds_no_room_is_given_back() {
        let (requests, inbox) = channel(1);
        assert_eq!(requests.send('a'), Ok(()));
        assert_eq!(requests.clone().send('b'), Err('b'));
        assert_eq!(inbox.next(), Some('a'));
        assert_eq!(inbox.ready(), None);
        assert_eq!(requests.send('c'), Ok(()));
        assert_eq!(inbox.ready(), Some('c'));
        drop(inbox);
        assert_eq!(requests.send('d'), Err('d'));
        assert_eq!(requests.send_waiting('e'), Err('e'));
    }

    #[test]
    fn what_was_accepted_comes_before_the_stop() {
        let (requests, mut inbox) = channel(4);
        requests.send(1).unwrap();
        inbox.stopper()();
        requests.send(2).unwrap();
        let now = Instant::now();
        assert_eq!(inbox.next(), Some(1));
        assert_eq!(inbox.next_before(now + Duration::from_secs(60)), Next::Request(2));
        assert_eq!(inbox.next_before(now + Duration::from_secs(60)), Next::Stop);
        assert_eq!(inbox.next(), None);
    }

    #[test]
    fn waiting_ends_at_its_time() {
        let (requests, inbox) = channel::<()>(1);
        assert_eq!(inbox.next_before(Instant::now()), Next::Timeout);
        requests.send(()).unwrap();
        assert_eq!(inbox.next_before(Instant::now()), Next::Request(()));
    }
}
