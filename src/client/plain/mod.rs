//! **The plain client**: lines in, lines out, for pipes, for those who listen to
//! their terminal, and for terminals that can't do more.
//!
//! | module | what lives there |
//! | --- | --- |
//! | this one | what happens, in turn; the end |
//! | [`link`], [`link_state`] | the connection: kept, lost, made again; what waits for it |
//! | [`input`] | lines of the pipe or the keyboard |
//! | [`typed`] | what a typed line does |
//! | [`unseen`], [`secrets`] | secrets that are asked for |
//! | [`mod@print`] | what comes, as lines |
//! | [`prompt`] | the line being typed in a terminal |
//!
//! One thread decides, prints and sends; one reads the socket, one the input.

pub mod input;
pub mod link;
pub mod link_state;
pub mod print;
pub mod prompt;
pub mod secrets;
pub mod typed;
pub mod unseen;

use super::credentials::Login;
use super::model::incoming::is_secret;
use super::model::sending::count;
use super::open::open_or_resume;
use super::reader::{News, Reader};
use super::route::Route;
use super::secret::Secret;
use super::settings::Settings;
use super::{Error, safe};
use crate::connect::{Connection, Protection};
use crate::limits::ROOMS_PER_USER_MAX;
use crate::wire::name::NAME_BYTES_MAX;
use crate::wire::{Name, Received, Refusal};
use crossbeam_channel::{Receiver as Inbox, bounded, never, select};
use input::{Input, read_lines};
use link_state::Link;
use print::{Line, ODD, Printer, SentLines, closed};
use prompt::{Prompt, Typed};
use secrets::Secrets;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Packets and lines that wait for this thread.
const NEWS_MAX: usize = 16;
const INPUT_MAX: usize = 16;
/// Where the socket takes no more, the input isn't read beyond this, in bytes.
const UNSENT_BYTES_MAX: usize = 64 << 10;
/// Lines that wait for the connection; beyond them the input isn't read.
const OUTBOX_LINES_MAX: usize = 1_000;
/// How often the way to the server is looked at while there is no connection.
const ROUTE_INTERVAL: Duration = Duration::from_secs(1);
/// The server has this many times the timeout to answer what was sent before we
/// left, and to end the connection.
const GOODBYE_TIMEOUTS: u32 = 15;
/// Lines that wait when the input ends are given up after this.
const PATIENCE_AT_END: Duration = Duration::from_secs(60);

/// Talks until the user, the input or the server ends it.
///
/// # Errors
/// The greeting was refused; we were sent away; a line of a pipe was refused or
/// not sent.
pub fn run(settings: &Settings, name: &Name, as_json: bool) -> Result<(), Error> {
    let server = settings.target.server();
    let is_prompted = !as_json && prompt::is_wanted();
    // A pipe sends what is written into it, and nothing else.
    let secret = is_prompted.then(|| Secret::open(&server, name));
    let known = secret.as_ref().and_then(Secret::known);
    let mut proofs = settings.known.clone();
    let mut login = Login::asking(name, &mut proofs);
    let at = (&server, &settings.trust);
    let (opened, resumed) = open_or_resume(at, name, known, &mut login, settings.timeout)
        .map_err(|error| Error::unreachable(&server, &error))?;
    proofs.invitation = None;
    let Connection { sender, receiver, first, protection, was_challenged, .. } = opened;

    let (tell_input, input) = bounded(INPUT_MAX);
    let (tell_news, news) = bounded(NEWS_MAX);
    let prompt = match is_prompted {
        true => Some(Prompt::start(tell_input)),
        false => {
            read_lines(tell_input)?;
            None
        }
    };
    let prompt =
        prompt.transpose().map_err(|error| Error::failed(format!("the terminal: {error}")))?;
    let tell = Arc::new(move |news| tell_news.send(news).is_ok());
    let timeout = settings.timeout;
    let reader = Reader {
        server: server.clone(),
        trust: settings.trust.clone(),
        name: name.clone(),
        timeout,
        secret: None,
        known: proofs,
        tell,
    };
    let mut plain = Plain {
        printer: Printer::new(as_json, prompt),
        reader,
        route: Route::to(&server),
        secret,
        link: Link::Off,
        sent: SentLines::default(),
        outbox: VecDeque::new(),
        rooms: BTreeMap::new(),
        open: None,
        last_direct: None,
        number: 0,
        refused: 0,
        is_pipe: !io::stdin().is_terminal(),
        input_ended: None,
        is_leaving: false,
        leaving_since: None,
        was_kicked: None,
        last_failure: None,
        protection: None,
        secrets: Secrets::default(),
    };
    plain.rooms.extend(settings.rooms.iter().map(|room| (room.to_lowercase(), room.clone())));
    plain.tell_protection(protection);
    plain.connected(sender, resumed);
    plain.secrets.connected(was_challenged);
    plain.reader.clone().read_from(receiver);
    let greeted = plain.printer.packet(&first, &plain.sent).and_then(|()| plain.printer.flush());
    let result = match greeted {
        Ok(()) => plain.run(&input, &news),
        Err(error) => Error::of_output(Err(error)),
    };
    let result = result.and(Error::of_output(plain.printer.flush()));
    if plain.is_leaving
        && let Some(secret) = plain.secret.take()
    {
        secret.forget();
    }
    result
}

/// Everything that the thread which decides owns.
pub struct Plain {
    printer: Printer,
    reader: Reader,
    route: Route,
    /// Where a person sits here: what takes the name back after a crash.
    secret: Option<Secret>,
    link: Link,
    sent: SentLines,
    /// Lines that wait for the connection, in the order typed.
    outbox: VecDeque<Line>,
    /// Rooms that we are in, or shall be, by their names in lower case.
    rooms: BTreeMap<String, String>,
    /// Whom plain text is for.
    open: Option<String>,
    last_direct: Option<String>,
    /// Lines read so far.
    number: u64,
    /// How many of them were refused, by the server or here.
    refused: usize,
    is_pipe: bool,
    input_ended: Option<Instant>,
    /// We have said that we go: the end of the connection is no loss.
    is_leaving: bool,
    leaving_since: Option<Instant>,
    /// The last packet was `/kick`, with this reason.
    was_kicked: Option<String>,
    /// Said once, not at each attempt.
    last_failure: Option<String>,
    /// How the connection is protected, once there was one.
    protection: Option<Protection>,
    secrets: Secrets,
}

impl Plain {
    fn run(&mut self, input: &Inbox<Input>, news: &Inbox<News>) -> Result<(), Error> {
        let nothing = never();
        loop {
            self.flush_socket();
            self.leave_if_done();
            if let Some(result) = self.result_without_connection() {
                return result;
            }
            if let Some(why) = self.is_kept_waiting() {
                return Err(Error::failed(why));
            }
            let input = if self.takes_input() { input } else { &nothing };
            let printed = select! {
                recv(input) -> input => self.take_input(input.unwrap_or(Input::End)),
                recv(news) -> news => match news {
                    Ok(News::Lost { why, is_end }) if self.is_leaving => {
                        return if is_end { self.verdict() } else { Err(lost_at_the_end(&why)) };
                    }
                    Ok(News::Lost { why, .. }) => match self.was_kicked.take() {
                        Some(reason) => return Err(closed(Some(&reason))),
                        None => self.lost(&why),
                    },
                    Ok(news) => self.take_news(news),
                    Err(_) => return Err(Error::failed("the thread that reads is gone")),
                },
                default(self.timeout()) => Ok(()),
            };
            self.tick();
            if let Err(error) = printed {
                return Error::of_output(Err(error));
            }
        }
    }

    /// How the input came out, at the end: a pipe's lines are all sent, or it
    /// says that they aren't.
    fn verdict(&self) -> Result<(), Error> {
        match self.refused {
            refused if refused > 0 && self.is_pipe => {
                let verb = if refused == 1 { "was" } else { "were" };
                Err(Error::failed(format!("{} {verb} refused", count(refused, "line"))))
            }
            _ => Ok(()),
        }
    }

    /// Without a connection there may be nothing left to wait for.
    fn result_without_connection(&self) -> Option<Result<(), Error>> {
        if matches!(self.link, Link::Up(_)) {
            return None;
        }
        let ended = self.input_ended?;
        let waiting = self.outbox.len();
        match waiting {
            0 if self.is_pipe => {
                let why = self.secrets.why_off.as_deref().unwrap_or("the connection was lost");
                Some(Err(Error::failed(why)))
            }
            0 => Some(Ok(())),
            _ if self.is_pipe
                && self.secrets.why_off.is_none()
                && ended.elapsed() < PATIENCE_AT_END =>
            {
                None
            }
            _ => {
                let lines = count(waiting, "line");
                let why = self.secrets.why_off.as_deref().unwrap_or("not connected.");
                let why = why.trim_end_matches('.');
                Some(Err(Error::failed(format!("{why}; not sent: {lines}"))))
            }
        }
    }

    /// Whether the server makes us wait for ever, at the end of all that we have
    /// to say.
    fn is_kept_waiting(&mut self) -> Option<&'static str> {
        if self.is_leaving {
            let since = *self.leaving_since.get_or_insert_with(Instant::now);
            let patience = self.reader.timeout.saturating_mul(GOODBYE_TIMEOUTS);
            return (since.elapsed() > patience).then_some("the server did not end the connection");
        }
        let is_stuck = matches!(&self.link, Link::Up(sender) if sender.waiting_bytes() > 0);
        let ended = self.input_ended?;
        (is_stuck && ended.elapsed() > PATIENCE_AT_END).then_some("the server takes no more lines")
    }

    /// Whether another line could go anywhere.
    fn takes_input(&self) -> bool {
        let unsent = match &self.link {
            Link::Up(sender) => sender.waiting_bytes(),
            _ => 0,
        };
        self.input_ended.is_none()
            && unsent < UNSENT_BYTES_MAX
            && self.outbox.len() < OUTBOX_LINES_MAX
    }

    fn timeout(&self) -> Duration {
        match &self.link {
            Link::Up(sender) if sender.waiting_bytes() > 0 => Duration::ZERO,
            Link::Waiting { until, .. } => {
                until.saturating_duration_since(Instant::now()).min(ROUTE_INTERVAL)
            }
            _ => ROUTE_INTERVAL,
        }
    }

    /// At the end of the input, when all is sent, the server is told so.
    fn leave_if_done(&mut self) {
        if let Link::Up(sender) = &self.link
            && self.input_ended.is_some()
            && !self.is_leaving
            && sender.waiting_bytes() == 0
        {
            sender.half_close();
            self.is_leaving = true;
        }
    }

    fn take_input(&mut self, input: Input) -> io::Result<()> {
        match input {
            Input::Line(line) => self.typed(&line),
            Input::End => self.input_ended = Some(Instant::now()),
            Input::Continued => {
                if let Some(prompt) = &mut self.printer.prompt {
                    prompt.continued()?;
                }
            }
            Input::Event(event) => {
                let Some(prompt) = &mut self.printer.prompt else { return Ok(()) };
                match prompt.handle(&event)? {
                    Typed::Nothing => {}
                    Typed::Line(line) => self.typed(&line),
                    Typed::Secret(answer) => self.answered(answer),
                    Typed::End => self.input_ended = Some(Instant::now()),
                }
            }
        }
        Ok(())
    }

    fn take_news(&mut self, news: News) -> io::Result<()> {
        match news {
            News::Connected { sender, first, resumed, protection, was_challenged, .. } => {
                self.note("! connected again");
                self.tell_protection(protection);
                self.connected(*sender, resumed);
                self.secrets.connected(was_challenged);
                self.printer.packet(&first, &self.sent)?;
                self.printer.flush()
            }
            News::NoProof { known, lacking } => {
                self.reader.known = *known;
                self.not_logged_in(lacking)
            }
            News::Failed(why) | News::NameTaken(why) => {
                self.failed(&why);
                Ok(())
            }
            News::Packet { packet, is_last, .. } => {
                self.take_packet(&packet)?;
                if is_last { self.printer.flush() } else { Ok(()) }
            }
            News::Odd => {
                self.note(ODD);
                Ok(())
            }
            News::Lost { why, .. } => self.lost(&why),
        }
    }

    fn take_packet(&mut self, packet: &Received) -> io::Result<()> {
        self.was_kicked = (packet.name == "/kick").then(|| safe::line(&packet.msg).into_owned());
        let room = packet.msg.split([' ', '\n']).next().unwrap_or_default();
        match packet.name.as_str() {
            // Of a server that means it ill there may be any number.
            "/join" if self.rooms.len() < ROOMS_PER_USER_MAX && room.len() <= NAME_BYTES_MAX => {
                self.rooms.insert(room.to_lowercase(), room.to_owned());
            }
            "/leave" => drop(self.rooms.remove(&room.to_lowercase())),
            "/resume" if self.secret.is_some() => {
                if let Some(secret) = &mut self.secret
                    && is_secret(&packet.msg)
                {
                    secret.keep(&packet.msg);
                }
                return Ok(());
            }
            "/error" => {
                let ordinal = Refusal::parse(&packet.msg).map_or(0, |refusal| refusal.ordinal);
                if self.sent.is_hidden(ordinal) {
                    return Ok(());
                }
                self.refused += usize::from(ordinal > 0);
                self.password_was_refused(ordinal);
            }
            name if self.password_was_taken(name) => return Ok(()),
            name if !name.starts_with('/') && !packet.to.starts_with(['#', '/']) => {
                self.last_direct = Some(name.to_owned());
            }
            _ => {}
        }
        self.printer.packet(packet, &self.sent)
    }

    /// A line that can't be carried out.
    fn wrong(&mut self, text: &str) {
        self.refused += 1;
        self.note(&format!("! line {}: {text}", self.number));
    }

    fn note(&mut self, text: &str) {
        self.printer.note(text);
    }
}

fn lost_at_the_end(why: &str) -> Error {
    Error::failed(format!("lost the last answers: {why}"))
}
