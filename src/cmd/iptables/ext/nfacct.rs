//! `-m nfacct`: counts packets and bytes in an account of nfacct(8).

use super::{Ext, Opt, Shown, put, quoted, scalar, text};
use crate::cmd::iptables::fail::usage;

/// NFACCT_NAME_MAX, the NUL included.
const NAME_SIZE: usize = 32;

/// struct xt_nfacct_match_info_v1: the name, and the kernel's own.
pub static NFACCT: Ext = Ext {
    name: "nfacct",
    wire: "nfacct",
    revision: 1,
    size: 40,
    user: NAME_SIZE,
    opts: &[Opt {
        name: "nfacct-name",
        arg: "NAME",
        required: true,
        take: |f, value| {
            scalar::put_name(f.info, 0, NAME_SIZE, value)?;
            match value.contains(&b'\n') {
                true => usage(&[b"Newlines not allowed in --nfacct-name"]),
                false => Ok(()),
            }
        },
        ..Opt::NONE
    }],
    save: |out, s| show(out, s, " --nfacct-name "),
    list: |out, s| show(out, s, " nfacct-name "),
    ..Ext::MATCH
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, word: &str) {
    put(out, word);
    quoted(out, text(s.info, 0, NAME_SIZE));
}
