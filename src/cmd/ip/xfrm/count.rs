//! How many states and policies there are, and how the kernel keeps them.

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::netlink::{Attrs, Request};
use crate::rtnl::xfrm::{Bytes, GETSADINFO, GETSPDINFO};

use super::{open, refused};

// Attributes of the answers, XFRMA_SAD_* and XFRMA_SPD_*.
const SAD_COUNT: u16 = 1;
const SAD_HASH: u16 = 2;
const SPD_COUNTS: u16 = 1;
const SPD_HASH: u16 = 2;
const SPD_THRESHOLDS: [(u16, &str); 2] = [(3, "IPv4"), (4, "IPv6")];

/// Asks for everything; what lies behind the flags of the answer.
fn ask(ctx: &Ctx, kind: u16) -> Result<Vec<u8>, Error> {
    let mut req = Request::new(kind, 0, &u32::MAX.to_ne_bytes());
    let mut conn = open(ctx)?;
    let answer = conn.get(&mut req).map(|msg| msg.payload.get(4..).unwrap_or(&[]).to_vec());
    answer.map_err(|e| refused(e, &req))
}

/// `ip xfrm state count`.
pub fn states(ctx: &mut Ctx) -> Result {
    let answer = ask(ctx, GETSADINFO)?;
    let find = |kind| Attrs(&answer).find(kind).map(|a| Bytes(a.value));
    let mut text = String::from("\t SAD");
    if let Some(count) = find(SAD_COUNT) {
        text += &format!(" count {}", count.u32(0));
    }
    if ctx.opts.stats > 0
        && let Some(hash) = find(SAD_HASH)
    {
        text += &format!(" (buckets count {} Max {})", hash.u32(0), hash.u32(4));
    }
    text.push('\n');
    ctx.out.raw(text.as_bytes());
    Ok(())
}

/// `ip xfrm policy count`.
pub fn policies(ctx: &mut Ctx) -> Result {
    let answer = ask(ctx, GETSPDINFO)?;
    let find = |kind| Attrs(&answer).find(kind).map(|a| Bytes(a.value));
    let mut text = String::from("\t SPD");
    if let Some(c) = find(SPD_COUNTS) {
        let n = |i: usize| c.u32(4 * i);
        text += &format!(" IN  {} OUT {} FWD {}", n(0), n(1), n(2));
        if ctx.opts.stats > 0 {
            text += &format!(" (Sock: IN {} OUT {} FWD {})", n(3), n(4), n(5));
        }
    }
    text.push('\n');
    if ctx.opts.stats > 1 {
        if let Some(hash) = find(SPD_HASH) {
            text += &format!("\t SPD buckets: count {} Max {}\n", hash.u32(0), hash.u32(4));
        }
        for (kind, name) in SPD_THRESHOLDS {
            if let Some(t) = find(kind) {
                let (local, remote) = (t.u8(0), t.u8(1));
                text += &format!("\t SPD {name} thresholds: local {local} remote {remote}\n");
            }
        }
    }
    ctx.out.raw(text.as_bytes());
    Ok(())
}
