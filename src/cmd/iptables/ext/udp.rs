//! `-m udp`: ports of UDP.

use crate::cmd::iptables::fail::Result;
use crate::nft::Exprs;

use super::ports::{self, DESTINATION, Layout, Range, SOURCE};
use super::{Ext, Fill, Opt, Transport, put};

/// struct xt_udp: ports, what is inverted.
const PORTS: Layout = Layout { inverted: 8, service: b"udp" };

pub static UDP: Ext = Ext {
    name: "udp",
    wire: "udp",
    size: 16,
    user: 16,
    opts: &[
        Opt { take: |f, value| take(f, value, SOURCE), ..ports::OF_SOURCE },
        Opt { take: |f, value| take(f, value, DESTINATION), ..ports::OF_DESTINATION },
    ],
    init: Layout::init,
    save: |out, s| PORTS.save(out, s.info),
    list: |out, s| {
        put(out, " udp");
        PORTS.list(out, s);
    },
    transport: Some(Transport { protocol: 17, lower, raise: |info, test| PORTS.raise(info, test) }),
    ..Ext::MATCH
};

fn take(f: &mut Fill<'_, '_>, value: &[u8], side: usize) -> Result {
    let option = if side == SOURCE { "source-port" } else { "destination-port" };
    let (low, high) = ports::range(value, ("udp", option), f.db)?;
    PORTS.set(f.info, side, Range { low, high, not: f.not });
    Ok(())
}

fn lower(info: &[u8], out: &mut Exprs) -> bool {
    if PORTS.is_any(info) {
        return false;
    }
    PORTS.lower(info, out);
    true
}
