//! **Admission**: who is let in, decided when a connection comes and forgotten
//! when it goes. Never: names, which are `chat`'s.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `admit` | [`Admission`]: the decision, and the counts of those inside |
//! | `networks` | which addresses are local |

mod admit;
mod networks;

pub(super) use admit::{Admission, Decision};
