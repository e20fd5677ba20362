//! `ip nexthop add`, `replace`, `delete`.

use crate::cli::value::{self, AF_INET, AF_UNSPEC};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::cmd::ip::route::show::Level;
use crate::cmd::ip::route::{encap, nexthop};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Request};
use crate::rtnl::consts::RTNH_F_ONLINK;
use crate::rtnl::nexthop::{
    NHA_BLACKHOLE, NHA_FDB, NHA_GATEWAY, NHA_HW_STATS_ENABLE, NHA_ID, NHA_OIF, RTM_DELNEXTHOP,
    RTM_NEWNEXTHOP, header,
};

use super::{group, show};

/// Of a mistake after which the reference does not leave the program.
const EINVAL: u8 = 22;

pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL)
}
pub fn replace(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE)
}
pub fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_DELNEXTHOP, 0)
}

/// What the words say.
pub struct Change<'n> {
    names: &'n mut Names,
    request: Request,
    /// AF_UNSPEC until a word or an option decides.
    family: u8,
    protocol: u8,
    flags: u32,
}

type Read = std::result::Result<(), Usage>;

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: exact("id"), arg: "ID", take: id, again: true },
            Row { word: exact("dev"), arg: "DEV", take: dev, again: true },
            Row { word: exact("via"), arg: "[ FAMILY ] ADDRESS", take: via, again: true },
            Row { word: exact("encap"), arg: "ENCAP ...", take: encapsulation, again: true },
            Row { word: exact("blackhole"), arg: "", take: blackhole, again: true },
            Row { word: exact("fdb"), arg: "", take: fdb, again: true },
            Row { word: exact("onlink"), arg: "", take: |_, c| { c.flags |= RTNH_F_ONLINK; Ok(()) }, again: true },
            Row { word: exact("group"), arg: "MEMBERS", take: |a, c| group::members(a, &mut c.request), again: true },
            Row { word: exact("type"), arg: "KIND", take: |a, c| group::kind(a, &mut c.request), again: true },
            Row { word: exact("help"), arg: "", take: |_, _| Err(super::usage()), again: true },
            Row { word: prefix("protocol"), arg: "PROTO", take: protocol, again: true },
            Row { word: exact("hw_stats"), arg: "{ on | off }", take: hw_stats, again: true },
        ]
    }
}

fn id(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let id = super::id(args)?;
    c.at(args).u32(NHA_ID, id);
    Ok(())
}

fn dev(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let index = c.names.index(args.need()?);
    let index = index.ok_or_else(|| args.wrong("Device does not exist\n"))?;
    c.at(args).u32(NHA_OIF, index);
    c.is_inet();
    Ok(())
}

fn via(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    args.need()?;
    let addr = match nexthop::family(args) {
        Some(family) => {
            let addr = value::addr(args.need()?, family).map_err(|e| e.at(args.at()))?;
            if c.family != AF_UNSPEC && c.family != family {
                return Err(args.wrong("address family mismatch\n"));
            }
            addr
        }
        None => value::addr(args.last(), c.family).map_err(|e| e.at(args.at()))?,
    };
    c.family = addr.family;
    c.at(args).attr(NHA_GATEWAY, addr.bytes());
    Ok(())
}

fn encapsulation(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    encap::send(args, c.names, &mut c.request, &encap::NEXTHOP)
}

fn blackhole(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    c.at(args).attr(NHA_BLACKHOLE, &[]);
    c.is_inet();
    Ok(())
}

fn fdb(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    c.at(args).attr(NHA_FDB, &[]);
    Ok(())
}

fn protocol(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let word = args.need()?;
    let number = c.names.number(Kind::RtProto, word).and_then(|n| u8::try_from(n).ok());
    c.protocol = number.ok_or_else(|| args.wrong("\"protocol\" value is invalid\n"))?;
    Ok(())
}

fn hw_stats(args: &mut Args<'_>, c: &mut Change<'_>) -> Read {
    let on = args.on_off("hw_stats", EINVAL)?;
    c.at(args).u32(NHA_HW_STATS_ENABLE, on.into());
    Ok(())
}

impl Change<'_> {
    /// The request; what is added now comes from the word taken last.
    fn at(&mut self, args: &Args<'_>) -> &mut Request {
        self.request.from_word(args.at());
        &mut self.request
    }

    /// What has no address is IPv4 unless something else was said before.
    fn is_inet(&mut self) {
        if self.family == AF_UNSPEC {
            self.family = AF_INET;
        }
    }

    fn finish(mut self) -> Request {
        let h = self.request.header();
        h[0] = self.family;
        h[2] = self.protocol;
        h[4..8].copy_from_slice(&self.flags.to_ne_bytes());
        self.request
    }
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, message: u16, flags: u16) -> Result {
    let mut c = Change {
        names: &mut ctx.names,
        request: Request::new(message, flags, &header(AF_UNSPEC)),
        family: ctx.opts.family,
        protocol: 0,
        flags: 0,
    };
    match args.read(rows(), &mut c, |a, _| Err(a.wrong(""))) {
        Err(usage) if usage.status == EINVAL => return Err(Error::returned(usage).into()),
        read => read?,
    }
    let mut request = c.finish();
    if !ctx.opts.echo {
        return Ok(ctx.change_later(&mut request)?);
    }
    let mut echoed = Vec::new();
    ctx.change_echo(&mut request, |msg| echoed.push((msg.kind, msg.payload.to_vec())))?;
    let Ctx { out, names, opts, .. } = ctx;
    out.begin();
    for (kind, payload) in &echoed {
        show::message(out, names, Level::of(opts), *kind, payload);
    }
    out.end();
    Ok(())
}
