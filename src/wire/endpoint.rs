//! The server's endpoints by name: the recipients of requests, and the senders
//! of answers and notices. Never: who may ask, what an endpoint does.

use std::fmt;

/// An endpoint of the server. The names are the protocol's: lower case, behind
/// a slash; no user or room can have such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    Welcome,
    Error,
    Joined,
    Left,
    Changed,
    Invited,
    Expelled,
    Marked,
    Receipt,
    Help,
    List,
    Who,
    Time,
    Ping,
    Stats,
    Broadcast,
    Join,
    Leave,
    Rooms,
    Members,
    Presence,
    Operator,
    Kick,
    Resume,
    Login,
    Register,
    Password,
    Token,
    Whoami,
    InviteUser,
    Ban,
    Unban,
    Bans,
    Extend,
    Receipts,
    Replay,
    Unread,
    Read,
    Room,
    Invite,
    Expel,
    Quit,
}

impl Endpoint {
    /// Every endpoint: those that only send, then the others in the order of
    /// the protocol's table.
    pub const ALL: [Self; 42] = [
        Self::Welcome,
        Self::Error,
        Self::Joined,
        Self::Left,
        Self::Changed,
        Self::Invited,
        Self::Expelled,
        Self::Marked,
        Self::Receipt,
        Self::Help,
        Self::List,
        Self::Who,
        Self::Time,
        Self::Ping,
        Self::Stats,
        Self::Broadcast,
        Self::Join,
        Self::Leave,
        Self::Rooms,
        Self::Members,
        Self::Presence,
        Self::Operator,
        Self::Kick,
        Self::Resume,
        Self::Login,
        Self::Register,
        Self::Password,
        Self::Token,
        Self::Whoami,
        Self::InviteUser,
        Self::Ban,
        Self::Unban,
        Self::Bans,
        Self::Extend,
        Self::Receipts,
        Self::Replay,
        Self::Unread,
        Self::Read,
        Self::Room,
        Self::Invite,
        Self::Expel,
        Self::Quit,
    ];

    /// As it stands in `to` of a request, and in `from.name` of an answer.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Welcome => "/welcome",
            Self::Error => "/error",
            Self::Joined => "/joined",
            Self::Left => "/left",
            Self::Changed => "/changed",
            Self::Invited => "/invited",
            Self::Expelled => "/expelled",
            Self::Marked => "/marked",
            Self::Receipt => "/receipt",
            Self::Help => "/help",
            Self::List => "/list",
            Self::Who => "/who",
            Self::Time => "/time",
            Self::Ping => "/ping",
            Self::Stats => "/stats",
            Self::Broadcast => "/broadcast",
            Self::Join => "/join",
            Self::Leave => "/leave",
            Self::Rooms => "/rooms",
            Self::Members => "/members",
            Self::Presence => "/presence",
            Self::Operator => "/operator",
            Self::Kick => "/kick",
            Self::Resume => "/resume",
            Self::Login => "/login",
            Self::Register => "/register",
            Self::Password => "/password",
            Self::Token => "/token",
            Self::Whoami => "/whoami",
            Self::InviteUser => "/invite-user",
            Self::Ban => "/ban",
            Self::Unban => "/unban",
            Self::Bans => "/bans",
            Self::Extend => "/extend",
            Self::Receipts => "/receipts",
            Self::Replay => "/replay",
            Self::Unread => "/unread",
            Self::Read => "/read",
            Self::Room => "/room",
            Self::Invite => "/invite",
            Self::Expel => "/expel",
            Self::Quit => "/quit",
        }
    }

    /// The endpoint of that name; `None` where the protocol has none.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.name() == name)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_endpoint_has_a_name_of_its_own_and_is_found_by_it() {
        let names: BTreeSet<&str> = Endpoint::ALL.map(Endpoint::name).into();
        assert_eq!(names.len(), Endpoint::ALL.len());
        for (at, endpoint) in Endpoint::ALL.into_iter().enumerate() {
            assert_eq!(endpoint as usize, at, "the order of ALL is that of the type");
            assert_eq!(Endpoint::parse(endpoint.name()), Some(endpoint));
            let name = endpoint.name().strip_prefix('/').unwrap();
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{endpoint}"
            );
        }
        for none in ["", "/", "ping", "/Ping", "/ping ", "/pong"] {
            assert_eq!(Endpoint::parse(none), None, "{none}");
        }
    }
}
