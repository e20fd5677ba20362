//! `ip netns list`.

use std::os::fd::AsFd;

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Result, refusal};
use crate::netlink;
use crate::output::{Field, field};
use crate::rtnl::nsid::{self, NsId};
use crate::sys::{file, netns};

const NAME: Field = field("name", "{}");
const ID: Field = field("id", " (id: {})");

/// Shows every name, in the directory's order, with its id if it has one here.
pub fn run(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    // No directory, no namespaces, and not even an empty JSON list (observed in iproute2 6.15).
    let Ok(names) = file::list(netns::DIR) else { return Ok(()) };
    ctx.out.begin();
    for name in names {
        let id = id_of(ctx, &name)?;
        ctx.out.open();
        ctx.out.bytes(NAME, &name);
        if let Some(id) = id {
            ctx.out.int(ID, id);
        }
        ctx.out.close();
        ctx.out.newline();
    }
    ctx.out.end();
    Ok(())
}

/// The id that a name has in the current namespace. A file that is no namespace is told on
/// stderr and listed all the same.
fn id_of(ctx: &mut Ctx, name: &[u8]) -> Result<Option<i32>> {
    let Ok(ns) = netns::open_named(name) else { return Ok(None) };
    match ctx.route()?.get(&mut nsid::get(ns.as_fd())) {
        Ok(msg) => Ok(NsId::parse(msg.payload).and_then(|n| n.id()).filter(|id| *id >= 0)),
        Err(netlink::Error::Nack(nack)) => {
            let mut text = refusal(&nack);
            text.push(b'\n');
            ctx.complain(&text);
            ctx.hint(|| {
                let path = netns::path(name);
                format!("{} is not a namespace", String::from_utf8_lossy(&path))
            });
            Ok(None)
        }
        Err(e) => Err(crate::error::Error::from(e).into()),
    }
}
