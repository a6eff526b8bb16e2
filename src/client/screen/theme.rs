//! Colours and emphasis. The sixteen colours of the terminal, so that its owner
//! decides what they look like; without colours, emphasis says as much.

use crate::client::model::line::{Delivery, Kind, Line};
use crate::terminal::ability::Depth;
use ratatui::style::{Color, Modifier, Style};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Colours of names, in any terminal.
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
/// More of them, where there are 256 colours: those that can be read on a light
/// ground and on a dark one, far apart from each other.
const MORE_NAMES: [u8; 20] =
    [130, 97, 64, 31, 168, 136, 61, 71, 173, 133, 38, 142, 99, 29, 208, 67, 169, 106, 103, 138];

/// How things look.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub colors: bool,
    pub depth: Depth,
    pub palette: Palette,
}

/// The colours that the configuration can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Palette {
    /// Refusals, a lost connection, broadcasts among other lines.
    #[serde(deserialize_with = "color")]
    pub alarm: Color,
    /// Lines that name us, conversations with something for us.
    #[serde(deserialize_with = "color")]
    pub mention: Color,
    /// The server's answers.
    #[serde(deserialize_with = "color")]
    pub answer: Color,
    /// The ground of a broadcast's banner.
    #[serde(deserialize_with = "color")]
    pub banner: Color,
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            alarm: Color::Red,
            mention: Color::LightRed,
            answer: Color::Cyan,
            banner: Color::Red,
        }
    }
}

/// `red`, `light blue`, a number of the terminal's 256, or `#rrggbb`.
fn color<'de, D: Deserializer<'de>>(input: D) -> Result<Color, D::Error> {
    let text = match toml::Value::deserialize(input)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no colour")))
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
            true => {
                Style::new().fg(Color::White).bg(self.palette.banner).add_modifier(Modifier::BOLD)
            }
            false => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    pub fn alarm(self) -> Style {
        self.with(self.palette.alarm, Modifier::BOLD)
    }

    pub fn mention(self) -> Style {
        self.with(self.palette.mention, Modifier::BOLD)
    }

    /// How many colours there are for names.
    pub fn name_colors(self) -> usize {
        match (self.colors, self.depth) {
            (false, _) => 0,
            (true, Depth::Sixteen) => NAMES.len(),
            (true, Depth::Many) => NAMES.len() + MORE_NAMES.len(),
        }
    }

    /// A name, by the number of its colour.
    pub fn name(self, color: Option<usize>) -> Style {
        let more = |index: usize| MORE_NAMES.get(index).map(|&number| Color::Indexed(number));
        let color = color.and_then(|index| match index.checked_sub(NAMES.len()) {
            None => NAMES.get(index).copied(),
            Some(index) => more(index),
        });
        color.map_or(Style::new(), |color| self.with(color, Modifier::empty()))
    }

    /// What stands in front of a line; `color` is the number of its speaker's.
    pub fn label(self, line: &Line, color: Option<usize>) -> Style {
        match &line.kind {
            Kind::Message { mention: true } => self.mention(),
            Kind::Message { mention: false } => self.name(color),
            Kind::Own(_) => self.strong(),
            Kind::Answer => self.with(self.palette.answer, Modifier::DIM),
            Kind::Warning => self.alarm(),
            Kind::Broadcast => self.alarm(),
            Kind::Notice | Kind::Day => self.dim(),
        }
    }

    /// The line itself.
    pub fn text(self, line: &Line) -> Style {
        match &line.kind {
            Kind::Own(Delivery::Refused { .. }) => {
                self.with(self.palette.alarm, Modifier::CROSSED_OUT)
            }
            Kind::Own(Delivery::Unsure) | Kind::Notice | Kind::Day => self.dim(),
            Kind::Message { mention: true } => self.strong(),
            Kind::Broadcast | Kind::Warning => self.alarm(),
            _ => Style::new(),
        }
    }
}
