//! Which addresses are shown or flushed.

use super::super::link::filter::{Filter, fits};
use crate::cli::value::AF_UNSPEC;
use crate::names::Names;
use crate::rtnl::addr::Addr;

/// Whether an address is meant by the selectors; `family` is AF_UNSPEC for all.
pub fn accepts(f: &Filter, family: u8, a: &Addr<'_>, names: &mut Names) -> bool {
    counts(f, family, a, names)
        // An address that has no protocol passes (observed in iproute2 6.15).
        && f.proto.is_none_or(|want| a.protocol().is_none_or(|have| have == want))
}

/// Whether an address is one for which its device is shown: the protocol does not matter there
/// (observed in iproute2 6.15).
pub fn counts(f: &Filter, family: u8, a: &Addr<'_>, names: &mut Names) -> bool {
    (family == AF_UNSPEC || family == a.family)
        && f.scope.is_none_or(|scope| scope == a.scope)
        && (f.flags ^ a.flags) & f.flag_mask == 0
        && contains(f, a)
        && labelled(f, a, names)
}

fn contains(f: &Filter, a: &Addr<'_>) -> bool {
    match (f.to, a.local()) {
        (Some(to), Some(local)) if to.addr.family != AF_UNSPEC => {
            to.addr.family == a.family && to.contains(local)
        }
        _ => true,
    }
}

/// IPv6 addresses have no label; the device's name stands for it.
fn labelled(f: &Filter, a: &Addr<'_>, names: &mut Names) -> bool {
    let Some(pattern) = &f.label else { return true };
    match a.label() {
        Some(label) => fits(pattern, label),
        None => fits(pattern, names.name(a.index)),
    }
}
