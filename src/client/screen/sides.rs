//! Conversations to the left, people to the right, the title above the lines.

use super::theme::Theme;
use crate::client::model::Model;
use crate::client::model::conversation::{Conversation, Place};
use crate::client::model::people::Names;
use crate::client::model::wrap::truncate;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};
use unicode_width::UnicodeWidthStr;

/// The conversations, numbered as Alt-1 … Alt-9 have it.
pub fn conversations(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    let inner = bordered(frame, area, Borders::RIGHT, theme);
    let height = usize::from(inner.height);
    // The open one is always in sight.
    let skipped = (model.open + 1).saturating_sub(height);
    let all = model.conversations.iter().enumerate().skip(skipped).take(height);
    let rows: Vec<Line<'_>> = all
        .map(|(index, one)| {
            conversation(index, one, index == model.open, inner.width.into(), theme)
        })
        .collect();
    frame.render_widget(Paragraph::new(rows), inner);
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
    let room = width.saturating_sub(number.width() + counts.width() + 1);
    let title = truncate(&one.title, room).into_owned();
    let blanks = " ".repeat(width.saturating_sub(number.width() + title.width() + counts.width()));
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
    let (title, names) = names_of(model);
    let total = names.map_or(0, Names::total) as usize;
    let mut rows = vec![Line::styled(format!("{total} {title}"), theme.dim())];
    let fits = if total > height { height.saturating_sub(1) } else { height };
    let shown = names.into_iter().flat_map(Names::shown).take(fits);
    let width = usize::from(inner.width);
    rows.extend(shown.map(|name| Line::styled(truncate(name, width), theme.name(name))));
    if total > fits {
        rows.push(Line::styled(format!("… {} more", total - fits), theme.dim()));
    }
    frame.render_widget(Paragraph::new(rows), inner);
}

fn names_of(model: &Model) -> (&'static str, Option<&Names>) {
    match &model.conversation().place {
        Place::Room(key) => ("in this room", model.people.members.get(key)),
        _ => ("here", Some(&model.people.everyone)),
    }
}

/// What is open.
pub fn title(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
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
