//! What text and SVG paint: shapes with their places, and blocks of them.

/// A thing to be painted; places count from the left and from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A frame; width and height include it.
    Frame {
        x: usize,
        y: usize,
        width: usize,
        height: usize,
        fault: bool,
    },
    Text {
        x: usize,
        y: usize,
        text: String,
        style: Style,
    },
    /// A bridge, with its name in it.
    Bar {
        x: usize,
        y: usize,
        width: usize,
        fault: bool,
    },
    /// A cable downwards, from a bar or a port to the frame of a room.
    Down {
        x: usize,
        from: usize,
        to: usize,
        up: bool,
    },
    /// A cable to the right, between two frames.
    Across {
        y: usize,
        from: usize,
        to: usize,
        up: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Name,
    Plain,
    Fault,
    /// Of a bridge, in its bar.
    Bar,
}

/// Shapes, and the room they take.
#[derive(Debug, Default)]
pub struct Block {
    pub shapes: Vec<Shape>,
    pub width: usize,
    pub height: usize,
}

impl Block {
    /// Takes another in, at a place.
    pub fn put(&mut self, other: Block, x: usize, y: usize) {
        if other.height == 0 {
            return;
        }
        self.width = self.width.max(x + other.width);
        self.height = self.height.max(y + other.height);
        self.shapes.extend(other.shapes.into_iter().map(|s| s.moved(x, y)));
    }
    pub fn text(&mut self, x: usize, y: usize, text: &str, style: Style) {
        self.shapes.push(Shape::Text { x, y, text: text.to_owned(), style });
    }
}

impl Shape {
    fn moved(mut self, right: usize, down: usize) -> Shape {
        match &mut self {
            Shape::Frame { x, y, .. } | Shape::Text { x, y, .. } | Shape::Bar { x, y, .. } => {
                *x += right;
                *y += down;
            }
            Shape::Down { x, from, to, .. } => {
                *x += right;
                *from += down;
                *to += down;
            }
            Shape::Across { y, from, to, .. } => {
                *y += down;
                *from += right;
                *to += right;
            }
        }
        self
    }
}

/// The columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.chars().count()
}

/// At most so many columns.
pub fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}
