//! What tunnels over both families share: keys and flags of GRE, what the kernel refuses, how a
//! line begins and ends, the list of devices.

use std::io;

use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result, strerror};
use crate::netlink::Msgs;
use crate::output::{Field, Out, Paint, field};
use crate::rtnl::link::{self, Link, Stats};
use crate::sys::tunnel::{self, Change, Keys, Settings};

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

impl From<Keys> for Gre {
    fn from(k: Keys) -> Gre {
        Gre {
            i_flags: u16::from_be(k.i_flags_be),
            o_flags: u16::from_be(k.o_flags_be),
            i_key: u32::from_be(k.i_key_be),
            o_key: u32::from_be(k.o_key_be),
        }
    }
}
impl From<Gre> for Keys {
    fn from(g: Gre) -> Keys {
        Keys {
            i_flags_be: g.i_flags.to_be(),
            o_flags_be: g.o_flags.to_be(),
            i_key_be: g.i_key.to_be(),
            o_key_be: g.o_key.to_be(),
        }
    }
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

/// The same of a request that has a number instead of a verb.
pub fn request_refused(device: &[u8], what: u32, e: &io::Error) -> Error {
    let tail = format!(": ioctl {what:x} failed: {}", strerror(e));
    Error::failed(1, [device, tail.as_bytes()].concat())
}

/// Makes a change of the tunnel `name`: the kernel's own device of its kind is asked for a new one.
pub fn change<P: Settings>(
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

/// Settings that are asked for and shown.
pub trait Shown: Settings {
    /// With what a device is asked for its settings; `None` for one that is no such tunnel.
    fn asked(link: &Link<'_>) -> Option<Self>;
    /// Whether they are like what is wanted; what has not been said is like all.
    fn is_like(&self, wanted: &Self) -> bool;
    /// One tunnel, without its counters.
    fn line(&self, ctx: &mut Ctx);
}

/// Shows the settings of one device.
pub fn one<P: Shown>(ctx: &mut Ctx, device: &[u8], wanted: P, end: &[u8]) -> Result<(), Error> {
    let parm = tunnel::get(device, wanted).map_err(|e| refused("get", device, &e))?;
    ctx.out.begin();
    ctx.out.open();
    parm.line(ctx);
    ctx.out.close();
    ctx.out.raw(end);
    ctx.out.end();
    Ok(())
}

/// Shows the tunnels that are like what is wanted.
pub fn list<P: Shown>(ctx: &mut Ctx, mut wanted: P) -> Result<(), Error> {
    let (all, interrupted) = match ctx.route()?.snapshot(&mut link::query_family(0)) {
        Ok(all) => all,
        Err(e) => {
            dump_failed(e, 1)?;
            Default::default()
        }
    };
    let links = Msgs(&all).filter_map(|msg| Link::parse(msg.payload));
    super::super::link::show::learn(&mut ctx.names, Msgs(&all).map(|m| m.payload));
    ctx.out.begin();
    let only = *wanted.name();
    for link in links {
        let (Some(name), Some(asked)) = (link.name(), P::asked(&link)) else { continue };
        if !text(&only).is_empty() && text(&only) != name {
            continue;
        }
        let parm = match tunnel::get(name, asked) {
            Ok(parm) => parm,
            Err(e) => {
                // The others can be told all the same.
                ctx.complain(&refused("get", name, &e).text());
                continue;
            }
        };
        // One of the kernel's own devices tells of another tunnel now and then.
        if !parm.is_like(&wanted) {
            continue;
        }
        ctx.out.open();
        parm.line(ctx);
        if ctx.opts.stats > 0 {
            stats(&mut ctx.out, &link.stats().unwrap_or_default());
        }
        ctx.out.close();
        // Also between the objects of JSON.
        ctx.out.raw(b"\n");
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
