//! The open conversation: as many rows as there is room for, from the bottom of
//! the view upwards. What is out of sight costs nothing.

use super::theme::Theme;
use crate::client::model::help::rows;
use crate::client::model::line::{Kind, Line};
use crate::client::model::wrap::{Part, RULE, Row, Shape, TIME_COLUMNS, columns, truncate};
use crate::client::model::{Mode, Model};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line as Text, Span};
use ratatui::widgets::Paragraph;

pub fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: &Theme) {
    if let Mode::Help { top } = model.mode {
        return help(frame, area, top, theme);
    }
    let shape = Shape::of(area.width.into());
    let height = usize::from(area.height);
    let found = match model.mode {
        Mode::Search { found, .. } => found,
        _ => None,
    };
    let mut rows: Vec<Text<'_>> = Vec::with_capacity(height);
    for (number, line, below) in model.conversation().from_bottom() {
        if rows.len() >= height {
            break;
        }
        let pen = Pen { shape, theme, model, line, is_found: found == Some(number) };
        let all = shape.rows(line);
        let shown = all.len().saturating_sub(below).max(1);
        rows.extend(all[..shown].iter().rev().take(height - rows.len()).map(|row| pen.row(row)));
    }
    rows.reverse();
    // The newest stands above the input line, as in every chat.
    let blank = area.height - rows.len() as u16;
    let area = Rect { y: area.y + blank, height: area.height - blank, ..area };
    frame.render_widget(Paragraph::new(rows), area);
}

/// The help lies over the conversation, from its top.
fn help(frame: &mut Frame<'_>, area: Rect, top: usize, theme: &Theme) {
    let rows = rows(area.width.into()).into_iter().skip(top).take(area.height.into());
    let rows = rows.map(|row| match row.is_heading {
        true => Text::styled(row.text, theme.strong()),
        false => Text::from(row.text),
    });
    frame.render_widget(Paragraph::new(rows.collect::<Vec<_>>()), area);
}

/// Draws the rows of one line.
struct Pen<'a> {
    shape: Shape,
    theme: &'a Theme,
    model: &'a Model,
    line: &'a Line,
    is_found: bool,
}

impl Pen<'_> {
    fn row(&self, row: &Row<'_>) -> Text<'static> {
        if self.line.kind == Kind::Day {
            return self.rule(&self.line.text, Style::new().patch(self.theme.text(self.line)));
        }
        if row.part == Part::New {
            return self
                .rule(&format!("{} {}", row.text, self.time().trim_end()), self.theme.strong());
        }
        let mut style = match row.part {
            Part::Verdict => self.theme.alarm(),
            _ => self.theme.text(self.line),
        };
        if self.is_found {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let mut spans = self.gutter(row.part);
        spans.push(Span::styled(row.text.clone().into_owned(), style));
        Text::from(spans)
    }

    /// What stands in front of the text: others' text never gets there.
    fn gutter(&self, part: Part) -> Vec<Span<'static>> {
        let blanks = |columns: usize| Span::raw(" ".repeat(columns));
        if part == Part::First {
            let label = self.shape.label(self.line);
            let (label, rule) = match label.strip_suffix(RULE) {
                Some(name) => (name.to_owned(), RULE),
                None => (label, ""),
            };
            let color = self.model.name_colors.of(&self.line.who);
            let time = if self.shape.times { self.time() } else { String::new() };
            return vec![
                Span::styled(time, self.theme.dim()),
                Span::styled(label, self.theme.label(self.line, color)),
                Span::styled(rule, self.theme.dim()),
            ];
        }
        let gutter = self.shape.gutter(self.line);
        match self.shape.names {
            Some(_) => vec![
                blanks(gutter.saturating_sub(columns(RULE))),
                Span::styled(RULE, self.theme.dim()),
            ],
            None => vec![blanks(gutter)],
        }
    }

    fn time(&self) -> String {
        let time =
            self.line.at.to_zoned(self.model.options.zone.clone()).strftime("%H:%M").to_string();
        format!("{time:<TIME_COLUMNS$}")
    }

    /// From edge to edge, where no text of a line ever begins.
    fn rule(&self, text: &str, style: Style) -> Text<'static> {
        let text = truncate(&format!(" {text} "), self.shape.width).into_owned();
        let rest = self.shape.width.saturating_sub(columns(&text));
        let (left, right) = (rest / 2, rest - rest / 2);
        Text::styled(format!("{}{text}{}", "─".repeat(left), "─".repeat(right)), style)
    }
}
