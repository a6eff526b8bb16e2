//! The ways in which a test of the protocol is run: each test takes a
//! [`Setup`], and [`for_each_setup!`](crate::for_each_setup) makes a test of
//! it for each. [`Server::builder`](crate::Server::builder) takes it by `setup`, so
//! a further dimension is a field here and no change to any test.

/// One way of running a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Worker threads of the server.
    pub workers: usize,
    /// Whether its peers speak TLS.
    pub tls: bool,
}

/// Makes tests of the functions named, which take a [`Setup`]: one for each
/// way of running them, in a module that is named after it.
#[macro_export]
macro_rules! for_each_setup {
    ($($name:ident),* $(,)?) => {
        $crate::for_each_setup!(on_1_worker, 1, false, $($name)*);
        $crate::for_each_setup!(on_4_workers, 4, false, $($name)*);
        $crate::for_each_setup!(over_tls_on_1_worker, 1, true, $($name)*);
        $crate::for_each_setup!(over_tls_on_4_workers, 4, true, $($name)*);
    };
    ($module:ident, $workers:literal, $tls:literal, $($name:ident)*) => {
        mod $module {
            $(#[test] fn $name() {
                super::$name($crate::Setup { workers: $workers, tls: $tls });
            })*
        }
    };
}
