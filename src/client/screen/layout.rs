//! Which part of the screen is whose. What is small loses its sides first,
//! then the title, the banner's text, the status line; the input line stays, and
//! takes more rows where it has more.

use ratatui::layout::Rect;

/// From this width on, conversations have a column of their own.
const CONVERSATIONS_FROM: u16 = 64;
/// From this width on, people have one, too.
const PEOPLE_FROM: u16 = 96;
const CONVERSATIONS_COLUMNS: u16 = 20;
const PEOPLE_COLUMNS: u16 = 18;

/// The parts of the screen; those without room are `None`, or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub banner: Rect,
    pub conversations: Option<Rect>,
    pub title: Option<Rect>,
    pub lines: Rect,
    pub people: Option<Rect>,
    pub status: Option<Rect>,
    pub input: Rect,
}

impl Layout {
    /// `input_rows` is how many rows the line being typed has.
    pub fn of(area: Rect, has_banner: bool, input_rows: usize) -> Self {
        let input_rows_max = (area.height / 3).max(1);
        let input_rows = u16::try_from(input_rows).unwrap_or(u16::MAX).clamp(1, input_rows_max);
        let (rest, input) = cut_bottom(area, input_rows);
        let (rest, status) = cut_bottom(rest, u16::from(area.height >= 3));
        let banner_rows = match (has_banner, area.height) {
            (false, _) | (_, 0..=1) => 0,
            (_, 2..=9) => 1,
            _ => 3,
        };
        let (banner, mut rest) = cut_top(rest, banner_rows);
        let mut conversations = None;
        let mut people = None;
        if area.width >= CONVERSATIONS_FROM && area.height >= 4 {
            let [side, middle] = split(rest, CONVERSATIONS_COLUMNS);
            (conversations, rest) = (Some(side), middle);
        }
        if area.width >= PEOPLE_FROM && area.height >= 4 {
            let [middle, side] = split(rest, rest.width - PEOPLE_COLUMNS);
            (rest, people) = (middle, Some(side));
        }
        let (title, lines) = cut_top(rest, u16::from(area.height >= 8));
        let some = |area: Rect| (area.height > 0).then_some(area);
        Self {
            banner,
            conversations,
            title: some(title),
            lines,
            people,
            status: some(status),
            input,
        }
    }
}

fn cut_top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let top = Rect { height: rows, ..area };
    (top, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

fn cut_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let (top, bottom) = cut_top(area, area.height - rows);
    (top, bottom)
}

fn split(area: Rect, columns: u16) -> [Rect; 2] {
    let columns = columns.min(area.width);
    [
        Rect { width: columns, ..area },
        Rect { x: area.x + columns, width: area.width - columns, ..area },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_share_the_screen(
            width in 0u16..200,
            height in 0u16..60,
            banner: bool,
            input_rows in 0usize..70,
        ) {
            let area = Rect::new(0, 0, width, height);
            let layout = Layout::of(area, banner, input_rows);
            let parts = [layout.banner, layout.lines, layout.input];
            let optional = [layout.conversations, layout.title, layout.people, layout.status];
            let parts: Vec<Rect> = parts.into_iter().chain(optional.into_iter().flatten()).collect();
            let cells: u32 = parts.iter().map(|part| part.area()).sum();
            prop_assert_eq!(cells, area.area());
            for (index, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(area), *part);
                for other in &parts[index + 1..] {
                    prop_assert_eq!(part.intersection(*other).area(), 0);
                }
            }
        }
    }
}
