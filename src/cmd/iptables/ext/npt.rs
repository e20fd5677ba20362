//! `-j SNPT`, `-j DNPT`: exchanges the prefix of addresses of IPv6, without connections.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;

use super::conntrack;
use super::{Ext, Fill, Opt, Shown, addr_at, dec, put, put_at};

/// Where the lengths lie, in bits; behind them is the kernel's own.
const LENGTHS: usize = 32;

const SRC: Opt = Opt {
    name: "src-pfx",
    arg: "PREFIX/LENGTH",
    required: true,
    take: |f, value| prefix(f, value, 0),
    ..Opt::NONE
};
const DST: Opt = Opt { name: "dst-pfx", take: |f, value| prefix(f, value, 1), ..SRC };

/// struct ip6t_npt_tginfo: two prefixes, their lengths, what is the kernel's.
const NPT: Ext = Ext {
    family: Some(Family::V6),
    size: 40,
    user: 34,
    opts: &[SRC, DST],
    save: |out, s| show(out, s, "--"),
    list: |out, s| {
        out.push(b' ');
        put(out, s.ext.name);
        show(out, s, "");
    },
    ..Ext::TARGET
};
pub static SNPT: Ext = Ext { name: "SNPT", wire: "SNPT", ..NPT };
pub static DNPT: Ext = Ext { name: "DNPT", wire: "DNPT", ..NPT };

fn prefix(f: &mut Fill<'_, '_>, value: &[u8], side: usize) -> Result {
    let (addr, mask) = conntrack::masked(f, value)?;
    let Some(bits) = f.family.prefix(&mask).and_then(|bits| u8::try_from(bits).ok()) else {
        return usage(&[f.ext.name.as_bytes(), b": \"", value, b"\" is no prefix"]);
    };
    put_at(f.info, side * 16, &addr);
    f.info[LENGTHS + side] = bits;
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, dashes: &str) {
    for (side, name) in ["src-pfx ", "dst-pfx "].into_iter().enumerate() {
        out.push(b' ');
        put(out, dashes);
        put(out, name);
        put(out, s.family.show(&addr_at(s.info, side * 16)));
        out.push(b'/');
        dec(out, s.info[LENGTHS + side]);
    }
}
