//! Conversations to the left, people to the right, the title above the lines.

use super::theme::Theme;
use crate::client::model::conversation::{Conversation, Place};
use crate::client::model::people::Names;
use crate::client::model::wrap::{columns, truncate};
use crate::client::model::{Mode, Model};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

/// The conversations, numbered as Alt-1 … Alt-9 have it.
pub fn conversations(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let inner = bordered(frame, area, Borders::RIGHT, theme);
    let height = usize::from(inner.height);
    let top = conversations_top(model, height);
    let all = model.conversations.iter().enumerate().skip(top).take(height);
    let rows: Vec<Line<'_>> = all
        .map(|(index, one)| {
            conversation(index, one, index == model.open, inner.width.into(), theme)
        })
        .collect();
    frame.render_widget(Paragraph::new(rows), inner);
}

/// The first conversation of those in sight: unless the wheel has said so, the
/// open one is among them.
pub fn conversations_top(model: &Model, height: usize) -> usize {
    let last = model.conversations.len().saturating_sub(height);
    let for_open = (model.open + 1).saturating_sub(height);
    model.tops.conversations.map_or(for_open, |top| top.min(last))
}

fn conversation(
    index: usize,
    one: &Conversation,
    is_open: bool,
    width: usize,
    theme: &Theme,
) -> Line<'static> {
    let counts = counts(one);
    let number = if index < 9 { format!("{} ", index + 1) } else { "  ".to_owned() };
    let room = width.saturating_sub(columns(&number) + columns(&counts) + 1);
    let title = truncate(&one.title, room).into_owned();
    let blanks =
        " ".repeat(width.saturating_sub(columns(&number) + columns(&title) + columns(&counts)));
    let style = match (is_open, one.mentions, one.unread) {
        (true, ..) => theme.bar(),
        (_, 0, 0) => Style::new(),
        (_, 0, _) => theme.strong(),
        _ => theme.mention(),
    };
    Line::styled(format!("{number}{title}{blanks}{counts}"), style)
}

/// How much is unread; if some of it is for us, how much of that.
pub fn counts(one: &Conversation) -> String {
    match (one.unread, one.mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!("{unread} new"),
        (_, mentions) => format!("{mentions} for you"),
    }
}

/// The members of the open room, else everybody.
pub fn people(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let inner = bordered(frame, area, Borders::LEFT, theme);
    let Some(height) = usize::from(inner.height).checked_sub(1) else { return };
    let title = match &model.conversation().place {
        Place::Room(_) => "in this room",
        _ => "here",
    };
    let names = model.listed();
    let total = names.map_or(0, Names::total) as usize;
    let top = people_top(model, height);
    let mut rows = vec![Line::styled(format!("{total} {title}"), theme.dim())];
    let below = total.saturating_sub(top);
    let fits = if below > height { height.saturating_sub(1) } else { height };
    let shown = names.into_iter().flat_map(Names::shown).skip(top).take(fits);
    let width = usize::from(inner.width);
    rows.extend(shown.map(|name| {
        let style = match *name == model.me {
            true => theme.strong(),
            false => theme.name(model.name_colors.of(name)),
        };
        Line::styled(truncate(name, width), style)
    }));
    if below > fits {
        rows.push(Line::styled(format!("… {} more", below - fits), theme.dim()));
    }
    frame.render_widget(Paragraph::new(rows), inner);
}

/// The first of the people in sight.
pub fn people_top(model: &Model, height: usize) -> usize {
    let kept = model.listed().map_or(0, Names::kept);
    model.tops.people.min(kept.saturating_sub(height))
}

/// What is open.
pub fn title(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    if matches!(model.mode, Mode::Help { .. }) {
        let more = Span::styled(" — PageDown: more; Esc: close", theme.dim());
        let line = Line::from(vec![Span::styled("Help", theme.strong()), more]);
        return frame.render_widget(Paragraph::new(line), area);
    }
    let one = model.conversation();
    let more = match &one.place {
        Place::Server => " — the server; nobody reads what you write here".to_owned(),
        Place::Person(_) => String::new(),
        Place::Room(key) => match model.people.members.get(key).map(Names::total) {
            Some(1) => " — only you".to_owned(),
            Some(members) => format!(" — {members} members"),
            None => String::new(),
        },
    };
    let line =
        vec![Span::styled(one.title.clone(), theme.strong()), Span::styled(more, theme.dim())];
    frame.render_widget(Paragraph::new(Line::from(line)), area);
}

fn bordered(frame: &mut Frame<'_>, area: Rect, borders: Borders, theme: &Theme) -> Rect {
    let block = Block::new().borders(borders).border_style(theme.dim());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}
