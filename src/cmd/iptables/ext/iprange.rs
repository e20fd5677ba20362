//! `-m iprange`: addresses from one to another.

use crate::cmd::iptables::address;
use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Addr;
use crate::sys::fd;

use super::{Ext, Fill, Opt, Shown, put, put_at};

const FLAGS: usize = 64;

/// Where the first address of a range lies, its flag, its option, and what `-L` says.
const SIDES: [(usize, u8, &str, &str); 2] =
    [(0, 1, "--src-range", " source IP range"), (32, 2, "--dst-range", " destination IP range")];

/// struct xt_iprange_mtinfo: from and to of the source, of the destination, flags; the flags of
/// what is inverted are four bits higher.
pub static IPRANGE: Ext = Ext {
    name: "iprange",
    wire: "iprange",
    revision: 1,
    size: 72,
    user: 72,
    opts: &[
        Opt {
            name: "src-range",
            arg: "ADDRESS[-ADDRESS]",
            not: true,
            take: |f, value| take(f, value, 0),
            ..Opt::NONE
        },
        Opt {
            name: "dst-range",
            arg: "ADDRESS[-ADDRESS]",
            not: true,
            take: |f, value| take(f, value, 1),
            ..Opt::NONE
        },
    ],
    complete: |_, seen| match seen {
        0 => usage(&[b"iprange match: You must specify `--src-range' or `--dst-range'"]),
        _ => Ok(()),
    },
    save: |out, s| show(out, s, true),
    list: |out, s| show(out, s, false),
    ..Ext::MATCH
};

fn take(f: &mut Fill<'_, '_>, value: &[u8], side: usize) -> Result {
    let (at, flag, option, _) = SIDES[side];
    let (low, high) = match value.iter().position(|&b| b == b'-') {
        Some(dash) => (&value[..dash], &value[dash + 1..]),
        None => (value, value),
    };
    let one = |word: &[u8]| match address::network(f.family, word) {
        Some(addr) => Ok(addr),
        None => {
            let text = format!("iprange: Bad value for \"{option}\" option: \"");
            usage(&[text.as_bytes(), word, b"\""])
        }
    };
    let (first, last) = (one(low)?, one(high)?);
    if first > last {
        fd::stderr(
            &[b"xt_iprange: range ", low, b"-", high, b" is reversed and will never match\n"]
                .concat(),
        );
    }
    put_at(f.info, at, &first);
    put_at(f.info, at + 16, &last);
    f.info[FLAGS] |= flag | if f.not { flag << 4 } else { 0 };
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, save: bool) {
    let flags = s.info[FLAGS];
    for (at, flag, option, label) in SIDES {
        if flags & flag == 0 {
            continue;
        }
        if !save {
            put(out, label);
        }
        put(out, if flags & flag << 4 != 0 { " !" } else { "" });
        if save {
            put(out, [" ", option].concat());
        }
        let address = |at: usize| {
            let mut addr: Addr = [0; 16];
            addr.copy_from_slice(&s.info[at..at + 16]);
            s.family.show(&addr)
        };
        put(out, format!(" {}-{}", address(at), address(at + 16)));
    }
}
