//! The full-screen client put together: the model, the screen, the keyboard,
//! the socket. Two threads: this one owns the terminal and sends, the other
//! reads the socket; they talk through a bounded channel. Never: decisions.

use super::byte_queue::ByteQueue;
use super::model::clock::Now;
use super::model::{Effect, Event, Model, Options};
use super::open::open;
use super::screen::theme::Theme;
use super::terminal::Terminal;
use super::wait::{Wait, Waker};
use super::{Error, keys, screen};
use crate::connect::{Connection, Incoming, Receiver, Sender, Server};
use crate::wire::{Name, Received, Welcome};
use crossterm::event::Event as Input;
use jiff::Timestamp;
use std::io;
use std::sync::Arc;
use std::thread;
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
/// A socket that takes no bytes holds the screen up no longer than this.
const SEND_PATIENCE: Duration = Duration::from_millis(10);
/// At the end, the server's goodbye is waited for no longer than this.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// Between the thread that reads the socket and the one with the screen.
type Inbox = Arc<ByteQueue<News>>;

/// What the thread that reads the socket has to tell.
enum News {
    Connected(Sender, Welcome),
    Failed(String),
    Packet(Received),
    Odd,
    Lost(String),
}

impl News {
    /// The bytes of its text.
    fn text_bytes(&self) -> usize {
        match self {
            Self::Packet(Received { name, ip, to, msg }) => {
                name.len() + ip.len() + to.len() + msg.len()
            }
            Self::Failed(why) | Self::Lost(why) => why.len(),
            Self::Connected(..) | Self::Odd => 0,
        }
    }
}

/// Runs until the user leaves.
///
/// # Errors
/// The first connection fails, or the terminal does.
pub fn run(
    server: &Server,
    name: &Name,
    timeout: Duration,
    options: Options,
    theme: Theme,
) -> Result<(), Error> {
    // Refused at the door: said in plain words, before the screen is taken.
    let Connection { sender, receiver, welcome, .. } =
        open(server, name, timeout).map_err(|error| Error::unreachable(server, &error))?;
    let terminal_error = |error: io::Error| Error::failed(format!("the terminal: {error}"));
    let wait = Wait::new().map_err(terminal_error)?;
    let inbox = Arc::new(ByteQueue::new(NEWS_MAX, NEWS_BYTES_MAX));
    let reader = Reader {
        server: server.clone(),
        name: name.clone(),
        timeout,
        inbox: Arc::clone(&inbox),
        waker: wait.waker(),
    };
    let terminal = Terminal::open().map_err(terminal_error)?;
    let mut live = Live {
        model: Model::new(options),
        theme,
        terminal,
        wait,
        inbox,
        reader,
        sender: None,
        start: Instant::now(),
        next_draw: Instant::now(),
        is_dirty: true,
        is_leaving: false,
        has_read_keys: false,
    };
    live.connected(sender, welcome);
    live.reader.clone().spawn(Some(receiver));
    let result = live.run().map_err(terminal_error);
    live.say_goodbye();
    result
}

/// Everything that the thread with the screen owns.
struct Live {
    model: Model,
    theme: Theme,
    terminal: Terminal,
    wait: Wait,
    inbox: Inbox,
    reader: Reader,
    sender: Option<Sender>,
    start: Instant,
    next_draw: Instant,
    is_dirty: bool,
    is_leaving: bool,
    /// Keys were read in this turn: some may be left.
    has_read_keys: bool,
}

impl Live {
    fn run(&mut self) -> io::Result<()> {
        while !self.is_leaving {
            let has_more = self.take_news();
            self.flush();
            self.draw_if_due()?;
            let woken = self.wait.wait(self.timeout(has_more))?;
            if woken.by_signal {
                self.terminal.measure()?;
                self.is_dirty = true;
            }
            if self.wait.was_told_to_end() {
                return Ok(());
            }
            if woken.by_keyboard || self.has_read_keys {
                self.take_keys()?;
            }
            if self.model.deadline().is_some_and(|deadline| deadline <= self.start.elapsed()) {
                self.handle(Event::Tick);
            }
        }
        Ok(())
    }

    /// Reads keys until there seem to be none; the next turn looks again, since
    /// those that crossterm has read by then announce themselves no more.
    fn take_keys(&mut self) -> io::Result<()> {
        self.has_read_keys = false;
        while let Some(input) = self.terminal.input()? {
            self.has_read_keys = true;
            self.take_input(&input);
        }
        Ok(())
    }

    /// How long nothing has to be done; `None` is for ever.
    fn timeout(&self, has_more: bool) -> Option<Duration> {
        if has_more {
            return Some(Duration::ZERO);
        }
        let draw = self.is_dirty.then(|| self.next_draw.saturating_duration_since(Instant::now()));
        let due = self.model.deadline().map(|at| at.saturating_sub(self.start.elapsed()));
        let unsent = self.sender.as_ref().is_some_and(|sender| sender.waiting_bytes() > 0);
        let keys = self.has_read_keys.then_some(FRAME);
        [draw, due, keys, unsent.then_some(FRAME)].into_iter().flatten().min()
    }

    fn take_input(&mut self, input: &Input) {
        match input {
            Input::Key(key) => {
                if let Some(action) = keys::action_of(key) {
                    self.handle(Event::Do(action));
                }
            }
            Input::Paste(text) => self.handle(Event::Paste(text.clone())),
            _ => {}
        }
    }

    /// True if more waits.
    fn take_news(&mut self) -> bool {
        self.wait.clear();
        let mut left = NEWS_BYTES_PER_TURN;
        for _ in 0..NEWS_PER_TURN {
            let Some((news, bytes)) = self.inbox.try_pop() else { return false };
            match news {
                News::Connected(sender, welcome) => self.connected(sender, welcome),
                News::Failed(why) => self.handle(Event::NotConnected(why)),
                News::Packet(packet) => self.handle(Event::Packet(packet)),
                News::Odd => self.handle(Event::Odd),
                News::Lost(why) => {
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

    fn connected(&mut self, sender: Sender, welcome: Welcome) {
        self.sender = Some(sender);
        self.handle(Event::Connected(welcome));
    }

    fn handle(&mut self, event: Event) {
        let now = Now { ticks: self.start.elapsed(), wall: Timestamp::now() };
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
                Effect::Connect => self.reader.clone().spawn(None),
                Effect::Disconnect => {
                    if let Some(sender) = &self.sender {
                        sender.close();
                    }
                }
                Effect::Bell => self.terminal.ring(),
                Effect::Repaint => self.terminal.forget(),
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
        if !self.is_dirty || now < self.next_draw {
            return Ok(());
        }
        self.next_draw = now + FRAME;
        self.is_dirty = false;
        let (model, theme) = (&self.model, &self.theme);
        self.terminal.draw(|frame| screen::draw(frame, model, theme))
    }

    /// Everything sent is read before the end: a connection closed while bytes
    /// come is reset, and takes what it carries with it.
    fn say_goodbye(&mut self) {
        self.flush();
        let Some(sender) = &self.sender else { return };
        sender.half_close();
        let deadline = Instant::now() + GOODBYE_TIMEOUT;
        while !matches!(self.inbox.pop_by(deadline), Some((News::Lost(_), _)) | None) {}
        self.inbox.close();
    }
}

/// The thread that reads the socket, one for each connection; what it tells
/// last is that there is none (any more).
#[derive(Clone)]
struct Reader {
    server: Server,
    name: Name,
    timeout: Duration,
    inbox: Inbox,
    waker: Waker,
}

impl Reader {
    /// Reads from `receiver`, or connects first.
    fn spawn(self, receiver: Option<Receiver>) {
        let failed = self.clone();
        let spawned =
            thread::Builder::new().name("socket".to_owned()).spawn(move || match receiver {
                Some(receiver) => self.read(receiver),
                None => self.connect(),
            });
        if let Err(error) = spawned {
            failed.tell(News::Failed(format!("can't start a thread: {error}")));
        }
    }

    fn connect(self) {
        match open(&self.server, &self.name, self.timeout) {
            Ok(Connection { sender, receiver, welcome, .. }) => {
                if self.tell(News::Connected(sender, welcome)) {
                    self.read(receiver);
                }
            }
            Err(error) => {
                let error = Error::unreachable(&self.server, &error);
                self.tell(News::Failed(error.to_string()));
            }
        }
    }

    fn read(self, mut receiver: Receiver) {
        loop {
            let news = match receiver.receive(None) {
                Ok(Some(Incoming::Packet(packet))) => News::Packet(packet),
                Ok(Some(Incoming::Malformed)) => News::Odd,
                Ok(None) => News::Lost("the server closed it.".to_owned()),
                Err(error) => News::Lost(format!("{error}.")),
            };
            let is_last = matches!(news, News::Lost(_));
            if !self.tell(news) || is_last {
                return;
            }
        }
    }

    /// False if nobody listens any more.
    fn tell(&self, news: News) -> bool {
        let bytes = size_of::<News>() + news.text_bytes();
        let is_heard = self.inbox.push(news, bytes);
        self.waker.wake();
        is_heard
    }
}
