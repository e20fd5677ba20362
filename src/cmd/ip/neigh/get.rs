//! `ip neighbour get`.

use crate::cli::value::{self, AF_UNSPEC};
use crate::cli::{Args, exact, prefix};
use crate::ctx::{Ctx, pointed};
use crate::error::{Error, Result};
use crate::rtnl::consts::{NDA_DST, NTF_PROXY};
use crate::rtnl::neigh::{Neigh, query};

use super::{show, usage};

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev: Option<&[u8]> = None;
    let mut dst = None;
    let mut flags = 0;
    while let Some(word) = args.take() {
        if exact("dev").is(word) {
            dev = Some(args.need()?);
            continue;
        }
        let proxy = prefix("proxy").is(word);
        let word = if proxy || exact("to").is(word) { args.need()? } else { word };
        if prefix("help").is(word) {
            return Err(usage().into());
        }
        if dst.is_some() {
            return Err(if proxy { args.duplicate("address") } else { args.garbage("to") }.into());
        }
        if proxy {
            flags |= NTF_PROXY;
        }
        let addr = value::addr(word, ctx.opts.family).map_err(|e| e.at(args.at()))?;
        dst = Some((addr, args.at()));
    }
    let enough = dev.is_some() || flags & NTF_PROXY != 0;
    let Some((dst, at)) = dst.filter(|(dst, _)| enough && dst.family != AF_UNSPEC) else {
        return Err(Error::failed(1, "Device and address are required arguments.").into());
    };
    let mut index = 0;
    if let Some(name) = dev {
        index = ctx
            .names
            .index(name)
            .ok_or_else(|| Error::failed(1, [b"Cannot find device \"", name, b"\""].concat()))?;
    }
    let mut request = query(dst.family, index, flags);
    request.from_word(at);
    request.attr(NDA_DST, dst.bytes());
    let (conn, out, names, opts) = ctx.parts()?;
    let answer = conn.get(&mut request).map_err(|e| pointed(e, &request))?;
    out.begin();
    if let Some(n) = Neigh::parse(answer.payload) {
        out.open();
        show::entry(out, names, opts, &n, false);
        out.close();
    }
    out.end();
    Ok(())
}
