//! What tunnels over IPv6 have besides: hop limit, traffic class, flow label, and flags.

use crate::cli::{Args, Usage, exact, value};
use crate::netlink::Attr;
use crate::output::{Out, field};

use super::tunnel::{Row, Typed, hops, row};

/// IP6_TNL_F_* (linux/ip6_tunnel.h).
pub mod flag {
    pub const IGN_ENCAP_LIMIT: u32 = 1;
    pub const USE_ORIG_TCLASS: u32 = 2;
    pub const USE_ORIG_FLOWLABEL: u32 = 4;
    pub const MIP6_DEV: u32 = 8;
    pub const RCV_DSCP_COPY: u32 = 0x10;
    pub const USE_ORIG_FWMARK: u32 = 0x20;
    pub const ALLOW_LOCAL_REMOTE: u32 = 0x40;
}

/// Traffic class and flow label in the 32 bits of IFLA_*_FLOWINFO, which are in network order.
pub const TCLASS: u32 = 0x0ff0_0000;
pub const FLOWLABEL: u32 = 0x000f_ffff;

/// The flags of an encapsulation unless something else is said, TUNNEL_ENCAP_FLAG_CSUM6
/// (linux/if_tunnel.h): UDP over IPv6 has a checksum.
pub const CSUM6: [u8; 2] = 2u16.to_ne_bytes();

/// The attributes the words are about; their numbers differ between kinds.
pub struct Attrs6 {
    pub encap_limit: u16,
    pub flowinfo: u16,
    pub flags: u16,
    pub fwmark: u16,
}
/// linux/if_tunnel.h, IFLA_GRE_*.
pub const GRE: Attrs6 = Attrs6 { encap_limit: 11, flowinfo: 12, flags: 13, fwmark: 20 };
/// linux/if_tunnel.h, IFLA_IPTUN_*.
pub const IPTUN: Attrs6 = Attrs6 { encap_limit: 6, flowinfo: 7, flags: 8, fwmark: 20 };

impl Attrs6 {
    /// Those that stand by the same attribute of flags: GRE's or the others'.
    fn by(flags: u16) -> &'static Attrs6 {
        if flags == GRE.flags { &GRE } else { &IPTUN }
    }
    /// The words that all kinds have, each about the attribute of flags.
    pub const fn rows(&self) -> [Row; 7] {
        [
            row(exact("flowlabel"), "{ LABEL | inherit }", self.flags, flowlabel),
            row(exact("fl"), "=", self.flags, flowlabel),
            row(exact("dscp"), "inherit", self.flags, dscp),
            row(exact("fwmark"), "{ MARK | inherit }", self.flags, fwmark),
            row(exact("encaplimit"), "{ LIMIT | none }", self.flags, encaplimit),
            row(exact("allow-localremote"), "", self.flags, |t, flags| {
                t.settings.bits32(flags, flag::ALLOW_LOCAL_REMOTE, true);
                Ok(())
            }),
            row(exact("noallow-localremote"), "", self.flags, |t, flags| {
                t.settings.bits32(flags, flag::ALLOW_LOCAL_REMOTE, false);
                Ok(())
            }),
        ]
    }
}

pub fn hoplimit(t: &mut Typed<'_, '_>, attr: u16) -> Result<(), Usage> {
    hops(t, attr, "invalid HLIM\n")
}

/// A number in hexadecimal, whatever stands before it.
pub fn hex(args: &Args<'_>, largest: u32, wrong: &str) -> Result<u32, Usage> {
    let number = value::hex64(args.last()).and_then(|n| u32::try_from(n).ok());
    number.filter(|&n| n <= largest).ok_or_else(|| args.wrong(wrong))
}

/// Changes a part of the flow information.
fn flowinfo(t: &mut Typed<'_, '_>, attr: u16, mask: u32, bits: u32) {
    let old = t.settings.get(attr).first_chunk().map_or(0, |b| u32::from_be_bytes(*b));
    t.settings.set(attr, &(old & !mask | bits & mask).to_be_bytes());
}

/// The traffic class, two hexadecimal digits. `attr` is that of the flags.
pub fn tclass(t: &mut Typed<'_, '_>, flags: u16) -> Result<(), Usage> {
    let inherit = t.args.need()? == b"inherit";
    let class = if inherit { 0 } else { hex(t.args, 0xff, "invalid TClass")? };
    flowinfo(t, Attrs6::by(flags).flowinfo, TCLASS, class << 20);
    t.settings.bits32(flags, flag::USE_ORIG_TCLASS, inherit);
    Ok(())
}
fn flowlabel(t: &mut Typed<'_, '_>, flags: u16) -> Result<(), Usage> {
    let inherit = t.args.need()? == b"inherit";
    let label = if inherit { 0 } else { hex(t.args, FLOWLABEL, "invalid Flowlabel")? };
    flowinfo(t, Attrs6::by(flags).flowinfo, FLOWLABEL, label);
    t.settings.bits32(flags, flag::USE_ORIG_FLOWLABEL, inherit);
    Ok(())
}
fn dscp(t: &mut Typed<'_, '_>, flags: u16) -> Result<(), Usage> {
    if t.args.need()? != b"inherit" {
        return Err(t.args.wrong("not inherit"));
    }
    t.settings.bits32(flags, flag::RCV_DSCP_COPY, true);
    Ok(())
}
/// iproute2 6.15 takes any word for `ip6tnl` and sends a byte of its stack; ours says what it says
/// for `ip6gre`.
fn encaplimit(t: &mut Typed<'_, '_>, flags: u16) -> Result<(), Usage> {
    let none = t.args.need()? == b"none";
    if !none {
        let limit = value::u8(t.args.last()).ok_or_else(|| t.args.wrong("invalid ELIM"))?;
        t.settings.set(Attrs6::by(flags).encap_limit, &[limit]);
    }
    t.settings.bits32(flags, flag::IGN_ENCAP_LIMIT, none);
    Ok(())
}
fn fwmark(t: &mut Typed<'_, '_>, flags: u16) -> Result<(), Usage> {
    let inherit = t.args.need()? == b"inherit";
    let mark = match value::u32(t.args.last()) {
        _ if inherit => 0,
        Some(mark) => mark,
        None => return Err(t.args.wrong("invalid fwmark\n")),
    };
    t.settings.set(Attrs6::by(flags).fwmark, &mark.to_ne_bytes());
    t.settings.bits32(flags, flag::USE_ORIG_FWMARK, inherit);
    Ok(())
}

// How they are shown.

pub fn show_encaplimit(out: &mut Out, flags: u32, attr: Option<Attr<'_>>) {
    if flags & flag::IGN_ENCAP_LIMIT != 0 {
        out.flag("ip6_tnl_f_ign_encap_limit", "encaplimit none ");
    } else if let Some(limit) = attr.and_then(|a| a.u8()) {
        out.uint(field("encap_limit", "encaplimit {} "), limit);
    }
}
pub fn show_flowinfo(out: &mut Out, flags: u32, attr: Option<Attr<'_>>) {
    let info = attr.and_then(|a| a.u32_be());
    if flags & flag::USE_ORIG_TCLASS != 0 {
        out.flag("ip6_tnl_f_use_orig_tclass", "tclass inherit ");
    } else if let Some(info) = info {
        let class = (info & TCLASS) >> 20;
        out.str(field("tclass", "tclass {} "), &format!("{class:#04x}"));
    }
    if flags & flag::USE_ORIG_FLOWLABEL != 0 {
        out.flag("ip6_tnl_f_use_orig_flowlabel", "flowlabel inherit ");
    } else if let Some(info) = info {
        let label = info & FLOWLABEL;
        out.str(field("flowlabel", "flowlabel {} "), &format!("{label:#07x}"));
    }
}
pub fn show_dscp(out: &mut Out, flags: u32) {
    if flags & flag::RCV_DSCP_COPY != 0 {
        out.flag("ip6_tnl_f_rcv_dscp_copy", "dscp inherit ");
    }
}
pub fn show_localremote(out: &mut Out, flags: u32) {
    if flags & flag::ALLOW_LOCAL_REMOTE != 0 {
        out.flag("ip6_tnl_f_allow_local_remote", "allow-localremote ");
    }
}
pub fn show_fwmark(out: &mut Out, flags: u32, attr: Option<Attr<'_>>) {
    if flags & flag::USE_ORIG_FWMARK != 0 {
        out.flag("ip6_tnl_f_use_orig_fwmark", "fwmark inherit ");
    } else {
        super::tunnel::show_fwmark(out, attr);
    }
}
