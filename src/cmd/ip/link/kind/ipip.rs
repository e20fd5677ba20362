//! `ipip`: packets in IPv4. Its words are most of those of `sit`.

use super::{LinkKind, Shown};
use crate::cli::{Usage, exact, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Out, Paint, field};

use super::super::tunnel::{
    self, Row, Setting, Settings, Tunnel, Typed, always, beside, encap_rows, end, row,
};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(show),
    ..LinkKind::plain("ipip", "packets in IPv4")
};

static TUNNEL: Tunnel = Tunnel {
    rows: &[&[row(exact("mode"), "{ ipip | mplsip | any }", PROTO, mode)], &ROWS, &ENCAP_ROWS],
    settings: SETTINGS,
    external: COLLECT_METADATA,
    finish,
};

// IFLA_IPTUN_* (linux/if_tunnel.h)
pub const LINK: u16 = 1;
pub const LOCAL: u16 = 2;
pub const REMOTE: u16 = 3;
pub const TTL: u16 = 4;
pub const TOS: u16 = 5;
pub const FLAGS: u16 = 8;
pub const PROTO: u16 = 9;
pub const PMTUDISC: u16 = 10;
pub const PREFIX_6RD: u16 = 11;
pub const RELAY_PREFIX_6RD: u16 = 12;
pub const PREFIX_LEN_6RD: u16 = 13;
pub const RELAY_PREFIX_LEN_6RD: u16 = 14;
pub const ENCAP: u16 = 15;
pub const COLLECT_METADATA: u16 = 19;
pub const FWMARK: u16 = 20;

/// What is carried: as it is typed, and its number (IPPROTO_*). The first name of each number is shown.
pub const MODES: &[(&str, u8)] = &[
    ("ipip", 4),
    ("ip4ip4", 4),
    ("ipv4/ipv4", 4),
    ("mplsip", 137),
    ("mpls/ipv4", 137),
    ("any", 0),
    ("any/ipv4", 0),
];

/// The words of `ipip` and `sit`. The prefixes of 6rd are taken for both, and mean something
/// for the latter only (observed in iproute2 6.15).
#[rustfmt::skip] // one row, one line
pub const ROWS: [Row; 17] = [
    row(exact("remote"), "ADDRESS", REMOTE, tunnel::inet),
    row(exact("local"), "ADDRESS", LOCAL, tunnel::inet),
    row(prefix("dev"), "DEVICE", LINK, tunnel::dev),
    row(exact("ttl"), "{ TTL | inherit }", TTL, tunnel::ttl),
    row(exact("hoplimit"), "=", TTL, tunnel::ttl),
    row(exact("hlim"), "=", TTL, tunnel::ttl),
    row(exact("tos"), "{ TOS | inherit }", TOS, tunnel::tos),
    row(exact("tclass"), "=", TOS, tunnel::tos),
    row(exact("tc"), "=", TOS, tunnel::tos),
    row(prefix("dsfield"), "=", TOS, tunnel::tos),
    row(exact("nopmtudisc"), "", PMTUDISC, tunnel::off),
    row(exact("pmtudisc"), "", PMTUDISC, tunnel::on),
    row(exact("6rd-prefix"), "PREFIX", PREFIX_6RD, prefix_6rd),
    row(exact("6rd-relay_prefix"), "PREFIX", RELAY_PREFIX_6RD, prefix_6rd),
    row(exact("6rd-reset"), "", 0, reset_6rd),
    row(exact("fwmark"), "MARK", FWMARK, tunnel::fwmark),
    row(exact("external"), "", 0, tunnel::external),
];

pub const ENCAP_ROWS: [Row; 10] = encap_rows(ENCAP);

const SETTINGS: &[Setting] = &[
    always(LINK, &[0; 4]),
    end(LOCAL, &[0; 4]),
    end(REMOTE, &[0; 4]),
    always(TTL, &[0]),
    always(TOS, &[0]),
    always(PMTUDISC, &[1]),
    always(FWMARK, &[0; 4]),
    beside(PROTO, &[0]),
    always(ENCAP, &[0; 2]),
    always(ENCAP + 1, &[0; 2]),
    always(ENCAP + 2, &[0; 2]),
    always(ENCAP + 3, &[0; 2]),
];

fn mode(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    mode_of(t, attr, MODES)
}
/// One of the names of a list.
pub fn mode_of(t: &mut Typed<'_, '_>, attr: u16, modes: &[(&str, u8)]) -> Result<(), Usage> {
    let word = t.args.need()?;
    let known = modes.iter().find(|(name, _)| name.as_bytes() == word);
    let (_, number) = known.ok_or_else(|| t.args.wrong("Cannot guess tunnel mode."))?;
    t.settings.set(attr, &[*number]);
    Ok(())
}

/// IPv6 for the prefix, IPv4 for the relay's.
fn prefix_6rd(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let relay = attr == RELAY_PREFIX_6RD;
    let family = if relay { value::AF_INET } else { value::AF_INET6 };
    let p = value::prefix(t.args.need()?, family)?;
    t.settings.set(attr, p.addr.bytes());
    // The attribute of the length is two behind.
    t.settings.set(attr + 2, &u16::from(p.len).to_ne_bytes());
    Ok(())
}
/// Back to 6to4's 2002::/16. iproute2 6.15 crashes here.
fn reset_6rd(t: &mut Typed<'_, '_>, _: u16) -> Result<(), Usage> {
    t.settings.set(PREFIX_6RD, &[0x20, 0x02]);
    t.settings.set(PREFIX_LEN_6RD, &16u16.to_ne_bytes());
    t.settings.set(RELAY_PREFIX_6RD, &[]);
    t.settings.set(RELAY_PREFIX_LEN_6RD, &[]);
    Ok(())
}

pub fn finish(settings: &mut Settings) -> Result<(), Error> {
    if settings.u8(TTL) != 0 && settings.u8(PMTUDISC) == 0 {
        return Err(Error::fatal(255, "ttl != 0 and nopmtudisc are incompatible"));
    }
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    show_start(out, names, data, MODES);
    tunnel::show_fwmark(out, data.find(FWMARK));
    tunnel::show_encap(out, data, ENCAP);
}

/// What `sit` shows, too, up to the path MTU.
pub fn show_start(out: &mut Out, names: &mut Names, data: Attrs<'_>, modes: &[(&str, u8)]) {
    if data.find(COLLECT_METADATA).is_some() {
        out.flag("external", "external ");
    }
    show_mode(out, data.find(PROTO), modes);
    tunnel::show_ends(out, data, REMOTE, LOCAL);
    tunnel::show_dev(out, names, data.find(LINK));
    tunnel::show_ttl(out, field("ttl", "ttl {} "), "ttl inherit ", data.find(TTL));
    tunnel::show_tos(out, data.find(TOS));
    if let Some(on) = data.find(PMTUDISC).and_then(|a| a.u8()) {
        out.text(if on == 0 { "nopmtudisc " } else { "pmtudisc " });
        out.json_bool("pmtudisc", on != 0);
    }
}

/// What is carried; nothing for a protocol without a name.
pub fn show_mode(out: &mut Out, attr: Option<Attr<'_>>, modes: &[(&str, u8)]) {
    let number = attr.and_then(|a| a.u8());
    if let Some((name, _)) = modes.iter().find(|m| Some(m.1) == number) {
        out.str(field("proto", "{} "), name);
    }
}

/// `6rd-prefix` and `6rd-relay_prefix`.
pub fn show_6rd(out: &mut Out, data: Attrs<'_>) {
    let len = |attr| data.find(attr).and_then(|a| a.u16()).filter(|&l| l != 0);
    if let (Some(a), Some(len)) = (data.find(PREFIX_6RD), len(PREFIX_LEN_6RD)) {
        out.ip(Paint::Plain, field("prefix", "6rd-prefix {}"), a.value);
        out.uint(field("prefixlen", "/{} "), len);
        let relay = data.find(RELAY_PREFIX_6RD).filter(|a| a.value.iter().any(|&b| b != 0));
        if let Some(a) = relay {
            out.ip(Paint::Plain, field("relay_prefix", "6rd-relay_prefix {}"), a.value);
            let len = data.find(RELAY_PREFIX_LEN_6RD).and_then(|a| a.u16()).unwrap_or(0);
            out.uint(field("relay_prefixlen", "/{} "), len);
        }
    }
}
