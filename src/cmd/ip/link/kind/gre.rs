//! `gre`: packets in GRE over IPv4. Its words are those of `gretap` and `erspan`, too, and most
//! are those of GRE over IPv6.

use super::{LinkKind, Shown};
use crate::cli::value::{AF_INET, Addr};
use crate::cli::{Usage, Word, exact, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::Attrs;
use crate::output::{Out, field};

use super::super::tunnel::{
    self, Row, Setting, Settings, Tunnel, Typed, always, encap_rows, end, optional, row,
};

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(show),
    ..LinkKind::plain("gre", "packets in GRE over IPv4")
};

/// For `gre` and `gretap`.
pub static TUNNEL: Tunnel = Tunnel {
    rows: &[&KEY_ROWS, &ROWS, &ENCAP_ROWS],
    settings: SETTINGS,
    external: COLLECT_METADATA,
    finish,
};

// IFLA_GRE_* (linux/if_tunnel.h)
pub const LINK: u16 = 1;
pub const IFLAGS: u16 = 2;
pub const OFLAGS: u16 = 3;
pub const IKEY: u16 = 4;
pub const OKEY: u16 = 5;
pub const LOCAL: u16 = 6;
pub const REMOTE: u16 = 7;
pub const TTL: u16 = 8;
const TOS: u16 = 9;
const PMTUDISC: u16 = 10;
pub const ENCAP: u16 = 14;
pub const COLLECT_METADATA: u16 = 18;
const IGNORE_DF: u16 = 19;
pub const FWMARK: u16 = 20;
pub const ERSPAN_INDEX: u16 = 21;
pub const ERSPAN_VER: u16 = 22;
pub const ERSPAN_DIR: u16 = 23;
pub const ERSPAN_HWID: u16 = 24;

// GRE_* flags (linux/if_tunnel.h), in network order.
const KEY: u16 = 0x2000u16.to_be();
const SEQ: u16 = 0x1000u16.to_be();
const CSUM: u16 = 0x8000u16.to_be();

const BOTH: &[u16] = &[IFLAGS, OFLAGS];
const IN: &[u16] = &[IFLAGS];
const OUT: &[u16] = &[OFLAGS];

/// Keys, sequence numbers and checksums, for each direction or both.
#[rustfmt::skip] // one row, one line
pub const KEY_ROWS: [Row; 18] = [
    row(prefix("key"), "KEY", 0, |t, _| key(t, BOTH)),
    row(prefix("nokey"), "", 0, |t, _| no_key(t, BOTH)),
    row(prefix("ikey"), "KEY", 0, |t, _| key(t, IN)),
    row(prefix("noikey"), "", 0, |t, _| no_key(t, IN)),
    row(prefix("okey"), "KEY", 0, |t, _| key(t, OUT)),
    row(prefix("nookey"), "", 0, |t, _| no_key(t, OUT)),
    flag(prefix("seq"), |t, _| set(t, BOTH, SEQ, true)),
    flag(prefix("noseq"), |t, _| set(t, BOTH, SEQ, false)),
    flag(prefix("iseq"), |t, _| set(t, IN, SEQ, true)),
    flag(prefix("noiseq"), |t, _| set(t, IN, SEQ, false)),
    flag(prefix("oseq"), |t, _| set(t, OUT, SEQ, true)),
    flag(prefix("nooseq"), |t, _| set(t, OUT, SEQ, false)),
    flag(prefix("csum"), |t, _| set(t, BOTH, CSUM, true)),
    flag(prefix("nocsum"), |t, _| set(t, BOTH, CSUM, false)),
    flag(prefix("icsum"), |t, _| set(t, IN, CSUM, true)),
    flag(prefix("noicsum"), |t, _| set(t, IN, CSUM, false)),
    flag(prefix("ocsum"), |t, _| set(t, OUT, CSUM, true)),
    flag(prefix("noocsum"), |t, _| set(t, OUT, CSUM, false)),
];

/// What only GRE over IPv4 has, in its way.
#[rustfmt::skip] // one row, one line
pub const ROWS: [Row; 15] = [
    row(prefix("nopmtudisc"), "", PMTUDISC, tunnel::off),
    row(prefix("pmtudisc"), "", PMTUDISC, tunnel::on),
    row(prefix("remote"), "ADDRESS", REMOTE, tunnel::inet),
    row(prefix("local"), "ADDRESS", LOCAL, tunnel::inet),
    row(prefix("dev"), "DEVICE", LINK, tunnel::dev),
    row(prefix("ttl"), "{ TTL | inherit }", TTL, tunnel::ttl),
    row(prefix("hoplimit"), "=", TTL, tunnel::ttl),
    row(prefix("hlim"), "=", TTL, tunnel::ttl),
    row(prefix("tos"), "{ TOS | inherit }", TOS, tunnel::tos),
    row(prefix("tclass"), "=", TOS, tunnel::tos),
    row(prefix("dsfield"), "=", TOS, tunnel::tos),
    row(exact("ignore-df"), "", IGNORE_DF, tunnel::on),
    row(exact("noignore-df"), "", IGNORE_DF, tunnel::off),
    row(exact("fwmark"), "MARK", FWMARK, tunnel::fwmark),
    row(exact("external"), "", 0, tunnel::external),
];

pub const ENCAP_ROWS: [Row; 10] = encap_rows(ENCAP);

/// What only ERSPAN has.
#[rustfmt::skip] // one row, one line
pub const ERSPAN_ROWS: [Row; 4] = [
    row(exact("erspan"), "INDEX", ERSPAN_INDEX, erspan_index),
    row(exact("erspan_ver"), "{ 0 | 1 | 2 }", ERSPAN_VER, erspan_version),
    row(exact("erspan_dir"), "{ ingress | egress }", ERSPAN_DIR, erspan_direction),
    row(exact("erspan_hwid"), "HWID", ERSPAN_HWID, erspan_hardware),
];

const SETTINGS: &[Setting] = &[
    always(IKEY, &[0; 4]),
    always(OKEY, &[0; 4]),
    always(IFLAGS, &[0; 2]),
    always(OFLAGS, &[0; 2]),
    end(LOCAL, &[0; 4]),
    end(REMOTE, &[0; 4]),
    always(PMTUDISC, &[1]),
    optional(IGNORE_DF, &[0]),
    always(TOS, &[0]),
    always(TTL, &[0]),
    optional(LINK, &[0; 4]),
    always(FWMARK, &[0; 4]),
    always(ENCAP, &[0; 2]),
    always(ENCAP + 1, &[0; 2]),
    always(ENCAP + 2, &[0; 2]),
    always(ENCAP + 3, &[0; 2]),
];

/// As above, and what ERSPAN has.
pub const ERSPAN_SETTINGS: &[Setting] = &[
    always(IKEY, &[0; 4]),
    always(OKEY, &[0; 4]),
    always(IFLAGS, &[0; 2]),
    always(OFLAGS, &[0; 2]),
    end(LOCAL, &[0; 4]),
    end(REMOTE, &[0; 4]),
    always(PMTUDISC, &[1]),
    optional(IGNORE_DF, &[0]),
    always(TOS, &[0]),
    always(TTL, &[0]),
    optional(LINK, &[0; 4]),
    always(FWMARK, &[0; 4]),
    always(ERSPAN_VER, &[1]),
    optional(ERSPAN_INDEX, &[0; 4]),
    always(ERSPAN_DIR, &[0]),
    always(ERSPAN_HWID, &[0; 2]),
    always(ENCAP, &[0; 2]),
    always(ENCAP + 1, &[0; 2]),
    always(ENCAP + 2, &[0; 2]),
    always(ENCAP + 3, &[0; 2]),
];

const fn flag(word: Word, take: tunnel::Take) -> Row {
    row(word, "", 0, take)
}

fn set(t: &mut Typed<'_, '_>, directions: &[u16], bits: u16, on: bool) -> Result<(), Usage> {
    for flags in directions {
        t.settings.bits16(*flags, bits, on);
    }
    Ok(())
}
/// The attribute of the key in a direction.
fn key_of(flags: u16) -> u16 {
    if flags == IFLAGS { IKEY } else { OKEY }
}
fn key(t: &mut Typed<'_, '_>, directions: &[u16]) -> Result<(), Usage> {
    let key = tunnel::key(t)?;
    for flags in directions {
        t.settings.bits16(*flags, KEY, true);
        t.settings.set(key_of(*flags), &key);
    }
    Ok(())
}
fn no_key(t: &mut Typed<'_, '_>, directions: &[u16]) -> Result<(), Usage> {
    set(t, directions, KEY, false)
}

fn erspan_index(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let index = t.args.value(value::u32, "invalid erspan index\n")?;
    if index == 0 || index >= 1 << 20 {
        return Err(t.args.wrong("erspan index must be > 0 and <= 20-bit\n"));
    }
    t.settings.set(attr, &index.to_ne_bytes());
    Ok(())
}
fn erspan_version(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let version = t.args.value(value::u8, "invalid erspan version\n")?;
    if version > 2 {
        return Err(t.args.wrong("erspan version must be 0/1/2\n"));
    }
    t.settings.set(attr, &[version]);
    Ok(())
}
fn erspan_direction(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let word = t.args.need()?;
    let known = DIRECTIONS.iter().position(|d| prefix(d).is(word));
    let number = known.and_then(|n| u8::try_from(n).ok());
    t.settings.set(attr, &[number.ok_or_else(|| t.args.wrong("Invalid erspan direction."))?]);
    Ok(())
}
fn erspan_hardware(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    let id = t.args.value(value::u16, "invalid erspan hwid\n")?;
    t.settings.set(attr, &id.to_ne_bytes());
    Ok(())
}
const DIRECTIONS: [&str; 2] = ["ingress", "egress"];

/// Leaves out what the other version of ERSPAN has.
pub fn one_version(settings: &mut Settings) {
    if settings.u8(ERSPAN_VER) == 2 {
        settings.drop(ERSPAN_INDEX);
    } else {
        settings.drop(ERSPAN_DIR);
        settings.drop(ERSPAN_HWID);
    }
}

/// A tunnel to a group: its keys are the group's address unless they are given.
pub fn finish(settings: &mut Settings) -> Result<(), Error> {
    let remote = settings.get(REMOTE).to_vec();
    if !Addr::from_bytes(AF_INET, &remote).is_some_and(|a| a.is_multicast()) {
        return Ok(());
    }
    for flags in [IFLAGS, OFLAGS] {
        if settings.is_zero(key_of(flags)) {
            settings.set(key_of(flags), &remote);
            settings.bits16(flags, KEY, true);
        }
    }
    if settings.is_zero(LOCAL) {
        return Err(Error::failed(1, "A broadcast tunnel requires a source address."));
    }
    Ok(())
}

pub fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if data.find(COLLECT_METADATA).is_some() {
        out.flag("external", "external ");
    }
    tunnel::show_ends(out, data, REMOTE, LOCAL);
    tunnel::show_dev(out, names, data.find(LINK));
    tunnel::show_ttl(out, field("ttl", "ttl {} "), "ttl inherit ", data.find(TTL));
    tunnel::show_tos(out, data.find(TOS));
    if let Some(on) = data.find(PMTUDISC).and_then(|a| a.u8()) {
        out.text(if on == 0 { "nopmtudisc " } else { "" });
        out.json_bool("pmtudisc", on != 0);
    }
    if data.find(IGNORE_DF).and_then(|a| a.u8()).is_some_and(|v| v != 0) {
        out.flag("ignore_df", "ignore-df ");
    }
    show_keys(out, data);
    tunnel::show_fwmark(out, data.find(FWMARK));
    show_erspan(out, data);
    tunnel::show_encap(out, data, ENCAP);
}

/// Keys, sequence numbers and checksums.
pub fn show_keys(out: &mut Out, data: Attrs<'_>) {
    let flags = |attr| data.find(attr).and_then(|a| a.u16()).unwrap_or(0);
    let (inward, outward) = (flags(IFLAGS), flags(OFLAGS));
    if inward & KEY != 0 {
        tunnel::show_key(out, field("ikey", "ikey {} "), data.find(IKEY));
    }
    if outward & KEY != 0 {
        tunnel::show_key(out, field("okey", "okey {} "), data.find(OKEY));
    }
    for (on, key, text) in [
        (inward & SEQ != 0, "iseq", "iseq "),
        (outward & SEQ != 0, "oseq", "oseq "),
        (inward & CSUM != 0, "icsum", "icsum "),
        (outward & CSUM != 0, "ocsum", "ocsum "),
    ] {
        if on {
            out.flag(key, text);
        }
    }
}

pub fn show_erspan(out: &mut Out, data: Attrs<'_>) {
    if let Some(index) = data.find(ERSPAN_INDEX).and_then(|a| a.u32()) {
        out.uint(field("erspan_index", "erspan_index {} "), index);
    }
    if let Some(version) = data.find(ERSPAN_VER).and_then(|a| a.u8()) {
        out.uint(field("erspan_ver", "erspan_ver {} "), version);
    }
    if let Some(direction) = data.find(ERSPAN_DIR).and_then(|a| a.u8()) {
        let name = DIRECTIONS[usize::from(direction != 0)];
        out.str(field("erspan_dir", "erspan_dir {} "), name);
    }
    if let Some(id) = data.find(ERSPAN_HWID).and_then(|a| a.u16()) {
        out.str(field("erspan_hwid", "erspan_hwid {} "), &format!("{id:#x}"));
    }
}
