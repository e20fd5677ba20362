//! `ip maddress`: multicast addresses that devices listen to.
//!
//! What is there is read from /proc/net; a link-layer address is added and deleted with an old
//! request (SIOCADDMULTI, SIOCDELMULTI), since netlink has none for it.

use crate::cli::value::{self, AF_INET, AF_INET6, AF_PACKET, AF_UNSPEC, family_name};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::output::addr::lladdr;
use crate::output::{Field, Paint, field};
use crate::sort;
use crate::sys::{file, ioctl};

use super::Grammar;
use super::host;
use super::verb::{self, Verb};

const INDEX: Field = field("ifindex", "{}:");
const NAME: Field = field("ifname", "\t{}");
const LINK_ADDRESS: Field = field("link", "{}");
const FAMILY: Field = field("family", "{}");
const ADDRESS: Field = field("address", "{}");
const USERS: Field = field("users", " users {}");
const FEATURES: Field = field("features", " {}");

const ENTRY: &str = "[ address ] LLADDR dev DEV";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: ENTRY, run: add },
    Verb { word: prefix("delete"), args: ENTRY, run: delete },
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("show"), args: "[ [ dev ] DEV ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "maddr", VERBS, show)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "maddress", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("maddress", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// One address of a device.
struct Entry {
    index: u32,
    name: Vec<u8>,
    family: u8,
    addr: Vec<u8>,
    users: i32,
    /// Added by hand, not by a protocol.
    fixed: bool,
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev: Option<&[u8]> = None;
    while let Some(word) = args.take() {
        if word == b"dev" {
            args.need()?;
        } else if prefix("help").is(word) {
            return Err(usage().into());
        }
        if dev.is_some() {
            return Err(args.garbage("dev").into());
        }
        dev = Some(args.last());
    }
    let mut all = Vec::new();
    for (family, path) in SOURCES {
        if ctx.opts.family == AF_UNSPEC || ctx.opts.family == *family {
            let text = file::read(path).unwrap_or_default();
            read(*family, &text, dev, &mut all);
        }
    }
    sort::by_key(&mut all, |e| e.index);
    list(ctx, &all);
    Ok(())
}

/// Where the addresses of a family are read from, in the order in which they are shown.
const SOURCES: &[(u8, &[u8])] = &[
    (AF_PACKET, b"/proc/net/dev_mcast"),
    (AF_INET, b"/proc/net/igmp"),
    (AF_INET6, b"/proc/net/igmp6"),
];

/// Reads one of the files; a line that is not as expected is left out.
fn read(family: u8, text: &[u8], dev: Option<&[u8]>, all: &mut Vec<Entry>) {
    let number = |word: &[u8]| u32::try_from(value::atoi(word)).ok();
    // In igmp the device has a line of its own.
    let (mut index, mut name): (u32, &[u8]) = (0, b"");
    for line in text.split(|&b| b == b'\n') {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let mut next = || words.next().unwrap_or_default();
        let below = family == AF_INET && line.first() == Some(&b'\t');
        if !below {
            index = number(next()).unwrap_or(0);
            name = next();
            name = name.strip_suffix(b":").unwrap_or(name);
            if family == AF_INET {
                continue;
            }
        }
        if index == 0 || dev.is_some_and(|d| d != name) {
            continue;
        }
        let (users, fixed, addr) = if family == AF_PACKET {
            (value::atoi(next()), value::atoi(next()) != 0, hex(next()))
        } else {
            let addr = hex(next());
            (value::atoi(next()), false, addr)
        };
        let Some(mut addr) = addr else { continue };
        if family == AF_INET {
            // A number in the order of this machine.
            let Some(bytes) = addr.first_chunk::<4>() else { continue };
            addr = u32::from_be_bytes(*bytes).to_ne_bytes().to_vec();
        }
        all.push(Entry { index, name: name.to_vec(), family, addr, users, fixed });
    }
}

/// Hexadecimal digits without anything between them.
pub fn hex(word: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    word.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn list(ctx: &mut Ctx, all: &[Entry]) {
    let Ctx { out, names, .. } = ctx;
    let each = out.is_oneline();
    out.begin();
    let mut open = 0;
    for e in all {
        if e.index != open || each {
            if open != 0 {
                out.close_list();
                out.close();
            }
            open = e.index;
            out.open();
            out.uint(INDEX, e.index);
            out.painted(Paint::IfName, NAME, &e.name);
            out.line_break();
            out.open_list("maddr");
        }
        out.text("\t");
        out.open();
        if e.family == AF_PACKET {
            out.text("link  ");
            out.painted(Paint::LinkAddr, LINK_ADDRESS, &lladdr(&e.addr, 0));
        } else {
            out.left(Paint::Plain, FAMILY, family_name(e.family).as_bytes(), 6);
            host::show(out, names, ADDRESS, &e.addr);
        }
        if e.users != 1 {
            out.int(USERS, e.users);
        }
        if e.fixed {
            out.str(FEATURES, "static");
        }
        out.newline();
        out.close();
    }
    if open != 0 {
        out.close_list();
        out.close();
    }
    out.end();
}

fn add(_: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(args, true)
}

fn delete(_: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(args, false)
}

/// The reference leaves the program behind this, with success, also in a batch; here the next
/// line is read.
fn modify(args: &mut Args<'_>, add: bool) -> Result {
    let mut dev: Option<&[u8]> = None;
    let mut addr = [0; 6];
    while let Some(word) = args.take() {
        if word == b"dev" {
            let name = args.need()?;
            if dev.is_some() {
                return Err(args.duplicate("dev").into());
            }
            let wrong = || args.wrong("\"dev\" not a valid ifname");
            dev = Some(value::ifname(name).ok_or_else(wrong)?);
            continue;
        }
        if prefix("address").is(word) {
            args.need()?;
        }
        let word = args.last();
        if prefix("help").is(word) {
            return Err(usage().into());
        }
        // One that begins with a zero is not noticed (observed in iproute2 6.15).
        if addr[0] != 0 {
            return Err(args.duplicate("address").into());
        }
        let given = value::lladdr_or_part(word)
            .map_err(|part| Error::fatal(1, [b"\"", part, b"\" is invalid lladdr."].concat()))?;
        addr = given.as_slice().try_into().map_err(|_| {
            let len = given.len();
            Error::fatal(1, format!("Error: Invalid address length {len} - must be 6 bytes"))
        })?;
    }
    let Some(dev) = dev else {
        return Err(Error::fatal(255, "Not enough information: \"dev\" is required.").into());
    };
    Ok(ioctl::change_multicast(add, dev, &addr)
        .map_err(|e| Error::fatal(1, format!("ioctl: {}", strerror(&e))))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_proc_are_read() {
        let mut all = Vec::new();
        read(AF_PACKET, b"3    v0   1     1     333300000099\n", None, &mut all);
        read(
            AF_INET,
            b"Idx\tDevice\n1\tlo   :  1  V3\n\t\t\t\t010000E0     1 0:0\n",
            None,
            &mut all,
        );
        read(
            AF_INET6,
            b"1    lo  ff02000000000000000000000000000x  1 0 0\nshort\n\n",
            None,
            &mut all,
        );
        let told: Vec<_> =
            all.iter().map(|e| (e.index, e.family, e.addr.len(), e.users, e.fixed)).collect();
        assert_eq!(told, [(3, AF_PACKET, 6, 1, true), (1, AF_INET, 4, 1, false)]);
        assert_eq!(all[1].addr, 0x0100_00e0_u32.to_ne_bytes());
    }
}
