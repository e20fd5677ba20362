//! `ip6gre`: packets in GRE over IPv6. Its words are those of `ip6gretap` and `ip6erspan`, too;
//! the words of ERSPAN are taken for all three (observed in iproute2 6.15).

use super::{LinkKind, Shown, gre};
use crate::cli::{exact, prefix};
use crate::error::Error;
use crate::names::Names;
use crate::output::{Out, field};

use super::super::tunnel::{self, Row, Setting, Settings, Tunnel, always, end, optional, row};
use super::super::tunnel6;

pub static KIND: LinkKind = LinkKind {
    tunnel: Some(&TUNNEL),
    show: Some(show),
    ..LinkKind::plain("ip6gre", "packets in GRE over IPv6")
};

/// For all three kinds.
pub static TUNNEL: Tunnel = Tunnel {
    rows: &[&gre::KEY_ROWS, &ROWS, &tunnel6::GRE.rows(), &gre::ENCAP_ROWS, &gre::ERSPAN_ROWS],
    settings: SETTINGS,
    external: gre::COLLECT_METADATA,
    finish,
};

const A: tunnel6::Attrs6 = tunnel6::GRE;

#[rustfmt::skip] // one row, one line
const ROWS: [Row; 10] = [
    row(prefix("remote"), "ADDRESS", gre::REMOTE, tunnel::inet6),
    row(prefix("local"), "ADDRESS", gre::LOCAL, tunnel::inet6),
    row(prefix("dev"), "DEVICE", gre::LINK, tunnel::dev),
    row(prefix("ttl"), "{ HOPS | inherit }", gre::TTL, tunnel6::hoplimit),
    row(prefix("hoplimit"), "=", gre::TTL, tunnel6::hoplimit),
    row(prefix("hlim"), "=", gre::TTL, tunnel6::hoplimit),
    row(prefix("tos"), "{ TCLASS | inherit }", A.flags, tunnel6::tclass),
    row(prefix("tclass"), "=", A.flags, tunnel6::tclass),
    row(prefix("dsfield"), "=", A.flags, tunnel6::tclass),
    row(exact("external"), "", 0, tunnel::external),
];

const SETTINGS: &[Setting] = &[
    always(gre::IKEY, &[0; 4]),
    always(gre::OKEY, &[0; 4]),
    always(gre::IFLAGS, &[0; 2]),
    always(gre::OFLAGS, &[0; 2]),
    end(gre::LOCAL, &[0; 16]),
    end(gre::REMOTE, &[0; 16]),
    always(gre::TTL, &[64]),
    always(A.encap_limit, &[4]),
    always(A.flowinfo, &[0; 4]),
    always(A.flags, &[0; 4]),
    optional(gre::LINK, &[0; 4]),
    always(gre::FWMARK, &[0; 4]),
    always(gre::ERSPAN_VER, &[1]),
    optional(gre::ERSPAN_INDEX, &[0; 4]),
    always(gre::ERSPAN_DIR, &[0]),
    always(gre::ERSPAN_HWID, &[0; 2]),
    always(gre::ENCAP, &[0; 2]),
    always(gre::ENCAP + 1, &tunnel6::CSUM6),
    always(gre::ENCAP + 2, &[0; 2]),
    always(gre::ENCAP + 3, &[0; 2]),
];

fn finish(settings: &mut Settings) -> Result<(), Error> {
    gre::one_version(settings);
    Ok(())
}

pub fn show(_: &LinkKind, out: &mut Out, names: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let flags = data.find(A.flags).and_then(|a| a.u32()).unwrap_or(0);
    if data.find(gre::COLLECT_METADATA).is_some() {
        out.flag("external", "external ");
    }
    tunnel::show_ends(out, data, gre::REMOTE, gre::LOCAL);
    tunnel::show_dev(out, names, data.find(gre::LINK));
    let hops = field("ttl", "hoplimit {} ");
    tunnel::show_ttl(out, hops, "hoplimit inherit ", data.find(gre::TTL));
    tunnel6::show_encaplimit(out, flags, data.find(A.encap_limit));
    tunnel6::show_flowinfo(out, flags, data.find(A.flowinfo));
    tunnel6::show_dscp(out, flags);
    gre::show_keys(out, data);
    tunnel6::show_localremote(out, flags);
    tunnel6::show_fwmark(out, flags, data.find(gre::FWMARK));
    gre::show_erspan(out, data);
    tunnel::show_encap(out, data, gre::ENCAP);
}
