//! Tunnels over IPv4: ipip, gre, sit, isatap, vti.

use crate::cli::{Args, Row, Usage, exact, prefix, value};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::output::{Out, Paint, field};
use crate::rtnl::link::Link;
use crate::sys::tunnel::{self, Change, Parm, Prl, SIOCGET6RD, SIOCGETPRL, SixRd};

use super::reading::{self, HasReading, Reading};
use super::shared::{self, GRE_KEY, Gre, Shown};

const IPIP: u8 = 4;
const IPV6: u8 = 41;
const GRE: u8 = 47;
const ESP: u8 = 50;

/// IP_DF: a packet is not taken apart.
const DF: u16 = 0x4000;
/// Flags of what comes in that mark a kind (linux/if_tunnel.h). Unlike the others they are defined
/// by their bytes as they lie there.
const SIT_ISATAP: u16 = u16::from_be(1);
const VTI_ISVTI: u16 = u16::from_be(1);

// ARPHRD_* (linux/if_arp.h).
const KINDS: &[u16] = &[768, 776, 778];

/// What the words say.
pub struct Tunnel<'n> {
    names: &'n mut Names,
    read: Reading<Parm>,
}

impl HasReading for Tunnel<'_> {
    type Parm = Parm;
    fn reading(&mut self) -> &mut Reading<Parm> {
        &mut self.read
    }
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> Vec<Row<Tunnel<'n>>> {
    const TTL: &str = "{ TTL | inherit }";
    const TOS: &str = "{ TOS | inherit[/TOS] }";
    let mut rows = vec![
        Row { word: exact("mode"), arg: "MODE", take: mode, again: true },
        Row { word: exact("remote"), arg: "ADDR", take: |a, t| { a.need()?; t.read.parm.daddr = reading::inet(a)?; Ok(()) }, again: true },
        Row { word: exact("local"), arg: "ADDR", take: |a, t| { a.need()?; t.read.parm.saddr = reading::inet(a)?; Ok(()) }, again: true },
        Row { word: exact("ttl"), arg: TTL, take: ttl, again: true },
        Row { word: exact("hoplimit"), arg: TTL, take: ttl, again: true },
        Row { word: exact("hlim"), arg: TTL, take: ttl, again: true },
        Row { word: exact("tos"), arg: TOS, take: tos, again: true },
        Row { word: exact("tclass"), arg: TOS, take: tos, again: true },
        Row { word: prefix("dsfield"), arg: TOS, take: tos, again: true },
        Row { word: exact("pmtudisc"), arg: "", take: |_, t| { t.read.parm.frag_off_be = DF.to_be(); Ok(()) }, again: true },
        Row { word: exact("nopmtudisc"), arg: "", take: |_, t| { t.read.parm.frag_off_be = 0; Ok(()) }, again: true },
        Row { word: exact("dev"), arg: "DEV", take: reading::dev, again: true },
        Row { word: exact("name"), arg: "NAME", take: reading::named, again: true },
    ];
    rows.extend(reading::gre_rows());
    rows
}

fn mode(args: &mut Args<'_>, t: &mut Tunnel<'_>) -> Result<(), Usage> {
    let (protocol, flag) = match args.need()? {
        b"ipip" | b"ip/ip" => (IPIP, 0),
        b"gre" | b"gre/ip" => (GRE, 0),
        b"sit" | b"ipv6/ip" => (IPV6, 0),
        b"isatap" => (IPV6, SIT_ISATAP),
        b"vti" => (IPIP, VTI_ISVTI),
        word => {
            let text = [b"Unknown tunnel mode \"", word, b"\""].concat();
            return Err(Usage::new(255, text).at(args.at()));
        }
    };
    if t.read.parm.protocol != 0 && t.read.parm.protocol != protocol {
        let text = "You managed to ask for more than one tunnel mode.";
        return Err(Usage::new(255, text).at(args.at()));
    }
    t.read.parm.protocol = protocol;
    t.read.gre.i_flags |= flag;
    Ok(())
}

fn ttl(args: &mut Args<'_>, t: &mut Tunnel<'_>) -> Result<(), Usage> {
    // `inherit` leaves what is there.
    if args.need()? != b"inherit" {
        t.read.parm.ttl = value::u8(args.last()).ok_or_else(|| args.wrong("invalid TTL\n"))?;
    }
    Ok(())
}

fn tos(args: &mut Args<'_>, t: &mut Tunnel<'_>) -> Result<(), Usage> {
    let word = args.need()?;
    let mut parse =
        |word: &[u8]| t.names.number(Kind::DsField, word).and_then(|n| u8::try_from(n).ok());
    let mut parts = word.splitn(2, |&b| b == b'/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    // The reference has cut the word in two by then.
    let wrong = || args.wrong_about(&String::from_utf8_lossy(first), "bad TOS value");
    t.read.parm.tos = match (first, second) {
        // 1 alone stands for `inherit`; beside a value, for what is inherited where there is any.
        (b"inherit", None) => 1,
        (b"inherit", Some(rest)) => 1 | parse(rest).ok_or_else(wrong)?,
        (_, None) => parse(first).ok_or_else(wrong)?,
        (_, Some(_)) => {
            parse(first).ok_or_else(wrong)?;
            // The reference passes over what stands behind the slash.
            return Err(args.wrong("bad TOS value"));
        }
    };
    Ok(())
}

/// Reads all words: settings, keys and flags.
fn read(ctx: &mut Ctx, args: &mut Args<'_>, changes: bool) -> Result<(Parm, Gre)> {
    let parm = Parm { version_ihl: 0x45, frag_off_be: DF.to_be(), ..Parm::default() };
    let mut t = Tunnel { names: &mut ctx.names, read: Reading::new(args, parm, changes) };
    reading::read(args, &rows(), &mut t)?;
    let mut r = t.read;
    let Reading { parm, gre, .. } = &mut r;
    if parm.protocol == 0 {
        for (begin, protocol, flag) in [
            (&b"gre"[..], GRE, 0),
            (b"ipip", IPIP, 0),
            (b"sit", IPV6, 0),
            (b"isatap", IPV6, SIT_ISATAP),
            (b"vti", IPIP, VTI_ISVTI),
        ] {
            if parm.name.starts_with(begin) {
                parm.protocol = protocol;
                gre.i_flags |= flag;
                break;
            }
        }
    }
    let keys = (gre.i_flags | gre.o_flags) & GRE_KEY != 0;
    let is_vti = parm.protocol == IPIP && gre.i_flags & VTI_ISVTI != 0;
    if keys && parm.protocol != GRE && !is_vti {
        let text = "Keys are not allowed with ipip and sit tunnels";
        return Err(Error::failed(1, text).into());
    }
    reading::find_link(ctx, &mut r)?;
    let Reading { parm, gre, .. } = &mut r;
    if parm.daddr[0] & 0xf0 == 0xe0 {
        let group = u32::from_be_bytes(parm.daddr);
        for (key, flags) in [(&mut gre.i_key, &mut gre.i_flags), (&mut gre.o_key, &mut gre.o_flags)]
        {
            if *key == 0 {
                *key = group;
                *flags |= GRE_KEY;
            }
        }
        if parm.saddr == [0; 4] {
            let text = "A broadcast tunnel requires a source address";
            return Err(Error::failed(1, text).into());
        }
    }
    Ok(reading::finish(ctx, r)?)
}

/// The kernel's own device of a kind.
fn base(parm: &Parm, gre: Gre) -> Option<&'static [u8]> {
    match parm.protocol {
        IPIP if gre.i_flags & VTI_ISVTI != 0 => Some(b"ip_vti0"),
        IPIP => Some(b"tunl0"),
        GRE => Some(b"gre0"),
        IPV6 => Some(b"sit0"),
        _ => None,
    }
}

pub fn change(ctx: &mut Ctx, args: &mut Args<'_>, what: Change) -> Result {
    let (mut parm, gre) = read(ctx, args, what == Change::Set)?;
    let base = base(&parm, gre);
    let name = parm.name;
    let mut name = shared::text(&name);
    if what == Change::Delete {
        if name.is_empty() {
            name = base.unwrap_or_default();
        }
    } else {
        if parm.ttl != 0 && parm.frag_off_be == 0 {
            return Err(Error::failed(1, "ttl != 0 and nopmtudisc are incompatible").into());
        }
        if base.is_none() {
            let text = "cannot determine tunnel mode (ipip, gre, vti or sit)";
            return Err(Error::failed(1, text).into());
        }
    }
    Ok(shared::change(what, base.unwrap_or_default(), name, &mut parm)?)
}

pub fn show(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (wanted, keys) = read(ctx, args, false)?;
    let Some(base) = base(&wanted, keys) else { return Ok(shared::list(ctx, wanted)?) };
    // With a mode it is one tunnel: the named one, or the one that is like this.
    let name = shared::text(&wanted.name);
    let device = if name.is_empty() { base } else { name };
    Ok(shared::one(ctx, device, wanted, b"\n")?)
}

impl Shown for Parm {
    fn asked(link: &Link<'_>) -> Option<Parm> {
        KINDS.contains(&link.arphrd).then(Parm::default)
    }
    fn is_like(&self, wanted: &Parm) -> bool {
        let address = |wanted: [u8; 4], got| wanted == [0; 4] || wanted == got;
        (wanted.link == 0 || wanted.link == self.link)
            && (wanted.name == [0; 16] || wanted.name == self.name)
            && address(wanted.daddr, self.daddr)
            && address(wanted.saddr, self.saddr)
            && (wanted.keys.i_key_be == 0 || wanted.keys.i_key_be == self.keys.i_key_be)
    }
    fn line(&self, ctx: &mut Ctx) {
        line(ctx, self);
    }
}

fn line(ctx: &mut Ctx, p: &Parm) {
    let mode = match p.protocol {
        IPIP => "ip/ip",
        GRE => "gre/ip",
        IPV6 => "ipv6/ip",
        ESP => "esp/ip",
        0 => "any/ip",
        _ => "unknown/ip",
    };
    let (name, keys) = (shared::text(&p.name), Gre::from(p.keys));
    let (routers, rd) = (routers(ctx, p), six_rd(ctx, p));
    shared::begin(ctx, name, mode, &p.daddr, &p.saddr);
    let Ctx { out, names, .. } = ctx;
    for router in routers {
        let default = router.flags & 1 != 0;
        let shape = if default { field("pdr", " pdr {}") } else { field("pr", " pr {}") };
        out.ip(Paint::Plain, shape, &router.addr);
    }
    if let Some(link) = u32::try_from(p.link).ok().filter(|&l| l != 0) {
        out.bytes(field("dev", " dev {}"), names.name(link));
    }
    match p.ttl {
        0 => out.text(" ttl inherit"),
        ttl => out.uint(field("ttl", " ttl {}"), ttl),
    }
    show_tos(out, names, p.tos);
    if u16::from_be(p.frag_off_be) & DF == 0 {
        out.null("nopmtudisc", " nopmtudisc");
    }
    if let Some(rd) = rd.filter(|rd| rd.prefix_len != 0) {
        out.ip(Paint::Plain, field("6rd-prefix", " 6rd-prefix {}"), &rd.prefix);
        out.uint(field("6rd-prefixlen", "/{}"), rd.prefix_len);
        if rd.relay_prefix != [0; 4] {
            let shape = field("6rd-relay_prefix", " 6rd-relay_prefix {}");
            out.ip(Paint::Plain, shape, &rd.relay_prefix);
            out.uint(field("6rd-relay_prefixlen", "/{}"), rd.relay_prefix_len);
        }
    }
    shared::end(out, keys, p.protocol == GRE);
}

/// The routers of an ISATAP tunnel; why they cannot be told, and none.
fn routers(ctx: &mut Ctx, p: &Parm) -> Vec<Prl> {
    if p.protocol != IPV6 || Gre::from(p.keys).i_flags & SIT_ISATAP == 0 {
        return Vec::new();
    }
    let name = shared::text(&p.name);
    tunnel::routers(name).unwrap_or_else(|e| {
        ctx.complain(&shared::request_refused(name, SIOCGETPRL, &e).text());
        Vec::new()
    })
}

/// The prefix of 6rd of a tunnel that has one.
fn six_rd(ctx: &mut Ctx, p: &Parm) -> Option<SixRd> {
    if p.protocol != IPV6 {
        return None;
    }
    let name = shared::text(&p.name);
    match tunnel::six_rd(name) {
        Ok(rd) => return Some(rd),
        // The kernel's own device has none.
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => {}
        Err(e) => ctx.complain(&shared::request_refused(name, SIOCGET6RD, &e).text()),
    }
    None
}

fn show_tos(out: &mut Out, names: &mut Names, tos: u8) {
    match tos {
        0 => {}
        1 => out.text(" tos inherit"),
        _ => {
            let shape = field("tos", if tos & 1 == 0 { " tos {}" } else { " tos inherit/{}" });
            out.str(shape, &names.show(Kind::DsField, (tos & !1).into()));
        }
    }
}
