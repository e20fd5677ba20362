//! `ip stats`: counters of devices, by group, subgroup and suite.
//!
//! RTM_GETSTATS as in `link::xstats`; RTM_SETSTATS turns counting in hardware on and off.

use crate::cli::value::{self, AF_MPLS};
use crate::cli::{Args, Usage, exact};
use crate::ctx::{Ctx, Opts};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{Attr, Attrs, NLA_F_NESTED, Request};
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::consts::{RTM_GETSTATS, RTM_SETSTATS};
use crate::rtnl::link::Stats;

use super::Grammar;
use super::link::{stats, xstats};
use super::verb::{self, Verb};

/// struct if_stats_msg.
const HEADER_LEN: usize = 12;

// IFLA_STATS_*, what a device has.
const LINK_64: u16 = 1;
const LINK_XSTATS: u16 = 2;
const LINK_XSTATS_SLAVE: u16 = 3;
const LINK_OFFLOAD_XSTATS: u16 = 4;
const AF_SPEC: u16 = 5;
/// IFLA_STATS_GET_FILTERS: masks of what is wanted inside a nest.
const GET_FILTERS: u16 = 1;
/// IFLA_STATS_SET_OFFLOAD_XSTATS_L3_STATS.
const SET_L3_STATS: u16 = 2;
// Inside LINK_OFFLOAD_XSTATS.
const CPU_HIT: u16 = 1;
const HW_S_INFO: u16 = 2;
const L3_STATS: u16 = 3;
// Inside an entry of HW_S_INFO.
const REQUEST: u16 = 1;
const USED: u16 = 2;

const INDEX: Field = field("ifindex", "{}:");
const NAME: Field = field("ifname", " {}:");
const GROUP: Field = field("group", " group {}");
const SUBGROUP: Field = field("subgroup", " subgroup {}");
const SUITE: Field = field("suite", " suite {}");

/// One kind of counters: where it stands and how it is shown.
struct Leaf {
    /// Group, subgroup, suite; empty where there is none.
    path: [&'static str; 3],
    /// IFLA_STATS_*
    attr: u16,
    /// What has to be found inside, nest by nest; 0 for nothing.
    inside: [u16; 2],
    show: fn(&mut Out, &Opts, Attr<'_>, &Leaf),
}

const fn leaf(
    path: [&'static str; 3],
    attr: u16,
    inside: [u16; 2],
    show: fn(&mut Out, &Opts, Attr<'_>, &Leaf),
) -> Leaf {
    Leaf { path, attr, inside, show }
}

/// In the order in which they are shown: that in which iproute2 7.2 shows them, which is that of
/// places in its memory.
#[rustfmt::skip] // one row, one line
static LEAVES: &[Leaf] = &[
    leaf(["afstats", "mpls", ""], AF_SPEC, [0, 0], mpls),
    leaf(["link", "", ""], LINK_64, [0, 0], link),
    leaf(["offload", "l3_stats", ""], LINK_OFFLOAD_XSTATS, [0, 0], l3_stats),
    leaf(["offload", "hw_stats_info", ""], LINK_OFFLOAD_XSTATS, [0, 0], hw_stats_info),
    leaf(["offload", "cpu_hit", ""], LINK_OFFLOAD_XSTATS, [0, 0], cpu_hit),
    leaf(["xstats_slave", "bond", "802.3ad"], LINK_XSTATS_SLAVE, [2, 1], extra),
    leaf(["xstats", "bond", "802.3ad"], LINK_XSTATS, [2, 1], extra),
    leaf(["xstats_slave", "bridge", "vlan"], LINK_XSTATS_SLAVE, [1, 1], extra),
    leaf(["xstats_slave", "bridge", "mcast"], LINK_XSTATS_SLAVE, [1, 2], extra),
    leaf(["xstats_slave", "bridge", "stp"], LINK_XSTATS_SLAVE, [1, 4], extra),
    leaf(["xstats", "bridge", "vlan"], LINK_XSTATS, [1, 1], extra),
    leaf(["xstats", "bridge", "mcast"], LINK_XSTATS, [1, 2], extra),
    leaf(["xstats", "bridge", "stp"], LINK_XSTATS, [1, 4], extra),
];

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: exact("show"), args: "[ dev DEV ] [ group GROUP [ subgroup SUBGROUP [ suite SUITE ] ] ]...", run: show },
    Verb { word: exact("set"), args: "dev DEV l3_stats { on | off }", run: set },
    Verb { word: exact("help"), args: "", run: help },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let Some(word) = args.take() else { return show(ctx, args) };
    match VERBS.iter().find(|v| v.word.is(word)) {
        Some(v) => (v.run)(ctx, args),
        None => Err(Error::failed(1, args.unknown_command("stats").text).into()),
    }
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "stats", verbs: VERBS, usage }
}

/// The words at one place of the paths, each once.
fn words(at: usize) -> Vec<&'static str> {
    let mut words: Vec<&str> = Vec::new();
    for leaf in LEAVES {
        if !leaf.path[at].is_empty() && !words.contains(&leaf.path[at]) {
            words.push(leaf.path[at]);
        }
    }
    words
}

fn usage() -> Usage {
    let listed = |title, at| verb::listed(title, words(at).into_iter().map(|w| (w, "")));
    let more = [listed("GROUP", 0), listed("SUBGROUP", 1), listed("SUITE", 2)].concat();
    verb::usage("stats", VERBS, &more)
}

/// To standard error, and yet no failure (observed in iproute2 6.15).
fn help(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    ctx.complain(&[&usage().text[..], b"\n"].concat());
    Ok(())
}

/// A word that is none, with the usage behind it.
fn unknown(args: &Args<'_>) -> Error {
    let text = [b"What is \"", args.last(), b"\"?\n", &usage().text[..]].concat();
    Error::failed(22, text)
}

/// Takes the name behind `dev`, which may be given once.
fn device<'a>(args: &mut Args<'a>, before: Option<&[u8]>) -> Result<Option<&'a [u8]>, Usage> {
    let name = args.need()?;
    if before.is_some() {
        return Err(args.garbage("dev"));
    }
    match value::ifname(name) {
        Some(_) => Ok(Some(name)),
        None => Err(args.wrong("\"dev\" not a valid ifname")),
    }
}

/// The number of the device, when all words have been read.
fn index_of(names: &mut Names, name: &[u8]) -> Result<u32, Error> {
    let missing = || Error::failed(1, [b"Cannot find device \"", name, b"\""].concat());
    names.index(name).ok_or_else(missing)
}

/// The places of the paths, as they are called.
const PLACES: [&str; 3] = ["group", "subgroup", "suite"];

fn refused(pieces: &[&[u8]]) -> Error {
    Error::failed(22, [b"Error: ", &pieces.concat()[..]].concat())
}

/// Marks the leaves below a path, once it is whole.
fn choose(wanted: &mut [bool], path: &[&[u8]]) -> Result<(), Error> {
    let begins = |leaf: &Leaf, with: &[&[u8]]| {
        with.iter().zip(leaf.path).all(|(given, word)| *given == word.as_bytes())
    };
    for (at, word) in path.iter().enumerate() {
        let (above, what) = (&path[..at], PLACES[at].as_bytes());
        let mut inside = LEAVES.iter().filter(|l| begins(l, above)).map(|l| l.path[at]);
        let holder = above.last().copied().unwrap_or(b"top-level");
        if inside.clone().all(str::is_empty) {
            let level = PLACES[at - 1].as_bytes();
            return Err(refused(&[
                what,
                b" ",
                word,
                b" requested inside leaf ",
                level,
                b" ",
                holder,
            ]));
        }
        if !inside.any(|w| w.as_bytes() == *word) {
            return Err(refused(&[b"no ", what, b" named ", word, b" found inside ", holder]));
        }
    }
    for (w, leaf) in wanted.iter_mut().zip(LEAVES) {
        *w |= begins(leaf, path);
    }
    Ok(())
}

/// What is asked for: for each leaf, whether it is wanted, and the device.
type Selection<'a> = (Vec<bool>, Option<&'a [u8]>);

/// Which leaves are wanted, and of which device; nothing where the usage is.
fn selection<'a>(args: &mut Args<'a>) -> Result<Option<Selection<'a>>> {
    let mut wanted = vec![false; LEAVES.len()];
    let mut dev = None;
    let mut path: Vec<&[u8]> = Vec::new();
    while let Some(word) = args.take() {
        if word == b"dev" {
            dev = device(args, dev)?;
            continue;
        }
        if word == b"help" {
            return Ok(None);
        }
        let Some(at) = PLACES.iter().position(|p| p.as_bytes() == word) else {
            return Err(unknown(args).into());
        };
        let word = args.need()?;
        if let Some(above) = PLACES[..at].get(path.len()) {
            let what = PLACES[at].as_bytes();
            let without = b" requested without selecting a ";
            return Err(refused(&[what, b" ", word, without, above.as_bytes(), b" first"]).into());
        }
        // A whole path ends where another begins.
        if path.len() > at {
            choose(&mut wanted, &path)?;
        }
        path.truncate(at);
        path.push(word);
    }
    // Without any path, all.
    choose(&mut wanted, &path)?;
    Ok(Some((wanted, dev)))
}

fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let Some((wanted, dev)) = selection(args)? else { return help(ctx, args) };
    let index = dev.map_or(Ok(0), |name| index_of(&mut ctx.names, name))?;
    let leaves: Vec<&Leaf> =
        LEAVES.iter().zip(&wanted).filter_map(|(leaf, w)| w.then_some(leaf)).collect();
    let mut request = query(&leaves, index);
    let opts = Opts { stats: ctx.opts.stats.saturating_add(1), ..ctx.opts.clone() };
    if index != 0 {
        let (conn, out, names, _) = ctx.parts()?;
        let msg = conn.get(&mut request).map_err(Error::from)?;
        out.begin();
        record(out, names, &opts, msg.payload, &leaves);
        out.end();
        return Ok(());
    }
    Ok(ctx.table(&mut request, 1, &mut |out, names, _, msg| {
        record(out, names, &opts, msg.payload, &leaves);
        out.line_break();
    })?)
}

/// Asks for what the leaves need; 0 stands for all devices.
fn query(leaves: &[&Leaf], index: u32) -> Request {
    let mut mask = 0u32;
    let mut offload = 0u32;
    for leaf in leaves {
        mask |= 1 << (leaf.attr - 1);
        offload |= match leaf.path[1] {
            "cpu_hit" => 1 << (CPU_HIT - 1),
            "hw_stats_info" => 1 << (HW_S_INFO - 1),
            // Whether it is counted at all is said there.
            "l3_stats" => 1 << (HW_S_INFO - 1) | 1 << (L3_STATS - 1),
            _ => 0,
        };
    }
    let mut header = [0; HEADER_LEN];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    header[8..].copy_from_slice(&mask.to_ne_bytes());
    let mut request = Request::new(RTM_GETSTATS, 0, &header);
    if offload != 0 {
        let filters = request.nest(GET_FILTERS | NLA_F_NESTED);
        request.u32(LINK_OFFLOAD_XSTATS, offload);
        request.end(filters);
    }
    request
}

/// The leaves of one device.
fn record(out: &mut Out, names: &mut Names, opts: &Opts, payload: &[u8], leaves: &[&Leaf]) {
    let Some((index, attrs)) = parse(payload) else { return };
    for leaf in leaves {
        out.open();
        out.uint(INDEX, index);
        out.painted(Paint::IfName, NAME, names.name(index));
        for (f, word) in [GROUP, SUBGROUP, SUITE].into_iter().zip(leaf.path) {
            if !word.is_empty() {
                out.str(f, word);
            }
        }
        let found = attrs.find(leaf.attr).unwrap_or(Attr { kind: 0, value: &[] });
        (leaf.show)(out, opts, found, leaf);
        out.close();
        out.line_break();
    }
}

fn parse(payload: &[u8]) -> Option<(u32, Attrs<'_>)> {
    let (header, rest) = payload.split_first_chunk::<HEADER_LEN>()?;
    Some((u32::from_ne_bytes([header[4], header[5], header[6], header[7]]), Attrs(rest)))
}

/// What changed for a device: the answers of the hardware to `ip stats set`.
pub fn event(out: &mut Out, names: &mut Names, opts: &Opts, payload: &[u8]) -> Option<()> {
    let (index, attrs) = parse(payload)?;
    out.uint(INDEX, index);
    out.painted(Paint::IfName, NAME, names.name(index));
    if let Some(a) = attrs.find(LINK_OFFLOAD_XSTATS) {
        hw_stats_info(out, opts, a, &LEAVES[0]);
    }
    out.line_break();
    Some(())
}

/// Whether a payload is long enough.
pub fn check(payload: &[u8]) -> Option<()> {
    parse(payload).map(|_| ())
}

fn link(out: &mut Out, opts: &Opts, a: Attr<'_>, _: &Leaf) {
    if !a.value.is_empty() {
        out.line_break();
        stats::show(out, opts, &Stats::of64(a.value), None);
    }
}

fn mpls(out: &mut Out, opts: &Opts, a: Attr<'_>, _: &Leaf) {
    let mpls = a.nested().find(u16::from(AF_MPLS));
    if let Some(counters) = mpls.and_then(|m| m.nested().find(xstats::MPLS_STATS_LINK)) {
        out.open_object("mpls_stats");
        xstats::received_and_sent(out, opts, 4, xstats::MPLS, counters);
        out.close();
    }
}

fn extra(out: &mut Out, _: &Opts, a: Attr<'_>, leaf: &Leaf) {
    let none = Attr { kind: 0, value: &[] };
    let all = a.nested().find(leaf.inside[0]).unwrap_or(none);
    xstats::suite(out, all, leaf.path[2], leaf.inside[1]);
}

/// `on` or `off` of what was asked for and of what the hardware does.
fn info(out: &mut Out, a: Attr<'_>) -> bool {
    let hardware = a.nested().find(HW_S_INFO).and_then(|i| i.nested().find(L3_STATS));
    let Some(hardware) = hardware else { return false };
    for (f, kind) in [(field("request", " {}"), REQUEST), (field("used", " used {}"), USED)] {
        if let Some(on) = hardware.nested().find(kind).and_then(Attr::u8) {
            out.on_off(f, on != 0);
        }
    }
    true
}

fn l3_stats(out: &mut Out, opts: &Opts, a: Attr<'_>, _: &Leaf) {
    out.open_object("info");
    info(out, a);
    out.close();
    if let Some(counters) = a.nested().find(L3_STATS) {
        out.open_object("stats64");
        xstats::received_and_sent(out, opts, 4, xstats::HARDWARE, counters);
        out.close();
    }
}

fn hw_stats_info(out: &mut Out, _: &Opts, a: Attr<'_>, _: &Leaf) {
    out.open_object("info");
    out.line_break();
    out.text("    l3_stats");
    out.open_object("l3_stats");
    info(out, a);
    out.close();
    out.close();
}

fn cpu_hit(out: &mut Out, opts: &Opts, a: Attr<'_>, _: &Leaf) {
    out.line_break();
    if let Some(counters) = a.nested().find(CPU_HIT) {
        stats::show(out, opts, &Stats::of64(counters.value), None);
    }
}

fn set(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut dev, mut on) = (None, None);
    while let Some(word) = args.take() {
        match word {
            b"dev" => dev = device(args, dev)?,
            b"l3_stats" if on.is_some() => {
                args.need()?;
                let text = "A statistics suite to toggle was already given.";
                return Err(Error::failed(22, text).into());
            }
            b"l3_stats" => {
                on = Some(args.on_off("l3_stats", 22).map_err(|u| match u.status {
                    22 => Error::returned(u),
                    _ => u.into(),
                })?);
            }
            b"help" => return help(ctx, args),
            _ => return Err(unknown(args).into()),
        }
    }
    let lacks = |text: &str| Error::fatal(255, format!("Not enough information: {text} required."));
    let dev = dev.ok_or_else(|| lacks("\"dev\" argument is"))?;
    let on = on.ok_or_else(|| lacks("stat type to toggle is"))?;
    let index = index_of(&mut ctx.names, dev)?;
    let mut header = [0; HEADER_LEN];
    header[4..8].copy_from_slice(&index.to_ne_bytes());
    let mut request = Request::new(RTM_SETSTATS, 0, &header);
    request.u8(SET_L3_STATS, on.into());
    Ok(ctx.change(&mut request)?)
}
