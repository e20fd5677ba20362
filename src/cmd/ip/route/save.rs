//! `ip route save`, `restore`, `showdump`: routes as the kernel's own messages.

use super::filter::Filter;
use super::show::{self, Level};
use crate::cli::Args;
use crate::cmd::ip::saved;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::netlink::{Msg, Request};
use crate::rtnl::consts::RTM_NEWROUTE;
use crate::rtnl::route::Route;
use crate::sys::fd;

const MAGIC: u32 = 0x4531_1224;
const TERMINAL: &str = "Can't restore route dump from a terminal";

/// Writes the routes that `show` would show.
pub fn save(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let filter = Filter::parse(args, &mut ctx.names, ctx.opts.family)?;
    if fd::stdout_is_terminal() {
        return Err(Error::failed(1, "Not sending a binary stream to stdout").into());
    }
    let (conn, out, _, _) = ctx.parts()?;
    let mut dump = conn.dump(&mut filter.request())?;
    out.raw(&MAGIC.to_ne_bytes());
    let ended = loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                if Route::parse(msg.payload).is_some_and(|r| filter.accepts(&r)) {
                    // Not a change: whoever reads it adds the flags.
                    let mut copy = Request::new(msg.kind, msg.flags, msg.payload);
                    out.raw(copy.finish(msg.seq)?);
                }
            }
            Ok(None) => break Ok(()),
            Err(e) => break show::ended(e, &filter),
        }
    };
    let interrupted = dump.interrupted();
    ctx.told_interruption(interrupted);
    Ok(ended?)
}

/// Shows what was saved.
pub fn showdump(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let saved = read()?;
    let level = Level::of(&ctx.opts);
    let Ctx { out, names, .. } = ctx;
    out.begin();
    let all = Filter::default();
    let whole = messages(&saved, |msg| {
        if let Some(r) = Route::parse(msg.payload).filter(|_| msg.kind == RTM_NEWROUTE) {
            show::route(out, names, &all, level, &r);
        }
        Ok(())
    });
    out.end();
    whole
}

/// Makes the routes again, each kind when what it needs is there: what is local first, then
/// networks that are connected, then what is behind a gateway. A route that is there already is
/// no failure.
pub fn restore(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let saved = read()?;
    for pass in 0..3 {
        messages(&saved, |msg| {
            if Route::parse(msg.payload).map(|r| turn(&r)) != Some(pass) {
                return Ok(());
            }
            saved::again(ctx, &msg, Error::from)
        })?;
    }
    Ok(())
}

/// In which pass a route is restored.
fn turn(r: &Route<'_>) -> u8 {
    match (r.gateway(), r.prefsrc()) {
        (Some(_), _) => 2,
        (None, Some(src)) if r.dst() != Some(src) => 1,
        (None, _) => 0,
    }
}

fn read() -> Result<Vec<u8>> {
    Ok(saved::read(MAGIC, TERMINAL).map_err(|text| Error::failed(1, text))?)
}

fn messages(saved: &[u8], take: impl FnMut(Msg<'_>) -> Result) -> Result {
    saved::messages(saved, |text| Error::failed(2, text), take)
}
