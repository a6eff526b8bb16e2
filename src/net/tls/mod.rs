//! **What TLS is served with**: certificate, key, tickets. Never: a connection
//! (that is `transport`'s), or where the files are.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `authority` | the certificates that a site makes for itself (**pure**) |
//! | `fingerprint` | by which a key is known |
//! | `certificate` | what a certificate says |
//! | `names` | what this machine is called |
//! | `presented` | the names in a client's certificate |
//! | `site` | [`Site`]: authority and certificate in the data directory, renewed in time |
//! | `server` | [`ServerTls`]: checked, and ready to serve |

mod authority;
mod certificate;
mod fingerprint;
mod names;
mod presented;
mod server;
mod site;

pub use authority::Name;
pub use certificate::{ends, first};
pub use fingerprint::fingerprint;
pub use names::{is_dns_name, names_of_this_machine};
pub use presented::presented_names;
pub use server::{Pem, ServerTls, TlsError};
pub use site::{Issued, Site, SiteError, now};
