//! `-m realm`, `-m devgroup`: numbers that have names in /etc/iproute2.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::Family;
use crate::sys::file;

use super::{Ext, Fill, Opt, hex0x, put, put_at, scalar, u32_at};

const REALMS: &str = "/etc/iproute2/rt_realms";
const DEVICE_GROUPS: &str = "/etc/iproute2/group";

/// The numbers and names of a file; absent without the file. The reference looks at no other.
fn names(path: &str) -> Option<Vec<(u32, Vec<u8>)>> {
    let text = file::read(path.as_bytes()).ok()?;
    let entry = |line: &[u8]| {
        let (n, rest) = scalar::leading(line, u32::MAX)?;
        let name = rest.split(u8::is_ascii_whitespace).find(|w| !w.is_empty())?;
        Some((n, name.to_vec()))
    };
    Some(text.split(|&b| b == b'\n').filter_map(entry).collect())
}

/// `NUMBER[/MASK]`, or a name.
fn parse(f: &Fill<'_, '_>, word: &[u8], path: &str) -> Result<(u32, u32)> {
    let known = names(path);
    if let Some((n, _)) = known.iter().flatten().find(|(_, name)| name == word) {
        return Ok((*n, u32::MAX));
    }
    let ext = f.ext.name.as_bytes();
    let complain = |what: &[u8], behind: &[u8]| {
        let option = f.opt.name.as_bytes();
        usage(&[ext, b": ", what, b" for option \"--", option, b"\"", behind, b".\n"])
    };
    let unknown =
        || complain(&[b"could not map name ", word, b" to an integer value"].concat(), b"");
    let garbage = || complain(b"trailing garbage after value", b"");
    let bad = || complain(b"bad integer value", b", or out of range");
    match scalar::leading(word, u32::MAX) {
        Some((n, b"")) => Ok((n, u32::MAX)),
        Some((n, [b'/', mask @ ..])) => match scalar::leading(mask, u32::MAX) {
            Some((mask, b"")) => Ok((n, mask)),
            Some(_) => garbage(),
            None => bad(),
        },
        _ if known.is_some() => unknown(),
        Some(_) => garbage(),
        None => bad(),
    }
}

fn show(out: &mut Vec<u8>, n: u32, mask: u32, numeric: bool, path: &str) {
    if mask == u32::MAX
        && !numeric
        && let Some((_, name)) = names(path).iter().flatten().find(|(number, _)| *number == n)
    {
        return put(out, name);
    }
    hex0x(out, n, 1);
    if mask != u32::MAX {
        out.push(b'/');
        hex0x(out, mask, 1);
    }
}

/// struct xt_realm_info: number, mask, inverted.
pub static REALM: Ext = Ext {
    name: "realm",
    wire: "realm",
    family: Some(Family::V4),
    size: 16,
    user: 16,
    opts: &[Opt {
        name: "realm",
        arg: "NUMBER[/MASK]|NAME",
        not: true,
        required: true,
        take: |f, value| {
            let (n, mask) = parse(f, value, REALMS)?;
            put_at(f.info, 0, &n.to_ne_bytes());
            put_at(f.info, 4, &mask.to_ne_bytes());
            f.info[8] = f.not.into();
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[8] != 0 { " ! --realm " } else { " --realm " });
        show(out, u32_at(s.info, 0), u32_at(s.info, 4), false, REALMS);
    },
    list: |out, s| {
        put(out, if s.info[8] != 0 { " ! realm " } else { " realm " });
        show(out, u32_at(s.info, 0), u32_at(s.info, 4), s.numeric, REALMS);
    },
    ..Ext::MATCH
};

/// Its options, with the bit that says that it is given; the next one says that it is inverted.
/// And where the number lies; its mask is behind it.
const GROUPS: [(&str, u8, usize); 2] = [("src-group", 1, 4), ("dst-group", 4, 12)];

macro_rules! group {
    ($index:literal) => {
        Opt {
            name: GROUPS[$index].0,
            arg: "NUMBER[/MASK]|NAME",
            not: true,
            take: |f, value| {
                let (_, bit, at) = GROUPS[$index];
                let (n, mask) = parse(f, value, DEVICE_GROUPS)?;
                put_at(f.info, at, &n.to_ne_bytes());
                put_at(f.info, at + 4, &mask.to_ne_bytes());
                f.info[0] |= bit | if f.not { bit << 1 } else { 0 };
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// struct xt_devgroup_info: flags, group and mask of the source, of the destination.
pub static DEVGROUP: Ext = Ext {
    name: "devgroup",
    wire: "devgroup",
    size: 24,
    user: 24,
    opts: &[group!(0), group!(1)],
    complete: |_, seen| match seen {
        0 => usage(&[b"devgroup match: You must specify either '--src-group' or '--dst-group'"]),
        _ => Ok(()),
    },
    save: |out, s| groups(out, s.info, false, "--"),
    list: |out, s| groups(out, s.info, s.numeric, ""),
    ..Ext::MATCH
};

fn groups(out: &mut Vec<u8>, info: &[u8], numeric: bool, dashes: &str) {
    for (name, bit, at) in GROUPS {
        if info[0] & bit == 0 {
            continue;
        }
        put(out, if info[0] & bit << 1 != 0 { " ! " } else { " " });
        put(out, [dashes, name, " "].concat());
        show(out, u32_at(info, at), u32_at(info, at + 4), numeric, DEVICE_GROUPS);
    }
}
