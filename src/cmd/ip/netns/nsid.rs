//! `ip netns set` and `ip netns list-id`: the numbers under which the kernel knows namespaces.

use std::os::fd::AsFd;

use crate::cli::{Args, value};
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result, strerror};
use crate::netlink::Msgs;
use crate::output::{Field, Out, field};
use crate::rtnl::nsid::{self, NsId};
use crate::sys::{file, netns};

const NSID: Field = field("nsid", "nsid {} ");
const CURRENT: Field = field("current-nsid", "current-nsid {} ");
const NAME: Field = field("name", "(iproute2 netns name: {})");

/// `ip netns set NAME { auto | N }`; further words are ignored, as the reference does.
pub fn set(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let name = args.take().ok_or_else(super::no_name)?;
    let Some(word) = args.take() else {
        return Err(Error::failed(1, "No nsid specified").into());
    };
    let id = match word {
        b"auto" => -1,
        _ => {
            let id = value::i32(word).ok_or_else(|| args.wrong("Invalid \"netnsid\" value"))?;
            if id < 0 {
                return Err(args.wrong("\"netnsid\" value should be >= 0").into());
            }
            id
        }
    };
    // The reference is silent here; a person wants to know.
    let ns = netns::open_named(name).map_err(|e| {
        let why = strerror(&e);
        Error::failed(
            1,
            [b"Cannot open network namespace \"", name, b"\": ", why.as_bytes()].concat(),
        )
    })?;
    Ok(ctx.change(&mut nsid::set(ns.as_fd(), id))?)
}

/// `ip netns list-id [target-nsid N] [nsid N]`.
pub fn list(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let (mut target, mut id) = (None, None);
    while let Some(word) = args.take() {
        let (slot, key) = match word {
            b"target-nsid" => (&mut target, "target-nsid"),
            b"nsid" => (&mut id, "nsid"),
            _ => return Err(super::usage().into()),
        };
        if slot.is_some() {
            return Err(args.duplicate(key).into());
        }
        let n = args.value(value::i32, &format!("\"{key}\" value is invalid"))?;
        if n < 0 {
            // The reference names the word behind it.
            return Err(args.wrong(&format!("\"{key}\" value should be >= 0")).into());
        }
        *slot = Some(n);
    }
    let names = ids_by_name(ctx);
    let mut request = nsid::list(target, id);
    if id.is_some() {
        let answer = ctx.route()?.get(&mut request).map(|m| m.payload.to_vec());
        let payload = answer.map_err(|e| crate::ctx::pointed(e, &request))?;
        ctx.out.begin();
        show(ctx, &names, &payload);
        ctx.out.end();
        return Ok(());
    }
    let (all, interrupted) = match ctx.route()?.snapshot(&mut request) {
        Ok(answer) => answer,
        Err(e) => {
            ctx.out.begin();
            ctx.out.end();
            return Ok(dump_failed(e, 1)?);
        }
    };
    ctx.out.begin();
    for msg in Msgs(&all) {
        show(ctx, &names, msg.payload);
    }
    ctx.out.end();
    ctx.told_interruption(interrupted);
    Ok(())
}

fn show(ctx: &mut Ctx, names: &[(i32, Vec<u8>)], payload: &[u8]) {
    let Some(ns) = NsId::parse(payload) else { return };
    let Some(id) = ns.id() else { return };
    let here = ns.current().unwrap_or(id);
    let name = names.iter().find(|(n, _)| *n == here).map(|(_, name)| &name[..]);
    ctx.out.open();
    line(&mut ctx.out, &ns, name);
    ctx.out.close();
}

/// One id and the name of its namespace, with the end of its line.
pub fn line(out: &mut Out, ns: &NsId<'_>, name: Option<&[u8]>) {
    if let Some(id) = ns.id() {
        out.int(NSID, id);
    }
    if let Some(current) = ns.current() {
        out.int(CURRENT, current);
    }
    if let Some(name) = name {
        out.bytes(NAME, name);
    }
    out.newline();
}

/// The ids of all named namespaces that have one here.
fn ids_by_name(ctx: &mut Ctx) -> Vec<(i32, Vec<u8>)> {
    let mut ids = Vec::new();
    for name in file::list(netns::DIR).unwrap_or_default() {
        let Ok(ns) = netns::open_named(&name) else { continue };
        let Ok(conn) = ctx.route() else { continue };
        let Ok(msg) = conn.get(&mut nsid::get(ns.as_fd())) else { continue };
        if let Some(id) = NsId::parse(msg.payload).and_then(|n| n.id()).filter(|id| *id >= 0) {
            ids.push((id, name));
        }
    }
    ids
}
