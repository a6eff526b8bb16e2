//! **What TLS is served with**: certificate, key, tickets. Never: a connection
//! (that is `transport`'s), or where the files are.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `server` | [`ServerTls`]: checked, and ready to serve |

mod server;

pub use server::{Pem, ServerTls, TlsError, fingerprint};
