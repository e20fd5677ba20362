//! `ip link add`, `set`, `replace`, `delete`.

use std::fs::File;

use crate::cli::{Args, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Request};
use crate::rtnl::consts::{
    IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_LINKINFO, RTM_DELLINK, RTM_NEWLINK,
};
use crate::rtnl::link::{self, Link};

use super::kind::{self, Words};
use super::show::{self, Form};
use super::tunnel;
use super::words::{About, Change, How, garbage};

pub fn add(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)
}
pub fn set(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWLINK, 0)
}
pub fn replace(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_NEWLINK, NLM_F_CREATE | NLM_F_REPLACE)
}
pub fn delete(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    modify(ctx, args, RTM_DELLINK, 0)
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16, flags: u16) -> Result {
    let mut req = Request::new(kind, flags, &link::header(ctx.opts.family, 0));
    let mut files = Vec::new();
    let how =
        How { create: flags & NLM_F_CREATE != 0, force: ctx.opts.force, family: ctx.opts.family };
    words(ctx, args, &mut req, &mut files, how)?;
    let index = Link::parse(req.payload()).map_or(0, |l| l.index);
    let mut made = Vec::new();
    ctx.change_echo(&mut req, |msg| made.push((msg.kind, msg.payload.to_vec())))?;
    if index != 0 {
        // The next use finds it as it is now.
        ctx.names.forget_link(index);
    }
    if ctx.opts.echo {
        echo(ctx, &made)?;
    }
    Ok(())
}

/// Turns all words into a request.
fn words(
    ctx: &mut Ctx,
    args: &mut Args<'_>,
    req: &mut Request,
    files: &mut Vec<File>,
    how: How,
) -> Result<(), Error> {
    let mut change = Change::new(&mut ctx.names, req, files, 0, how);
    let about = change.read(args)?;
    let kind = change.kind;
    match kind {
        _ if about == About::Group => Ok(()),
        Some(name) => {
            let current = match kind::find(name) {
                Some(k) if k.tunnel.is_some() && !how.create && !args.is_empty() => {
                    Some(current(ctx, req)?)
                }
                _ => None,
            };
            let words = Words { names: &mut ctx.names, req, files, how, current };
            typed(name, args, words)
        }
        None if how.create => {
            Err(Error::failed(1, "Not enough information: \"type\" argument is required"))
        }
        None => Ok(()),
    }
}

/// IFLA_INFO_DATA of the device that is to be changed.
fn current(ctx: &mut Ctx, req: &Request) -> Result<Vec<u8>, Error> {
    let index = Link::parse(req.payload()).map_or(0, |l| l.index);
    let answer = match ctx.route()?.get(&mut link::query(index, false, false)) {
        Ok(msg) => Link::parse(msg.payload).and_then(|l| Some(l.info()?.data()?.0.to_vec())),
        Err(e) => {
            ctx.complain(&Error::from(e).text());
            None
        }
    };
    answer.ok_or_else(tunnel::unreadable)
}

/// `type KIND …`.
fn typed(name: &[u8], args: &mut Args<'_>, mut words: Words<'_>) -> Result<(), Error> {
    let info = words.req.nest(IFLA_LINKINFO);
    words.req.strz(IFLA_INFO_KIND, name);
    if let Some(word) = args.peek() {
        let Some(kind) = kind::find(name).filter(|k| k.takes_words()) else {
            if prefix("help").is(word) {
                return Err(super::usage().into());
            }
            return Err(Error::failed(1, garbage(word)));
        };
        let is_port =
            name.iter().position(|&b| b == b'_').is_some_and(|at| &name[at..] == b"_slave");
        let data = words.req.nest(if is_port { IFLA_INFO_SLAVE_DATA } else { IFLA_INFO_DATA });
        kind::parse(kind, args, &mut words)?;
        words.req.end(data);
    }
    words.req.end(info);
    Ok(())
}

/// Shows what the kernel has made of it.
fn echo(ctx: &mut Ctx, made: &[(u16, Vec<u8>)]) -> Result {
    let (_, out, names, opts) = ctx.parts()?;
    out.begin();
    for (kind, payload) in made {
        let Some(link) = Link::parse(payload) else { continue };
        let deleted = *kind == RTM_DELLINK;
        let form = Form { link: false, link_line: true, queue: false, deleted };
        out.open();
        show::record(out, names, opts, &link, form);
        out.close();
    }
    out.end();
    Ok(())
}
