//! What a service is, and how all of them start and stop. Never: what one of
//! them does.

use crate::limits::SERVICE_STOP;
use crate::net::gate::Gate;
use crate::sandbox::Needs;
use crossbeam_channel::{Receiver, bounded};
use log::warn;
use std::convert::Infallible;
use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A thread beside the workers, ready to start: what it needs is open.
pub trait Service: Send {
    /// The thread's name, of at most 15 bytes (the kernel's bound).
    fn name(&self) -> &'static str;

    /// What the sandbox has to leave this thread.
    fn needs(&self) -> Needs;

    /// How long the end of the process waits for what it has accepted.
    fn patience(&self) -> Duration {
        SERVICE_STOP
    }

    /// What makes [`Service::run`] return; asked for once, before the start.
    fn stopper(&mut self) -> Stopper;

    /// Serves, in its own thread and its own sandbox, until the stopper is
    /// called and what was accepted before is done.
    ///
    /// # Errors
    /// What ends the process with exit code 1: without this service it would
    /// serve in part only.
    fn run(self: Box<Self>) -> io::Result<()>;
}

/// Asks one service to stop. It is called from another thread, once.
pub type Stopper = Box<dyn FnOnce() + Send>;

/// All services, in the order of their start.
#[derive(Default)]
pub struct Services {
    running: Vec<Running>,
}

struct Running {
    name: &'static str,
    patience: Duration,
    stopper: Stopper,
    thread: JoinHandle<()>,
    /// Disconnected once the thread has done its work.
    ended: Receiver<Infallible>,
}

impl Services {
    /// Makes the thread, which waits at the gate.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn start(&mut self, gate: &mut Gate, mut service: Box<dyn Service>) -> io::Result<()> {
        let (name, needs, stopper) = (service.name(), service.needs(), service.stopper());
        let patience = service.patience();
        let (runs, ended) = bounded(0);
        let thread = gate.start(name.to_owned(), needs, move || {
            if let Err(error) = service.run() {
                // Ends the whole process, so that a supervisor restarts it.
                panic!("{error}");
            }
            drop(runs);
        })?;
        self.running.push(Running { name, patience, stopper, thread, ended });
        Ok(())
    }

    /// Stops them all, the last started first, and waits for each.
    pub fn stop(self) {
        for Running { name, patience, stopper, thread, ended } in self.running.into_iter().rev() {
            stopper();
            // Nothing is ever sent, so an error is either the end or the time.
            match ended.recv_deadline(Instant::now() + patience) {
                Err(error) if error.is_timeout() => {
                    warn!("{name} has not stopped after {} ms", patience.as_millis());
                }
                // A panic has ended the process already.
                _ => drop(thread.join()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::services::{Inbox, Requests, requests};
    use crate::sandbox::Mode;
    use crossbeam_channel::{Sender, unbounded};

    /// Reports each request by its name, and its end.
    struct Echo {
        name: &'static str,
        inbox: Inbox<u32>,
        said: Sender<String>,
    }

    impl Echo {
        fn boxed(name: &'static str, said: &Sender<String>) -> (Requests<u32>, Box<dyn Service>) {
            let (requests, inbox) = requests::channel(8);
            (requests, Box::new(Self { name, inbox, said: said.clone() }))
        }
    }

    impl Service for Echo {
        fn name(&self) -> &'static str {
            self.name
        }

        fn needs(&self) -> Needs {
            Needs::default()
        }

        fn stopper(&mut self) -> Stopper {
            self.inbox.stopper()
        }

        fn run(self: Box<Self>) -> io::Result<()> {
            while let Some(number) = self.inbox.next() {
                self.said.send(format!("{} {number}", self.name)).unwrap();
            }
            self.said.send(format!("{} ends", self.name)).unwrap();
            Ok(())
        }
    }

    #[test]
    fn services_stop_in_reverse_order_when_what_they_accepted_is_done() {
        let (said, heard) = unbounded();
        let (mut services, mut gate) = (Services::default(), Gate::new(Mode::Off));
        let (first, service) = Echo::boxed("first", &said);
        services.start(&mut gate, service).unwrap();
        let (second, service) = Echo::boxed("second", &said);
        services.start(&mut gate, service).unwrap();
        for number in 0..2 {
            first.send(number).unwrap();
            second.send(number).unwrap();
        }
        gate.confine_all(&Needs::default()).unwrap();
        gate.open();
        services.stop();
        let all: Vec<String> = heard.try_iter().collect();
        let at = |wanted: &str| all.iter().position(|said| said == wanted).unwrap();
        assert_eq!(all.len(), 6, "{all:?}");
        assert!(at("second 1") < at("second ends") && at("first 1") < at("first ends"));
        assert!(at("second ends") < at("first ends"), "{all:?}");
    }

    #[test]
    fn a_service_that_does_not_stop_is_left_behind() {
        struct Deaf(Receiver<()>);
        impl Service for Deaf {
            fn name(&self) -> &'static str {
                "deaf"
            }
            fn needs(&self) -> Needs {
                Needs::default()
            }
            fn stopper(&mut self) -> Stopper {
                Box::new(|| ())
            }
            fn run(self: Box<Self>) -> io::Result<()> {
                let _ = self.0.recv();
                Ok(())
            }
        }
        let (end, until) = bounded(0);
        let (mut services, mut gate) = (Services::default(), Gate::new(Mode::Off));
        services.start(&mut gate, Box::new(Deaf(until))).unwrap();
        gate.confine_all(&Needs::default()).unwrap();
        gate.open();
        services.stop();
        // The thread is still there to receive this.
        assert!(end.send(()).is_ok());
    }
}
