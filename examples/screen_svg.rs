//! A terminal's screen as a picture: reads what `tmux capture-pane -e -N -p` prints
//! from standard input, writes SVG to standard output.
//!
//! ```text
//! tmux capture-pane -e -N -p | cargo run --example screen_svg -- 100 24 > screen.svg
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::num::NonZeroU16;
use vt100::{Cell, Color, Screen};

const COLUMN: f32 = 8.4;
const ROW: f32 = 18.0;
const MARGIN: f32 = 10.0;
const FOREGROUND: &str = "#d8dee9";
const BACKGROUND: &str = "#1d2129";
const PALETTE: [&str; 16] = [
    "#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
    "#5c6370", "#ff7b86", "#b5e08f", "#ffd68a", "#82c4ff", "#e39bf5", "#7fd6e0", "#ffffff",
];

fn main() -> Result<(), Box<dyn Error>> {
    let size: Vec<NonZeroU16> =
        std::env::args().skip(1).map(|number| number.parse()).collect::<Result<_, _>>()?;
    let &[columns, rows] = size.as_slice() else { return Err("COLUMNS ROWS, please".into()) };
    let mut captured = String::new();
    io::stdin().read_to_string(&mut captured)?;
    let mut parser = vt100::Parser::new(rows, columns, 0);
    parser.process(captured.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    print!("{}", picture(parser.screen(), columns.get(), rows.get())?);
    Ok(())
}

fn picture(screen: &Screen, columns: u16, rows: u16) -> Result<String, std::fmt::Error> {
    let width = f32::from(columns) * COLUMN + 2.0 * MARGIN;
    let height = f32::from(rows) * ROW + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            column = run(&mut svg, screen, row, column, columns)?;
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Draws the cells from `start` on that look alike; returns where they end.
fn run(
    svg: &mut String,
    screen: &Screen,
    row: u16,
    start: u16,
    columns: u16,
) -> Result<u16, std::fmt::Error> {
    let Some(first) = screen.cell(row, start) else { return Ok(columns) };
    let (mut end, mut text) = (start, String::new());
    while let Some(cell) =
        screen.cell(row, end).filter(|cell| end < columns && look(cell) == look(first))
    {
        text.push_str(if cell.has_contents() || cell.is_wide_continuation() {
            cell.contents()
        } else {
            " "
        });
        end += 1;
        // What is wide, or of a script with joined messages, stands alone.
        if cell.is_wide() {
            end += 1;
            break;
        }
    }
    let x = MARGIN + f32::from(start) * COLUMN;
    let y = MARGIN + f32::from(row) * ROW;
    let width = f32::from(end - start) * COLUMN;
    let (foreground, background, weight, opacity) = look(first);
    if background != BACKGROUND {
        writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{ROW}\" fill=\"{background}\"/>"
        )?;
    }
    if !text.trim().is_empty() {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let y = y + ROW * 0.75;
        writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\" fill=\"{foreground}\" \
             font-weight=\"{weight}\" opacity=\"{opacity}\" xml:space=\"preserve\">{text}</text>"
        )?;
    }
    Ok(end)
}

/// Foreground, background, weight, opacity.
fn look(cell: &Cell) -> (&'static str, &'static str, u16, &'static str) {
    let foreground = color(cell.fgcolor(), FOREGROUND);
    let background = color(cell.bgcolor(), BACKGROUND);
    let weight = if cell.bold() { 700 } else { 400 };
    let opacity = if cell.dim() { "0.6" } else { "1" };
    match cell.inverse() {
        true => (background, foreground, weight, opacity),
        false => (foreground, background, weight, opacity),
    }
}

fn color(color: Color, default: &'static str) -> &'static str {
    match color {
        Color::Idx(index) => PALETTE.get(usize::from(index)).copied().unwrap_or(default),
        Color::Default | Color::Rgb(..) => default,
    }
}
