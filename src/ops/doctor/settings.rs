//! Whether the server's own settings allow so many users.

use super::{Finding, Plan};

pub(super) fn examine(plan: &Plan) -> Vec<Finding> {
    const WHAT: &str = "max-clients";
    let Some(allowed) = plan.clients_max else { return Vec::new() };
    let says = format!("the settings allow {allowed} connections");
    if allowed >= plan.users {
        return vec![Finding::good(WHAT, says)];
    }
    let mend = format!(
        "max-clients = {} in the settings (or no max-clients: what the descriptors allow)",
        plan.users
    );
    vec![Finding::bad(WHAT, says, mend)]
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
    }
}
