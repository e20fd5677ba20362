//! `ip tunnel prl` and `6rd`: the routers of an ISATAP tunnel, the prefix of a sit tunnel.

use crate::cli::value::{self, AF_INET, AF_INET6};
use crate::cli::{Args, Usage};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::sys::tunnel::{self, PRL_ADD, PRL_DELETE, SIX_RD_RESET, SIX_RD_SET, SixRd};

use super::reading;
use super::shared::request_refused as refused;

/// PRL_DEFAULT (linux/if_tunnel.h).
const DEFAULT: u16 = 1;

fn unknown(args: &Args<'_>, what: &str) -> Usage {
    let head = format!("Invalid {what} parameter \"");
    Usage::new(255, [head.as_bytes(), args.last(), b"\""].concat()).at(args.at())
}

/// A name of a device, which may or may not be there.
fn device<'a>(args: &mut Args<'a>) -> Result<&'a [u8], Usage> {
    let word = args.need()?;
    value::ifname(word).ok_or_else(|| args.wrong("\"dev\" not a valid ifname"))
}

fn no_device() -> Usage {
    Usage::new(255, "Must specify device")
}

pub fn prl(_: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev = None;
    let (mut what, mut addr, mut flags, mut count) = (0, [0; 4], 0, 0);
    while let Some(word) = args.take() {
        if word == b"dev" {
            dev = Some(device(args)?);
            continue;
        }
        (what, flags) = match word {
            b"prl-default" => (PRL_ADD, DEFAULT),
            b"prl-nodefault" => (PRL_ADD, 0),
            b"prl-delete" => (PRL_DELETE, 0),
            _ => return Err(unknown(args, "PRL").into()),
        };
        args.need()?;
        addr = reading::inet(args)?;
        count += 1;
        if count > 1 {
            return Err(Usage::new(255, "One PRL entry at a time").into());
        }
    }
    let dev = dev.ok_or_else(no_device)?;
    Ok(tunnel::change_router(what, dev, addr, flags).map_err(|e| refused(dev, what, &e))?)
}

pub fn six_rd(_: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut dev = None;
    let (mut what, mut rd) = (0, SixRd::default());
    while let Some(word) = args.take() {
        match word {
            b"dev" => dev = Some(device(args)?),
            b"6rd-prefix" => {
                let p = value::prefix(args.need()?, AF_INET6)?;
                rd.prefix = p.addr.bytes().try_into().unwrap_or_default();
                (what, rd.prefix_len) = (SIX_RD_SET, p.len.into());
            }
            b"6rd-relay_prefix" => {
                let p = value::prefix(args.need()?, AF_INET)?;
                rd.relay_prefix = p.addr.bytes().try_into().unwrap_or_default();
                (what, rd.relay_prefix_len) = (SIX_RD_SET, p.len.into());
            }
            b"6rd-reset" => what = SIX_RD_RESET,
            _ => return Err(unknown(args, "6RD").into()),
        }
    }
    let dev = dev.ok_or_else(no_device)?;
    Ok(tunnel::change_six_rd(what, dev, rd).map_err(|e| refused(dev, what, &e))?)
}
