//! Whether the server's own settings allow so many users, and what is wrong with
//! them besides.

use super::{Finding, Plan};
use crate::limits::CLIENTS_DEFAULT_MAX;

pub(super) fn examine(plan: &Plan) -> Vec<Finding> {
    let warning = |text: &String| Finding::note("settings", text.clone(), None);
    connections(plan).into_iter().chain(plan.warnings.iter().map(warning)).collect()
}

fn connections(plan: &Plan) -> Option<Finding> {
    const WHAT: &str = "max-clients";
    let allowed = plan.clients_max.unwrap_or(CLIENTS_DEFAULT_MAX);
    let says = format!("the settings allow {allowed} connections");
    if allowed >= plan.users {
        return plan.clients_max.map(|_| Finding::good(WHAT, says));
    }
    let mend = format!(
        "max-clients = {} in the settings, and with it more memory than the default is for",
        plan.users
    );
    Some(Finding::bad(WHAT, says, mend))
}

#[cfg(test)]
mod tests {
    use super::super::{Level, tests::plan};
    use super::*;

    #[test]
    fn fewer_connections_than_users_are_bad() {
        let with = |clients_max| examine(&Plan { clients_max, ..plan(2000) });
        assert_eq!(with(Some(1999))[0].level, Level::Bad);
        assert_eq!(with(Some(2000))[0].level, Level::Good);
        assert!(with(None).is_empty());
        let too_many = Plan { users: CLIENTS_DEFAULT_MAX + 1, ..plan(0) };
        assert_eq!(examine(&too_many)[0].level, Level::Bad, "where nothing is set, too");
    }

    #[test]
    fn what_was_thought_of_the_settings_is_noted() {
        let findings = examine(&Plan { warnings: vec!["weak".into()], ..plan(2000) });
        assert!(findings.len() == 1 && findings[0].level == Level::Note);
        assert_eq!(findings[0].says, "weak");
    }
}
