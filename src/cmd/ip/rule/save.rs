//! `ip rule save`, `restore`: rules as the kernel's own messages.

use crate::cli::Args;
use crate::cmd::ip::saved;
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result};
use crate::sys::fd;

use super::show;

const MAGIC: u32 = 0x7170_6986;

pub fn save(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if !args.is_empty() {
        let text = "\"ip rule save\" does not take any arguments.";
        return Err(Error::failed(1, text).into());
    }
    if fd::stdout_is_terminal() {
        return Err(Error::failed(1, "Not sending a binary stream to stdout").into());
    }
    let family = super::family(ctx);
    ctx.out.raw(&MAGIC.to_ne_bytes());
    match ctx.route()?.snapshot(&mut show::query(family)) {
        Ok((all, interrupted)) => {
            ctx.out.raw(&all);
            ctx.told_interruption(interrupted);
        }
        Err(e) => dump_failed(e, 255)?,
    }
    Ok(())
}

/// Makes the rules again; one that is there already is no failure. Ends the program, also in a
/// batch.
pub fn restore(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let saved = saved::read(MAGIC, "Can't restore rule dump from a terminal")
        .map_err(|text| Error::fatal(255, text))?;
    let broken = |text: String| Error::fatal(255, text);
    saved::messages(&saved, broken, |msg| saved::again(ctx, &msg, saved::fatal))?;
    Err(Error::fatal(0, "").into())
}
