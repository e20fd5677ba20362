//! Colours of the text, by what a value is.

/// What is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    IfName,
    LinkAddr,
    Inet,
    Inet6,
    Up,
    Down,
    /// Never coloured.
    Plain,
}

/// Which colours; chosen by -color, COLORFGBG and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    #[default]
    None,
    Dark,
    Light,
}

impl Palette {
    /// The escape sequence that begins the colour; empty without colours.
    #[inline]
    pub fn code(self, paint: Paint) -> &'static str {
        if self == Palette::None { "" } else { self.some_code(paint) }
    }
    fn some_code(self, paint: Paint) -> &'static str {
        match (self, paint) {
            (Palette::None, _) | (_, Paint::Plain) => "",
            (Palette::Dark, Paint::IfName) => "\x1b[1;36m",
            (Palette::Dark, Paint::LinkAddr) => "\x1b[1;33m",
            (Palette::Dark, Paint::Inet) => "\x1b[1;35m",
            (Palette::Dark, Paint::Inet6) => "\x1b[1;94m",
            (Palette::Dark, Paint::Up) => "\x1b[1;32m",
            (Palette::Dark, Paint::Down) => "\x1b[1;31m",
            (Palette::Light, Paint::IfName) => "\x1b[36m",
            (Palette::Light, Paint::LinkAddr) => "\x1b[33m",
            (Palette::Light, Paint::Inet) => "\x1b[35m",
            (Palette::Light, Paint::Inet6) => "\x1b[34m",
            (Palette::Light, Paint::Up) => "\x1b[32m",
            (Palette::Light, Paint::Down) => "\x1b[31m",
        }
    }

    /// The palette for a terminal, from the value of COLORFGBG (`15;0`): the part after the last
    /// `;` is the background, dark when it is 0 to 6 or 8 or unknown.
    pub fn of_background(colorfgbg: Option<&[u8]>) -> Palette {
        let Some(background) =
            colorfgbg.and_then(|v| Some(&v[v.iter().rposition(|&b| b == b';')? + 1..]))
        else {
            return Palette::Dark;
        };
        match background {
            [b'0'..=b'6' | b'8'] => Palette::Dark,
            _ => Palette::Light,
        }
    }
}
