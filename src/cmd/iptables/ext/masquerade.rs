//! `-j MASQUERADE`: the source address becomes that of the interface the packet leaves by.

use crate::cmd::iptables::family::Family;

use super::nat::{self, OLD, RANDOM, RANDOM_FULLY, RANGE, flag, to_ports};
use super::{Ext, Opt};

pub static MASQUERADE_V4: Ext = Ext {
    name: "MASQUERADE",
    wire: "MASQUERADE",
    family: Some(Family::V4),
    size: nat::OLD_SIZE,
    user: nat::OLD_SIZE,
    opts: &[to_ports!(OLD), flag!("random", OLD, RANDOM), flag!("random-fully", OLD, RANDOM_FULLY)],
    init: nat::init_old,
    save: |out, s| OLD.show_to_ports(out, s.info, " --to-ports ", "--"),
    list: |out, s| OLD.show_to_ports(out, s.info, " masq ports: ", ""),
    ..Ext::TARGET
};

pub static MASQUERADE_V6: Ext = Ext {
    name: "MASQUERADE",
    wire: "MASQUERADE",
    family: Some(Family::V6),
    size: nat::RANGE_SIZE,
    user: nat::RANGE_SIZE,
    opts: &[
        to_ports!(RANGE),
        flag!("random", RANGE, RANDOM),
        flag!("random-fully", RANGE, RANDOM_FULLY),
    ],
    save: |out, s| RANGE.show_to_ports(out, s.info, " --to-ports ", "--"),
    list: |out, s| RANGE.show_to_ports(out, s.info, " masq ports: ", ""),
    ..Ext::TARGET
};
