//! `ip neighbour add`, `change`, `replace`, `delete`.

use crate::cli::value::{self, AF_UNSPEC, Addr};
use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::{Ctx, pointed};
use crate::error::{self, Error, Result};
use crate::names::{Kind, Names};
use crate::netlink::{self, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Request};
use crate::rtnl::consts::{
    NDA_DST, NDA_FLAGS_EXT, NDA_LLADDR, NDA_PROTOCOL, NTF_EXT_EXT_VALIDATED, NTF_EXT_LEARNED,
    NTF_EXT_MANAGED, NTF_PROXY, NTF_ROUTER, NTF_USE, NUD_NONE, NUD_PERMANENT, RTM_DELNEIGH,
    RTM_NEWNEIGH,
};
use crate::rtnl::neigh::header;

use super::state;

pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL)
}
pub fn change(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWNEIGH, NLM_F_REPLACE)
}
pub fn replace(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE)
}
pub fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_DELNEIGH, 0)
}

/// What the words say; numbers are places of words, for errors of the kernel.
pub struct Change<'n> {
    names: &'n mut Names,
    /// The family asked for by a global option.
    family: u8,
    dst: Option<(Addr, usize)>,
    dev: Option<(Vec<u8>, usize)>,
    /// As typed: it is read when all words are known.
    lladdr: Option<(Vec<u8>, usize)>,
    protocol: Option<(u8, usize)>,
    state: u16,
    flags: u8,
    flags_ext: u32,
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
pub fn rows<'n>() -> &'n [Row<Change<'n>>] {
    const {
        &[
            Row { word: prefix("lladdr"), arg: "LLADDR", take: lladdr, again: false },
            Row { word: exact("nud"), arg: "STATE", take: nud, again: true },
            Row { word: prefix("proxy"), arg: "ADDR", take: proxy, again: true },
            Row { word: exact("router"), arg: "", take: |_, c| c.flag(NTF_ROUTER), again: true },
            Row { word: exact("use"), arg: "", take: |_, c| c.flag(NTF_USE), again: true },
            Row { word: exact("managed"), arg: "", take: managed, again: true },
            Row { word: prefix("extern_learn"), arg: "", take: |_, c| c.flag(NTF_EXT_LEARNED), again: true },
            Row { word: exact("extern_valid"), arg: "", take: extern_valid, again: true },
            Row { word: exact("dev"), arg: "DEV", take: dev, again: true },
            Row { word: prefix("protocol"), arg: "PROTO", take: protocol, again: true },
            Row { word: exact("to"), arg: "ADDR", take: to, again: true },
        ]
    }
}

impl Change<'_> {
    fn flag(&mut self, bit: u8) -> std::result::Result<(), Usage> {
        self.flags |= bit;
        Ok(())
    }

    /// Reads the word taken last as the address.
    fn address(&mut self, args: &Args<'_>) -> std::result::Result<(), Usage> {
        let addr = value::addr(args.last(), self.family).map_err(|e| e.at(args.at()))?;
        self.dst = Some((addr, args.at()));
        Ok(())
    }
}

fn lladdr(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    c.lladdr = Some((args.need()?.to_vec(), args.at()));
    Ok(())
}

fn nud(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    c.state = state::take(args)?;
    Ok(())
}

fn proxy(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    if prefix("help").is(args.need()?) {
        return Err(super::usage());
    }
    if c.dst.is_some() {
        return Err(args.duplicate("address"));
    }
    c.address(args)?;
    c.flag(NTF_PROXY)
}

fn managed(_: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    c.flags_ext |= NTF_EXT_MANAGED;
    c.state = NUD_NONE;
    Ok(())
}

fn extern_valid(_: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    c.flags_ext |= NTF_EXT_EXT_VALIDATED;
    Ok(())
}

fn dev(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    c.dev = Some((args.need()?.to_vec(), args.at()));
    Ok(())
}

fn protocol(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    let word = args.need()?;
    let number = c.names.number(Kind::RtProto, word).and_then(|n| u8::try_from(n).ok());
    let number = number.ok_or_else(|| args.wrong("\"protocol\" value is invalid\n"))?;
    c.protocol = Some((number, args.at()));
    Ok(())
}

fn to(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    args.need()?;
    positional(args, c)
}

/// The address itself. A `help` before it is passed over (observed in iproute2 6.15).
fn positional(args: &mut Args<'_>, c: &mut Change<'_>) -> std::result::Result<(), Usage> {
    if prefix("help").is(args.last()) {
        args.need()?;
    }
    if c.dst.is_some() {
        return Err(args.garbage("to"));
    }
    c.address(args)
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16, flags: u16) -> Result {
    let mut c = Change {
        family: ctx.opts.family,
        names: &mut ctx.names,
        dst: None,
        dev: None,
        lladdr: None,
        protocol: None,
        state: NUD_PERMANENT,
        flags: 0,
        flags_ext: 0,
    };
    args.read(rows(), &mut c, positional)?;
    let mut request = c.request(kind, flags)?;
    match ctx.route()?.change(&mut request) {
        Ok(_) => Ok(()),
        // The reference leaves the program here, also in a batch.
        Err(netlink::Error::Nack(nack)) => {
            let mut refused = Usage::new(2, error::refusal(&nack));
            if let Error::Kernel { at, .. } = pointed(netlink::Error::Nack(nack), &request) {
                refused.at = at;
            }
            Err(refused.into())
        }
        Err(other) => Err(other.into()),
    }
}

impl Change<'_> {
    fn request(&mut self, kind: u16, flags: u16) -> Result<Request> {
        let proxy = self.flags & NTF_PROXY != 0;
        // `any` is an address when another follows, but none to be sent.
        let enough = self.dev.is_some() || proxy;
        let dst = self.dst.filter(|(dst, _)| enough && dst.family != AF_UNSPEC);
        let Some((dst, dst_at)) = dst else {
            let text = "Device and destination are required arguments.";
            return Err(Error::fatal(255, text).into());
        };
        let mut r = Request::new(kind, flags, &header(dst.family, 0, self.state, self.flags));
        r.from_word(dst_at);
        r.attr(NDA_DST, dst.bytes());
        if let Some((text, at)) = &self.lladdr
            && text != b"null"
        {
            let lladdr = value::lladdr_or_part(text).map_err(|part| {
                Error::failed(1, [b"\"", part, b"\" is invalid lladdr."].concat())
            })?;
            r.from_word(*at);
            r.attr(NDA_LLADDR, &lladdr);
        }
        if let Some((name, _)) = &self.dev {
            let index = self.names.index(name).ok_or_else(|| {
                Error::failed(1, [b"Cannot find device \"", &name[..], b"\""].concat())
            })?;
            r.header()[4..8].copy_from_slice(&index.to_ne_bytes());
        }
        if self.flags_ext != 0 {
            r.u32(NDA_FLAGS_EXT, self.flags_ext);
        }
        if let Some((protocol, at)) = self.protocol {
            r.from_word(at);
            r.u8(NDA_PROTOCOL, protocol);
        }
        Ok(r)
    }
}
