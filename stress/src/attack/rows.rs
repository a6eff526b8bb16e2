//! The attacks: who comes from which addresses and does what. Data only. Never:
//! how it is done, or what is measured beside it.

use super::act::{Act, End};

/// One attack of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// As it is named on the command line and in `docs/SECURITY.md`.
    pub name: &'static str,
    pub title: &'static str,
    /// Flags of the server that is started for it, besides the defaults.
    pub flags: &'static [&'static str],
    /// Whether the server has an operators' token, [`TOKEN`](super::act::TOKEN).
    pub has_token: bool,
    /// Whether the server has a certificate.
    pub has_tls: bool,
    /// Connections to the metrics that say nothing.
    pub silent_scrapers: usize,
    pub groups: &'static [Group],
}

/// Connections that do the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// Their names begin with it, too.
    pub name: &'static str,
    pub connections: usize,
    /// They come from so many loopback addresses, in turns: 127.0.`network`.1 and on.
    pub network: u8,
    pub addresses: u8,
    pub act: Act,
    /// They are within every right: none of their packets may be refused.
    pub bystanders: bool,
}

/// All rows, by the numbers of the security page.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "1",
        title: "150 kB of calls, then a reset, again and again; 25,600 rooms",
        groups: &[
            idle("idle", 400, 2),
            Group { act: Act::Rooms(256), ..idle("rooms", 100, 3) },
            Group { act: hit(CALLS, 153_000, End::Reset), ..attackers("reset", 8) },
        ],
        ..ROW
    },
    Row {
        name: "1b",
        title: "the same through clients that are found stuck",
        flags: &["--stuck-timeout", "1"],
        groups: &[
            idle("idle", 500, 2),
            Group { act: hit(CALLS, 600_000, End::Stuck), ..attackers("stuck", 64) },
        ],
        ..ROW
    },
    Row {
        name: "2",
        title: "tokens guessed behind a reset, the right one last",
        has_token: true,
        groups: &[
            idle("idle", 100, 2),
            Group { act: hit(GUESSES, 100_000, End::Reset), ..attackers("guess", 8) },
        ],
        ..ROW
    },
    Row {
        name: "3",
        title: "20 ask for /list among 8,000 users, 5 for /rooms among 25,600",
        groups: &[
            idle("idle", 7900, 2),
            Group { act: Act::Rooms(256), ..idle("rooms", 100, 3) },
            Group { act: Act::Flood { to: "/list", bytes: 0 }, ..attackers("list", 20) },
            Group { act: Act::Flood { to: "/rooms", bytes: 0 }, ..attackers("roomlist", 5) },
        ],
        ..ROW
    },
    Row {
        name: "4",
        title: "1,500 watchers of /presence, ten logins a second",
        groups: &[
            Group { act: Act::Watch, ..idle("watch", 1500, 2) },
            Group {
                act: Act::Hit { calls: &[], bytes: 0, end: End::Leave, per_second: Some(10.0) },
                ..attackers("login", 1)
            },
        ],
        ..ROW
    },
    Row {
        name: "5",
        title: "rates passed by reconnecting; white space; logins",
        groups: &[
            idle("idle", 100, 2),
            Group { act: hit(&[("/ping", "x")], 64_000, End::Reset), ..attackers("ping", 16) },
            Group { act: Act::Blank, ..attackers("blank", 8) },
            Group { act: hit(&[], 0, End::Leave), ..attackers("login", 16) },
        ],
        ..ROW
    },
    Row {
        name: "6",
        title: "60 kB packets against others' at a slow recipient",
        groups: &[
            Group { act: Act::Sip(200_000), ..idle("slow", 1, 2) },
            Group {
                act: Act::Say { to: "slow0", bytes: 100, per_second: 25.0 },
                ..idle("other", 4, 3)
            },
            Group { act: Act::Flood { to: "slow0", bytes: 60_000 }, ..attackers("big", 1) },
        ],
        ..ROW
    },
    Row {
        name: "7",
        title: "391 connections take all rooms",
        groups: &[idle("idle", 100, 2), Group { act: Act::Rooms(256), ..attackers("taker", 391) }],
        ..ROW
    },
    Row {
        name: "8",
        title: "names that look alike in part come and go",
        groups: &[idle("idle", 100, 2), Group { act: Act::Alike, ..attackers("alike", 400) }],
        ..ROW
    },
    Row {
        name: "9",
        title: "six silent connections to the metrics",
        silent_scrapers: 6,
        groups: &[idle("idle", 100, 2)],
        ..ROW
    },
    Row {
        name: "13",
        title: "160 connections of 40 addresses ask for 25 lists a second each",
        groups: &[
            idle("idle", 2000, 2),
            Group {
                act: Act::Say { to: "/list", bytes: 0, per_second: 25.0 },
                ..crowd("lists", 160, 40)
            },
        ],
        ..ROW
    },
    Row {
        name: "a",
        title: "160 connections of 40 addresses post to a room of 1,000",
        groups: &[
            Group { act: Act::Join, ..idle("member", 1000, 2) },
            Group { act: Act::Post { per_second: 25.0 }, ..crowd("poster", 160, 40) },
        ],
        ..ROW
    },
    Row {
        name: "b",
        title: "1,000 connections, each in 256 rooms, reset at once, again and again",
        groups: &[idle("idle", 100, 2), Group { act: Act::Herd, ..crowd("herd", 1000, 40) }],
        ..ROW
    },
    Row {
        name: "c",
        title: "1,000 connections of 40 addresses send packets that are long to read",
        groups: &[idle("idle", 100, 2), Group { act: Act::Long, ..crowd("long", 1000, 40) }],
        ..ROW
    },
    Row {
        name: "d",
        title: "40 addresses broadcast to 8,000 once a second each",
        groups: &[
            idle("idle", 8000, 2),
            Group {
                act: Act::Say { to: "/broadcast", bytes: 100, per_second: 1.0 },
                ..crowd("caller", 40, 40)
            },
        ],
        ..ROW
    },
    Row {
        name: "e",
        title: "queues of small packets filled, then their reader resets",
        groups: &[
            idle("idle", 100, 2),
            Group { act: Act::DeafHerd, ..crowd("deaf", 40, 40) },
            Group { act: Act::FeedTheDeaf, ..crowd("feeder", 40, 40) },
        ],
        ..ROW
    },
    Row {
        name: "f",
        title: "400 connections of 40 addresses shake hands by TLS and reset, again and again",
        has_tls: true,
        groups: &[
            idle("idle", 1000, 2),
            Group { act: Act::Shake, ..crowd("shaker", 200, 40) },
            Group { act: Act::Shake, ..attackers("lone", 200) },
        ],
        ..ROW
    },
];

const CALLS: &[(&str, &str)] = &[
    ("/list", ""),
    ("/rooms", ""),
    ("/stats", ""),
    ("/help", ""),
    ("/who", "pair0"),
    ("/members", "#rooms0-0"),
    ("#nowhere", "x"),
    ("nobody", "x"),
];
const GUESSES: &[(&str, &str)] = &[("/operator", "a guess"), ("/operator", "another guess")];

const ROW: Row = Row {
    name: "",
    title: "",
    flags: &[],
    has_token: false,
    has_tls: false,
    silent_scrapers: 0,
    groups: &[],
};

/// Users who are here and do nothing, from many addresses.
const fn idle(name: &'static str, connections: usize, network: u8) -> Group {
    Group { name, connections, network, addresses: 250, act: Act::Idle, bystanders: true }
}

/// From one address.
const fn attackers(name: &'static str, connections: usize) -> Group {
    crowd(name, connections, 1)
}

const fn crowd(name: &'static str, connections: usize, addresses: u8) -> Group {
    Group { name, connections, network: 100, addresses, act: Act::Idle, bystanders: false }
}

const fn hit(calls: &'static [(&'static str, &'static str)], bytes: usize, end: End) -> Act {
    Act::Hit { calls, bytes, end, per_second: None }
}

/// The rows of these names, or all.
///
/// # Errors
/// The name that none has.
pub(crate) fn find(names: &[String]) -> Result<Vec<Row>, String> {
    if names.is_empty() {
        return Ok(ROWS.to_vec());
    }
    let of = |name: &String| {
        let row = ROWS.iter().find(|row| row.name == name);
        row.copied().ok_or_else(|| name.clone())
    };
    names.iter().map(of).collect()
}
