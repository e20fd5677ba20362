//! `ip address save`, `showdump`, `restore`: addresses as the kernel's own messages.
//!
//! Each of the three ends the program, also in a batch, as in the reference.

use super::super::link::filter::Filter;
use super::super::link::show::no_device;
use super::super::saved;
use super::line::{self, Before};
use crate::cli::Args;
use crate::ctx::{Ctx, dump_failed};
use crate::error::{Error, Result};
use crate::netlink::Msg;
use crate::output::{Field, field};
use crate::rtnl::addr::{Addr, query};
use crate::rtnl::consts::RTM_NEWADDR;
use crate::sys::fd;

const MAGIC: u32 = 0x4736_1222;

const INDEX: Field = field("index", "if{}:");

/// Success, and the end of the program.
fn end() -> Result {
    Err(Error::fatal(0, "").into())
}

/// The device and the family choose; other selectors are read and rest, as in the reference.
pub fn save(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = ctx.opts.family;
    let filter = Filter::parse(args, &mut ctx.names, &mut family, super::usage)?;
    let index = match &filter.dev {
        Some(name) => ctx.names.index(name).ok_or_else(|| no_device(name))?,
        None => 0,
    };
    if fd::stdout_is_terminal() {
        return Err(Error::fatal(1, "Not sending a binary stream to stdout").into());
    }
    ctx.out.raw(&MAGIC.to_ne_bytes());
    let mut request = query(ctx.opts.family, index);
    match ctx.route()?.snapshot(&mut request) {
        Ok((all, interrupted)) => {
            ctx.out.raw(&all);
            ctx.told_interruption(interrupted);
        }
        Err(e) => dump_failed(e, 1)?,
    }
    end()
}

/// Shows what was saved; devices have numbers only, since they may have other names now.
pub fn showdump(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let saved = read("Can't restore address dump from a terminal")?;
    let Ctx { out, names, opts, .. } = ctx;
    out.begin();
    out.open();
    out.open_list("addr_info");
    let whole = messages(&saved, |msg| {
        let Some(a) = Addr::parse(msg.payload).filter(|_| msg.kind == RTM_NEWADDR) else {
            return Ok(());
        };
        out.open();
        out.uint(INDEX, a.index);
        out.line_break();
        line::show(out, names, opts, &a, Before::Blanks);
        out.close();
        Ok(())
    });
    out.close_list();
    out.close();
    out.end();
    whole?;
    end()
}

/// Makes the addresses again; one that is there already is no failure.
pub fn restore(ctx: &mut Ctx, _: &mut Args<'_>) -> Result {
    let saved = read("Can't restore address dump from a terminal")?;
    messages(&saved, |msg| saved::again(ctx, &msg, saved::fatal))?;
    end()
}

/// All of standard input behind the number that begins it.
fn read(terminal: &str) -> Result<Vec<u8>> {
    Ok(saved::read(MAGIC, terminal).map_err(|text| Error::fatal(255, text))?)
}

fn messages(saved: &[u8], take: impl FnMut(Msg<'_>) -> Result) -> Result {
    saved::messages(saved, |text| Error::fatal(255, text), take)
}
