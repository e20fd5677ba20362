//! `ip link property add|del`: alternative names.

use crate::cli::{Args, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::netlink::{NLA_F_NESTED, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, Request};
use crate::rtnl::consts::{IFLA_ALT_IFNAME, IFLA_PROP_LIST, RTM_DELLINKPROP, RTM_NEWLINKPROP};
use crate::rtnl::link;

use super::device;

/// The longest alternative name, in bytes.
const ALT_NAME_MAX: usize = 127;

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let Some(word) = args.take() else { return Err(super::usage().into()) };
    if prefix("add").is(word) {
        modify(ctx, args, RTM_NEWLINKPROP, NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND)
    } else if prefix("del").is(word) {
        modify(ctx, args, RTM_DELLINKPROP, 0)
    } else if prefix("help").is(word) {
        Err(super::usage().into())
    } else {
        Err(Error::fatal(255, "Operator required").into())
    }
}

fn modify(ctx: &mut Ctx, args: &mut Args<'_>, kind: u16, flags: u16) -> Result {
    let mut req = Request::new(kind, flags, &link::header(ctx.opts.family, 0));
    let list = req.nest(IFLA_PROP_LIST | NLA_F_NESTED);
    let mut dev = None;
    while let Some(word) = args.take() {
        req.from_word(args.at());
        if prefix("altname").is(word) {
            let name = args.need()?;
            if name.is_empty() || name.len() > ALT_NAME_MAX {
                return Err(args.wrong("not a valid altname").into());
            }
            req.strz(IFLA_ALT_IFNAME, name);
        } else if prefix("help").is(word) {
            return Err(super::usage().into());
        } else {
            let name = if exact("dev").is(word) { args.need()? } else { word };
            if dev.is_some() {
                return Err(args.garbage("dev").into());
            }
            dev = Some(name);
        }
    }
    req.end(list);
    let Some(dev) = dev else {
        let text = "Not enough of information: \"dev\" argument is required.";
        return Err(Error::from(Usage::new(255, text)).into());
    };
    let index = ctx.names.index(dev).ok_or_else(|| device::cannot_find(dev))?;
    req.header()[4..8].copy_from_slice(&index.to_ne_bytes());
    ctx.change(&mut req)?;
    ctx.names.forget_link(index);
    Ok(())
}
