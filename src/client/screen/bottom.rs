//! The status line and the input line.

use super::sides::counts;
use super::theme::Theme;
use crate::client::model::draft::cursor_byte;
use crate::client::model::incoming::shown_duration;
use crate::client::model::link::Link;
use crate::client::model::question::Unseen;
use crate::client::model::sending::count;
use crate::client::model::wrap::{columns, fitting_end, fitting_start, truncate};
use crate::client::model::{Mode, Model};
use crate::client::protection;
use crate::connect::Protection;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use tui_input::Input;

/// What a question leaves for its answer.
const DOTS_COLUMNS: usize = 12;

/// What to know at any time; what has no room is left out from the end.
pub fn status(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme, is_narrow: bool) {
    let mut parts = Vec::new();
    parts.extend(model.hint().map(|hint| (hint.to_owned(), theme.strong())));
    parts.extend(link_text(model).map(|text| (text, theme.alarm())));
    if model.waiting_lines() > 0 {
        let waiting = format!("{} waiting", count(model.waiting_lines(), "line"));
        parts.push((waiting, theme.alarm()));
    }
    let below = model.conversation().lines_below();
    if model.conversation().is_scrolled() {
        parts.push((format!("↓ {below} more"), theme.strong()));
    }
    if is_narrow {
        parts.extend(activity(model).map(|text| (text, theme.strong())));
    }
    if model.protection == Some(Protection::Plain) {
        parts.push((protection::in_short(Protection::Plain).to_owned(), theme.alarm()));
    }
    let encrypted = model.protection.filter(|&protection| protection != Protection::Plain);
    let encrypted = encrypted.map(|it| format!(" ({})", protection::in_short(it)));
    let encrypted = encrypted.unwrap_or_default();
    let whereabouts = format!("{} on {}{encrypted}", model.me, model.options.server);
    parts.push((whereabouts, Style::new()));
    if model.link == Link::Online {
        if model.clock.is_wrong() {
            let text = format!("this clock {}", model.clock.in_words());
            parts.push((text, theme.alarm()));
        }
        let users = usize::try_from(model.people.everyone.total()).unwrap_or(usize::MAX);
        parts.push((count(users, "user"), Style::new()));
        let delay = model.clock.round_trip();
        parts.extend(delay.map(|time| (format!("delay {}", shown_duration(time)), Style::new())));
    }
    let mut spans: Vec<Span<'_>> = Vec::new();
    let mut used = 0;
    for (text, style) in parts {
        let text = if spans.is_empty() {
            truncate(&text, area.width.into()).into_owned()
        } else {
            format!(" │ {text}")
        };
        used += columns(&text);
        if used > area.width.into() {
            break;
        }
        spans.push(Span::styled(text, style));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)).style(theme.bar()), area);
}

fn link_text(model: &Model) -> Option<String> {
    match &model.link {
        Link::Online => None,
        Link::Connecting { .. } => Some("connecting …".to_owned()),
        Link::Waiting { .. } => {
            let seconds = model.next_attempt_in().unwrap_or_default();
            Some(format!("not connected, trying again in {seconds} s; /reconnect: now"))
        }
        Link::Off { why } => Some(format!("{why} /reconnect")),
    }
}

/// What is new elsewhere, where there is no room for the conversations.
fn activity(model: &Model) -> Option<String> {
    let news: Vec<String> = model
        .conversations
        .iter()
        .enumerate()
        .filter(|&(index, one)| index != model.open && one.unread > 0)
        .map(|(index, one)| format!("{}:{} {}", index + 1, one.title, counts(one)))
        .collect();
    (!news.is_empty()).then(|| news.join(", "))
}

pub fn input(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let draft = &model.conversation().draft;
    match &model.mode {
        Mode::Typing | Mode::Help { .. } => {
            let title = truncate(&model.conversation().title, usize::from(area.width) / 4);
            let prompt = if area.width < 24 { "> ".to_owned() } else { format!("[{title}] ") };
            field(frame, area, &prompt, draft, theme);
        }
        Mode::Search { query, .. } => {
            let prompt = if area.width < 60 {
                "Search: "
            } else {
                "Search (Enter: older, Esc: stay here, Ctrl-C: back): "
            };
            field(frame, area, prompt, query, theme);
        }
        Mode::Unseen(unseen) => unseen_field(frame, area, unseen, theme),
        Mode::Paste(text) => {
            let count = text.split('\n').count();
            let to = &model.conversation().title;
            let question = match area.width {
                0..70 => format!("{count} lines? Enter: send, l: one by one, Esc: no"),
                _ => format!(
                    "Send {count} pasted lines to {to}? Enter: as one message, l: line by line, Esc: no"
                ),
            };
            frame.render_widget(Paragraph::new(question).style(theme.alarm()), area);
        }
    }
}

/// A question, and a dot for each character of the answer, as far as there is room.
fn unseen_field(frame: &mut Frame<'_>, area: Rect, unseen: &Unseen, theme: &Theme) {
    let width = usize::from(area.width);
    let question = truncate(unseen.question(), width.saturating_sub(DOTS_COLUMNS)).into_owned();
    let question = format!("{question}: ");
    let room = width.saturating_sub(columns(&question) + 1);
    let dots = "*".repeat(unseen.chars().min(room));
    let column = (columns(&question) + dots.len()).min(width.saturating_sub(1));
    let line = Line::from(vec![Span::styled(question, theme.strong()), Span::raw(dots)]);
    frame.render_widget(Paragraph::new(line), area);
    frame.set_cursor_position(Position::new(area.x + column as u16, area.y));
}

/// An input with its cursor: the rows around it, and of a row that is longer
/// than the screen is wide, what is around it.
fn field(frame: &mut Frame<'_>, area: Rect, prompt: &str, input: &Input, theme: &Theme) {
    let prompt_columns = (columns(prompt) as u16).min(area.width.saturating_sub(1));
    let [left, right] = [
        Rect { width: prompt_columns, ..area },
        Rect { x: area.x + prompt_columns, width: area.width - prompt_columns, ..area },
    ];
    frame.render_widget(Paragraph::new(prompt.to_owned()).style(theme.strong()), left);
    let (before, after) = input.value().split_at(cursor_byte(input));
    let (above, before) =
        before.rsplit_once('\n').map_or(("", before), |(above, row)| (above, row));
    let rows_above = input.value()[..cursor_byte(input)].matches('\n').count();
    let skipped = (rows_above + 1).saturating_sub(right.height.into());
    let width = usize::from(right.width);
    // A column is left for the cursor behind the text.
    let before = fitting_end(before, width.saturating_sub(1));
    let column = columns(before).min(width.saturating_sub(1));
    let (after, below) =
        after.split_once('\n').map_or((after, None), |(row, below)| (row, Some(below)));
    let row = format!("{before}{}", fitting_start(after, width - column));
    let above = above.split('\n').take(rows_above).skip(skipped).map(str::to_owned);
    let below = below.into_iter().flat_map(|below| below.split('\n')).map(str::to_owned);
    let rows: Vec<Line<'_>> = above
        .chain([row])
        .chain(below)
        .take(right.height.into())
        .map(|row| Line::from(fitting_start(&row, width).to_owned()))
        .collect();
    frame.render_widget(Paragraph::new(rows), right);
    let row = (rows_above - skipped) as u16;
    frame.set_cursor_position(Position::new(right.x + column as u16, right.y + row));
}
