//! A model on a stage: a clock that stands still unless told, a server that
//! says what the test says, a screen to look at.

use jiff::tz::TimeZone;
use lanline::client::model::action::Action;
use lanline::client::model::clock::Now;
use lanline::client::model::{Bell, Effect, Event, Model, Options};
use lanline::client::screen::{
    self,
    theme::{Palette, Theme},
};
use lanline::terminal::ability::Depth;
use lanline::wire::{Received, Welcome};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use std::time::Duration;
use tui_input::InputRequest;

pub(crate) struct Stage {
    pub model: Model,
    pub now: Now,
    pub size: (u16, u16),
    /// Everything asked for so far, but not looked at.
    pub effects: Vec<Effect>,
    /// Whom each packet of this connection was for, in the order of ordinals.
    recipients: Vec<String>,
    pongs: usize,
}

impl Stage {
    /// Ann is connected; what the client asks by itself is answered.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let options = Options {
            server: "hall:5260".to_owned(),
            bell: Bell::Mentions,
            zone: TimeZone::UTC,
            seed: 7,
            name_colors: 10,
            has_mouse: true,
            rooms: Vec::new(),
            keeps_log: false,
            keeps_secrets: false,
        };
        Self::with(options, width, height)
    }

    /// The same with other options.
    pub(crate) fn with(options: Options, width: u16, height: u16) -> Self {
        let wall = "2026-11-23T12:00:00Z".parse().unwrap();
        let now = Now { ticks: Duration::ZERO, wall };
        let mut stage = Self {
            model: Model::new(options),
            now,
            size: (width, height),
            effects: Vec::new(),
            recipients: Vec::new(),
            pongs: 0,
        };
        stage.connect();
        stage
    }

    pub(crate) fn connect(&mut self) {
        let welcome = Welcome::parse("ann 192.168.1.7 3 lanline/0.1.0").unwrap();
        self.event(Event::Connected(welcome));
        self.pass(Duration::from_millis(2));
        self.say("/time", "ann", &self.now.wall.to_string());
        self.say("/presence", "ann", "on");
        self.say("/list", "ann", "1-3 of 3\nann\nbob\nÉva");
        self.refuse("/resume", "no-such-endpoint\nThere is no such endpoint; see /help.");
        self.pong();
        self.effects.clear();
    }

    /// Answers the open `/ping`, if there is one.
    pub(crate) fn pong(&mut self) {
        if self.recipients.iter().filter(|to| *to == "/ping").count() > self.pongs {
            self.pongs += 1;
            self.say("/ping", "ann", "");
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let (shape, height) = screen::view_of(area, &self.model);
        self.model.set_view(shape, height);
        if matches!(event, Event::Connected(_)) {
            self.recipients.clear();
            self.pongs = 0;
        }
        for effect in self.model.handle(event, self.now) {
            if let Effect::Send { to, .. } | Effect::SendSecret { to, .. } = &effect {
                self.recipients.push(to.clone());
            }
            self.effects.push(effect);
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.event(Event::Do(action));
    }

    /// Types, and presses Enter.
    pub(crate) fn enter(&mut self, line: &str) {
        self.type_text(line);
        self.act(Action::Submit);
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.act(Action::Edit(InputRequest::InsertChar(c)));
        }
    }

    /// A packet comes.
    pub(crate) fn say(&mut self, from: &str, to: &str, msg: &str) {
        self.event(Event::Packet(Received {
            name: from.to_owned(),
            ip: "192.168.1.8".to_owned(),
            to: to.to_owned(),
            msg: msg.to_owned(),
        }));
    }

    /// The last packet to `to` is refused: `words` follow its ordinal.
    pub(crate) fn refuse(&mut self, to: &str, words: &str) {
        let index = self.recipients.iter().rposition(|recipient| recipient == to).unwrap();
        self.say("/error", "ann", &format!("{} {words}", index + 1));
    }

    /// Joins a room, and hears who is in it.
    pub(crate) fn join(&mut self, room: &str, members: &str) {
        self.enter(&format!("/join {room}"));
        let count = members.split('\n').count();
        self.say("/join", "ann", &format!("{room} {count}"));
        self.say("/members", "ann", &format!("1-{count} of {count}\n{members}"));
        self.pong();
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.ticks += time;
        self.now.wall += time;
        self.event(Event::Tick);
    }

    /// The packets asked for since the last call, without the client's own
    /// questions.
    pub(crate) fn sent(&mut self) -> Vec<(String, String)> {
        let own = ["/ping", "/time", "/list", "/members", "/presence", "/resume"];
        std::mem::take(&mut self.effects)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Send { to, msg } if !own.contains(&to.as_str()) => Some((to, msg)),
                _ => None,
            })
            .collect()
    }

    /// Whom each packet of this connection was for.
    pub(crate) fn recipients(&self) -> &[String] {
        &self.recipients
    }

    pub(crate) fn bells(&self) -> usize {
        self.effects.iter().filter(|effect| **effect == Effect::Bell).count()
    }

    pub(crate) fn terminal(&self) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let theme = Theme { colors: true, depth: Depth::Sixteen, palette: Palette::default() };
        terminal.draw(|frame| screen::draw(frame, &self.model, &theme)).unwrap();
        terminal
    }

    /// What is on the screen, a line a row.
    pub(crate) fn screen(&self) -> String {
        let terminal = self.terminal();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..self.size.1 {
            let mut covered = 0;
            for x in 0..self.size.0 {
                let symbol = buffer[(x, y)].symbol();
                if covered == 0 {
                    text.push_str(symbol);
                    covered = unicode_width::UnicodeWidthStr::width(symbol).max(1);
                }
                covered -= 1;
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}
