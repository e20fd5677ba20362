//! `ip macsec`: channels and keys of MACsec devices; the devices themselves are made by `ip link`.
//!
//! The words of a change are here, what is shown in `show`.

mod show;

use crate::cli::{Args, Usage, prefix, value};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::genl::Family;
use crate::netlink::{NLA_F_NESTED, Request};

use super::Grammar;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("macsec", 1);

// Commands and attributes (linux/if_macsec.h). Commands about channels and keys come in threes: to
// add, to delete, to change.
const RXSC: u8 = 1;
const TXSA: u8 = 4;
const RXSA: u8 = 7;
const UPD_OFFLOAD: u8 = 10;
const ATTR_IFINDEX: u16 = 1;
const ATTR_RXSC_CONFIG: u16 = 2;
const ATTR_SA_CONFIG: u16 = 3;
const ATTR_OFFLOAD: u16 = 9;
const RXSC_SCI: u16 = 1;
const RXSC_ACTIVE: u16 = 2;
const SA_AN: u16 = 1;
const SA_ACTIVE: u16 = 2;
const SA_PN: u16 = 3;
const SA_KEY: u16 = 4;
const SA_KEYID: u16 = 5;
const SA_SSCI: u16 = 8;
const SA_SALT: u16 = 9;
const OFFLOAD_TYPE: u16 = 1;

/// MACSEC_OFFLOAD_*
const OFFLOADS: [&str; 3] = ["off", "phy", "mac"];
/// Of the name of a key, in bytes.
const KEY_ID: usize = 16;
const SALT: usize = 12;

const WHAT: &str = "DEV { tx sa AN [ OPT ... ] | rx SCI [ on | off | sa AN [ OPT ... ] ] }";

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("show"), args: "[ DEV ]", run: show::run },
    Verb { word: prefix("add"), args: WHAT, run: add },
    Verb { word: prefix("set"), args: WHAT, run: set },
    Verb { word: prefix("delete"), args: "DEV { tx sa AN | rx SCI [ sa AN ] }", run: delete },
    Verb { word: prefix("offload"), args: "DEV { off | phy | mac }", run: offload },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    verb::dispatch_genl(ctx, args, "macsec", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "macsec", verbs: VERBS, usage }
}

fn usage() -> Usage {
    let more = "OPT := { pn NUMBER | xpn NUMBER | salt HEX | ssci NUMBER | key ID KEY | on | off }\n\
                SCI := { sci HEX | port PORT address LLADDR }\n";
    verb::usage("macsec", VERBS, more)
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

/// A sentence with the usage behind it.
fn with_usage(first: &[u8]) -> Usage {
    Usage::new(255, [first, b"\n", &usage().text[..]].concat())
}

fn unknown(args: &Args<'_>) -> Usage {
    with_usage(&[b"macsec: unknown command \"", args.last(), b"\"?"].concat()).at(args.at())
}

/// Takes the name of a device.
fn device(ctx: &mut Ctx, args: &mut Args<'_>) -> Result<u32> {
    let name = args.take().ok_or_else(usage)?;
    let missing = || Error::failed(1, [b"Device \"", name, b"\" does not exist."].concat());
    Ok(ctx.names.index(name).ok_or_else(missing)?)
}

/// What is said of a key.
#[derive(Default)]
struct Sa {
    an: u8,
    active: Option<bool>,
    pn: Option<u32>,
    xpn: Option<u64>,
    salt: Option<Vec<u8>>,
    ssci: Option<u32>,
    /// Its name and the key itself.
    key: Option<(Vec<u8>, Vec<u8>)>,
}

fn hex(args: &mut Args<'_>, wrong: &str) -> Result<Vec<u8>, Usage> {
    let bytes = super::maddr::hex(args.need()?);
    bytes.filter(|b| !b.is_empty()).ok_or_else(|| args.wrong(wrong))
}

/// Reads what follows `sa`.
fn association(args: &mut Args<'_>) -> Result<Sa, Usage> {
    let an = value::u8(args.need()?).filter(|an| *an < 4);
    let mut sa = Sa { an: an.ok_or_else(|| args.wrong("expected an { 0..3 }"))?, ..Sa::default() };
    while let Some(word) = args.take() {
        match word {
            b"pn" => {
                let pn = args.value(value::u32, "expected pn")?;
                if pn == 0 {
                    return Err(args.wrong("expected pn != 0"));
                }
                sa.pn = Some(pn);
            }
            b"xpn" => {
                let pn = args.value(value::u64, "expected pn")?;
                if pn == 0 {
                    return Err(args.wrong("expected pn != 0"));
                }
                sa.xpn = Some(pn);
            }
            b"salt" => {
                let mut salt = hex(args, "expected salt")?;
                if salt.len() > SALT {
                    return Err(args.wrong("expected salt"));
                }
                salt.resize(SALT, 0);
                sa.salt = Some(salt);
            }
            b"ssci" => sa.ssci = Some(args.value(value::u32, "expected ssci")?),
            b"key" => {
                let mut id = hex(args, "expected key id")?;
                if id.len() > KEY_ID {
                    return Err(args.wrong("expected key id"));
                }
                id.resize(KEY_ID, 0);
                sa.key = Some((id, hex(args, "expected key")?));
            }
            b"on" => sa.active = Some(true),
            b"off" => sa.active = Some(false),
            _ => return Err(unknown(args)),
        }
    }
    Ok(sa)
}

impl Sa {
    /// Adds what is said to a request; of a key to be deleted, only its number.
    fn put(&self, r: &mut Request, whole: bool) {
        let nest = r.nest(ATTR_SA_CONFIG | NLA_F_NESTED);
        r.u8(SA_AN, self.an);
        if whole {
            self.pn.into_iter().for_each(|pn| r.u32(SA_PN, pn));
            self.xpn.into_iter().for_each(|pn| r.u64(SA_PN, pn));
            self.salt.iter().for_each(|salt| r.attr(SA_SALT, salt));
            self.ssci.into_iter().for_each(|n| r.u32(SA_SSCI, n));
            if let Some((id, key)) = &self.key {
                r.attr(SA_KEYID, id);
                r.attr(SA_KEY, key);
            }
            self.active.into_iter().for_each(|on| r.u8(SA_ACTIVE, on.into()));
        }
        r.end(nest);
    }
}

/// Reads `sci HEX`, or a port and an address in any order.
fn sci(args: &mut Args<'_>) -> Result<[u8; 8], Usage> {
    if args.peek() == Some(b"sci") {
        args.take();
        return args.value(value::hex64, "expected sci").map(u64::to_be_bytes);
    }
    let (mut port, mut addr) = (None, None);
    while let Some(word) = args.peek().filter(|_| port.is_none() || addr.is_none()) {
        match word {
            b"port" => {
                args.take();
                let number = args.value(value::u16, "expected port")?;
                if number == 0 {
                    return Err(args.wrong("expected port != 0"));
                }
                port = Some(number);
            }
            b"address" => {
                args.take();
                let bytes = value::lladdr(args.need()?);
                addr = Some(bytes.ok_or_else(|| args.wrong("expected lladdr"))?);
            }
            _ => break,
        }
    }
    let (Some(port), Some(mut addr)) = (port, addr) else {
        return Err(with_usage(b"expected sci"));
    };
    addr.resize(6, 0);
    addr.extend(port.to_be_bytes());
    Ok(addr.try_into().unwrap_or_default())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add = 0,
    Delete = 1,
    Set = 2,
}

fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, Change::Add)
}

fn set(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, Change::Set)
}

fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, Change::Delete)
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, change: Change) -> Result {
    let mut family = open(ctx)?;
    let index = device(ctx, args)?;
    let delete = change == Change::Delete;
    let (received, mut active) = (args.take().ok_or_else(usage)?, None);
    let channel = match received {
        b"tx" => None,
        b"rx" => Some(sci(args)?),
        _ => return Err(usage().into()),
    };
    let sa = match (args.take(), channel) {
        (Some(b"sa"), _) => Some(association(args)?),
        (_, None) => return Err(usage().into()),
        (mut word, Some(_)) => {
            while let Some(given) = word {
                match given {
                    b"on" => active = Some(true),
                    b"off" => active = Some(false),
                    _ => return Err(unknown(args).into()),
                }
                word = args.take();
            }
            None
        }
    };
    if let Some(sa) = &sa {
        if change == Change::Add && sa.key.is_none() {
            return Err(Error::failed(1, "cannot create SA without key").into());
        }
        if change == Change::Set && sa.key.is_some() {
            return Err(Error::failed(1, "cannot change key on SA").into());
        }
    }
    let command = match (&sa, channel) {
        (Some(_), None) => TXSA,
        (Some(_), Some(_)) => RXSA,
        (None, _) => RXSC,
    };
    let mut r = family.request(command + change as u8, 0);
    r.u32(ATTR_IFINDEX, index);
    if let Some(sci) = channel {
        let nest = r.nest(ATTR_RXSC_CONFIG | NLA_F_NESTED);
        r.attr(RXSC_SCI, &sci);
        active.filter(|_| !delete).into_iter().for_each(|on: bool| r.u8(RXSC_ACTIVE, on.into()));
        r.end(nest);
    }
    if let Some(sa) = &sa {
        sa.put(&mut r, !delete);
    }
    Ok(Ctx::genl_change(&mut family, &mut r, 2)?)
}

fn open(ctx: &mut Ctx) -> Result<Family, Error> {
    ctx.genl(FAMILY.0, FAMILY.1)
}

fn offload(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    let index = device(ctx, args)?;
    let word = args.take().ok_or_else(usage)?;
    let Some(at) = OFFLOADS.iter().position(|o| prefix(o).is(word)) else {
        return Err(with_usage(&args.not_one_of("offload", &OFFLOADS, 255).text).into());
    };
    if OFFLOADS[at].as_bytes() != word {
        let text: [&[u8]; 5] = [
            b"WARNING: '",
            word,
            b"' matches '",
            OFFLOADS[at].as_bytes(),
            b"' by prefix.\nMatching by prefix is deprecated in this context, please use the full string.\n",
        ];
        ctx.complain(&text.concat());
    }
    let mut r = family.request(UPD_OFFLOAD, 0);
    r.u32(ATTR_IFINDEX, index);
    let nest = r.nest(ATTR_OFFLOAD | NLA_F_NESTED);
    r.u8(OFFLOAD_TYPE, u8::try_from(at).unwrap_or(0));
    r.end(nest);
    Ok(Ctx::genl_change(&mut family, &mut r, 2)?)
}
