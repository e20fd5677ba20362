//! `inet { … }`: the IPv4 settings of one device, those of /proc/sys/net/ipv4/conf/DEVICE.

use super::Change;
use crate::cli::{Args, value};
use crate::error::Error;
use crate::rtnl::consts::{IFLA_AF_SPEC, IFLA_INET_CONF};

/// For the usage.
pub const USAGE: &str = "{ SETTING VALUE }";

/// A setting: its name, its number (IPV4_DEVCONF_* of linux/ip.h), whether it is on or off.
type Setting = (&'static str, u16, bool);

#[rustfmt::skip] // rows
pub const SETTINGS: &[Setting] = &[
    ("forwarding", 1, true), ("proxy_arp", 3, true), ("accept_redirects", 4, true),
    ("secure_redirects", 5, true), ("send_redirects", 6, true), ("shared_media", 7, true),
    ("rp_filter", 8, false), ("accept_source_route", 9, true), ("bootp_relay", 10, true),
    ("log_martians", 11, true), ("tag", 12, false), ("arp_filter", 13, true),
    ("medium_id", 14, false), ("disable_xfrm", 15, true), ("disable_policy", 16, true),
    ("force_igmp_version", 17, false), ("arp_announce", 18, false), ("arp_ignore", 19, false),
    ("promote_secondaries", 20, true), ("arp_accept", 21, false), ("arp_notify", 22, true),
    ("accept_local", 23, true), ("src_vmark", 24, true), ("proxy_arp_pvlan", 25, true),
    ("route_localnet", 26, true), ("igmpv2_unsolicited_report_interval", 27, false),
    ("igmpv3_unsolicited_report_interval", 28, false), ("ignore_routes_with_linkdown", 29, true),
    ("drop_unicast_in_l2_multicast", 30, true), ("drop_gratuitous_arp", 31, true),
    ("bc_forwarding", 32, true), ("arp_evict_nocarrier", 33, true),
];

/// Reads settings up to the first word that is none.
pub fn inet<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let spec = c.req.nest(IFLA_AF_SPEC);
    let family = c.req.nest(value::AF_INET.into());
    let conf = c.req.nest(IFLA_INET_CONF);
    let mut some = false;
    while let Some(word) = args.peek() {
        let Some((name, number, is_switch)) =
            SETTINGS.iter().find(|s| s.0.as_bytes() == word).copied()
        else {
            break;
        };
        args.take();
        c.req.from_word(args.at());
        let v = if is_switch {
            args.need()?;
            args.back();
            i32::from(args.on_off(name, 1).map_err(Error::returned)?)
        } else {
            args.value(value::i32, &format!("Invalid \"{name}\" value\n"))?
        };
        c.req.attr(number, &v.to_ne_bytes());
        some = true;
    }
    if !some {
        return Err(args.incomplete().into());
    }
    c.req.end(conf);
    c.req.end(family);
    c.req.end(spec);
    Ok(())
}
