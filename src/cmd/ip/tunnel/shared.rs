//! What tunnels over both families share: keys and flags of GRE, how a line begins and ends, the
//! list of devices.

use std::io;

use crate::cli::{Args, Row, Usage, exact, value};
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result, strerror};
use crate::netlink::Msgs;
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::link::{self, Link, Stats};
use crate::sys::tunnel::{self, Change};

use crate::cmd::ip::host;

// GRE_* (linux/if_tunnel.h).
pub const GRE_CSUM: u16 = 0x8000;
pub const GRE_KEY: u16 = 0x2000;
pub const GRE_SEQ: u16 = 0x1000;

/// Keys and flags of what comes in and of what goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gre {
    pub i_flags: u16,
    pub o_flags: u16,
    pub i_key: u32,
    pub o_key: u32,
}

/// What has such.
pub trait HasGre {
    fn gre(&mut self) -> &mut Gre;
}

/// A key: a number, or a dotted quad.
fn key(args: &mut Args<'_>, name: &str) -> Result<u32, Usage> {
    let word = args.need()?;
    if word.contains(&b'.') {
        return inet(args).map(u32::from_be_bytes);
    }
    let wrong = || {
        let head = format!("invalid value for \"{name}\": \"");
        let pieces = [head.as_bytes(), word, b"\"; it should be an unsigned integer"];
        Usage::new(255, pieces.concat()).at(args.at())
    };
    value::u32(word).ok_or_else(wrong)
}

/// The word taken last as an IPv4 address, for which the reference has a sentence of its own.
pub fn inet(args: &Args<'_>) -> Result<[u8; 4], Usage> {
    let word = args.last();
    if [&b"any"[..], b"all", b"default"].contains(&word) {
        return Ok([0; 4]);
    }
    value::ipv4(word).ok_or_else(|| {
        let text = [b"Error: an IP address is expected rather than \"", word, b"\""].concat();
        Usage::new(1, text).at(args.at())
    })
}

/// The words about keys and flags.
#[rustfmt::skip] // one row, one line
pub fn gre_rows<T: HasGre>() -> [Row<T>; 9] {
    const KEY: &str = "KEY";
    [
        Row { word: exact("key"), arg: KEY, take: |a, t| {
            let key = key(a, "key")?;
            let g = t.gre();
            *g = Gre { i_flags: g.i_flags | GRE_KEY, o_flags: g.o_flags | GRE_KEY, i_key: key, o_key: key };
            Ok(())
        }, again: true },
        Row { word: exact("ikey"), arg: KEY, take: |a, t| {
            t.gre().i_key = key(a, "ikey")?;
            on(t, GRE_KEY, 0)
        }, again: true },
        Row { word: exact("okey"), arg: KEY, take: |a, t| {
            t.gre().o_key = key(a, "okey")?;
            on(t, 0, GRE_KEY)
        }, again: true },
        Row { word: exact("seq"), arg: "", take: |_, t| on(t, GRE_SEQ, GRE_SEQ), again: true },
        Row { word: exact("iseq"), arg: "", take: |_, t| on(t, GRE_SEQ, 0), again: true },
        Row { word: exact("oseq"), arg: "", take: |_, t| on(t, 0, GRE_SEQ), again: true },
        Row { word: exact("csum"), arg: "", take: |_, t| on(t, GRE_CSUM, GRE_CSUM), again: true },
        Row { word: exact("icsum"), arg: "", take: |_, t| on(t, GRE_CSUM, 0), again: true },
        Row { word: exact("ocsum"), arg: "", take: |_, t| on(t, 0, GRE_CSUM), again: true },
    ]
}

fn on<T: HasGre>(t: &mut T, i: u16, o: u16) -> Result<(), Usage> {
    t.gre().i_flags |= i;
    t.gre().o_flags |= o;
    Ok(())
}

/// A name of a new tunnel.
pub fn name(args: &Args<'_>) -> Result<[u8; 16], Usage> {
    let wrong = || args.wrong("\"name\" not a valid ifname");
    let word = value::ifname(args.last()).ok_or_else(wrong)?;
    let mut name = [0; 16];
    name[..word.len()].copy_from_slice(word);
    Ok(name)
}

/// Whether the word taken last follows `name`, which is not the word before the first one.
pub fn behind_name(args: &Args<'_>, start: usize) -> bool {
    let mut before = args.clone();
    before.back();
    args.at() > start && before.last() == b"name"
}

/// What a tunnel is like before it is changed, where its name is the word taken last.
pub fn before_change<P: tunnel::Settings>(args: &Args<'_>) -> Result<P, Usage> {
    tunnel::get(args.last()).map_err(|e| {
        let e = refused("get", args.last(), &e);
        Usage::new(1, e.text().trim_ascii_end()).at(args.at())
    })
}

/// What a mistake in words is in a batch: the reference leaves the program, but not when a tunnel
/// that is to be changed is not there.
pub fn in_batch(e: Usage) -> Error {
    if e.text.starts_with(b"get tunnel ") { Error::returned(e) } else { e.into() }
}

/// A name up to its NUL.
pub fn text(name: &[u8; 16]) -> &[u8] {
    name.split(|&b| b == 0).next().unwrap_or(&[])
}

/// `VERB tunnel "NAME" failed: ...`, 1.
pub fn refused(verb: &str, device: &[u8], e: &io::Error) -> Error {
    let why = strerror(e);
    let pieces = [verb.as_bytes(), b" tunnel \"", device, b"\" failed: ", why.as_bytes()];
    Error::failed(1, pieces.concat())
}

/// Makes a change of the tunnel `name`: the kernel's own device of its kind is asked for a new one.
pub fn change<P: tunnel::Settings>(
    what: Change,
    base: &[u8],
    name: &[u8],
    parm: &mut P,
) -> Result<(), Error> {
    let (verb, device) = match what {
        Change::Add => ("add", base),
        Change::Set if !name.is_empty() => ("add", name),
        Change::Set => ("add", base),
        Change::Delete => ("delete", name),
    };
    tunnel::change(what, device, parm).map_err(|e| refused(verb, device, &e))
}

/// What the kernel says of a tunnel.
pub fn get<P: tunnel::Settings>(device: &[u8]) -> Result<P, Error> {
    tunnel::get(device).map_err(|e| refused("get", device, &e))
}

/// The device that `dev` names.
pub fn link(ctx: &mut Ctx, dev: Option<&[u8]>) -> Result<Option<i32>, Error> {
    let Some(dev) = dev else { return Ok(None) };
    let index = ctx.names.index(dev).and_then(|i| i32::try_from(i).ok());
    let none = || Error::failed(1, [b"Cannot find device \"", dev, b"\""].concat());
    index.map(Some).ok_or_else(none)
}

/// Shows the devices of these ARPHRD_* types; `line` shows one by its name, or does not.
pub fn list(
    ctx: &mut Ctx,
    kinds: &[u16],
    line: &mut dyn FnMut(&mut Ctx, &[u8]) -> bool,
) -> Result<(), Error> {
    let (all, interrupted) = match ctx.route()?.snapshot(&mut link::query_family(0)) {
        Ok(all) => all,
        Err(e) => {
            dump_failed(e, 1)?;
            Default::default()
        }
    };
    let links = || Msgs(&all).filter_map(|msg| Link::parse(msg.payload));
    super::super::link::show::learn(&mut ctx.names, Msgs(&all).map(|m| m.payload));
    ctx.out.begin();
    for link in links().filter(|l| kinds.contains(&l.arphrd)) {
        let Some(name) = link.name() else { continue };
        ctx.out.open();
        let shown = line(ctx, name);
        if shown && ctx.opts.stats > 0 {
            stats(&mut ctx.out, &link.stats().unwrap_or_default());
        }
        ctx.out.close();
        if shown {
            // Also between the objects of JSON.
            ctx.out.raw(b"\n");
        }
    }
    ctx.out.end();
    ctx.told_interruption(interrupted);
    Ok(())
}

const NAME: Field = field("ifname", "{}: ");
const MODE: Field = field("mode", "{} ");
const REMOTE: Field = field("remote", "{} ");
const LOCAL: Field = field("local", "{}");

/// How a line begins. Over IPv4 no address is `any`.
pub fn begin(ctx: &mut Ctx, name: &[u8], mode: &str, remote: &[u8], local: &[u8]) {
    let Ctx { out, names, .. } = ctx;
    out.painted(Paint::IfName, NAME, name);
    out.str(MODE, mode);
    for (word, shape, addr) in [("remote ", REMOTE, remote), ("local ", LOCAL, local)] {
        out.text(word);
        if addr == [0; 4] && !out.is_json() {
            out.painted(Paint::Inet, shape, b"any");
        } else {
            host::show(out, names, shape, addr);
        }
    }
}

/// Keys, and the flags of GRE.
pub fn end(out: &mut Out, g: Gre, is_gre: bool) {
    let (i, o) = (g.i_flags & GRE_KEY != 0, g.o_flags & GRE_KEY != 0);
    if i && o && g.i_key == g.o_key {
        out.uint(field("key", " key {}"), g.i_key);
    } else {
        for (there, shape, key) in
            [(i, field("ikey", " ikey {}"), g.i_key), (o, field("okey", " okey {}"), g.o_key)]
        {
            if there {
                out.uint(shape, key);
            }
        }
    }
    if !is_gre {
        return;
    }
    out.open_list("flags");
    for (flags, bit, key, text) in [
        (g.i_flags, GRE_SEQ, "rx_drop_ooseq", "  Drop packets out of sequence."),
        (g.i_flags, GRE_CSUM, "rx_csum", "  Checksum in received packet is required."),
        (g.o_flags, GRE_SEQ, "tx_seq", "  Sequence packets on output."),
        (g.o_flags, GRE_CSUM, "tx_csum", "  Checksum output packets."),
    ] {
        if flags & bit != 0 {
            out.line_break();
            out.str(field("", "{}"), if out.is_json() { key } else { text });
        }
    }
    out.close_list();
}

/// Counters; in JSON under names of their own, where the reference prints the text.
fn stats(out: &mut Out, s: &Stats) {
    let received = [
        ("packets", s.rx_packets, 10),
        ("bytes", s.rx_bytes, 12),
        ("errors", s.rx_errors, 6),
        ("csum_errors", s.rx_frame_errors, 8),
        ("out_of_seq", s.rx_fifo_errors, 8),
        ("multicast", s.multicast, 8),
    ];
    let sent = [
        ("packets", s.tx_packets, 10),
        ("bytes", s.tx_bytes, 12),
        ("errors", s.tx_errors, 6),
        ("dead_loop", s.collisions, 8),
        ("no_route", s.tx_carrier_errors, 8),
        ("no_bufs", s.tx_dropped, 6),
    ];
    for (key, heading, counters) in [
        ("rx", "RX: Packets    Bytes        Errors CsumErrs OutOfSeq Mcasts", received),
        ("tx", "TX: Packets    Bytes        Errors DeadLoop NoRoute  NoBufs", sent),
    ] {
        out.line_break();
        out.text(heading);
        out.line_break();
        out.open_object(key);
        out.text("   ");
        for (name, count, width) in counters {
            out.text(" ");
            if out.is_json() {
                out.uint(field(name, "{}"), count);
            } else {
                let digits = count.to_string();
                out.left(Paint::Plain, field("", "{}"), digits.as_bytes(), width);
            }
        }
        out.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;

    #[test]
    fn counters_are_a_table_or_json() {
        let s = Stats {
            rx_packets: 1,
            rx_bytes: 2,
            rx_frame_errors: 4,
            tx_dropped: 12,
            collisions: 10,
            ..Stats::default()
        };
        let shown = |style| {
            let mut out = Out::memory(style);
            out.begin();
            out.open();
            stats(&mut out, &s);
            out.close();
            out.end();
            String::from_utf8(out.taken()).unwrap()
        };
        assert_eq!(
            shown(Style { oneline: true, ..Style::default() }),
            "\\RX: Packets    Bytes        Errors CsumErrs OutOfSeq Mcasts\
             \\    1          2            0      4        0        0       \
             \\TX: Packets    Bytes        Errors DeadLoop NoRoute  NoBufs\
             \\    0          0            0      10       0        12    "
        );
        assert_eq!(
            shown(Style { json: true, ..Style::default() }),
            "[{\"rx\":{\"packets\":1,\"bytes\":2,\"errors\":0,\"csum_errors\":4,\"out_of_seq\":0,\
             \"multicast\":0},\"tx\":{\"packets\":0,\"bytes\":0,\"errors\":0,\"dead_loop\":10,\
             \"no_route\":0,\"no_bufs\":12}}]\n"
        );
    }
}
