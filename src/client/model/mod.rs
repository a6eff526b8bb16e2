//! **The state of the full-screen client**: events in, state and effects out.
//! Pure: no socket, no terminal, no thread; the time is an argument, chance a
//! seed. What it shows of others was made harmless on its way in.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `event` | what happens to it, and what it wants done |
//! | `intent`, [`action`] | what a key stands for, and what it does |
//! | [`commands`] | what a typed line does |
//! | [`unseen`], [`question`] | secrets that are asked for |
//! | [`incoming`] | what a packet does |
//! | [`sending`], [`outbox`] | typed lines on their way out, and those that wait |
//! | [`online`] | the connection comes, is kept up, goes, comes back |
//! | [`conversation`], [`mod@line`], [`wrap`] | lines, where they are scrolled to, their rows |
//! | [`asks`] | which answer belongs to which question, which ordinal to which line |
//! | [`people`] | who is there |
//! | [`clock`], [`link`] | the server's clock; pauses between attempts |
//! | [`draft`], [`paste`] | the line being typed; text that comes by the lot |
//! | [`help`] | the help, over the open conversation |
//! | [`attention`], [`bell`] | the bell, notifications |
//! | [`name_colors`] | whose colour is which |
//! | [`history`] | lines typed before |
//! | [`complete`], [`candidates`] | Tab: words, and which ones |

pub mod action;
pub mod asks;
pub mod attention;
pub mod bell;
pub mod candidates;
pub mod clock;
pub mod commands;
pub mod complete;
pub mod conversation;
pub mod draft;
mod event;
pub mod help;
pub mod history;
pub mod incoming;
mod intent;
pub mod line;
pub mod link;
pub mod name_colors;
pub mod online;
pub mod outbox;
pub mod paste;
pub mod people;
pub mod question;
pub mod sending;
pub mod unseen;
pub mod wrap;

pub use bell::Bell;
pub use event::{Effect, Entry, Event};

use super::safe;
use crate::connect::Protection;
use crate::wire::Secret;
use asks::Asks;
use clock::{Clock, Now};
use complete::Completion;
use conversation::{Conversation, Place};
use history::History;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use line::{Banner, Kind, Line};
use link::Link;
use name_colors::NameColors;
use outbox::Outbox;
use people::People;
use question::Unseen;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tui_input::Input;
use wrap::Shape;
use zeroize::Zeroizing;

/// Bytes of lines kept in all conversations together.
pub const SCROLLBACK_BYTES_MAX: usize = 64 << 20;
/// Conversations; strangers beyond that write into the server's.
pub const CONVERSATIONS_MAX: usize = 300;
/// Broadcasts that wait to be acknowledged; older ones are only lines then.
const BANNERS_MAX: usize = 20;
/// A remark in the status line goes after this long.
const HINT_TIME: Duration = Duration::from_secs(8);

/// What the keys go to.
#[derive(Debug, Default)]
pub enum Mode {
    #[default]
    Typing,
    /// Several lines were pasted; what to do with them is asked.
    Paste(String),
    /// Searching; `found` is the number of the line.
    Search { query: Input, found: Option<u64> },
    /// Reading the help, `top` rows down.
    Help { top: usize },
    /// A secret is asked for.
    Unseen(Box<Unseen>),
}

/// How far the lists at the sides are scrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tops {
    /// `None`: the open one is in sight.
    pub conversations: Option<usize>,
    pub people: usize,
}

/// What is settled at the start.
#[derive(Debug)]
pub struct Options {
    /// The server as shown, `host:port`.
    pub server: String,
    pub bell: Bell,
    /// Where times are shown.
    pub zone: TimeZone,
    /// For the jitter of pauses.
    pub seed: u64,
    /// How many colours there are for names.
    pub name_colors: usize,
    /// Whether the mouse is ours at the start.
    pub has_mouse: bool,
    /// Rooms to join at the start, with their `#`.
    pub rooms: Vec<String>,
    /// Whether lines are asked to be kept, by [`Effect::Log`].
    pub keeps_log: bool,
    /// Whether nothing secret goes over a connection that isn't encrypted.
    pub keeps_secrets: bool,
}

/// Everything that the screen shows.
///
/// - **Invariant**: there is always a conversation, the server's, and it is the
///   first; `open` is one of them.
#[derive(Debug)]
pub struct Model {
    pub options: Options,
    /// Our name, as the server has it.
    pub me: String,
    pub link: Link,
    /// How the connection is protected, once there was one.
    pub protection: Option<Protection>,
    pub clock: Clock,
    pub people: People,
    pub conversations: Vec<Conversation>,
    pub open: usize,
    pub banners: VecDeque<Banner>,
    pub mode: Mode,
    pub tops: Tops,
    pub has_mouse: bool,
    pub name_colors: NameColors,
    /// A remark for the status line, and when it goes.
    hint: Option<(String, Duration)>,
    history: History,
    completion: Option<Completion>,
    asks: Asks,
    outbox: Outbox,
    /// Rooms whose `/join` isn't answered yet, by key.
    joining: BTreeSet<String>,
    /// Our address, as the server has it.
    ip: String,
    /// Rooms that we are in, or were when the connection was lost; as shown.
    rooms: Vec<String>,
    ignored: BTreeSet<String>,
    /// Who wrote to us alone last.
    last_direct: Option<String>,
    /// Ctrl-C was pressed on an empty line, until then.
    leaving: Option<Duration>,
    lost_at: Option<Timestamp>,
    /// When the last attempt to connect began, in ticks.
    attempted_at: Duration,
    /// When the connection was lost, in ticks.
    lost_ticks: Option<Duration>,
    /// Why the last attempt failed: said once, not at each attempt.
    last_failure: Option<String>,
    /// The moment of the last event, in ticks.
    ticks: Duration,
    kicked: Option<String>,
    /// Our name belongs to an account, and we have been logged in to it.
    is_account: bool,
    /// The password that the server is being told.
    new_password: Option<Secret>,
    /// The connection is given up; its end is on its way.
    closing: bool,
    /// Questions for `/members` that wait for the one before: its answer
    /// doesn't say which room it is about.
    members_later: VecDeque<(String, Place, bool)>,
    next_measure: Duration,
    next_ping: Duration,
    next_members: Duration,
    last_bell: Option<Duration>,
    random: fastrand::Rng,
    /// The room that lines have on the screen.
    shape: Shape,
    height: usize,
    effects: Vec<Effect>,
}

impl Model {
    pub fn new(options: Options) -> Self {
        let server = Conversation::new(Place::Server, &options.server);
        let random = fastrand::Rng::with_seed(options.seed);
        let rooms = options.rooms.clone();
        let (has_mouse, name_colors) = (options.has_mouse, NameColors::new(options.name_colors));
        Self {
            options,
            me: String::new(),
            link: Link::Connecting { attempt: 1 },
            protection: None,
            clock: Clock::default(),
            people: People::default(),
            conversations: vec![server],
            open: 0,
            banners: VecDeque::new(),
            mode: Mode::Typing,
            tops: Tops::default(),
            has_mouse,
            name_colors,
            hint: None,
            history: History::default(),
            completion: None,
            asks: Asks::default(),
            outbox: Outbox::default(),
            joining: BTreeSet::new(),
            ip: String::new(),
            rooms,
            ignored: BTreeSet::new(),
            last_direct: None,
            leaving: None,
            lost_at: None,
            attempted_at: Duration::ZERO,
            lost_ticks: None,
            last_failure: None,
            ticks: Duration::ZERO,
            kicked: None,
            is_account: false,
            new_password: None,
            closing: false,
            members_later: VecDeque::new(),
            next_measure: Duration::ZERO,
            next_ping: Duration::ZERO,
            next_members: Duration::ZERO,
            last_bell: None,
            random,
            shape: Shape::of(80),
            height: 24,
            effects: Vec::new(),
        }
    }

    /// Takes in what happened; returns what is to be done about it.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.ticks = self.ticks.max(now.ticks);
        match event {
            Event::Do(action) => self.act(action, now),
            // It may be a secret: wiped behind us.
            Event::Text(text) => self.type_text(&Zeroizing::new(text), now),
            Event::Paste(text) => self.paste(&Zeroizing::new(text), now),
            Event::NotSuspended => self.hint_at("there is no shell to go back to", now),
            Event::Protected(protection, told) => {
                self.protection = Some(protection);
                if let Some(text) = told {
                    self.warn(&Place::Server, &text, now);
                }
            }
            Event::Connected(welcome) => self.connected(&welcome, now),
            Event::Greeted { welcome, packets } => {
                (0..packets).for_each(|_| self.asks.greeted_by_packet());
                self.connected(&welcome, now);
            }
            Event::NoProof(lacking) => self.not_logged_in(lacking, now),
            Event::NotConnected(why) => self.not_connected(&why, now),
            Event::NameTaken => self.name_taken(now),
            Event::NotLogged(why) => {
                self.options.keeps_log = false;
                let text = format!("Conversations are no longer written to files: {why}");
                self.warn(&Place::Server, &text, now);
            }
            Event::NetworkCameBack => self.network_came_back(),
            Event::Packet(packet) => self.take_packet(packet, now),
            Event::Odd => {
                self.warn(&Place::Server, "The server sent something that is no packet.", now);
            }
            Event::Lost(why) => self.lost(&why, now),
            Event::Tick => {}
        }
        self.tick(now);
        self.flush_outbox(now);
        std::mem::take(&mut self.effects)
    }

    /// How much room lines have; the screen decides.
    pub fn set_view(&mut self, shape: Shape, height: usize) {
        self.shape = shape;
        self.height = height;
    }

    pub fn conversation(&self) -> &Conversation {
        &self.conversations[self.open]
    }

    fn conversation_mut(&mut self) -> &mut Conversation {
        &mut self.conversations[self.open]
    }

    /// The remark for the status line.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_ref().map(|(text, _)| text.as_str())
    }

    fn hint_at(&mut self, text: impl Into<String>, now: Now) {
        self.hint = Some((text.into(), now.ticks + HINT_TIME));
    }

    fn find(&self, place: &Place) -> Option<usize> {
        self.conversations.iter().position(|conversation| conversation.place == *place)
    }

    /// The conversation with `title`; it is made if need be and may be.
    fn find_or_make(&mut self, place: Place, title: &str) -> usize {
        if let Some(index) = self.find(&place) {
            return index;
        }
        if self.conversations.len() >= CONVERSATIONS_MAX {
            return 0;
        }
        self.conversations.push(Conversation::new(place, title));
        self.conversations.len() - 1
    }

    fn switch_to(&mut self, index: usize) {
        let index = index.min(self.conversations.len() - 1);
        if index == self.open {
            return;
        }
        self.conversation_mut().forget_new();
        self.open = index;
        self.tops = Tops::default();
        self.hint = None;
        self.completion = None;
        self.history.settle();
        self.next_members = Duration::ZERO;
        let conversation = self.conversation_mut();
        conversation.unread = 0;
        conversation.mentions = 0;
    }

    /// Adds a line; the oldest go where there are too many bytes.
    fn add(&mut self, index: usize, line: Line) -> u64 {
        self.log(index, line.at, &line.who, &line.text);
        let number = self.conversations[index].push(line, &self.options.zone);
        let mut bytes: usize = self.conversations.iter().map(Conversation::bytes).sum();
        while bytes > SCROLLBACK_BYTES_MAX {
            let longest = self.conversations.iter_mut().max_by_key(|one| one.bytes());
            let Some(longest) = longest else { break };
            bytes -= longest.bytes();
            if !longest.drop_oldest() {
                break;
            }
            bytes += longest.bytes();
        }
        number
    }

    /// For the file of a conversation, where there is one.
    fn log(&mut self, index: usize, at: Timestamp, who: &str, text: &str) {
        if !self.options.keeps_log {
            return;
        }
        let conversation = match &self.conversations[index].place {
            Place::Server => "_server".to_owned(),
            Place::Room(key) => format!("#{key}"),
            Place::Person(key) => key.clone(),
        };
        let at = at.to_zoned(self.options.zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
        let who = if who.is_empty() { "--" } else { who };
        let text = format!("{at}\t{who}\t{}", text.replace('\n', "\n\t\t"));
        self.effects.push(Effect::Log(Entry { conversation, text }));
    }

    /// The client's own word, in a conversation if it exists, else the server's.
    fn say(&mut self, place: &Place, kind: Kind, text: &str, now: Now) {
        let index = self.find(place).unwrap_or(0);
        let at = self.clock.server_time(now);
        let text = safe::text(text);
        self.add(index, Line::new(at, kind, String::new(), text));
    }

    fn note(&mut self, place: &Place, text: &str, now: Now) {
        self.say(place, Kind::Notice, text, now);
    }

    fn warn(&mut self, place: &Place, text: &str, now: Now) {
        self.say(place, Kind::Warning, text, now);
    }
}
