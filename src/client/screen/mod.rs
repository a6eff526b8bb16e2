//! **Drawing**: the model onto a frame, nothing else. Never: state, keys, the
//! terminal itself.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`layout`] | which part of the screen is whose |
//! | [`theme`] | colours and emphasis |
//! | [`lines`] | the open conversation, in the middle |
//! | [`sides`] | conversations to the left, people to the right |
//! | [`bottom`] | the status line, the input line |

pub mod bottom;
pub mod layout;
pub mod lines;
pub mod sides;
pub mod theme;

use super::model::Model;
use super::model::wrap::{Shape, truncate, wrap};
use layout::Layout;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use theme::Theme;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme) {
    let layout = Layout::of(frame.area(), !model.banners.is_empty());
    banner(frame, layout.banner, model, theme);
    if let Some(area) = layout.conversations {
        sides::conversations(frame, area, model, theme);
    }
    if let Some(area) = layout.people {
        sides::people(frame, area, model, theme);
    }
    if let Some(area) = layout.title {
        sides::title(frame, area, model, theme);
    }
    lines::draw(frame, layout.lines, model, theme);
    if let Some(area) = layout.status {
        bottom::status(frame, area, model, theme, layout.conversations.is_none());
    }
    bottom::input(frame, layout.input, model, theme);
}

/// The room that lines have on a screen of that size, for the model.
pub fn view_of(area: Rect, model: &Model) -> (Shape, usize) {
    let lines = Layout::of(area, !model.banners.is_empty()).lines;
    (Shape::of(lines.width.into()), lines.height.into())
}

/// The newest broadcast that isn't acknowledged; how many older ones there are
/// stands beside it.
fn banner(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let Some(banner) = model.banners.back().filter(|_| area.height > 0) else { return };
    let time = banner.at.to_zoned(model.options.zone.clone()).strftime("%H:%M").to_string();
    let more = match model.banners.len() {
        1 => String::new(),
        count => format!(" (and {} older)", count - 1),
    };
    let head = format!(" BROADCAST {time} {}{more}  Esc: seen ", banner.from);
    let width = usize::from(area.width);
    let rows = match area.height {
        1 => vec![
            truncate(&format!("{head} {}", banner.text.replace('\n', " ")), width).into_owned(),
        ],
        height => {
            let room = usize::from(height) - 1;
            let body = wrap(&banner.text, width.saturating_sub(4), width.saturating_sub(4));
            let left_out = body.len() > room;
            let mut rows = vec![truncate(&head, width).into_owned()];
            rows.extend(body.iter().take(room).map(|row| format!("   {row}")));
            if left_out && let Some(last) = rows.last_mut() {
                last.push('…');
            }
            rows
        }
    };
    let rows: Vec<Line<'_>> = rows.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(rows).style(theme.banner()), area);
}
