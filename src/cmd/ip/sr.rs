//! `ip sr`: keys that routes of segments are signed with, and the source of packets that are
//! encapsulated.

use crate::cli::value::{self, AF_INET6};
use crate::cli::{Args, Usage, prefix};
use crate::ctx::{Ctx, pointed};
use crate::error::{Error, Result};
use crate::genl::{self, Family};
use crate::netlink::Attr;
use crate::output::{Field, Paint, field};
use crate::sys::tty;

use super::Grammar;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("SEG6", 1);

// Commands and attributes (linux/seg6_genl.h).
const CMD_SETHMAC: u8 = 1;
const CMD_DUMPHMAC: u8 = 2;
const CMD_SET_TUNSRC: u8 = 3;
const CMD_GET_TUNSRC: u8 = 4;
const ATTR_DST: u16 = 1;
const ATTR_HMACKEYID: u16 = 3;
const ATTR_SECRET: u16 = 4;
const ATTR_SECRETLEN: u16 = 5;
const ATTR_ALGID: u16 = 6;

/// Their numbers begin with 1.
const ALGORITHMS: [&str; 2] = ["sha1", "sha256"];
/// Of a secret that can be shown, in bytes.
const LONGEST: usize = 63;

const HMAC: Field = field("hmac", "hmac {} ");
const ALGO: Field = field("algo", "algo {} ");
const SECRET: Field = field("secret", "secret \"{}\"\n");
const TUNSRC: Field = field("tunsrc", "tunsrc addr {}\n");

#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: prefix("help"), args: "", run: help },
    Verb { word: prefix("hmac"), args: "{ show | set KEYID { sha1 | sha256 } }", run: hmac },
    Verb { word: prefix("tunsrc"), args: "{ show | set ADDR }", run: tunsrc },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let known = args.peek().is_none_or(|w| VERBS.iter().any(|v| v.word.is(w)));
    if !known {
        open(ctx)?;
        args.take();
        return Err(args.wrong("unknown").into());
    }
    verb::dispatch_genl(ctx, args, "sr", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "sr", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("sr", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn open(ctx: &mut Ctx) -> Result<Family, Error> {
    ctx.genl(FAMILY.0, FAMILY.1)
}

/// `true` for `set`, `false` for `show`.
fn sets(args: &mut Args<'_>) -> Result<bool, Usage> {
    let word = args.need()?;
    if prefix("show").is(word) {
        return Ok(false);
    }
    if prefix("set").is(word) { Ok(true) } else { Err(args.wrong("unknown")) }
}

/// The reference passes over words at the end.
fn nothing_more(args: &mut Args<'_>) -> Result<(), Usage> {
    args.take().map_or(Ok(()), |_| Err(args.wrong("unknown")))
}

fn hmac(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    if sets(args)? {
        return set_hmac(&mut family, args);
    }
    nothing_more(args)?;
    let mut request = family.request(CMD_DUMPHMAC, 0);
    let mut long = Vec::new();
    let shown = ctx.genl_table(&mut family, &mut request, 1, &mut |out, _, _, msg| {
        let attrs = genl::attrs(msg.payload);
        out.open();
        if let Some(id) = attrs.find(ATTR_HMACKEYID).and_then(Attr::u32) {
            out.uint(HMAC, id);
        }
        let algorithm = attrs.find(ATTR_ALGID).and_then(Attr::u8).unwrap_or(0);
        let name = usize::from(algorithm).checked_sub(1).and_then(|at| ALGORITHMS.get(at));
        out.str(ALGO, name.copied().unwrap_or("<unknown>"));
        let len = attrs.find(ATTR_SECRETLEN).and_then(Attr::u8).map_or(0, usize::from);
        if len > LONGEST {
            long.push(len);
        }
        let secret = attrs.find(ATTR_SECRET).map_or(&[][..], |a| a.value);
        out.bytes(SECRET, &secret[..secret.len().min(len).min(LONGEST)]);
        out.close();
    });
    for len in long {
        ctx.complain(format!("HMAC secret length {len} > {LONGEST}, truncated\n").as_bytes());
    }
    Ok(shown?)
}

fn set_hmac(family: &mut Family, args: &mut Args<'_>) -> Result {
    let id = args.need()?;
    let id = value::u32(id).filter(|id| *id != 0);
    let id = id.ok_or_else(|| args.wrong("hmac KEYID value is invalid"))?;
    let word = args.need()?;
    let algorithm = ALGORITHMS.iter().position(|a| a.as_bytes() == word);
    let algorithm = algorithm.ok_or_else(|| args.wrong("hmac ALGO value is invalid"))?;
    nothing_more(args)?;
    let secret = tty::secret(b"Enter secret for HMAC key ID (blank to delete): ")
        .map_err(|error| Error::Io { what: "getpass", error })?;
    let mut request = family.request(CMD_SETHMAC, 0);
    request.u32(ATTR_HMACKEYID, id);
    request.u8(ATTR_SECRETLEN, u8::try_from(secret.len()).unwrap_or(u8::MAX));
    request.u8(ATTR_ALGID, u8::try_from(algorithm + 1).unwrap_or(0));
    if !secret.is_empty() {
        request.attr(ATTR_SECRET, &secret);
    }
    Ok(Ctx::genl_change(family, &mut request, 1)?)
}

fn tunsrc(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    if sets(args)? {
        let addr = value::addr(args.need()?, AF_INET6).map_err(|e| e.at(args.at()))?;
        nothing_more(args)?;
        let mut request = family.request(CMD_SET_TUNSRC, 0);
        request.attr(ATTR_DST, addr.bytes());
        return Ok(Ctx::genl_change(&mut family, &mut request, 1)?);
    }
    nothing_more(args)?;
    let mut request = family.request(CMD_GET_TUNSRC, 0);
    let msg = family.conn.get(&mut request).map_err(|e| pointed(e, &request))?;
    ctx.out.begin();
    ctx.out.open();
    if let Some(a) = genl::attrs(msg.payload).find(ATTR_DST) {
        ctx.out.ip(Paint::Plain, TUNSRC, a.value);
    }
    ctx.out.close();
    ctx.out.end();
    Ok(())
}
