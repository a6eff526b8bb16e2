//! Colours and emphasis. The sixteen colours of the terminal, so that its owner
//! decides what they look like; without colours, emphasis says as much.

use crate::client::model::conversation::key_of;
use crate::client::model::line::{Delivery, Kind, Line};
use ratatui::style::{Color, Modifier, Style};

/// Colours of names, by what makes names the same.
const NAMES: [Color; 10] = [
    Color::Cyan,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::LightCyan,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
];

/// How things look.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub colors: bool,
}

impl Theme {
    fn with(self, color: Color, modifier: Modifier) -> Style {
        let style = Style::new().add_modifier(modifier);
        if self.colors { style.fg(color) } else { style }
    }

    pub fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn banner(self) -> Style {
        match self.colors {
            true => Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    pub fn alarm(self) -> Style {
        self.with(Color::Red, Modifier::BOLD)
    }

    pub fn mention(self) -> Style {
        self.with(Color::LightRed, Modifier::BOLD)
    }

    /// The same for the same name, everywhere.
    pub fn name(self, name: &str) -> Style {
        // FNV-1a: all that is asked of it is to spread.
        let hash = key_of(name).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.with(NAMES[(hash >> 32) as usize % NAMES.len()], Modifier::empty())
    }

    /// What stands in front of a line.
    pub fn label(self, line: &Line) -> Style {
        match &line.kind {
            Kind::Message { mention: true } => self.mention(),
            Kind::Message { mention: false } => self.name(&line.who),
            Kind::Own(_) => self.strong(),
            Kind::Answer => self.with(Color::Cyan, Modifier::DIM),
            Kind::Warning => self.alarm(),
            Kind::Broadcast => self.alarm(),
            Kind::Notice | Kind::Day => self.dim(),
        }
    }

    /// The line itself.
    pub fn text(self, line: &Line) -> Style {
        match &line.kind {
            Kind::Own(Delivery::Refused { .. }) => self.with(Color::Red, Modifier::CROSSED_OUT),
            Kind::Own(Delivery::Unsure) | Kind::Notice | Kind::Day => self.dim(),
            Kind::Message { mention: true } => self.strong(),
            Kind::Broadcast | Kind::Warning => self.alarm(),
            _ => Style::new(),
        }
    }
}
