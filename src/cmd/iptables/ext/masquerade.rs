//! `-j MASQUERADE`: the source address becomes that of the interface the packet leaves by.

use crate::cmd::iptables::family::Family;

use super::nat::{self, Layout, OLD, PROTO_SPECIFIED, RANDOM, RANDOM_FULLY, RANGE};
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
            Opt {
                name: "random-fully",
                take: |f, _| {
                    $layout.set_flags(f.info, RANDOM_FULLY);
                    Ok(())
                },
                ..Opt::NONE
            },
        ]
    };
}

pub static MASQUERADE_V4: Ext = Ext {
    name: "MASQUERADE",
    wire: "MASQUERADE",
    family: Some(Family::V4),
    size: nat::OLD_SIZE,
    user: nat::OLD_SIZE,
    opts: &options!(OLD),
    init: nat::init_old,
    save: |out, s| save(out, s, OLD),
    list: |out, s| list(out, s, OLD),
    ..Ext::TARGET
};

pub static MASQUERADE_V6: Ext = Ext {
    name: "MASQUERADE",
    wire: "MASQUERADE",
    family: Some(Family::V6),
    size: nat::RANGE_SIZE,
    user: nat::RANGE_SIZE,
    opts: &options!(RANGE),
    save: |out, s| save(out, s, RANGE),
    list: |out, s| list(out, s, RANGE),
    ..Ext::TARGET
};

fn save(out: &mut Vec<u8>, s: &Shown<'_>, layout: Layout) {
    ports(out, s, layout, " --to-ports ");
    layout.show_flags(out, s.info, "--");
}

fn list(out: &mut Vec<u8>, s: &Shown<'_>, layout: Layout) {
    ports(out, s, layout, " masq ports: ");
    layout.show_flags(out, s.info, "");
}

fn ports(out: &mut Vec<u8>, s: &Shown<'_>, layout: Layout, name: &str) {
    if layout.flags(s.info) & PROTO_SPECIFIED != 0 {
        put(out, name);
        layout.show_ports(out, s.info);
    }
}
