//! The screen of `top`: a head line, a sparkline for each series, the workers.

use super::stats::{History, Series};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Bar, BarChart, Block, Sparkline};

/// Draws everything anew.
pub(super) fn draw(frame: &mut Frame<'_>, server: &str, version: &str, history: &History) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(3),
        Constraint::Fill(3),
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(1),
    ]);
    let [head, first, second, third, workers, foot] = frame.area().layout(&rows);
    frame.render_widget(head_line(server, version, history), head);
    for (row, pair) in [first, second, third].into_iter().zip(Series::ALL.chunks(2)) {
        let columns = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]);
        let cells: [Rect; 2] = row.layout(&columns);
        for (&cell, &series) in cells.iter().zip(pair) {
            sparkline(frame, cell, history, series);
        }
    }
    draw_workers(frame, workers, history);
    frame.render_widget(Line::from(" q ends").dim(), foot);
}

fn head_line(server: &str, version: &str, history: &History) -> Line<'static> {
    // What a server says is shown and never obeyed.
    let version: String = version.chars().filter(|c| !c.is_control()).take(40).collect();
    let Some(stats) = history.stats() else { return Line::default() };
    let text = format!(
        " {server}  {version}  up {}  users {} (peak {})  workers {}",
        duration(stats.get("uptime_seconds")),
        stats.get("users"),
        stats.get("peak_users"),
        stats.get("workers"),
    );
    Line::from(text).bold()
}

fn sparkline(frame: &mut Frame<'_>, area: Rect, history: &History, series: Series) {
    let values = history.tail(series, usize::from(area.width.saturating_sub(2)));
    let most = values.iter().max().copied().unwrap_or(0);
    let now = shown(history.now(series));
    let title = format!(" {} {now}  most {} ", series.title(), shown(most));
    let style = if series == Series::Refused { Style::new().red() } else { Style::new().cyan() };
    let line =
        Sparkline::default().data(&values).style(style).block(Block::bordered().title(title));
    frame.render_widget(line, area);
}

fn draw_workers(frame: &mut Frame<'_>, area: Rect, history: &History) {
    let users = history.stats().map(|stats| stats.users_of_workers()).unwrap_or_default();
    let bar = |(worker, &users): (usize, &u64)| {
        Bar::default().value(users).text_value(shown(users)).label(Line::from(format!("{worker}")))
    };
    let bars: Vec<Bar<'_>> = users.iter().enumerate().map(bar).collect();
    let chart = BarChart::vertical(bars)
        .bar_width(6)
        .bar_style(Style::new().green())
        .block(Block::bordered().title(" users of each worker "));
    frame.render_widget(chart, area);
}

/// Short, with a letter for thousands.
fn shown(value: u64) -> String {
    let value = value as f64;
    match value {
        0.0..10_000.0 => format!("{value}"),
        10_000.0..10e6 => format!("{:.1}k", value / 1e3),
        10e6..10e9 => format!("{:.1}M", value / 1e6),
        _ => format!("{:.1}G", value / 1e9),
    }
}

fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60 % 60, seconds / 3600 % 24, seconds / 86_400);
    if days > 0 {
        format!("{days} d {hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stats::Stats;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use std::time::{Duration, Instant};

    fn screen(width: u16, height: u16) -> String {
        let mut history = History::default();
        let start = Instant::now();
        for second in 0..20 {
            let text = format!(
                "uptime_seconds 90061\nusers 42\npeak_users 77\npackets_in {}\nworkers 2\n\
                 users_worker_0 20\nusers_worker_1 22",
                second * second * 1000,
            );
            history.add(Stats::parse(&text).unwrap(), start + Duration::from_secs(second));
        }
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let version = "lanline/9.9\u{1b}[2J";
        terminal.draw(|frame| draw(frame, "box:5260", version, &history)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn it_shows_what_the_server_does() {
        let screen = screen(100, 30);
        for wanted in [
            "box:5260  lanline/9.9[2J  up 1 d 01:01  users 42 (peak 77)  workers 2",
            "users 42  most 42",
            "packets in/s 37.0k  most 37.0k",
            "users of each worker",
            "22",
            "▇",
        ] {
            assert!(screen.contains(wanted), "{wanted}\n{screen}");
        }
    }

    #[test]
    fn no_screen_is_too_small() {
        for (width, height) in [(1, 1), (10, 3), (300, 100)] {
            screen(width, height);
        }
    }

    #[test]
    fn large_numbers_are_short() {
        assert_eq!(shown(9_999), "9999");
        assert_eq!(shown(12_345), "12.3k");
        assert_eq!(shown(12_345_678), "12.3M");
        assert_eq!(shown(12_345_678_901), "12.3G");
    }
}
