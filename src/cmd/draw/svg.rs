//! A picture as SVG that needs no other file: frames, text and cables at the places that the text
//! has them. It follows the reader's choice of light or dark.

use super::shape::{Block, Shape, Style};

/// Size of a cell in units of the drawing. Letters are as wide as the widest font that may be
/// found for them: see `textLength` below.
const WIDTH: usize = 8;
const HEIGHT: usize = 18;
const MARGIN: usize = 12;

const HEAD: &str = "\
<style>
svg { background: #fff; color: #222; font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
.room { fill: #f4f7fb; stroke: #57606a } .bar { fill: #0969da } .cable { stroke: #0969da; stroke-width: 2; fill: none }
.down { stroke: #8c959f; stroke-dasharray: 4 4 } text { fill: #222; white-space: pre } .name { font-weight: bold }
.fault { stroke: #cf222e; stroke-width: 2 } rect.bar.fault { fill: #cf222e } text.fault { fill: #cf222e; stroke: none; font-weight: bold }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117; color: #e6edf3 } .room { fill: #161b22; stroke: #8b949e } .bar { fill: #58a6ff }
.cable { stroke: #58a6ff } .down { stroke: #6e7681 } text { fill: #e6edf3 } .fault { stroke: #ff7b72 }
rect.bar.fault, text.fault { fill: #ff7b72 } }
</style>
";

/// The drawing.
pub fn svg(block: &Block) -> String {
    let (width, height) = (block.width * WIDTH + 2 * MARGIN, block.height * HEIGHT + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<title>The network</title>\n{HEAD}"
    );
    // Frames below, cables over them, text on top.
    let level = |s: &Shape| match s {
        Shape::Frame { .. } => 0,
        Shape::Down { .. } | Shape::Across { .. } => 1,
        Shape::Bar { .. } => 2,
        Shape::Text { .. } => 3,
    };
    for wanted in 0..4 {
        for shape in block.shapes.iter().filter(|s| level(s) == wanted) {
            one(&mut out, shape);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The middle of a cell.
fn across(x: usize) -> usize {
    MARGIN + x * WIDTH + WIDTH / 2
}
fn down(y: usize) -> usize {
    MARGIN + y * HEIGHT + HEIGHT / 2
}

fn one(out: &mut String, shape: &Shape) {
    let class = |name: &str, marked: bool, mark: &str| match marked {
        true => format!("{name} {mark}"),
        false => name.to_owned(),
    };
    match *shape {
        Shape::Frame { x, y, width, height, fault } => {
            let class = class("room", fault, "fault");
            let (w, h) = ((width - 1) * WIDTH, (height - 1) * HEIGHT);
            let (x, y) = (across(x), down(y));
            out.push_str(&format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"6\"/>\n"
            ));
        }
        Shape::Bar { x, y, width, fault } => {
            let class = class("bar", fault, "fault");
            let (x, y, w) = (MARGIN + x * WIDTH, down(y) - 3, width * WIDTH);
            out.push_str(&format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"6\" rx=\"3\"/>\n"
            ));
        }
        Shape::Down { x, from, to, up } => {
            let class = class("cable", !up, "down");
            let (x, from, to) = (across(x), down(from), down(to));
            out.push_str(&format!("<path class=\"{class}\" d=\"M{x} {from}V{to}\"/>\n"));
        }
        Shape::Across { y, from, to, up } => {
            let class = class("cable", !up, "down");
            let (y, from, to) = (down(y), across(from), across(to));
            out.push_str(&format!("<path class=\"{class}\" d=\"M{from} {y}H{to}\"/>\n"));
        }
        Shape::Text { x, y, ref text, style } => {
            if text.is_empty() {
                return;
            }
            let class = match style {
                Style::Name | Style::Bar => " class=\"name\"",
                Style::Fault => " class=\"fault\"",
                Style::Plain => "",
            };
            let length = text.chars().count() * WIDTH;
            let (x, y) = (MARGIN + x * WIDTH, down(y) + 5);
            out.push_str(&format!(
                "<text{class} x=\"{x}\" y=\"{y}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">"
            ));
            escape(out, text);
            out.push_str("</text>\n");
        }
    }
}

/// Text between tags or in quotes; what XML cannot hold is replaced.
pub fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}
