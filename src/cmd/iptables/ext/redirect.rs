//! `-j REDIRECT`: the packet goes to this machine itself.

use crate::cmd::iptables::family::Family;

use super::nat::{self, Layout, OLD, PROTO_SPECIFIED, RANDOM, RANGE};
use super::{Ext, Opt, Shown, put};

/// The options, for one of the structures.
macro_rules! options {
    ($layout:expr) => {
        [
            Opt {
                name: "to-ports",
                arg: "PORT[-PORT]",
                take: |f, value| $layout.take_ports(f, value),
                ..Opt::NONE
            },
            Opt {
                name: "random",
                take: |f, _| {
                    $layout.set_flags(f.info, RANDOM);
                    Ok(())
                },
                ..Opt::NONE
            },
        ]
    };
}

pub static REDIRECT_V4: Ext = Ext {
    name: "REDIRECT",
    wire: "REDIRECT",
    family: Some(Family::V4),
    size: nat::OLD_SIZE,
    user: nat::OLD_SIZE,
    opts: &options!(OLD),
    init: nat::init_old,
    save: |out, s| show(out, s, OLD, " --to-ports ", "--"),
    list: |out, s| show(out, s, OLD, " redir ports ", ""),
    ..Ext::TARGET
};

pub static REDIRECT_V6: Ext = Ext {
    name: "REDIRECT",
    wire: "REDIRECT",
    family: Some(Family::V6),
    size: nat::RANGE_SIZE,
    user: nat::RANGE_SIZE,
    opts: &options!(RANGE),
    save: |out, s| show(out, s, RANGE, " --to-ports ", "--"),
    list: |out, s| show(out, s, RANGE, " redir ports ", ""),
    ..Ext::TARGET
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, layout: Layout, ports: &str, dashes: &str) {
    if layout.flags(s.info) & PROTO_SPECIFIED != 0 {
        put(out, ports);
        layout.show_ports(out, s.info);
    }
    layout.show_flags(out, s.info, dashes);
}
