//! `ip tuntap`: devices whose other end is a program.
//!
//! They are made with /dev/net/tun and shown from /sys/class/net, as the one place that tells
//! their flags.

use std::io;

use crate::cli::{Args, Row, Usage, exact, prefix, value};
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::names::accounts;
use crate::netlink::Msgs;
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::link::{self, Link};
use crate::sys::file;
use crate::sys::tun::Tun;

use super::Grammar;
use super::verb::{self, Verb};

// Flags of a device (linux/if_tun.h).
const IFF_TUN: u16 = 1;
const IFF_TAP: u16 = 2;
const IFF_MULTI_QUEUE: u16 = 0x100;
const IFF_PERSIST: u16 = 0x800;
/// No four bytes before each packet. As a flag that is read, also: no filter.
const IFF_NO_PI: u16 = 0x1000;
const IFF_ONE_QUEUE: u16 = 0x2000;
const IFF_VNET_HDR: u16 = 0x4000;
/// Refuse what is there already.
const IFF_TUN_EXCL: u16 = 0x8000;

const NAME: Field = field("ifname", "{}:");
const FLAG: Field = field("", " {}");
const USER: Field = field("user", " user {}");
const GROUP: Field = field("group", " group {}");
const PROCESS: Field = field("name", "{}");
const PID: Field = field("pid", "({})");

const ENTRY: &str = "mode { tun | tap } [ WORD ... ]";

/// In the order in which beginnings are tried.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("add"), args: ENTRY, run: add },
    Verb { word: prefix("delete"), args: ENTRY, run: delete },
    Verb { word: prefix("show"), args: "[ WORD ... ]", run: show },
    Verb { word: prefix("lst"), args: "=", run: show },
    Verb { word: prefix("list"), args: "=", run: show },
    Verb { word: prefix("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch(ctx, args, "tuntap", VERBS, show)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "tuntap", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("tuntap", VERBS, &verb::words("WORD", rows()))
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// What the words of a change say.
#[derive(Default)]
struct Change {
    flags: u16,
    pi: bool,
    user: Option<u32>,
    group: Option<u32>,
    name: Vec<u8>,
}

/// Words at the end of [`rows`] that only a new device has.
const NEW: usize = 2;

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows() -> &'static [Row<Change>] {
    const {
        &[
            Row { word: prefix("mode"), arg: "{ tun | tap }", take: mode, again: true },
            Row { word: prefix("pi"), arg: "", take: |_, c| { c.pi = true; Ok(()) }, again: true },
            Row { word: prefix("one_queue"), arg: "", take: |_, c| c.flag(IFF_ONE_QUEUE), again: true },
            Row { word: prefix("vnet_hdr"), arg: "", take: |_, c| c.flag(IFF_VNET_HDR), again: true },
            Row { word: prefix("multi_queue"), arg: "", take: |_, c| c.flag(IFF_MULTI_QUEUE), again: true },
            Row { word: prefix("dev"), arg: "DEV", take: dev, again: true },
            Row { word: exact("name"), arg: "NAME", take: name, again: true },
            Row { word: prefix("user"), arg: "USER", take: user, again: true },
            Row { word: prefix("group"), arg: "GROUP", take: group, again: true },
        ]
    }
}

impl Change {
    fn flag(&mut self, bit: u16) -> Result<(), Usage> {
        self.flags |= bit;
        Ok(())
    }

    /// Whether a device is as the words say.
    fn is(&self, name: &[u8], flags: u64) -> bool {
        let owned =
            |what, by: Option<u32>| by.is_none_or(|by| owner(name, what) == Some(by.into()));
        (self.name.is_empty() || self.name == name)
            && flags & u64::from(self.flags) == u64::from(self.flags)
            && !(self.pi && flags & u64::from(IFF_NO_PI) != 0)
            && owned("owner", self.user)
            && owned("group", self.group)
    }
}

fn mode(args: &mut Args<'_>, c: &mut Change) -> Result<(), Usage> {
    let word = args.need()?;
    let fail = |text: &[u8]| Err(Usage::new(255, text).at(args.at()));
    let bit = match word {
        _ if prefix("tun").is(word) => IFF_TUN,
        _ if prefix("tap").is(word) => IFF_TAP,
        _ => return fail(&[b"Unknown tunnel mode \"", word, b"\""].concat()),
    };
    if c.flags & (IFF_TUN | IFF_TAP) & !bit != 0 {
        return fail(b"You managed to ask for more than one tunnel mode.");
    }
    c.flag(bit)
}

/// An account by its name or number.
fn account(
    args: &mut Args<'_>,
    what: &str,
    named: fn(&[u8]) -> Option<u32>,
) -> Result<Option<u32>, Usage> {
    let word = args.need()?;
    let digits = word.first().is_some_and(u8::is_ascii_digit);
    let id = if digits { value::u32(word) } else { named(word) };
    let wrong = || {
        let text = [b"invalid ", what.as_bytes(), b" \"", word, b"\""].concat();
        Usage::new(255, text).at(args.at())
    };
    id.map(Some).ok_or_else(wrong)
}

fn user(args: &mut Args<'_>, c: &mut Change) -> Result<(), Usage> {
    c.user = account(args, "user", accounts::user_id)?;
    Ok(())
}

fn group(args: &mut Args<'_>, c: &mut Change) -> Result<(), Usage> {
    c.group = account(args, "group", accounts::group_id)?;
    Ok(())
}

fn dev(args: &mut Args<'_>, c: &mut Change) -> Result<(), Usage> {
    let word = args.need()?;
    let wrong = || args.wrong("\"dev\" not a valid ifname");
    c.name = value::ifname(word).ok_or_else(wrong)?.to_vec();
    Ok(())
}

fn name(args: &mut Args<'_>, c: &mut Change) -> Result<(), Usage> {
    args.need()?;
    positional(args, c)
}

fn positional(args: &mut Args<'_>, c: &mut Change) -> Result<(), Usage> {
    let word = args.last();
    if prefix("help").is(word) {
        return Err(usage());
    }
    if !c.name.is_empty() {
        return Err(args.garbage("name"));
    }
    let wrong = || args.wrong("\"name\" not a valid ifname");
    c.name = value::ifname(word).ok_or_else(wrong)?.to_vec();
    Ok(())
}

fn read(args: &mut Args<'_>, rows: &[Row<Change>]) -> Result<Change> {
    let mut c = Change::default();
    args.read(rows, &mut c, positional)?;
    if c.flags & (IFF_TUN | IFF_TAP) == 0 {
        return Err(Error::failed(1, "You failed to specify a tunnel mode").into());
    }
    if !c.pi {
        c.flags |= IFF_NO_PI;
    }
    Ok(c)
}

fn refused(what: &str, e: &io::Error) -> Error {
    Error::failed(1, format!("{what}: {}", strerror(e)))
}

fn attach(c: &Change) -> Result<Tun, Error> {
    let tun = Tun::open().map_err(|e| refused("open", &e))?;
    tun.attach(&c.name, c.flags).map_err(|e| refused("ioctl(TUNSETIFF)", &e))?;
    Ok(tun)
}

fn add(_: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut c = read(args, rows())?;
    c.flags |= IFF_TUN_EXCL;
    let tun = attach(&c)?;
    if let Some(id) = c.user {
        tun.set_owner(id).map_err(|e| refused("ioctl(TUNSETOWNER)", &e))?;
    }
    if let Some(id) = c.group {
        tun.set_group(id).map_err(|e| refused("ioctl(TUNSETGROUP)", &e))?;
    }
    Ok(tun.persist(true).map_err(|e| refused("ioctl(TUNSETPERSIST)", &e))?)
}

fn delete(_: &mut Ctx, args: &mut Args<'_>) -> Result {
    let c = read(args, &rows()[..rows().len() - NEW])?;
    Ok(attach(&c)?.persist(false).map_err(|e| refused("ioctl(TUNSETPERSIST)", &e))?)
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut wanted = Change::default();
    args.read(rows(), &mut wanted, positional)?;
    let (all, interrupted) =
        ctx.route()?.snapshot(&mut link::query_family(0)).map_err(Error::from)?;
    let details = ctx.opts.details > 0;
    let holders = if details { holders() } else { Vec::new() };
    let out = &mut ctx.out;
    out.begin();
    for msg in Msgs(&all) {
        let Some(link) = Link::parse(msg.payload) else { continue };
        if link.info().and_then(|i| i.kind()) != Some(b"tun") {
            continue;
        }
        let Some(name) = link.name() else { continue };
        // Another namespace's /sys does not know the device.
        let Some(flags) = attribute(name, "tun_flags").and_then(|t| value::u64(&t)) else {
            continue;
        };
        if !wanted.is(name, flags) {
            continue;
        }
        out.open();
        line(out, name, flags);
        if details {
            processes(out, name, &holders);
        }
        out.newline();
        out.close();
    }
    out.end();
    ctx.told_interruption(interrupted);
    Ok(())
}

/// A file of the device below /sys.
fn attribute(name: &[u8], what: &str) -> Option<Vec<u8>> {
    let path = [b"/sys/class/net/", name, b"/", what.as_bytes()].concat();
    Some(file::read(&path).ok()?.trim_ascii().to_vec())
}

/// The account that a device is for, if for any.
fn owner(name: &[u8], what: &str) -> Option<i64> {
    attribute(name, what).and_then(|t| value::i64(&t)).filter(|id| *id != -1)
}

fn line(out: &mut Out, name: &[u8], flags: u64) {
    out.painted(Paint::IfName, NAME, name);
    out.open_list("flags");
    let mut rest = flags;
    for (bit, set, word) in [
        (IFF_TUN, true, "tun"),
        (IFF_TAP, true, "tap"),
        (IFF_NO_PI, false, "pi"),
        (IFF_ONE_QUEUE, true, "one_queue"),
        (IFF_MULTI_QUEUE, true, "multi_queue"),
        (IFF_VNET_HDR, true, "vnet_hdr"),
        (IFF_PERSIST, true, "persist"),
        (IFF_NO_PI, false, "filter"),
    ] {
        if (flags & u64::from(bit) != 0) == set {
            out.str(FLAG, word);
        }
        rest &= !u64::from(bit);
    }
    if rest != 0 {
        out.str(FLAG, &format!("UNKNOWN_FLAGS:{rest:x}"));
    }
    out.close_list();
    for (what, shown) in [("owner", USER), ("group", GROUP)] {
        owner(name, what).into_iter().for_each(|id| out.int(shown, id));
    }
}

/// Who holds which device open: the device, the process's name, its number.
fn holders() -> Vec<(Vec<u8>, Vec<u8>, u32)> {
    let mut all = Vec::new();
    for pid in file::list(b"/proc").unwrap_or_default() {
        let Some(number) = std::str::from_utf8(&pid).ok().and_then(|p| p.parse().ok()) else {
            continue;
        };
        let process = [b"/proc/", &pid[..]].concat();
        let infos = [&process[..], b"/fdinfo"].concat();
        for fd in file::list(&infos).unwrap_or_default() {
            let Ok(info) = file::read(&[&infos[..], b"/", &fd[..]].concat()) else { continue };
            let device = info.split(|b| *b == b'\n').find_map(|l| l.strip_prefix(b"iff:\t"));
            let Some(device) = device else { continue };
            let name = file::read(&[&process[..], b"/comm"].concat()).unwrap_or_default();
            all.push((device.to_vec(), name.trim_ascii_end().to_vec(), number));
        }
    }
    all
}

fn processes(out: &mut Out, name: &[u8], holders: &[(Vec<u8>, Vec<u8>, u32)]) {
    out.line_break();
    out.text("\tAttached to processes:");
    out.open_list("processes");
    for (_, process, pid) in holders.iter().filter(|(device, _, _)| device == name) {
        // The reference leaves the braces out, which is no JSON.
        out.open();
        out.bytes(PROCESS, process);
        out.uint(PID, *pid);
        out.close();
    }
    out.close_list();
}
