//! The full-screen client put together: the model, the screen, the keyboard,
//! the socket. Two threads: this one owns the terminal and sends, the other
//! reads the socket; they talk through a bounded channel. Never: decisions.

use super::byte_queue::ByteQueue;
use super::credentials::{Known, Login};
use super::keymap::Keymap;
use super::model::clock::Now;
use super::model::{Effect, Event, Model, Options};
use super::open::open_or_resume;
use super::reader::{News, Reader};
use super::route::Route;
use super::screen::theme::Theme;
use super::secret::Secret;
use super::transcript::Transcript;
use super::{Error, keys, protection, screen, system};
use crate::connect::{Connection, Protection, Sender, Server, Trust};
use crate::terminal::ability::Abilities;
use crate::terminal::console::{Seen, Terminal};
use crate::terminal::keyboard::Input;
use crate::wire::{Name, Welcome};
use jiff::{SignedDuration, Timestamp};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Packets that wait for the screen, and their bytes; then the socket isn't
/// read, and the server's queue fills instead of our memory.
const NEWS_MAX: usize = 1024;
const NEWS_BYTES_MAX: usize = 8 << 20;
/// Packets, and bytes of them, taken in before keys are looked at again.
const NEWS_PER_TURN: usize = 256;
const NEWS_BYTES_PER_TURN: usize = 256 << 10;
/// The screen is drawn 60 times a second at the most.
const FRAME: Duration = Duration::from_micros(16_667);
/// How often the way to the server is looked at while there is no connection.
const ROUTE_INTERVAL: Duration = Duration::from_secs(1);
/// A socket that takes no bytes holds the screen up no longer than this.
const SEND_PATIENCE: Duration = Duration::from_millis(10);
/// At the end, the server's goodbye is waited for no longer than this.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Between the thread that reads the socket and the one with the screen.
type Inbox = Arc<ByteQueue<News>>;

/// What not everybody wants.
#[derive(Debug)]
pub struct Extras {
    /// Where conversations are written to.
    pub transcript: Option<Transcript>,
    pub keymap: Keymap,
    pub abilities: Abilities,
}

/// Runs until the user leaves.
///
/// # Errors
/// The first connection fails, or the terminal does.
pub fn run(
    (server, trust): (&Server, &Trust),
    (name, mut known): (&Name, Known),
    timeout: Duration,
    options: Options,
    theme: Theme,
    extras: Extras,
) -> Result<(), Error> {
    let secret = Secret::open(server, name);
    // Refused at the door: said in plain words, before the screen is taken.
    let mut login = Login::asking(name, &mut known);
    let (opened, _) = open_or_resume((server, trust), name, secret.known(), &mut login, timeout)
        .map_err(|error| Error::unreachable(server, &error))?;
    known.invitation = None;
    let Connection { sender, receiver, welcome, protection, was_challenged, .. } = opened;
    let terminal_error = |error: io::Error| Error::failed(format!("the terminal: {error}"));
    system::hand_signals_over();
    let terminal = Terminal::open(extras.abilities).map_err(terminal_error)?;
    let inbox: Inbox = Arc::new(ByteQueue::new(NEWS_MAX, NEWS_BYTES_MAX));
    let outbox = Arc::clone(&inbox);
    let waker = terminal.waker();
    let tell = move |news: News| {
        let bytes = size_of::<News>() + news.text_bytes();
        let is_heard = outbox.push(news, bytes);
        waker.wake();
        is_heard
    };
    let reader = Reader {
        server: server.clone(),
        trust: trust.clone(),
        name: name.clone(),
        timeout,
        secret: None,
        known,
        tell: Arc::new(tell),
    };
    let mut live = Live {
        model: Model::new(options),
        secret,
        route: Route::to(server),
        next_look: Duration::ZERO,
        extras,
        theme,
        terminal,
        inbox,
        reader,
        sender: None,
        start: Instant::now(),
        next_draw: Instant::now(),
        is_dirty: true,
        is_leaving: false,
        has_focus: true,
    };
    live.protected(protection);
    live.connected(sender, welcome, was_challenged);
    live.reader.clone().read_from(receiver);
    let result = live.run().map_err(terminal_error);
    if live.say_goodbye() {
        live.secret.forget();
    }
    result
}

/// Everything that the thread with the screen owns.
struct Live {
    model: Model,
    secret: Secret,
    route: Route,
    /// When the way to the server is looked at again, in ticks.
    next_look: Duration,
    extras: Extras,
    theme: Theme,
    terminal: Terminal,
    inbox: Inbox,
    reader: Reader,
    sender: Option<Sender>,
    start: Instant,
    next_draw: Instant,
    is_dirty: bool,
    is_leaving: bool,
    /// The terminal's window has it, or doesn't tell.
    has_focus: bool,
}

impl Live {
    fn run(&mut self) -> io::Result<()> {
        while !self.is_leaving {
            let has_more = self.take_news();
            self.flush();
            if self.draw_if_due().is_err() {
                // It has gone, as at a hang-up; the signal may come later.
                return Ok(());
            }
            match self.terminal.wait(self.timeout(has_more))? {
                Seen::End => return Ok(()),
                Seen::Changed => self.is_dirty = true,
                Seen::Something => {}
            }
            while let Some(input) = self.terminal.input() {
                self.take_input(input);
            }
            self.look_at_route();
            if self.model.deadline().is_some_and(|deadline| deadline <= self.start.elapsed()) {
                self.handle(Event::Tick);
            }
        }
        Ok(())
    }

    /// While the next attempt is waited for: is there a way again?
    fn look_at_route(&mut self) {
        let now = self.start.elapsed();
        if self.model.next_attempt_in().is_some() && self.next_look <= now {
            self.next_look = now + ROUTE_INTERVAL;
            if self.route.came_back() {
                self.handle(Event::NetworkCameBack);
            }
        }
    }

    /// How long nothing has to be done; `None` is for ever.
    fn timeout(&self, has_more: bool) -> Option<Duration> {
        if has_more {
            return Some(Duration::ZERO);
        }
        // While the terminal takes no bytes, its own pauses count.
        let can_draw = self.is_dirty && self.terminal.is_ready();
        let draw = can_draw.then(|| self.next_draw.saturating_duration_since(Instant::now()));
        let due = self.model.deadline().map(|at| at.saturating_sub(self.start.elapsed()));
        let unsent = self.sender.as_ref().is_some_and(|sender| sender.waiting_bytes() > 0);
        [draw, due, unsent.then_some(FRAME)].into_iter().flatten().min()
    }

    fn take_input(&mut self, input: Input) {
        match input {
            Input::Key(key) => {
                if let Some(action) = self.extras.keymap.action_of(&key) {
                    self.handle(Event::Do(action));
                }
            }
            Input::Text(text) => match keys::only_char(&text) {
                Some(key) => self.take_input(Input::Key(key)),
                None => self.handle(Event::Text(text)),
            },
            Input::Paste(text) => self.handle(Event::Paste(text)),
            Input::Mouse(mouse) => {
                let action = screen::action_at(self.terminal.area(), &self.model, &mouse);
                if let Some(action) = action {
                    self.handle(Event::Do(action));
                }
            }
            Input::Focus(has_focus) => self.has_focus = has_focus,
        }
    }

    /// True if more waits.
    fn take_news(&mut self) -> bool {
        self.terminal.clear_waker();
        let mut left = NEWS_BYTES_PER_TURN;
        for _ in 0..NEWS_PER_TURN {
            let Some((news, bytes)) = self.inbox.try_pop() else { return false };
            match news {
                News::Connected { sender, welcome, protection, was_challenged, .. } => {
                    self.protected(protection);
                    self.connected(*sender, welcome, was_challenged);
                }
                News::NoProof { known, lacking } => {
                    self.reader.known = *known;
                    self.handle(Event::NoProof(lacking));
                }
                News::Failed(why) => self.handle(Event::NotConnected(why)),
                News::NameTaken(_) => self.handle(Event::NameTaken),
                News::Packet { packet, at, .. } => self.handle_at(Event::Packet(packet), at),
                News::Odd => self.handle(Event::Odd),
                News::Lost { why, .. } => {
                    self.sender = None;
                    self.handle(Event::Lost(why));
                }
            }
            if bytes >= left {
                break;
            }
            left -= bytes;
        }
        true
    }

    fn protected(&mut self, protection: Protection) {
        let told = protection::worth_telling(protection, &self.reader.server);
        self.handle(Event::Protected(protection, told));
    }

    fn connected(&mut self, sender: Sender, welcome: Welcome, was_challenged: bool) {
        if was_challenged {
            self.model.logged_in();
        }
        // What was said before the welcome counts, too.
        let packets = sender.next_ordinal() - 1;
        self.sender = Some(sender);
        self.handle(match packets {
            0 => Event::Connected(welcome),
            packets => Event::Greeted { welcome, packets },
        });
    }

    fn handle(&mut self, event: Event) {
        self.handle_at(event, Instant::now());
    }

    /// What happened at `at`, perhaps a moment ago.
    fn handle_at(&mut self, event: Event, at: Instant) {
        let ago = SignedDuration::try_from(at.elapsed()).unwrap_or_default();
        let wall = Timestamp::now();
        let wall = wall.checked_sub(ago).unwrap_or(wall);
        let now = Now { ticks: at.saturating_duration_since(self.start), wall };
        let (shape, height) = screen::view_of(self.terminal.area(), &self.model);
        self.model.set_view(shape, height);
        self.is_dirty = true;
        for effect in self.model.handle(event, now) {
            match effect {
                Effect::Send { to, msg } => {
                    if let Some(sender) = &mut self.sender {
                        // The model has checked that it fits.
                        let pushed = sender.push(&to, &msg);
                        debug_assert!(pushed.is_ok(), "{pushed:?}");
                    }
                }
                Effect::SendSecret { to, msg } => {
                    if let Some(sender) = &mut self.sender {
                        let pushed = sender.push_secret(&to, &msg);
                        debug_assert!(pushed.is_ok(), "{pushed:?}");
                    }
                }
                Effect::Password(password) => self.reader.known.password = Some(password),
                Effect::Connect => {
                    let secret = self.secret.known().map(str::to_owned);
                    Reader { secret, ..self.reader.clone() }.connect();
                }
                Effect::KeepSecret(secret) => self.secret.keep(&secret),
                Effect::Log(entry) => {
                    let transcript = self.extras.transcript.as_ref();
                    let written = transcript.map_or(Ok(()), |one| one.write(&entry));
                    if let Err(error) = written {
                        self.extras.transcript = None;
                        self.handle(Event::NotLogged(error.to_string()));
                    }
                }
                Effect::Disconnect => {
                    if let Some(sender) = &self.sender {
                        sender.close();
                    }
                }
                Effect::Bell => self.terminal.ring(),
                // Whoever looks at the terminal sees it anyway.
                Effect::Notify(text) if !self.has_focus => self.terminal.notify("Lanline", &text),
                Effect::Notify(_) => {}
                Effect::Repaint => self.terminal.forget(),
                Effect::Suspend => {
                    if !self.terminal.suspend() {
                        self.handle(Event::NotSuspended);
                    }
                }
                Effect::Quit => self.is_leaving = true,
            }
        }
    }

    fn flush(&mut self) {
        // What is wrong with the socket, the thread that reads tells.
        if let Some(sender) = &mut self.sender
            && sender.flush(SEND_PATIENCE).is_err()
        {
            sender.close();
            self.sender = None;
        }
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if !self.is_dirty || now < self.next_draw || !self.terminal.is_ready() {
            return Ok(());
        }
        self.next_draw = now + FRAME;
        self.is_dirty = false;
        let (model, theme) = (&self.model, &self.theme);
        self.terminal.set_mouse(model.has_mouse);
        self.terminal.set_title(&screen::title(model));
        self.terminal.draw(|frame| screen::draw(frame, model, theme))
    }

    /// Everything sent is read before the end: a connection closed while bytes
    /// come is reset, and takes what it carries with it. True if the server has
    /// said goodbye: our name is free then.
    fn say_goodbye(&mut self) -> bool {
        self.flush();
        let Some(sender) = &self.sender else { return false };
        sender.half_close();
        let deadline = Instant::now() + GOODBYE_TIMEOUT;
        loop {
            match self.inbox.pop_by(deadline) {
                Some((News::Lost { .. }, _)) => return true,
                Some(_) => {}
                None => {
                    self.inbox.close();
                    return false;
                }
            }
        }
    }
}
