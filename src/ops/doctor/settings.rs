//! Whether the server's own settings allow so many users, and what is wrong with
//! them besides.

use super::{Finding, Plan};
use crate::certificate::ends_in_words;
use crate::limits::{CLIENTS_DEFAULT_MAX, TLS_WARNING};
use std::time::Duration;

pub(super) fn examine(plan: &Plan) -> Vec<Finding> {
    let warning = |text: &String| Finding::note("settings", text.clone(), None);
    let found = connections(plan).into_iter().chain(plan.warnings.iter().map(warning));
    found.chain(plan.certificate_left.map(certificate)).collect()
}

/// One that the server has made is renewed long before this, while it runs.
fn certificate(left: Duration) -> Finding {
    const WHAT: &str = "certificate";
    let says = format!("it {}", ends_in_words(left));
    let mend = "new files for tls-cert and tls-key, then systemctl reload lanline; one that the \
                server has made: lanline cert renew";
    match left {
        Duration::ZERO => Finding::bad(WHAT, says, mend.to_owned()),
        left if left < TLS_WARNING => Finding::note(WHAT, says, Some(mend.to_owned())),
        _ => Finding::good(WHAT, says),
    }
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
    fn a_certificate_is_noted_before_its_end_and_bad_behind_it() {
        let level = |left| {
            let plan = Plan { certificate_left: Some(left), ..plan(2000) };
            let finding = examine(&plan).pop().unwrap();
            (finding.level, finding.mend.is_some())
        };
        assert_eq!(level(TLS_WARNING), (Level::Good, false));
        assert_eq!(level(TLS_WARNING - Duration::from_secs(1)), (Level::Note, true));
        assert_eq!(level(Duration::ZERO), (Level::Bad, true));
    }

    #[test]
    fn what_was_thought_of_the_settings_is_noted() {
        let findings = examine(&Plan { warnings: vec!["weak".into()], ..plan(2000) });
        assert!(findings.len() == 1 && findings[0].level == Level::Note);
        assert_eq!(findings[0].says, "weak");
    }
}
