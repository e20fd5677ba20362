//! Options before the object.

use crate::cli::{Args, Usage, value};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::output::{Human, Palette};
use crate::sys::{fd, file};

use super::netns;

/// One option, in the order in which beginnings are tried.
pub struct Option_ {
    pub name: &'static str,
    /// Must be written in full.
    exact: bool,
    /// Its value in the usage.
    pub arg: &'static str,
    id: Id,
}

#[derive(Clone, Copy)]
enum Id {
    Loops,
    Family,
    Inet,
    Inet6,
    Packet,
    Mpls,
    Bridge,
    Human,
    Iec,
    Stats,
    Details,
    Resolve,
    Oneline,
    Timestamp,
    TimestampShort,
    Version,
    Force,
    Batch,
    Brief,
    Json,
    Pretty,
    Rcvbuf,
    Color,
    Help,
    Netns,
    Numeric,
    All,
    Echo,
}

const fn opt(name: &'static str, id: Id) -> Option_ {
    Option_ { name, exact: false, arg: "", id }
}
const fn with(name: &'static str, arg: &'static str, id: Id) -> Option_ {
    Option_ { name, exact: false, arg, id }
}
const fn exact(name: &'static str, id: Id) -> Option_ {
    Option_ { name, exact: true, arg: "", id }
}

pub static OPTIONS: &[Option_] = &[
    with("-loops", "N", Id::Loops),
    with("-family", "{ inet | inet6 | link | mpls | bridge }", Id::Family),
    exact("-4", Id::Inet),
    exact("-6", Id::Inet6),
    exact("-0", Id::Packet),
    exact("-M", Id::Mpls),
    exact("-B", Id::Bridge),
    opt("-human-readable", Id::Human),
    opt("-iec", Id::Iec),
    opt("-stats", Id::Stats),
    opt("-statistics", Id::Stats),
    opt("-details", Id::Details),
    opt("-resolve", Id::Resolve),
    opt("-oneline", Id::Oneline),
    opt("-timestamp", Id::Timestamp),
    opt("-tshort", Id::TimestampShort),
    opt("-Version", Id::Version),
    opt("-force", Id::Force),
    with("-batch", "FILE", Id::Batch),
    opt("-brief", Id::Brief),
    opt("-json", Id::Json),
    opt("-pretty", Id::Pretty),
    with("-rcvbuf", "BYTES", Id::Rcvbuf),
    with("-color", "[=always|auto|never]", Id::Color),
    opt("-help", Id::Help),
    with("-netns", "NAME", Id::Netns),
    opt("-Numeric", Id::Numeric),
    opt("-all", Id::All),
    exact("-echo", Id::Echo),
];

/// What follows the options.
pub enum Then<'a> {
    Command,
    Batch(&'a [u8]),
    /// `-V`: everything has been said.
    Done,
}

/// The option that a word with one dash means.
pub fn find(word: &[u8]) -> Option<&'static Option_> {
    let word = match word.iter().position(|&b| b == b'=') {
        Some(at) if b"-color".starts_with(&word[..at]) => &word[..at],
        _ => word,
    };
    OPTIONS.iter().find(|o| {
        if o.exact { o.name.as_bytes() == word } else { o.name.as_bytes().starts_with(word) }
    })
}

/// Reads the options; `-netns` takes effect at once, at its place.
pub fn read<'a>(ctx: &mut Ctx, args: &mut Args<'a>) -> Result<Then<'a>> {
    let mut batch = None;
    // As Debian builds its own; the reference itself is built for never.
    let mut color = Color::Auto;
    let mut chosen = false;
    let (mut human, mut iec) = (false, false);
    while let Some(full) = args.peek() {
        if full.first() != Some(&b'-') {
            break;
        }
        args.take();
        if full == b"--" {
            break;
        }
        // One of two dashes is lost; three stay unknown.
        let word = if full.starts_with(b"--") { &full[1..] } else { full };
        let unknown =
            || Usage::new(255, [b"Option \"", word, b"\" is unknown, try \"ip -help\"."].concat());
        let o = find(word).ok_or_else(unknown)?;
        let opts = &mut ctx.opts;
        match o.id {
            Id::Loops => opts.loops = number(args)?,
            Id::Family => {
                let name = args.take().ok_or_else(|| args.required("family type"))?;
                opts.family = match name {
                    b"inet" => value::AF_INET,
                    b"inet6" => value::AF_INET6,
                    b"link" => value::AF_PACKET,
                    b"mpls" => value::AF_MPLS,
                    b"bridge" => value::AF_BRIDGE,
                    b"help" => return Err(super::usage().into()),
                    _ => return Err(args.wrong("invalid protocol family").into()),
                };
            }
            Id::Inet => opts.family = value::AF_INET,
            Id::Inet6 => opts.family = value::AF_INET6,
            Id::Packet => opts.family = value::AF_PACKET,
            Id::Mpls => opts.family = value::AF_MPLS,
            Id::Bridge => opts.family = value::AF_BRIDGE,
            Id::Human => human = true,
            Id::Iec => iec = true,
            Id::Stats => opts.stats = opts.stats.saturating_add(1),
            Id::Details => opts.details = opts.details.saturating_add(1),
            Id::Resolve => ctx.names.resolve = true,
            Id::Oneline => opts.style.oneline = true,
            Id::Timestamp => opts.timestamp = true,
            Id::TimestampShort => (opts.timestamp, opts.timestamp_short) = (true, true),
            Id::Version => {
                fd::stdout(
                    concat!("ip utility, iproute2-7.1.0, ipbox ", env!("CARGO_PKG_VERSION"), "\n")
                        .as_bytes(),
                )?;
                return Ok(Then::Done);
            }
            Id::Force => opts.force = true,
            Id::Batch => batch = Some(args.take().ok_or_else(|| args.required("batch file"))?),
            Id::Brief => opts.brief = true,
            Id::Json => opts.style.json = true,
            Id::Pretty => opts.style.pretty = true,
            Id::Rcvbuf => {
                let size = args.take().ok_or_else(|| args.required("rcvbuf size"))?;
                opts.receive_buffer = value::u32(size).ok_or_else(|| {
                    Usage::new(255, [b"Invalid rcvbuf size '", size, b"'"].concat())
                })?;
            }
            Id::Color => (color, chosen) = (Color::parse(word).ok_or_else(unknown)?, true),
            Id::Help => return Err(super::usage().into()),
            // The reference prints its own null pointer here.
            Id::Netns => netns::enter(ctx, args.take().unwrap_or(b"(null)"))?,
            Id::Numeric => ctx.names.numeric = true,
            Id::All => opts.all = true,
            Id::Echo => opts.echo = true,
        }
    }
    // -iec alone changes nothing (observed in iproute2 7.2).
    ctx.opts.human = match (human, iec) {
        (false, _) => Human::Off,
        (true, false) => Human::Si,
        (true, true) => Human::Iec,
    };
    let style = &mut ctx.opts.style;
    let wanted = || chosen || file::env("NO_COLOR").is_none_or(|value| value.is_empty());
    if !style.json && color.shows() && wanted() {
        style.palette = Palette::of_background(file::env("COLORFGBG").as_deref());
    }
    ctx.out.set_style(*style);
    Ok(match batch {
        Some(file) => Then::Batch(file),
        None => Then::Command,
    })
}

/// A count, read as C's atoi reads it: what is no number is 0.
fn number(args: &mut Args<'_>) -> Result<u32> {
    let word = args.take().ok_or_else(|| args.required("loop count"))?;
    Ok(u32::try_from(value::atoi(word)).unwrap_or(0))
}

/// When colours appear.
#[derive(Clone, Copy)]
enum Color {
    Never,
    Auto,
    Always,
}

impl Color {
    fn parse(word: &[u8]) -> Option<Color> {
        match word.iter().position(|&b| b == b'=').map(|at| &word[at + 1..]) {
            None | Some(b"" | b"always") => Some(Color::Always),
            Some(b"auto") => Some(Color::Auto),
            Some(b"never") => Some(Color::Never),
            Some(_) => None,
        }
    }
    fn shows(self) -> bool {
        match self {
            Color::Never => false,
            Color::Auto => fd::stdout_is_terminal(),
            Color::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_option_that_fits_wins() {
        let name = |w: &str| find(w.as_bytes()).map(|o| o.name);
        for (word, want) in [
            ("-", "-loops"),
            ("-f", "-family"),
            ("-fo", "-force"),
            ("-h", "-human-readable"),
            ("-he", "-help"),
            ("-s", "-stats"),
            ("-stati", "-statistics"),
            ("-t", "-timestamp"),
            ("-ts", "-tshort"),
            ("-b", "-batch"),
            ("-br", "-brief"),
            ("-r", "-resolve"),
            ("-rc", "-rcvbuf"),
            ("-c=auto", "-color"),
            ("-n", "-netns"),
            ("-N", "-Numeric"),
            ("-V", "-Version"),
            ("-i", "-iec"),
            ("-echo", "-echo"),
        ] {
            assert_eq!(name(word), Some(want), "{word}");
        }
        assert_eq!(name("-e"), None);
        assert_eq!(name("-x"), None);
    }
}
