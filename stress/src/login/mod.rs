//! **`login`**: people with accounts come, by guests' side: what a login costs and how many a
//! second there may be, what others notice of passwords that wait to be hashed, and how
//! long a server with many accounts takes to start. Always against servers of its own,
//! whose accounts it makes by the store itself.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `args` | the command line |
//! | `plan` | how to measure |
//! | `site` | a data directory with accounts, and a server on it |
//! | `arrivals` | **pure**: people who come all at once, again and again |
//! | `measure` | one round of each kind |
//! | `outcome` | what the rounds have given |
//! | `table` | the tables and the goals |

mod args;
mod arrivals;
mod measure;
mod outcome;
mod plan;
pub(crate) mod site;
mod table;

use crate::report::Progress;
use anyhow::Result;
pub(crate) use args::LoginArgs;
use args::Part;
use outcome::Outcome;
use plan::Plan;
use site::Site;

/// Plays all parts in turn, round by round, and prints the tables.
///
/// # Errors
/// Where a server can't be started, or somebody isn't let in.
pub(crate) fn run(args: &LoginArgs) -> Result<bool> {
    crate::machine::raise_descriptor_limit();
    let progress = Progress::new("login");
    let plan = Plan::new(args);
    progress.say("accounts are made");
    let crew = Site::make(args.users, site::Secrets::Tokens)?;
    let waiting = Site::make(args.waiting, site::Secrets::Passwords)?;
    let empty = Site::make(0, site::Secrets::None)?;
    let known = if args.has(Part::Start) { args.known } else { 0 };
    let many = Site::make(known, site::Secrets::None)?;
    let mut outcome = Outcome::new(args);
    for round in 1..=args.rounds {
        if args.has(Part::Logins) {
            progress.say(&format!("round {round}: guests come"));
            outcome.guests.push(measure::logins(&plan, &crew, false)?);
            progress.say(&format!("round {round}: accounts come by token"));
            outcome.tokens.push(measure::logins(&plan, &crew, true)?);
        }
        if args.has(Part::Passwords) {
            progress.say(&format!("round {round}: pairs talk"));
            outcome.quiet.push(measure::pairs(&plan, &waiting, false)?);
            progress.say(&format!("round {round}: pairs talk while passwords wait"));
            outcome.hashing.push(measure::pairs(&plan, &waiting, true)?);
        }
        if args.has(Part::Start) {
            progress.say(&format!("round {round}: servers start"));
            outcome.empty.push(measure::start(&plan, &empty)?);
            outcome.many.push(measure::start(&plan, &many)?);
        }
    }
    drop(progress);
    let printed = crate::output::print(&table::render(&outcome));
    if let Some(path) = &args.json {
        crate::report::write_json(path, &outcome)?;
    }
    printed.map(|()| true)
}
