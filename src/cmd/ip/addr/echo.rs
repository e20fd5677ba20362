//! -echo: the address that a change has made or removed.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::netlink::Request;
use crate::rtnl::addr::Addr;
use crate::rtnl::consts::RTM_DELADDR;

use super::line::{self, Before};

/// Sends a change and shows what the kernel sends back, if that was asked for.
pub fn change(ctx: &mut Ctx, request: &mut Request) -> Result {
    if !ctx.opts.echo {
        return Ok(ctx.change_later(request)?);
    }
    let mut answers = Vec::new();
    ctx.change_echo(request, |msg| answers.push((msg.kind, msg.payload.to_vec())))?;
    let Ctx { out, names, opts, .. } = ctx;
    out.begin();
    // The object is there without an answer, too: IPv6 sends none.
    out.open();
    for (kind, payload) in &answers {
        let Some(a) = Addr::parse(payload) else { continue };
        if *kind == RTM_DELADDR {
            line::deleted(out);
        }
        line::show(out, names, opts, &a, Before::Dev);
    }
    out.close();
    out.end();
    Ok(())
}
