//! Tunnels over IPv6: ip6ip6, ipip6, ip6gre, vti6, any.

use crate::cli::value::{self, AF_INET6};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::cmd::ip::link::tunnel6::{FLOWLABEL, TCLASS, flag, hex};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::output::field;
use crate::rtnl::link::Link;
use crate::sys::tunnel::{Change, Parm6};

use super::reading::{self, Reading};
use super::shared::{self, Gre, Shown};

const IPIP: u8 = 4;
const IPV6: u8 = 41;
const GRE: u8 = 47;

/// A flag of what comes in that marks vti6, defined by its bytes as they lie there.
const VTI_ISVTI: u16 = u16::from_be(1);
// ARPHRD_* (linux/if_arp.h).
const ARPHRD_TUNNEL6: u16 = 769;
const ARPHRD_IP6GRE: u16 = 823;

type Tunnel = Reading<Parm6>;

/// Sets a flag, or clears it.
fn set(t: &mut Tunnel, bit: u32, on: bool) -> Result<(), Usage> {
    t.parm.flags = if on { t.parm.flags | bit } else { t.parm.flags & !bit };
    Ok(())
}

/// Changes a part of the flow information.
fn flowinfo(t: &mut Tunnel, mask: u32, bits: u32) {
    let old = u32::from_be(t.parm.flowinfo_be);
    t.parm.flowinfo_be = (old & !mask | bits & mask).to_be();
}

/// The protocol of a mode that only IPv6 has, and whether it is vti6.
pub fn mode(word: &[u8]) -> Option<(u8, bool)> {
    match word {
        b"ipv6/ipv6" | b"ip6ip6" => Some((IPV6, false)),
        b"vti6" => Some((IPV6, true)),
        b"ip/ipv6" | b"ipv4/ipv6" | b"ipip6" | b"ip4ip6" => Some((IPIP, false)),
        b"ip6gre" | b"gre/ipv6" => Some((GRE, false)),
        b"any/ipv6" | b"any" => Some((0, false)),
        _ => None,
    }
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows() -> Vec<Row<Tunnel>> {
    const TCLASS: &str = "{ TCLASS | inherit }";
    const LABEL: &str = "{ LABEL | inherit }";
    let mut rows = vec![
        Row { word: exact("mode"), arg: "MODE", take: take_mode, again: true },
        Row { word: exact("remote"), arg: "ADDR", take: |a, t| { t.parm.raddr = inet6(a)?; Ok(()) }, again: true },
        Row { word: exact("local"), arg: "ADDR", take: |a, t| { t.parm.laddr = inet6(a)?; Ok(()) }, again: true },
        Row { word: exact("dev"), arg: "DEV", take: reading::dev, again: true },
        Row { word: exact("encaplimit"), arg: "{ LIMIT | none }", take: encaplimit, again: true },
        Row { word: exact("ttl"), arg: "TTL", take: hoplimit, again: true },
        Row { word: exact("hoplimit"), arg: "TTL", take: hoplimit, again: true },
        Row { word: exact("hlim"), arg: "TTL", take: hoplimit, again: true },
        Row { word: exact("tclass"), arg: TCLASS, take: tclass, again: true },
        Row { word: exact("tc"), arg: TCLASS, take: tclass, again: true },
        Row { word: exact("tos"), arg: TCLASS, take: tclass, again: true },
        Row { word: prefix("dsfield"), arg: TCLASS, take: tclass, again: true },
        Row { word: exact("flowlabel"), arg: LABEL, take: flowlabel, again: true },
        Row { word: exact("fl"), arg: LABEL, take: flowlabel, again: true },
        Row { word: exact("dscp"), arg: "inherit", take: dscp, again: true },
        Row { word: exact("allow-localremote"), arg: "", take: |_, t| set(t, flag::ALLOW_LOCAL_REMOTE, true), again: true },
        Row { word: exact("noallow-localremote"), arg: "", take: |_, t| set(t, flag::ALLOW_LOCAL_REMOTE, false), again: true },
        Row { word: exact("name"), arg: "NAME", take: reading::named, again: true },
    ];
    rows.extend(reading::gre_rows());
    rows
}

fn take_mode(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let word = args.need()?;
    let unknown = || {
        let text = [b"Unknown tunnel mode \"", word, b"\""].concat();
        Usage::new(255, text).at(args.at())
    };
    let (protocol, vti) = mode(word).ok_or_else(unknown)?;
    t.parm.proto = protocol;
    if vti {
        t.gre.i_flags |= VTI_ISVTI;
    }
    Ok(())
}

fn inet6(args: &mut Args<'_>) -> Result<[u8; 16], Usage> {
    let addr = value::addr(args.need()?, AF_INET6)?;
    Ok(addr.bytes().try_into().unwrap_or_default())
}

/// The reference takes any word and sends a byte of its stack; this says what is wrong, as it does
/// for `ip link`.
fn encaplimit(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let none = args.need()? == b"none";
    if !none {
        let limit = value::u8(args.last());
        t.parm.encap_limit = limit.ok_or_else(|| args.wrong("invalid ELIM"))?;
    }
    set(t, flag::IGN_ENCAP_LIMIT, none)
}

fn hoplimit(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    t.parm.hop_limit = args.value(value::u8, "invalid TTL")?;
    Ok(())
}

fn tclass(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let inherit = args.need()? == b"inherit";
    let class = if inherit { 0 } else { hex(args, 0xff, "invalid TClass")? };
    flowinfo(t, TCLASS, class << 20);
    set(t, flag::USE_ORIG_TCLASS, inherit)
}

fn flowlabel(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let inherit = args.need()? == b"inherit";
    let label = if inherit { 0 } else { hex(args, FLOWLABEL, "invalid Flowlabel")? };
    flowinfo(t, FLOWLABEL, label);
    set(t, flag::USE_ORIG_FLOWLABEL, inherit)
}

fn dscp(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    if args.need()? != b"inherit" {
        return Err(args.wrong("not inherit"));
    }
    set(t, flag::RCV_DSCP_COPY, true)
}

/// Reads all words; `parm` is what they change.
fn read(ctx: &mut Ctx, args: &mut Args<'_>, parm: Parm6, changes: bool) -> Result<(Parm6, Gre)> {
    let mut t = Reading::new(args, parm, changes);
    reading::read(args, &rows(), &mut t)?;
    Ok(reading::finish(ctx, t)?)
}

pub fn change(ctx: &mut Ctx, args: &mut Args<'_>, what: Change) -> Result {
    let parm = Parm6 { proto: IPV6, hop_limit: 64, encap_limit: 4, ..Parm6::default() };
    let (mut parm, gre) = read(ctx, args, parm, what == Change::Set)?;
    let name = parm.name;
    let mut name = shared::text(&name);
    let base: &[u8] = match parm.proto {
        IPV6 if gre.i_flags & VTI_ISVTI != 0 => b"ip6_vti0",
        GRE => b"ip6gre0",
        _ => b"ip6tnl0",
    };
    if name.is_empty() {
        if what == Change::Delete {
            name = base;
        } else {
            // It says so and asks the kernel all the same.
            ctx.complain(b"Tunnel interface name not specified\n");
        }
    }
    Ok(shared::change(what, base, name, &mut parm)?)
}

pub fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (wanted, _) = read(ctx, args, Parm6::default(), false)?;
    let name = shared::text(&wanted.name);
    if name.is_empty() || ctx.opts.stats > 0 {
        return Ok(shared::list(ctx, wanted)?);
    }
    Ok(shared::one(ctx, name, wanted, b"")?)
}

impl Shown for Parm6 {
    fn asked(link: &Link<'_>) -> Option<Parm6> {
        let proto = match link.arphrd {
            ARPHRD_TUNNEL6 => IPV6,
            ARPHRD_IP6GRE => GRE,
            _ => return None,
        };
        // No tunnel leaves by itself: so the kernel's own device tells of itself, not of one that
        // has no addresses.
        let link = i32::try_from(link.index).unwrap_or_default();
        Some(Parm6 { proto, link, ..Parm6::default() })
    }
    fn is_like(&self, wanted: &Parm6) -> bool {
        let address = |wanted: [u8; 16], got| wanted == [0; 16] || wanted == got;
        (wanted.link == 0 || wanted.link == self.link)
            && (wanted.name == [0; 16] || wanted.name == self.name)
            && address(wanted.raddr, self.raddr)
            && address(wanted.laddr, self.laddr)
            && (wanted.proto == 0 || self.proto == 0 || wanted.proto == self.proto)
    }
    fn line(&self, ctx: &mut Ctx) {
        line(ctx, self);
    }
}

fn line(ctx: &mut Ctx, p: &Parm6) {
    let mode = match p.proto {
        IPIP => "ip/ipv6",
        GRE => "gre/ipv6",
        IPV6 => "ipv6/ipv6",
        0 => "any/ipv6",
        _ => "unknown/ipv6",
    };
    shared::begin(ctx, shared::text(&p.name), mode, &p.raddr, &p.laddr);
    let Ctx { out, names, .. } = ctx;
    if let Some(link) = u32::try_from(p.link).ok().filter(|&l| l != 0) {
        out.bytes(field("link", " dev {}"), names.name(link));
    }
    if p.flags & flag::IGN_ENCAP_LIMIT != 0 {
        out.null("ip6_tnl_f_ign_encap_limit", " encaplimit none");
    } else {
        out.uint(field("encap_limit", " encaplimit {}"), p.encap_limit);
    }
    match p.hop_limit {
        0 => out.text(" hoplimit inherit"),
        limit => out.uint(field("hoplimit", " hoplimit {}"), limit),
    }
    let info = u32::from_be(p.flowinfo_be);
    if p.flags & flag::USE_ORIG_TCLASS != 0 {
        out.null("ip6_tnl_f_use_orig_tclass", " tclass inherit");
    } else {
        let class = (info & TCLASS) >> 20;
        out.str(field("tclass", " tclass {}"), &format!("{class:#04x}"));
    }
    if p.flags & flag::USE_ORIG_FLOWLABEL != 0 {
        out.null("ip6_tnl_f_use_orig_flowlabel", " flowlabel inherit");
    } else {
        let label = info & FLOWLABEL;
        out.str(field("flowlabel", " flowlabel {}"), &format!("{label:#07x}"));
    }
    out.str(field("flowinfo", " (flowinfo {})"), &format!("{info:#010x}"));
    if p.flags & flag::RCV_DSCP_COPY != 0 {
        out.null("ip6_tnl_f_rcv_dscp_copy", " dscp inherit");
    }
    if p.flags & flag::ALLOW_LOCAL_REMOTE != 0 {
        out.null("ip6_tnl_f_allow_local_remote", " allow-localremote");
    }
    shared::end(out, p.keys.into(), p.proto == GRE);
}
