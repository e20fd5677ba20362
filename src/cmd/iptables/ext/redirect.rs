//! `-j REDIRECT`: the packet goes to this machine itself.

use crate::cmd::iptables::family::Family;

use super::nat::{self, OLD, RANDOM, RANGE, flag, to_ports};
use super::{Ext, Opt};

pub static REDIRECT_V4: Ext = Ext {
    name: "REDIRECT",
    wire: "REDIRECT",
    family: Some(Family::V4),
    size: nat::OLD_SIZE,
    user: nat::OLD_SIZE,
    opts: &[to_ports!(OLD), flag!("random", OLD, RANDOM)],
    init: nat::init_old,
    save: |out, s| OLD.show_to_ports(out, s.info, " --to-ports ", "--"),
    list: |out, s| OLD.show_to_ports(out, s.info, " redir ports ", ""),
    ..Ext::TARGET
};

pub static REDIRECT_V6: Ext = Ext {
    name: "REDIRECT",
    wire: "REDIRECT",
    family: Some(Family::V6),
    size: nat::RANGE_SIZE,
    user: nat::RANGE_SIZE,
    opts: &[to_ports!(RANGE), flag!("random", RANGE, RANDOM)],
    save: |out, s| RANGE.show_to_ports(out, s.info, " --to-ports ", "--"),
    list: |out, s| RANGE.show_to_ports(out, s.info, " redir ports ", ""),
    ..Ext::TARGET
};
