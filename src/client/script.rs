//! The client for scripts: one question, one answer, an exit code. Data on
//! standard output, everything else on standard error. Never: a conversation.

use super::credentials::Login;
use super::model::clock::{Clock, Now};
use super::open::open;
use super::plain::print::{note, print_all};
use super::settings::Settings;
use super::typed::is_secret_talk;
use super::{Error, refusals, safe};
use crate::connect::{self, Connection, Deadline, Listing, SENT_PACKET_BYTES_MAX};
use crate::wire::{Code, Endpoint, Name, Received, Refusal, Who};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// A name that is taken, because its owner is chatting, becomes `NAME-2` … this.
const NAME_NUMBER_MAX: u32 = 9;
/// Questions on their way at once: few enough that neither side stops reading.
const ASKS_AT_ONCE: usize = 64;
/// The clock is measured this often; the shortest round trip counts.
const MEASUREMENTS: usize = 4;

/// Sends `text` to somebody, to a room or to an endpoint, whose answer is
/// printed. Without a text, standard input is sent. What was done is a remark.
///
/// # Errors
/// [`Error::Failed`] where it was refused, nobody is in the room, or nobody
/// knows; [`Error::Usage`] where there is nothing to send.
pub fn send(settings: &Settings, to: &str, text: Option<&str>) -> Result<(), Error> {
    let text = match text {
        None | Some("-") => read_input()?,
        Some(text) => text.to_owned(),
    };
    // As it is typed in `chat`.
    let to = to.strip_prefix('@').unwrap_or(to);
    if text.is_empty() && !to.starts_with('/') {
        return Err(Error::Usage(format!("what do you want to say to {to}?")));
    }
    let mut line = Line::open(settings)?;
    let others = match to.starts_with('#') {
        true => Some(line.join(to)?),
        false => None,
    };
    if others == Some(0) {
        return Err(Error::failed(format!("not sent: nobody is in {to}")));
    }
    if to.strip_prefix('/').is_some_and(is_secret_talk) {
        let at = (&settings.target.server(), &settings.trust);
        line.connection.check_secrets_may_go(at).map_err(|error| unanswered(&error))?;
    }
    let ordinal = line.push(to, &text)?;
    // Its answer shows that the end of the connection is no accident.
    line.push(Endpoint::Ping.name(), "")?;
    let deadline = line.deadline();
    line.send(deadline)?;
    line.connection.sender.half_close();
    let (mut is_read, mut refused) = (false, None);
    while let Some(packet) = line.next(deadline)? {
        match refusal(&packet) {
            Some(refusal) if refusal.ordinal == ordinal => refused = refused.or(Some(refusal)),
            Some(refusal) => note(&format!("! {}", safe::line(&refusal.in_words()))),
            None if packet.name == Endpoint::Ping.name() => is_read = true,
            None if packet.name == to => print(&packet.msg)?,
            None => {}
        }
    }
    match refused {
        Some(refusal) => Err(Error::failed(format!("refused: {}", refusals::in_words(&refusal)))),
        None if is_read => {
            if !to.starts_with('/') {
                let room = others.map(|others| format!(": {others} there besides you"));
                note(&format!("sent to {}{}", safe::line(to), room.unwrap_or_default()));
            }
            Ok(())
        }
        None => Err(Error::failed("the connection was lost: it may not have arrived")),
    }
}

/// Prints what comes until the connection ends.
///
/// # Errors
/// [`Error::Failed`] at the end of the connection: it should not end.
pub fn tail(
    settings: &Settings,
    rooms: &[String],
    presence: bool,
    as_json: bool,
) -> Result<(), Error> {
    let mut line = Line::open(settings)?;
    for room in rooms {
        line.push(Endpoint::Join.name(), room)?;
    }
    if presence {
        line.push(Endpoint::Presence.name(), "on")?;
    }
    let deadline = line.deadline();
    line.send(deadline)?;
    let Connection { receiver, first, .. } = line.connection;
    print_all(receiver, first, as_json)
}

/// Prints `NAME IP SECONDS` for each of `names`, else for everybody but us.
///
/// # Errors
/// [`Error::Failed`] where one who was asked for isn't there.
pub fn who(settings: &Settings, names: Vec<String>, as_json: bool) -> Result<(), Error> {
    let mut line = Line::open(settings)?;
    let is_everybody = names.is_empty();
    let names = match is_everybody {
        true => line.list(Endpoint::List)?.into_iter().filter(|name| *name != line.name).collect(),
        false => names,
    };
    let mut missing = None;
    for some in names.chunks(ASKS_AT_ONCE) {
        let mut asked = BTreeMap::new();
        for name in some {
            asked.insert(line.push(Endpoint::Who.name(), name)?, name);
        }
        let deadline = line.deadline();
        line.send(deadline)?;
        for _ in some {
            match line.answer(Endpoint::Who, deadline)? {
                Ok(answer) => print(&if as_json { who_json(&answer) } else { answer })?,
                // Who has left meanwhile isn't missed.
                Err(_) if is_everybody => {}
                Err(refusal) => {
                    let name = asked.get(&refusal.ordinal).map_or("", |name| name.as_str());
                    missing.get_or_insert(format!("{name}: {}", refusal.in_words()));
                }
            }
        }
    }
    match missing {
        Some(words) => Err(Error::failed(words)),
        None => Ok(()),
    }
}

/// Prints the server's time; how this machine's clock compares is a remark.
///
/// # Errors
/// [`Error::Failed`] without an answer.
pub fn time(settings: &Settings, as_json: bool) -> Result<(), Error> {
    let mut line = Line::open(settings)?;
    let start = Instant::now();
    let now = || Now { ticks: start.elapsed(), wall: Timestamp::now() };
    let mut clock = Clock::default();
    let mut best = None;
    for _ in 0..MEASUREMENTS {
        let sent = now();
        let answer = line.ask(Endpoint::Time, "")?;
        let got = now();
        let server = answer.trim().parse().map_err(|_| Error::failed("that is no time"))?;
        clock.measure(sent, got, server);
        let round_trip = got.ticks.saturating_sub(sent.ticks);
        best = Some(best.map_or(round_trip, |best: Duration| best.min(round_trip)));
    }
    let offset = clock.offset().unwrap_or_default().as_secs_f64();
    let round_trip = best.unwrap_or_default().as_secs_f64();
    // By the server's clock, at this moment.
    let time = format!("{:.6}", clock.server_time(now()));
    if as_json {
        return print(
            &json!({
                "time": time, "offset_seconds": offset, "round_trip_seconds": round_trip,
            })
            .to_string(),
        );
    }
    print(&time)?;
    note(&format!("this machine's clock {}", clock.in_words()));
    Ok(())
}

/// Prints everybody's name, or all rooms.
///
/// # Errors
/// [`Error::Failed`] without an answer.
pub fn list(settings: &Settings, rooms: bool, as_json: bool) -> Result<(), Error> {
    let mut line = Line::open(settings)?;
    let all = line.list(if rooms { Endpoint::Rooms } else { Endpoint::List })?;
    let all: Vec<String> = all.into_iter().filter(|name| *name != line.name).collect();
    if !as_json {
        return all.iter().try_for_each(|name| print(name));
    }
    let array: Vec<_> = all
        .iter()
        .map(|one| match one.split_once(' ') {
            Some((room, members)) if rooms => {
                json!({ "room": room, "members": members.parse::<u64>().unwrap_or_default() })
            }
            _ => json!(one),
        })
        .collect();
    print_raw(&safe::json(&json!(array).to_string()))
}

/// A connection for questions.
struct Line {
    connection: Connection,
    /// Our name there.
    name: String,
    /// What sending and each answer may take.
    timeout: Duration,
}

impl Line {
    /// Connects; a name that is only configured may get a number.
    fn open(settings: &Settings) -> Result<Self, Error> {
        let server = settings.target.server();
        let name = settings.name()?;
        let mut number = 1;
        let mut attempt = name.clone();
        let connection = loop {
            let mut known = settings.known.clone();
            let mut login = Login::asking(&attempt, &mut known);
            match open((&server, &settings.trust), &attempt, &mut login, settings.timeout) {
                Err(connect::Error::Refused(refusal))
                    if refusal.is(Code::NameTaken)
                        && !settings.is_name_meant
                        && number < NAME_NUMBER_MAX =>
                {
                    number += 1;
                    let numbered = format!("{}-{number}", name.shown());
                    attempt = Name::parse(&numbered)
                        .map_err(|error| Error::Usage(format!("{numbered}: {error}")))?;
                }
                result => break result.map_err(|error| Error::unreachable(&server, &error))?,
            }
        };
        let name = connection.welcome.name.clone();
        if let (Some((_, source)), false) = (&settings.known.token, connection.was_challenged) {
            note(&format!(
                "! {} has no account there: the token in {source} was not asked for. Another name: \
                 --name",
                safe::line(&name)
            ));
        }
        Ok(Self { connection, name, timeout: settings.timeout })
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.timeout)
    }

    fn push(&mut self, to: &str, msg: &str) -> Result<u64, Error> {
        self.connection.sender.push(to, msg).map_err(|error| Error::failed(error.to_string()))
    }

    fn send(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.connection.sender.send(deadline).map_err(|error| unanswered(&error))
    }

    fn next(&mut self, deadline: Deadline) -> Result<Option<Received>, Error> {
        self.connection.next(deadline).map_err(|error| unanswered(&error))
    }

    /// The next answer of that endpoint, or the next refusal. What others write
    /// meanwhile is not for us.
    fn answer(
        &mut self,
        endpoint: Endpoint,
        deadline: Deadline,
    ) -> Result<Result<String, Refusal>, Error> {
        while let Some(packet) = self.next(deadline)? {
            if packet.name == endpoint.name() {
                return Ok(Ok(packet.msg));
            }
            if let Some(refusal) = refusal(&packet) {
                return Ok(Err(refusal));
            }
        }
        Err(closed())
    }

    fn ask(&mut self, endpoint: Endpoint, argument: &str) -> Result<String, Error> {
        let deadline = self.deadline();
        self.connection.ask(endpoint, argument, deadline).map_err(|error| unanswered(&error))
    }

    /// Joins a room; returns how many others are in it.
    fn join(&mut self, room: &str) -> Result<u64, Error> {
        let answer = self.ask(Endpoint::Join, room)?;
        let members = answer.split([' ', '\n']).nth(1).and_then(|word| word.parse::<u64>().ok());
        let members = members.ok_or_else(|| Error::failed("that is no room"))?;
        Ok(members.saturating_sub(1))
    }

    /// All entries of a list.
    fn list(&mut self, endpoint: Endpoint) -> Result<Vec<String>, Error> {
        let deadline = self.deadline();
        let mut listing = Listing::default();
        self.push(endpoint.name(), "")?;
        self.send(deadline)?;
        loop {
            let page = self.answer(endpoint, deadline)?;
            let page = page.map_err(|refusal| Error::failed(refusal.in_words()))?;
            if listing.take(&page).map_err(|error| unanswered(&error))? {
                return Ok(listing.into_lines());
            }
        }
    }
}

fn refusal(packet: &Received) -> Option<Refusal> {
    Refusal::parse(&packet.msg).filter(|_| packet.name == Endpoint::Error.name())
}

/// Why there is no answer.
fn unanswered(error: &connect::Error) -> Error {
    match error {
        connect::Error::Refused(refusal) => Error::failed(refusals::in_words(refusal)),
        connect::Error::TimedOut(_) => Error::failed("the server does not answer"),
        connect::Error::TooLong(_) | connect::Error::BadList(_) | connect::Error::NotSecret => {
            Error::failed(error.to_string())
        }
        connect::Error::Closed => closed(),
        error => Error::lost(error),
    }
}

fn closed() -> Error {
    Error::failed("the server closed the connection")
}

fn who_json(answer: &str) -> String {
    let who = Who::parse(answer).unwrap_or(Who { name: "", ip: "", seconds: 0 });
    json!({ "name": who.name, "ip": who.ip, "seconds": who.seconds }).to_string()
}

fn read_input() -> Result<String, Error> {
    let mut text = String::new();
    let limit = SENT_PACKET_BYTES_MAX as u64 + 1;
    io::stdin()
        .take(limit)
        .read_to_string(&mut text)
        .map_err(|error| Error::failed(format!("standard input: {error}")))?;
    let end = text.trim_end_matches(['\n', '\r']).len();
    text.truncate(end);
    Ok(text)
}

fn print(text: &str) -> Result<(), Error> {
    print_raw(&safe::lines(text).collect::<Vec<_>>().join("\n"))
}

fn print_raw(text: &str) -> Result<(), Error> {
    Error::of_output(writeln!(io::stdout(), "{text}"))
}
