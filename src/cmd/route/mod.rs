//! `route`: the routing tables as net-tools shows and changes them.
//!
//! show.rs prints what /proc/net/route and /proc/net/ipv6_route hold; inet.rs and inet6.rs read
//! the words of `add` and `del` and ask the kernel with the requests of net-tools, so that
//! refusals read the same.

mod inet;
mod inet6;
mod other;
mod show;

use other::{OTHERS, Other};

use crate::cli::getopt::{Getopt, Item, Long, Order, Spec, Value, called, long};
use crate::error::{Error, strerror};
use crate::output::{Out, Style};
use crate::sys::fd;

/// The words do not make a command.
const USAGE: u8 = 3;
/// A name has no address.
const RESOLVE: u8 = 6;
/// The kernel refused.
const REFUSED: u8 = 7;

// Flags of a route (linux/route.h)
const RTF_UP: u16 = 0x1;
const RTF_GATEWAY: u16 = 0x2;
const RTF_HOST: u16 = 0x4;
const RTF_REINSTATE: u16 = 0x8;
const RTF_DYNAMIC: u16 = 0x10;
const RTF_MODIFIED: u16 = 0x20;
const RTF_MSS: u16 = 0x40;
const RTF_WINDOW: u16 = 0x80;
const RTF_IRTT: u16 = 0x100;
const RTF_REJECT: u16 = 0x200;

/// `--NAME` of a family.
const FAMILY: u32 = 256;

const SHORT: &str = "A:eCFhnN64Vv?";

#[rustfmt::skip] // one row, one line
const LONG: &[Long] = &[
    long("ax25", Value::No, FAMILY),
    long("appletalk", Value::No, FAMILY),
    long("ddp", Value::No, FAMILY),
    long("inet", Value::No, FAMILY),
    long("inet6", Value::No, FAMILY),
    long("ipx", Value::No, FAMILY),
    long("netrom", Value::No, FAMILY),
    long("rose", Value::No, FAMILY),
    long("unix", Value::No, FAMILY),
    long("x25", Value::No, FAMILY),
    long("extend", Value::No, b'e' as u32),
    long("verbose", Value::No, b'v' as u32),
    long("version", Value::No, b'V' as u32),
    long("numeric", Value::No, b'n' as u32),
    long("symbolic", Value::No, b'N' as u32),
    long("protocol", Value::Needed, b'A' as u32),
    long("cache", Value::No, b'C' as u32),
    long("fib", Value::No, b'F' as u32),
    long("help", Value::No, b'h' as u32),
];

pub const HELP: &str = "\
Usage: route [-n] [-v] [-e] [-F] [-C] [FAMILY]
       route [-v] [FAMILY] {add|del} TARGET ...
       route {-h|--help} [FAMILY]
       route {-V|--version}

  -n, --numeric   addresses without names
  -e, --extend    MSS, window and initial round trip time; twice: these and all others
  -F, --fib       the routes themselves (this is what is shown without -C)
  -C, --cache     the routing cache, which kernels no longer have
  -v, --verbose   more details
  -A, --protocol inet|inet6|...  the family of addresses; several with commas between them
  --ax25, --netrom, --rose, --ipx, --ddp, --x25  families that kernels have lost
  -4, --inet, -6, --inet6  the same as -A with a name
  -h, --help      this help; behind a family the words of add and del
";

/// The usage of `add` and `del`, for completions.
pub fn words(v6: bool) -> &'static str {
    if v6 { inet6::HELP } else { inet::HELP }
}

/// A family of addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Inet,
    Inet6,
    Other(&'static Other),
}

impl Family {
    fn name(self) -> &'static str {
        match self {
            Family::Inet => "inet",
            Family::Inet6 => "inet6",
            Family::Other(o) => o.name,
        }
    }
    /// The words of `add` and `del`.
    fn help(self) -> &'static str {
        match self {
            Family::Inet => inet::HELP,
            Family::Inet6 => inet6::HELP,
            Family::Other(_) => HELP,
        }
    }
    /// Whether -C is refused as such; other families refuse everything, or overlook it.
    fn has_cache(self) -> bool {
        match self {
            Family::Inet => true,
            Family::Inet6 => false,
            Family::Other(o) => o.has_help(),
        }
    }
}

struct Options {
    families: Vec<Family>,
    numeric: bool,
    extend: u8,
    fib: bool,
    cache: bool,
}

/// Runs the applet: status 0, 3 for words that make no command, 6 for unknown names, 7 for
/// what the kernel refuses.
pub fn run(words: &[&[u8]]) -> u8 {
    let mut out = Out::new(Style::default());
    let result = route(words, &mut out);
    let _ = out.flush();
    match result {
        Ok(()) => 0,
        Err(e) => {
            fd::stderr(&e.text());
            e.status()
        }
    }
}

fn failed(status: u8, parts: &[&[u8]]) -> Error {
    Error::failed(status, parts.concat())
}

/// A sentence of its own in front of the usage.
fn misused(sentence: &str, usage: &str) -> Error {
    Error::failed(USAGE, format!("route: {sentence}\n{}", usage.trim_end()))
}

fn usage(text: &str) -> Error {
    Error::failed(USAGE, text.trim_end())
}

/// What the kernel said to a request.
fn answered(what: &str, result: std::io::Result<()>) -> Result<(), Error> {
    result.map_err(|e| failed(REFUSED, &[what.as_bytes(), b": ", strerror(&e).as_bytes()]))
}

fn route(words: &[&[u8]], out: &mut Out) -> Result<(), Error> {
    let (name, words) = called(words, "route");
    // `-net` and `-host` are words of add and del, not options.
    let masked: Vec<&[u8]> = words
        .iter()
        .map(|w| match *w {
            b"-net" => &b"#net"[..],
            b"-host" => b"#host",
            w => w,
        })
        .collect();
    let mut o =
        Options { families: Vec::new(), numeric: false, extend: 0, fib: false, cache: false };
    let mut help = false;
    let mut options = Getopt::new(&masked, Order::Permute);
    while let Some(item) = options.next(&Spec { short: SHORT, long: LONG }) {
        let (code, value) = match item {
            Ok(Item::Option(code, value)) => (code, value.unwrap_or(b"")),
            Ok(Item::Word(_)) => continue,
            Err(m) => {
                // It asks for the help as `-?` does, and is no failure (observed in net-tools 2.10).
                fd::stderr(&[&m.sentence(name)[..], b"\n"].concat());
                help = true;
                continue;
            }
        };
        match u8::try_from(code).unwrap_or(0) {
            // A number of two bits (observed in net-tools 2.10).
            b'e' => o.extend = (o.extend + 1) % 4,
            // -N is for symbolic names and yet shows none (observed in net-tools 2.10).
            b'n' | b'N' => o.numeric = true,
            // There is nothing more to tell.
            b'v' => {}
            b'F' => o.fib = true,
            b'C' => o.cache = true,
            b'4' => o.families.push(Family::Inet),
            b'6' => o.families.push(Family::Inet6),
            b'A' => families(value, &mut o.families)?,
            b'V' => {
                out.text(concat!("net-tools 2.10, ipbox ", env!("CARGO_PKG_VERSION"), "\n"));
                return Ok(());
            }
            b'h' | b'?' => help = true,
            _ if code == FAMILY => {
                let name = options.name();
                let name = if name == "appletalk" { "ddp" } else { name };
                families(name.as_bytes(), &mut o.families)?;
            }
            _ => return Err(usage(HELP)),
        }
    }
    let operands = options.operands();
    if help {
        only_one(&o.families)?;
        match o.families.first() {
            Some(Family::Other(other)) if !other.has_help() => return Err(other.change(&o, false)),
            Some(family) if o.cache && family.has_cache() => return Err(no_cache(*family)),
            family => out.text(family.map_or(HELP, |f| f.help())),
        }
        return Ok(());
    }
    if o.families.is_empty() {
        o.families.push(Family::Inet);
    }
    let Some((verb, rest)) = operands.split_first() else {
        return show::show(&o, out);
    };
    let add = match *verb {
        b"add" => true,
        b"del" | b"delete" => false,
        b"flush" => {
            only_one(&o.families)?;
            return Err(match o.families.first() {
                Some(Family::Other(other)) => other.change(&o, true),
                _ => no_flush(&o),
            });
        }
        _ => return Err(usage(HELP)),
    };
    only_one(&o.families)?;
    for family in &o.families {
        match family {
            family if o.cache && family.has_cache() => return Err(no_cache(*family)),
            Family::Inet if rest.is_empty() => {
                out.text(inet::HELP);
                return Ok(());
            }
            Family::Inet => inet::change(add, rest)?,
            Family::Inet6 => inet6::change(add, rest)?,
            Family::Other(other) => return Err(other.change(&o, false)),
        }
    }
    Ok(())
}

fn families(list: &[u8], families: &mut Vec<Family>) -> Result<(), Error> {
    for name in list.split(|&b| b == b',') {
        families.push(match name {
            b"inet" => Family::Inet,
            b"inet6" => Family::Inet6,
            _ => match OTHERS.iter().find(|o| o.name.as_bytes() == name) {
                Some(other) => Family::Other(other),
                None => return Err(failed(1, &[b"Unknown address family `", name, b"'."])),
            },
        });
    }
    Ok(())
}

/// Routes of several families can be shown, but not changed at once.
fn only_one(families: &[Family]) -> Result<(), Error> {
    if families.len() < 2 {
        return Ok(());
    }
    let all: Vec<&str> = families.iter().map(|f| f.name()).collect();
    let text = "Please don't supply more than one address family.\nAddress family `";
    Err(failed(USAGE, &[text.as_bytes(), all.join(",").as_bytes(), b"' not supported."]))
}

fn no_cache(family: Family) -> Error {
    let (name, help) = (family.name(), family.help());
    usage(&format!("Modifying `{name}' routing cache not supported\n{help}"))
}

fn no_flush(o: &Options) -> Error {
    let family = o.families.first().copied().unwrap_or(Family::Inet);
    let (name, help) = (family.name(), family.help());
    usage(&format!("Flushing `{name}' routing table not supported\n{help}"))
}
