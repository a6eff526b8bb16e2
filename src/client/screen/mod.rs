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

use super::model::action::{Action, Pane};
use super::model::wrap::{Shape, truncate, wrap};
use super::model::{Mode, Model};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use layout::Layout;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use theme::Theme;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, theme: &Theme) {
    let layout = layout_of(frame.area(), model);
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
    let lines = layout_of(area, model).lines;
    (Shape::of(lines.width.into()), lines.height.into())
}

fn layout_of(area: Rect, model: &Model) -> Layout {
    let input_rows = match model.mode {
        Mode::Typing | Mode::Help { .. } => model.conversation().draft.value().split('\n').count(),
        _ => 1,
    };
    Layout::of(area, !model.banners.is_empty(), input_rows)
}

/// What a click or a turn of the wheel at a place of the screen stands for.
pub fn action_at(area: Rect, model: &Model, mouse: &MouseEvent) -> Option<Action> {
    let layout = layout_of(area, model);
    let at = Position::new(mouse.column, mouse.row);
    let list = [(layout.conversations, Pane::Conversations), (layout.people, Pane::People)];
    let list = list
        .into_iter()
        .find_map(|(area, pane)| area.filter(|area| area.contains(at)).map(|area| (area, pane)));
    let (up, is_wheel) = match mouse.kind {
        MouseEventKind::ScrollUp => (true, true),
        MouseEventKind::ScrollDown => (false, true),
        MouseEventKind::Down(MouseButton::Left) => (false, false),
        _ => return None,
    };
    match list {
        Some((_, pane)) if is_wheel => Some(Action::Scroll { pane, up }),
        None if is_wheel => Some(Action::Scroll { pane: Pane::Lines, up }),
        Some((area, Pane::Conversations)) => {
            let top = sides::conversations_top(model, area.height.into());
            let index = top + usize::from(at.y - area.y);
            (index < model.conversations.len()).then_some(Action::Switch(index))
        }
        Some((area, _)) => {
            // Above the names stands how many there are.
            let row = (at.y - area.y).checked_sub(1)?;
            let top = sides::people_top(model, usize::from(area.height) - 1);
            Some(Action::Person(top + usize::from(row)))
        }
        None => layout.banner.contains(at).then_some(Action::Escape),
    }
}

/// The title of the terminal's window.
pub fn title(model: &Model) -> String {
    let for_us: usize = model.conversations.iter().map(|one| one.mentions).sum();
    let news = if for_us > 0 { format!("({for_us}) ") } else { String::new() };
    format!("{news}{} — Lanline", model.conversation().title)
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
