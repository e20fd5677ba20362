//! `vrf_slave`: a port of a `vrf`; there is only something to see.

use super::{LinkKind, vrf};
use crate::cli::exact;
use crate::opt::{Opt, Ty};

pub static KIND: LinkKind =
    LinkKind { opts: OPTS, ..LinkKind::plain("vrf_slave", "a device in a vrf") };

const IFLA_VRF_PORT_TABLE: u16 = 1;

const OPTS: &[Opt] = &[Opt::new(
    exact("table"),
    "",
    IFLA_VRF_PORT_TABLE,
    Ty::ShowOnly(vrf::number),
    token!("table"),
)];
