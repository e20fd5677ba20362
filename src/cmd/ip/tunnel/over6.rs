//! Tunnels over IPv6: ip6ip6, ipip6, ip6gre, vti6, any.

use crate::cli::value::{self, AF_INET6};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::output::field;
use crate::sys::tunnel::{self, Change, Parm6};

use super::shared::{self, Gre, HasGre};
use super::usage;

const IPIP: u8 = 4;
const IPV6: u8 = 41;
const GRE: u8 = 47;

/// IP6_TNL_F_* (linux/ip6_tunnel.h).
mod flag {
    pub const IGN_ENCAP_LIMIT: u32 = 1;
    pub const USE_ORIG_TCLASS: u32 = 2;
    pub const USE_ORIG_FLOWLABEL: u32 = 4;
    pub const RCV_DSCP_COPY: u32 = 0x10;
    pub const ALLOW_LOCAL_REMOTE: u32 = 0x40;
}

const TCLASS: u32 = 0x0ff0_0000;
const FLOWLABEL: u32 = 0x000f_ffff;
/// A flag of what comes in that marks vti6.
const VTI_ISVTI: u16 = 1;
/// ARPHRD_TUNNEL6, ARPHRD_IP6GRE (linux/if_arp.h).
const KINDS: &[u16] = &[769, 823];

/// What the words say.
#[derive(Default)]
pub struct Tunnel {
    parm: Parm6,
    gre: Gre,
    dev: Option<Vec<u8>>,
    /// The place of the first word.
    start: usize,
    changes: bool,
}

impl HasGre for Tunnel {
    fn gre(&mut self) -> &mut Gre {
        &mut self.gre
    }
}

impl Tunnel {
    fn flag(&mut self, bit: u32, on: bool) -> Result<(), Usage> {
        self.parm.flags = if on { self.parm.flags | bit } else { self.parm.flags & !bit };
        Ok(())
    }
    /// Changes a part of the flow information.
    fn flowinfo(&mut self, mask: u32, bits: u32) {
        let old = u32::from_be(self.parm.flowinfo_be);
        self.parm.flowinfo_be = (old & !mask | bits & mask).to_be();
    }
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
        Row { word: exact("dev"), arg: "DEV", take: |a, t| { t.dev = Some(a.need()?.to_vec()); Ok(()) }, again: true },
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
        Row { word: exact("allow-localremote"), arg: "", take: |_, t| t.flag(flag::ALLOW_LOCAL_REMOTE, true), again: true },
        Row { word: exact("noallow-localremote"), arg: "", take: |_, t| t.flag(flag::ALLOW_LOCAL_REMOTE, false), again: true },
        Row { word: exact("name"), arg: "NAME", take: |a, t| { a.need()?; positional(a, t) }, again: true },
    ];
    rows.extend(shared::gre_rows());
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
    t.flag(flag::IGN_ENCAP_LIMIT, none)
}

fn hoplimit(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    t.parm.hop_limit = args.value(value::u8, "invalid TTL")?;
    Ok(())
}

/// A number in hexadecimal, whatever stands before it.
fn hex(args: &Args<'_>, largest: u32, wrong: &str) -> Result<u32, Usage> {
    let word = args.last();
    let digits = word.strip_prefix(b"0x").or(word.strip_prefix(b"0X")).unwrap_or(word);
    let digits = std::str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'));
    let number = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
    number.filter(|&n| n <= largest).ok_or_else(|| args.wrong(wrong))
}

fn tclass(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let inherit = args.need()? == b"inherit";
    let class = if inherit { 0 } else { hex(args, 0xff, "invalid TClass")? };
    t.flowinfo(TCLASS, class << 20);
    t.flag(flag::USE_ORIG_TCLASS, inherit)
}

fn flowlabel(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let inherit = args.need()? == b"inherit";
    let label = if inherit { 0 } else { hex(args, FLOWLABEL, "invalid Flowlabel")? };
    t.flowinfo(FLOWLABEL, label);
    t.flag(flag::USE_ORIG_FLOWLABEL, inherit)
}

fn dscp(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    if args.need()? != b"inherit" {
        return Err(args.wrong("not inherit"));
    }
    t.flag(flag::RCV_DSCP_COPY, true)
}

fn positional(args: &mut Args<'_>, t: &mut Tunnel) -> Result<(), Usage> {
    let explicit = shared::behind_name(args, t.start);
    if !explicit && prefix("help").is(args.last()) {
        return Err(usage());
    }
    if t.parm.name != [0; 16] {
        return Err(args.garbage("name"));
    }
    t.parm.name = shared::name(args)?;
    if t.changes && (explicit && args.at() == t.start + 1 || args.at() == t.start) {
        t.parm = shared::before_change(args)?;
        t.gre = gre(&t.parm);
    }
    Ok(())
}

/// The keys and flags of settings.
fn gre(p: &Parm6) -> Gre {
    Gre {
        i_flags: u16::from_be(p.i_flags_be),
        o_flags: u16::from_be(p.o_flags_be),
        i_key: u32::from_be(p.i_key_be),
        o_key: u32::from_be(p.o_key_be),
    }
}

/// Reads all words; `parm` is what they change.
fn read(ctx: &mut Ctx, args: &mut Args<'_>, parm: Parm6, changes: bool) -> Result<(Parm6, Gre)> {
    let mut t = Tunnel { parm, start: args.at() + 1, changes, ..Tunnel::default() };
    args.read(&rows(), &mut t, positional).map_err(shared::in_batch)?;
    let Tunnel { mut parm, gre, dev, .. } = t;
    if let Some(link) = shared::link(ctx, dev.as_deref())? {
        parm.link = link;
    }
    parm.i_flags_be = gre.i_flags.to_be();
    parm.o_flags_be = gre.o_flags.to_be();
    parm.i_key_be = gre.i_key.to_be();
    parm.o_key_be = gre.o_key.to_be();
    Ok((parm, gre))
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
    if wanted.name != [0; 16] && ctx.opts.stats == 0 {
        let parm: Parm6 = shared::get(shared::text(&wanted.name))?;
        ctx.out.begin();
        ctx.out.open();
        line(ctx, &parm);
        ctx.out.close();
        ctx.out.end();
        return Ok(());
    }
    let matches = |p: &Parm6| {
        let address = |wanted: [u8; 16], got| wanted == [0; 16] || wanted == got;
        (wanted.link == 0 || wanted.link == p.link)
            && (wanted.name == [0; 16] || wanted.name == p.name)
            && address(wanted.raddr, p.raddr)
            && address(wanted.laddr, p.laddr)
            && (wanted.proto == 0 || p.proto == 0 || wanted.proto == p.proto)
    };
    Ok(shared::list(ctx, KINDS, &mut |ctx, name| {
        let Ok(parm) = tunnel::get::<Parm6>(name) else { return false };
        let shown = matches(&parm);
        if shown {
            line(ctx, &parm);
        }
        shown
    })?)
}

/// One tunnel, without its counters.
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
    shared::end(out, gre(p), p.proto == GRE);
}
