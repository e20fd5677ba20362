//! `wwan`: one connection of a mobile modem.

use super::LinkKind;
use crate::cli::prefix;
use crate::opt::{Opt, Ty};

pub static KIND: LinkKind = LinkKind {
    opts: OPTS,
    calls: "command",
    ..LinkKind::plain("wwan", "one connection of a mobile modem")
};

const IFLA_WWAN_LINK_ID: u16 = 1;

const OPTS: &[Opt] =
    &[Opt::new(prefix("linkid"), "LINKID", IFLA_WWAN_LINK_ID, Ty::U32, token!("linkid"))
        .wrong("{}")];
