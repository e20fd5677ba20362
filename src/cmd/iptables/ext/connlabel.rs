//! `-m connlabel`: labels of a connection.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;
use crate::sys::{fd, file};

use super::{Ext, Fill, Opt, dec, put, put_at, u16_at};

const OPTIONS: usize = 2;
/// XT_CONNLABEL_OP_*.
const INVERT: u8 = 1;
const SET: u8 = 2;

/// Lines of a number and a name.
const FILE: &[u8] = b"/etc/xtables/connlabel.conf";

/// struct xt_connlabel_mtinfo: label, what to do. The reference compares none of it.
pub static CONNLABEL: Ext = Ext {
    name: "connlabel",
    wire: "connlabel",
    size: 8,
    user: 0,
    opts: &[
        Opt { name: "label", arg: "NAME|NUMBER", not: true, required: true, take, ..Opt::NONE },
        Opt {
            name: "set",
            take: |f, _| {
                f.info[OPTIONS] |= SET;
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    save: |out, s| {
        put(out, if s.info[OPTIONS] & INVERT != 0 { " ! --label \"" } else { " --label \"" });
        match name(u16_at(s.info, 0)) {
            Some(name) => put(out, name),
            None => dec(out, u16_at(s.info, 0)),
        }
        put(out, if s.info[OPTIONS] & SET != 0 { "\" --set" } else { "\"" });
    },
    list: |out, s| {
        put(out, " connlabel");
        put(out, if s.info[OPTIONS] & INVERT != 0 { " ! " } else { " " });
        match name(u16_at(s.info, 0)).filter(|_| !s.numeric) {
            Some(name) => {
                put(out, "'");
                put(out, name);
                put(out, "'");
            }
            None => dec(out, u16_at(s.info, 0)),
        }
        put(out, if s.info[OPTIONS] & SET != 0 { " set" } else { "" });
    },
    ..Ext::MATCH
};

/// Numbers and names of the file; complains when there is none, as the reference does.
fn labels() -> Vec<(u16, Vec<u8>)> {
    let text = match file::read(FILE) {
        Ok(text) => text,
        Err(e) => {
            let reason = crate::error::strerror(&e);
            fd::stderr(&[b"Warning: cannot open ", FILE, b": ", reason.as_bytes(), b"\n"].concat());
            return Vec::new();
        }
    };
    let entry = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let n = number(words.next()?, u16::MAX.into())?;
        Some((u16::try_from(n).ok()?, words.next()?.to_vec()))
    };
    text.split(|&b| b == b'\n').filter_map(entry).collect()
}

fn name(label: u16) -> Option<Vec<u8>> {
    labels().into_iter().find(|(n, _)| *n == label).map(|(_, name)| name)
}

fn take(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    if value.is_empty() {
        return usage(&[b"Argument must have a minimum length of 1 characters\n"]);
    }
    let numbered = number(value, u16::MAX.into()).and_then(|n| u16::try_from(n).ok());
    let named = || labels().into_iter().find(|(_, name)| name == value).map(|(n, _)| n);
    let label = numbered.or_else(named);
    let Some(label) = label else {
        return usage(&[b"label '", value, b"' not found or invalid value"]);
    };
    put_at(f.info, 0, &label.to_ne_bytes());
    f.info[OPTIONS] |= u8::from(f.not);
    Ok(())
}
