//! `xdp`: the BPF program that sees a device's packets first.

use std::os::fd::AsRawFd;

use super::Change;
use crate::cli::{Args, exact, prefix};
use crate::error::{self, Error};
use crate::rtnl::consts::IFLA_XDP;
use crate::sys::bpf;

/// For the usage.
pub const USAGE: &str =
    "{ off | object FILE [ { section | program } NAME ] [ verbose ] | pinned FILE }";

const IFLA_XDP_FD: u16 = 1;
const IFLA_XDP_FLAGS: u16 = 3;

// XDP_FLAGS_* (linux/if_link.h)
const UPDATE_IF_NOEXIST: u32 = 1;
const SKB_MODE: u32 = 2;
const DRV_MODE: u32 = 4;
const HW_MODE: u32 = 8;

pub fn xdp<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    attach(args, c, 0)
}
pub fn generic<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    attach(args, c, SKB_MODE)
}
pub fn drv<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    attach(args, c, DRV_MODE)
}
pub fn offload<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    attach(args, c, HW_MODE)
}

fn attach<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>, mode: u32) -> Result<(), Error> {
    let flags = mode | if c.how.force { 0 } else { UPDATE_IF_NOEXIST };
    // To offload, the reference asks for the device first (observed in iproute2 6.15).
    if mode == HW_MODE && c.subject().is_none_or(|dev| c.names.index(dev).is_none()) {
        return Err(args.incomplete().into());
    }
    let word = args.need()?;
    // Only at the end of the words (observed in iproute2 7.2).
    let fd = if matches!(word, b"off" | b"none") && args.is_empty() {
        -1
    } else if prefix("pinned").is(word) || prefix("fd").is(word) {
        let path = args.need()?;
        let program = bpf::open_pinned(path).map_err(|e| {
            let why = error::strerror(&e);
            let head = b"Couldn't retrieve pinned program '";
            Error::fatal(255, [head, path, b"': ", why.as_bytes()].concat())
        })?;
        let fd = program.as_raw_fd();
        c.files.push(program);
        fd
    } else if prefix("object").is(word) || exact("obj").is(word) {
        let file = args.need()?;
        let text = [
            b"ipbox does not load object files of BPF programs yet: load \"",
            file,
            b"\" with another tool and use \"xdp pinned PATH\".",
        ];
        return Err(Error::fatal(255, text.concat()));
    } else {
        return Err(Error::fatal(255, [b"What mode is \"", word, b"\"?"].concat()));
    };
    let nest = c.req.nest(IFLA_XDP);
    c.req.attr(IFLA_XDP_FD, &fd.to_ne_bytes());
    if flags != 0 {
        c.req.u32(IFLA_XDP_FLAGS, flags);
    }
    c.req.end(nest);
    Ok(())
}
