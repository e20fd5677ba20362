//! `gtp`: the tunnels of mobile networks between base stations and gateways.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, value};
use crate::error::Error;
use crate::names::Names;
use crate::output::Out;

pub static KIND: LinkKind = LinkKind {
    usage: "role { sgsn | ggsn }\n\t\t[ hsize BUCKETS ]\n\t\t[ restart_count COUNT ]",
    parse: Some(parse),
    show: Some(show),
    ..LinkKind::plain("gtp", "the tunnels of mobile networks")
};

// IFLA_GTP_* (linux/if_link.h)
const PDP_HASHSIZE: u16 = 3;
const ROLE: u16 = 4;
const CREATE_SOCKETS: u16 = 5;
const RESTART_COUNT: u16 = 6;

/// GTP_ROLE_* by number.
const ROLES: &[&str] = &["ggsn", "sgsn"];

/// A word that is none of these is refused; iproute2 6.15 and 7.1 pass over it.
fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut seen = Vec::new();
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        let known = ["role", "hsize", "restart_count"].into_iter().find(|k| k.as_bytes() == word);
        let Some(key) = known else { return Err(kind.unknown(args)) };
        let word = args.need()?;
        if seen.contains(&key) {
            return Err(args.garbage(key).into());
        }
        seen.push(key);
        match key {
            "role" => {
                let role = ROLES.iter().position(|r| r.as_bytes() == word);
                let role = role.and_then(|r| u32::try_from(r).ok());
                let wrong = || args.wrong("invalid role, use sgsn or ggsn");
                words.req.u32(ROLE, role.ok_or_else(wrong)?);
            }
            "hsize" => {
                let size = value::u32(word).ok_or_else(|| args.wrong("invalid PDP hash size"))?;
                if size >= 1 << 17 {
                    return Err(args.wrong("PDP hash size too big").into());
                }
                words.req.u32(PDP_HASHSIZE, size);
            }
            _ => {
                let count = value::u8(word).ok_or_else(|| args.wrong("invalid restart_count"))?;
                words.req.u8(RESTART_COUNT, count);
            }
        }
    }
    if !seen.contains(&"role") {
        return Err(Error::failed(1, "gtp: role of the gtp device was not specified"));
    }
    if !seen.contains(&"hsize") {
        words.req.u32(PDP_HASHSIZE, 1024);
    }
    words.req.u8(CREATE_SOCKETS, 1);
    Ok(())
}

fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    if let Some(role) = data.find(ROLE).and_then(|a| a.u32()) {
        out.str(token!("role"), ROLES[usize::from(role == 1)]);
    }
    if let Some(size) = data.find(PDP_HASHSIZE).and_then(|a| a.u32()) {
        out.uint(token!("hsize"), size);
    }
    if let Some(count) = data.find(RESTART_COUNT).and_then(|a| a.u8()) {
        out.uint(token!("restart_count"), count);
    }
}
