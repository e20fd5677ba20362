//! A picture as text: shapes painted into cells.

use super::shape::{Block, Shape, Style};

/// How text is written.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Faults red, names bold.
    pub colour: bool,
    /// Nothing but ASCII.
    pub ascii: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cell {
    glyph: char,
    style: Option<Style>,
}

const EMPTY: Cell = Cell { glyph: ' ', style: None };

/// The text, each line with its end.
pub fn text(block: &Block, manner: Manner) -> String {
    let mut cells = vec![vec![EMPTY; block.width]; block.height];
    // Wires go over frames and bars, whatever the order of their making.
    let late = |s: &&Shape| matches!(s, Shape::Down { .. } | Shape::Across { .. });
    for shape in block.shapes.iter().filter(|s| !late(s)) {
        paint(&mut cells, shape);
    }
    for shape in block.shapes.iter().filter(late) {
        paint(&mut cells, shape);
    }
    let mut out = String::new();
    for row in &cells {
        let end = row.iter().rposition(|c| c.glyph != ' ').map_or(0, |n| n + 1);
        let mut style = None;
        for cell in &row[..end] {
            if manner.colour && code(cell.style) != code(style) {
                out.push_str(code(cell.style));
            }
            style = cell.style;
            out.push(if manner.ascii { plain(cell.glyph) } else { cell.glyph });
        }
        if manner.colour && !code(style).is_empty() && code(style) != RESET {
            out.push_str(RESET);
        }
        out.push('\n');
    }
    out
}

const RESET: &str = "\x1b[0m";

fn code(style: Option<Style>) -> &'static str {
    match style {
        Some(Style::Fault) => "\x1b[0;1;31m",
        Some(Style::Name | Style::Bar) => "\x1b[0;1m",
        _ => RESET,
    }
}

fn paint(cells: &mut [Vec<Cell>], shape: &Shape) {
    let mut put = |x: usize, y: usize, glyph: char, style: Option<Style>| {
        if let Some(cell) = cells.get_mut(y).and_then(|row| row.get_mut(x)) {
            *cell = Cell { glyph: joined(cell.glyph, glyph), style: style.or(cell.style) };
        }
    };
    match *shape {
        Shape::Frame { x, y, width, height, fault } => {
            let style = fault.then_some(Style::Fault);
            let (right, bottom) = (x + width - 1, y + height - 1);
            for at in x + 1..right {
                put(at, y, '─', style);
                put(at, bottom, '─', style);
            }
            for at in y + 1..bottom {
                put(x, at, '│', style);
                put(right, at, '│', style);
            }
            for (x, y, glyph) in
                [(x, y, '┌'), (right, y, '┐'), (x, bottom, '└'), (right, bottom, '┘')]
            {
                put(x, y, glyph, style);
            }
        }
        Shape::Text { x, y, ref text, style } => {
            for (n, glyph) in text.chars().enumerate() {
                put(x + n, y, glyph, Some(style));
            }
        }
        Shape::Bar { x, y, width, fault } => {
            for at in x..x + width {
                put(at, y, '═', fault.then_some(Style::Fault));
            }
        }
        Shape::Down { x, from, to, up } => {
            let way = if up { DOWN } else { DOWN_DEAD };
            for at in from..=to {
                put(x, at, if at == to { END } else { way }, None);
            }
        }
        Shape::Across { y, from, to, up } => {
            let way = if up { ACROSS } else { ACROSS_DEAD };
            for at in from..=to {
                put(at, y, if at == from || at == to { END } else { way }, None);
            }
        }
    }
}

/// Pieces of a wire, which look different where they meet something: its end at a frame, and its
/// way down and across, with and without life in it.
const END: char = '\u{e000}';
const DOWN: char = '\u{e001}';
const DOWN_DEAD: char = '\u{e002}';
const ACROSS: char = '\u{e003}';
const ACROSS_DEAD: char = '\u{e004}';

/// What a cell shows when something new comes to it.
fn joined(old: char, new: char) -> char {
    match (old, new) {
        ('═', DOWN | DOWN_DEAD) => '╤',
        ('─', DOWN | DOWN_DEAD) => '┼',
        ('─', END) => '┴',
        ('│', END) => '┼',
        (_, DOWN) => '│',
        (_, DOWN_DEAD) => '┊',
        (_, ACROSS) => '─',
        (_, ACROSS_DEAD) => '┄',
        _ => new,
    }
}

fn plain(glyph: char) -> char {
    match glyph {
        '─' => '-',
        '┄' => '.',
        '│' => '|',
        '┊' => ':',
        '═' => '=',
        '╤' | '┼' | '┴' | '┬' | '┌' | '┐' | '└' | '┘' => '+',
        '…' => '~',
        c if c.is_ascii() => c,
        _ => '?',
    }
}
