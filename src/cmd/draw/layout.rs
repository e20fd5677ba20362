//! Where everything stands, in columns and lines: what text and SVG have in common.
//!
//! A room is a box. Below the box of a room hang the rooms at the far ends of its cables, each
//! below its port; the ports of a bridge hang on one bar. Rooms that are reached by nobody's cable
//! stand in a row of their own. A cable that would close a ring is written, not drawn.
//!
//! ```text
//!  ┌─────────────────────────────┐
//!  │ host                        │
//!  │ ══ v-net-0 ╤════════════╤══ │     a bar
//!  │            │ veth-red-br    │     ports
//!  └────────────┼────────────────┘
//!               │                      a wire
//!             ┌─┴────┐
//!             │ red  │
//! ```

use std::collections::{BTreeMap, VecDeque};

use super::picture::{Device, Picture, Room};
use super::shape::{Block, Shape, Style, columns, cut};
use crate::sort;

/// Between two things side by side.
const GAP: usize = 2;
/// How deep rooms hang below each other; what is deeper begins anew.
const DEEPEST: usize = 12;
/// Where a cable enters a frame, from its left.
const ENTRY: usize = 2;

/// A line of a room.
type Line = (String, Style);

/// A cable as seen from one of its ends.
#[derive(Clone, Copy)]
struct Way {
    /// The device it leaves from.
    port: usize,
    room: usize,
    /// The device there.
    device: usize,
    cable: usize,
}

struct Layout<'p> {
    picture: &'p Picture,
    /// The cables of each room.
    ways: Vec<Vec<Way>>,
    seen: Vec<bool>,
    drawn: Vec<bool>,
    /// Columns that may be used.
    limit: usize,
}

/// Lays the picture out in so many columns, if it can be done; names are cut, not left out.
pub fn layout(picture: &Picture, limit: usize) -> Block {
    let mut ways = vec![Vec::new(); picture.rooms.len()];
    for (cable, c) in picture.cables.iter().enumerate() {
        let [a, b] = c.ends;
        ways[a.0].push(Way { port: a.1, room: b.0, device: b.1, cable });
        ways[b.0].push(Way { port: b.1, room: a.0, device: a.1, cable });
    }
    let mut layout = Layout {
        picture,
        ways,
        seen: vec![false; picture.rooms.len()],
        drawn: vec![false; picture.cables.len()],
        limit: limit.max(24),
    };
    let mut page = Block::default();
    let mut alone = Vec::new();
    for n in 0..picture.rooms.len() {
        if layout.seen[n] {
            continue;
        }
        let root = if n == 0 { 0 } else { layout.center(n) };
        if root != 0 && layout.ways[root].is_empty() {
            layout.seen[root] = true;
            alone.push(layout.leaf(root, None, layout.limit));
            continue;
        }
        let block = layout.pair(root).unwrap_or_else(|| layout.tree(root, None, layout.limit, 0));
        let y = below_page(&page);
        page.put(block, 0, y);
    }
    let limit = layout.limit;
    let y = below_page(&page);
    let rows = in_rows(alone, limit);
    page.put(rows, 0, y);
    layout.rest(&mut page);
    page
}

fn below_page(page: &Block) -> usize {
    if page.height == 0 { 0 } else { page.height + 1 }
}

/// Blocks side by side, in as many rows as it takes.
fn in_rows(blocks: Vec<Block>, limit: usize) -> Block {
    let mut all = Block::default();
    let (mut x, mut y) = (0, 0);
    for block in blocks {
        if x > 0 && x + block.width > limit {
            (x, y) = (0, all.height + 1);
        }
        let width = block.width;
        all.put(block, x, y);
        x += width + GAP;
    }
    all
}

impl Layout<'_> {
    /// The room with the most cables among those that hang together with this one.
    fn center(&self, n: usize) -> usize {
        let mut known = vec![n];
        let mut at = 0;
        let mut inside: std::collections::BTreeSet<usize> = known.iter().copied().collect();
        while let Some(&room) = known.get(at) {
            at += 1;
            for way in &self.ways[room] {
                if !self.seen[way.room] && inside.insert(way.room) {
                    known.push(way.room);
                }
            }
        }
        // Of several the first.
        let cables = |r: usize| self.ways[r].len();
        known.iter().copied().reduce(|a, b| if cables(b) > cables(a) { b } else { a }).unwrap_or(n)
    }

    /// What stands in a room, its devices except those that are drawn elsewhere.
    fn lines(&self, n: usize, elsewhere: &[usize], narrow: bool) -> Vec<Line> {
        let room = &self.picture.rooms[n];
        let mut lines = vec![(room.name.clone(), Style::Name)];
        for (d, device) in room.devices.iter().enumerate() {
            if !elsewhere.contains(&d) {
                device_lines(device, narrow, &mut lines);
            }
        }
        facts(room, &mut lines);
        lines
    }

    fn frame(&self, n: usize, lines: Vec<Line>, limit: usize) -> Block {
        let inner = lines.iter().map(|(t, _)| columns(t)).max().unwrap_or(0).min(limit - 4);
        let mut block = Block { shapes: Vec::new(), width: inner + 4, height: lines.len() + 2 };
        for (y, (text, style)) in lines.iter().enumerate() {
            block.text(2, y + 1, &cut(text, inner), *style);
        }
        let fault = !self.picture.rooms[n].faults.is_empty();
        let (width, height) = (block.width, block.height);
        block.shapes.insert(0, Shape::Frame { x: 0, y: 0, width, height, fault });
        block
    }

    /// A room and nothing below it; the device its cable comes in at is named first.
    fn leaf(&self, n: usize, entry: Option<usize>, limit: usize) -> Block {
        let mut lines = self.lines(n, &[], true);
        if let Some(entry) = entry.filter(|_| self.picture.rooms[n].devices.len() > 1) {
            // Moved up, right below the name.
            let mut own = Vec::new();
            device_lines(&self.picture.rooms[n].devices[entry], true, &mut own);
            let others = self.lines(n, &[entry], true);
            lines = others[..1].to_vec();
            lines.extend(own);
            lines.extend_from_slice(&others[1..]);
        }
        self.frame(n, lines, limit)
    }

    /// Two rooms and a cable, side by side.
    fn pair(&mut self, root: usize) -> Option<Block> {
        let &[way] = &self.ways[root][..] else { return None };
        if self.ways[way.room].len() != 1 || way.room == root {
            return None;
        }
        let (left, right) =
            (self.leaf(root, None, self.limit), self.leaf(way.room, None, self.limit));
        let cable = 10;
        if left.width + cable + right.width > self.limit {
            return None;
        }
        // The cable runs at the line of the left device.
        let room = &self.picture.rooms[root];
        let mut before = Vec::new();
        room.devices[..way.port].iter().for_each(|d| device_lines(d, true, &mut before));
        let y = (2 + before.len()).min(right.height.max(3) - 2).min(left.height - 2);
        let (from, to) = (left.width - 1, left.width + cable);
        let mut block = Block::default();
        let place = to;
        block.put(left, 0, 0);
        block.put(right, place, 0);
        let up = self.picture.cables[way.cable].up;
        block.shapes.push(Shape::Across { y, from, to, up });
        self.seen[root] = true;
        self.seen[way.room] = true;
        self.drawn[way.cable] = true;
        Some(block)
    }

    /// A room with what hangs below it.
    fn tree(&mut self, n: usize, entry: Option<usize>, limit: usize, depth: usize) -> Block {
        self.seen[n] = true;
        let mut below: Vec<Way> = Vec::new();
        if depth < DEEPEST {
            for &way in &self.ways[n] {
                if !self.seen[way.room] {
                    self.seen[way.room] = true;
                    self.drawn[way.cable] = true;
                    below.push(way);
                }
            }
        }
        if below.is_empty() {
            return self.leaf(n, entry, limit);
        }
        // Ports of one bridge stand together; what is on no bridge comes first.
        let devices = &self.picture.rooms[n].devices;
        sort::by_key(&mut below, |w| (devices[w.port].master.map_or(0, |m| m + 1), w.port));
        let mut columns_below = Vec::new();
        for way in below {
            let child =
                self.tree(way.room, Some(way.device), limit.saturating_sub(4).max(20), depth + 1);
            columns_below.push((way, child));
        }
        self.with_columns(n, columns_below, limit)
    }

    fn with_columns(&mut self, n: usize, below: Vec<(Way, Block)>, limit: usize) -> Block {
        let room = &self.picture.rooms[n];
        let bridge = |w: &Way| room.devices[w.port].master.filter(|m| room.devices[*m].bridge);
        // A port whose name stands at its cable need not be listed, nor an only bridge, whose bar has
        // room for all that is to be said of it.
        let mut elsewhere: Vec<usize> = Vec::new();
        let mut bridges: Vec<usize> = below.iter().filter_map(|(w, _)| bridge(w)).collect();
        bridges.dedup();
        if let [only] = bridges[..] {
            elsewhere.push(only);
        }
        for (way, _) in &below {
            if room.devices[way.port].addresses.is_empty() {
                elsewhere.push(way.port);
            }
        }
        // Inside the frame.
        let inside = limit - 2;
        let mut page = Block::default();
        let mut columns: VecDeque<(Way, Block)> = below.into();
        let mut first = true;
        let mut widest = 0;
        let mut frames = Vec::new();
        while !columns.is_empty() {
            // As many as fit; what hangs on one bridge stays together where it can.
            let mut row: Vec<(Way, Block, usize, usize)> = Vec::new();
            let mut x = 2;
            while let Some((way, _)) = columns.front() {
                let bar = bridge(way);
                let wide = |(w, b): &(Way, Block)| column_width(&room.devices[w.port], b);
                let width = wide(&columns[0]);
                let begins = row.last().is_none_or(|(w, ..)| bridge(w) != bar);
                let group: usize = match bar {
                    Some(_) if begins => {
                        let same = columns.iter().take_while(|(w, _)| bridge(w) == bar);
                        same.map(|c| wide(c) + GAP).sum::<usize>() - GAP
                    }
                    _ => width,
                };
                // What is too long for any row begins in one of its own.
                if !row.is_empty() && x + group.max(width) > inside {
                    break;
                }
                let Some((way, block)) = columns.pop_front() else { break };
                row.push((way, block, x, width));
                x += width + GAP;
            }
            let lines = if first {
                self.lines(n, &elsewhere, false)
            } else {
                vec![(format!("{} (more)", room.name), Style::Name)]
            };
            first = false;
            let top = below_page(&page);
            let (block, frame) = self.row(n, lines, row, bridges.len() == 1, limit);
            widest = widest.max(frame.0);
            frames.push((top, frame.1));
            page.put(block, 0, top);
        }
        let fault = !room.faults.is_empty();
        for (y, height) in frames {
            page.shapes.insert(0, Shape::Frame { x: 0, y, width: widest, height, fault });
        }
        page.width = page.width.max(widest);
        page
    }

    /// One row of columns and what is above them; the width and height of the frame.
    fn row(
        &self,
        n: usize,
        lines: Vec<Line>,
        row: Vec<(Way, Block, usize, usize)>,
        only_bridge: bool,
        limit: usize,
    ) -> (Block, (usize, usize)) {
        let room = &self.picture.rooms[n];
        let bridge = |w: &Way| room.devices[w.port].master.filter(|m| room.devices[*m].bridge);
        let end = row.last().map_or(0, |(_, _, x, width)| x + width);
        let inner = lines.iter().map(|(t, _)| columns(t)).max().unwrap_or(0).min(limit - 4);
        let mut block = Block::default();
        for (y, (text, style)) in lines.iter().enumerate() {
            block.text(2, y + 1, &cut(text, inner), *style);
        }
        let mut y = lines.len() + 2;
        // Bars, one over the columns of its bridge; names above.
        let mut bars: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (way, _, x, width) in &row {
            if let Some(b) = bridge(way) {
                let bar = bars.entry(b).or_insert((*x, x + width));
                bar.1 = x + width;
            }
        }
        let mut right = end.max(inner + 2);
        if !bars.is_empty() {
            for (b, (from, to)) in &bars {
                let device = &room.devices[*b];
                let mut own = Vec::new();
                device_lines(device, false, &mut own);
                // More bars leave each room for its name.
                let count = if only_bridge { own.len() } else { 0 };
                let text = match count {
                    0 => device.name.clone(),
                    n => own[..n].iter().map(|(t, _)| t.trim()).collect::<Vec<_>>().join(" "),
                };
                let style = if own.iter().any(|(_, s)| *s == Style::Fault) {
                    Style::Fault
                } else {
                    Style::Bar
                };
                let next =
                    bars.values().map(|v| v.0).filter(|f| f > from).min().unwrap_or(limit - 2);
                let text = cut(&text, next.saturating_sub(from + 1));
                right = right.max(from + columns(&text));
                block.text(*from, y, &text, style);
                let fault = !device.faults.is_empty();
                block.shapes.push(Shape::Bar { x: *from, y: y + 1, width: to - from, fault });
            }
            y += 2;
        }
        let (ports, bottom, top) = (y, y + 1, y + 3);
        for (way, child, x, _) in row {
            let port = &room.devices[way.port];
            let style = if port.faults.is_empty() { Style::Plain } else { Style::Fault };
            block.text(x + ENTRY + 2, ports, &port_label(port), style);
            let from = if bridge(&way).is_some() { ports - 1 } else { ports };
            let up = self.picture.cables[way.cable].up;
            block.put(child, x, top);
            block.shapes.push(Shape::Down { x: x + ENTRY, from, to: top, up });
        }
        block.width = block.width.max(right + 2);
        (block, (right + 2, bottom + 1))
    }

    /// Cables that close rings, and names that name nothing.
    fn rest(&self, page: &mut Block) {
        let mut lines = Vec::new();
        for (cable, _) in self.picture.cables.iter().zip(&self.drawn).filter(|(_, drawn)| !**drawn)
        {
            let end = |at| {
                let (room, _): (usize, usize) = at;
                format!("{} in {}", self.picture.device(at).name, self.picture.rooms[room].name)
            };
            let [a, b] = cable.ends;
            lines.push((format!("{} ── {}", end(a), end(b)), Style::Plain));
        }
        for name in &self.picture.stale {
            lines.push((format!("{name}: a name that names no namespace"), Style::Fault));
        }
        let mut y = below_page(page);
        for (text, style) in lines {
            page.text(0, y, &text, style);
            page.width = page.width.max(columns(&text));
            y += 1;
            page.height = y;
        }
    }
}

/// What a room below a port takes, its port's name above it included.
fn column_width(port: &Device, block: &Block) -> usize {
    block.width.max(columns(&port_label(port)) + ENTRY + 2)
}

/// The name of a port at its cable.
fn port_label(port: &Device) -> String {
    let mut label = port.name.clone();
    if !port.up {
        label.push_str(" (down)");
    }
    for fault in &port.faults {
        label.push_str(&format!(" ! {fault}"));
    }
    label
}

/// A device in its room; in a narrow one its addresses stand below it.
fn device_lines(device: &Device, narrow: bool, lines: &mut Vec<Line>) {
    let mut text = device.name.clone();
    for part in [&*device.about, if device.up { "" } else { "(down)" }] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    // One address stands beside the name, more stand below.
    let mut more = device.addresses.iter();
    if device.addresses.len() == 1
        && !narrow
        && let Some(only) = more.next()
    {
        text.push(' ');
        text.push_str(only);
    }
    lines.push((text, if device.faults.is_empty() { Style::Plain } else { Style::Fault }));
    lines.extend(more.map(|a| (format!(" {a}"), Style::Plain)));
    lines.extend(device.faults.iter().map(|f| (format!(" ! {f}"), Style::Fault)));
}

fn facts(room: &Room, lines: &mut Vec<Line>) {
    lines.extend(room.routes.iter().map(|r| (r.clone(), Style::Plain)));
    if !room.forwards.is_empty() {
        lines.push((format!("forwards {}", room.forwards.join(" and ")), Style::Plain));
    }
    lines.extend(room.nat.iter().map(|r| (r.clone(), Style::Plain)));
    lines.extend(room.faults.iter().map(|f| (format!("! {f}"), Style::Fault)));
}
