//! **Admission**: who is let in, decided when a connection comes and forgotten
//! when it goes. Never: names, which are `chat`'s.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `admit` | [`Admission`]: the decision, and the counts of those inside |
//! | `networks` | which addresses are local |
//! | `addresses` | the table of addresses, behind its lock |
//! | `budgets` | one budget for each address, in a bounded table |

mod addresses;
mod admit;
mod budgets;
mod networks;

pub(super) use admit::{Admission, Counts, Decision, Rules};
