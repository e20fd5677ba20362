//! Extensions: one file each, one table of them.
//!
//! An extension is the kernel's structure and what makes it: a table of options that are read
//! into it, and two ways to print it. The structure itself is what is sent, kept and compared.

/// An option that stands alone and sets bits of a byte.
macro_rules! bits {
    ($name:literal, $at:expr, $bits:expr) => {
        Opt {
            name: $name,
            take: |f, _| {
                f.info[$at] |= $bits;
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

/// An option of a number of 32 bits in host order, with its least and greatest value.
macro_rules! number {
    ($ext:literal, $name:literal, $arg:literal, $at:expr, $low:expr, $high:expr) => {
        Opt {
            name: $name,
            arg: $arg,
            take: |f, value| scalar::put_int(f.info, $at, value, ($ext, $name), $low, $high),
            ..Opt::NONE
        }
    };
}

mod addrtype;
mod audit;
mod bpf;
mod bytes;
mod cgroup;
mod checksum;
mod classify;
mod cluster;
mod comment;
mod connbytes;
mod connlabel;
mod connlimit;
mod connmark;
mod connmark_target;
mod conntrack;
mod cpu;
mod ct;
mod dccp;
mod dnat;
mod dscp;
mod ecn;
mod esp;
mod eui64;
mod extension;
mod field;
mod frag;
mod hashlimit;
mod hbh;
mod helper;
mod hl;
mod hmark;
mod icmp;
mod idletimer;
mod iprange;
mod ipv6header;
mod ipvs;
mod led;
mod length;
mod limit;
mod log;
mod mac;
mod mark;
mod mark_target;
mod masquerade;
mod mh;
mod multiport;
mod nat;
mod netmap;
mod nfacct;
mod nflog;
mod nfqueue;
mod npt;
mod option;
mod osf;
mod owner;
mod physdev;
mod pkttype;
mod policy;
mod ports;
mod quota;
mod rateest;
mod realm;
mod recent;
mod redirect;
mod reject;
mod rpfilter;
mod rt;
mod scalar;
mod sctp;
mod secmark;
mod set;
mod set_target;
mod snat;
mod socket;
mod srh;
mod state;
mod statistic;
mod string;
mod synproxy;
mod tcp;
mod tcpmss;
mod tcpmss_target;
mod tcpoptstrip;
mod tee;
mod time;
mod tos;
mod tproxy;
mod trace;
mod u32;
mod udp;

use crate::nft::Log;

use super::family::Family;
use super::rule::Call;

use bytes::{addr_at, dec, hex, hex0x, put, put_at, text, u64_at};
pub use bytes::{quoted, u16_at, u32_at};
pub use extension::{Ext, Is, Kind, Shown, Test, Transport};
use option::{Fill, together};
pub use option::{Loaded, Opt};

/// Every extension.
static ALL: &[&Ext] = &[
    &comment::COMMENT,
    &conntrack::CONNTRACK,
    &state::STATE,
    &tcp::TCP,
    &udp::UDP,
    &dnat::DNAT,
    &masquerade::MASQUERADE_V4,
    &masquerade::MASQUERADE_V6,
    &snat::SNAT_V4,
    &snat::SNAT_V6,
    &addrtype::ADDRTYPE,
    &icmp::ICMP,
    &icmp::ICMP6,
    &limit::LIMIT,
    &log::LOG,
    &mark::MARK,
    &mark_target::MARK,
    &multiport::MULTIPORT,
    &reject::REJECT_V4,
    &reject::REJECT_V6,
    &checksum::CHECKSUM,
    &connmark::CONNMARK,
    &connmark_target::CONNMARK,
    &hl::HL_MATCH,
    &hl::HL_TARGET,
    &hl::TTL_MATCH,
    &hl::TTL_TARGET,
    &iprange::IPRANGE,
    &length::LENGTH,
    &mac::MAC,
    &owner::OWNER,
    &physdev::PHYSDEV,
    &pkttype::PKTTYPE,
    &recent::RECENT,
    &redirect::REDIRECT_V4,
    &redirect::REDIRECT_V6,
    &statistic::STATISTIC,
    &tcpmss_target::TCPMSS,
    &classify::CLASSIFY,
    &dscp::MATCH,
    &dscp::TARGET,
    &esp::AH_V4,
    &esp::AH_V6,
    &esp::ESP,
    &helper::HELPER,
    &nfqueue::NFQUEUE,
    &policy::POLICY,
    &quota::QUOTA,
    &rt::RT,
    &sctp::SCTP,
    &tcpmss::TCPMSS,
    &tos::MATCH,
    &tos::TARGET,
    &trace::TRACE,
    &ecn::MATCH,
    &ecn::TARGET,
    &frag::FRAG,
    &hbh::DST,
    &hbh::HBH,
    &mh::MH,
    &ipv6header::IPV6HEADER,
    &eui64::EUI64,
    &dccp::DCCP,
    &esp::IPCOMP,
    &secmark::SECMARK,
    &secmark::CONNSECMARK,
    &tcpoptstrip::TCPOPTSTRIP,
    &npt::SNPT,
    &npt::DNPT,
    &led::LED,
    &audit::AUDIT,
    &cluster::CLUSTER,
    &connbytes::CONNBYTES,
    &connlimit::CONNLIMIT,
    &cpu::CPU,
    &ct::CT,
    &ct::NOTRACK,
    &hashlimit::HASHLIMIT_V4,
    &hashlimit::HASHLIMIT_V6,
    &idletimer::IDLETIMER,
    &netmap::NETMAP_V4,
    &netmap::NETMAP_V6,
    &nfacct::NFACCT,
    &nflog::NFLOG,
    &rpfilter::RPFILTER,
    &set::SET,
    &set_target::SET,
    &socket::SOCKET,
    &string::STRING,
    &synproxy::SYNPROXY,
    &tee::TEE,
    &time::TIME,
    &tproxy::TPROXY,
    &realm::REALM,
    &realm::DEVGROUP,
    &u32::U32,
    &bpf::BPF,
    &cgroup::CGROUP,
    &osf::OSF,
    &connlabel::CONNLABEL,
    &srh::SRH,
    &hmark::HMARK,
    &ipvs::IPVS_MATCH,
    &rateest::MATCH,
    &rateest::TARGET,
];

/// The targets of the reference that are not built here: no chain may be meant by them.
#[rustfmt::skip] // words
static TARGETS_NOT_BUILT: &[&str] = &["CLUSTERIP", "ULOG"];

/// Every extension of a kind.
pub fn all(kind: Kind, family: Family) -> impl Iterator<Item = &'static Ext> {
    ALL.iter().copied().filter(move |e| e.fits(kind, family))
}

/// The extension behind `-m` or `-j`.
pub fn find(kind: Kind, name: &[u8], family: Family) -> Option<&'static Ext> {
    ALL.iter().copied().find(|e| e.fits(kind, family) && e.is_named(name))
}

/// The extension that has made this structure.
pub fn of_wire(
    kind: Kind,
    name: &[u8],
    revision: u32,
    info: &[u8],
    family: Family,
) -> Option<&'static Ext> {
    ALL.iter().copied().find(|e| {
        e.fits(kind, family)
            && e.wire.as_bytes() == name
            && u32::from(e.revision) == revision
            && e.size == info.len()
            && (e.claims)(info)
    })
}

/// The match that a comparison of the packet's mark is.
pub fn of_mark(mask: Option<&[u8]>, is: Is<'_>) -> Option<Call> {
    Some(Call { ext: &mark::MARK, info: mark::raise(mask, is)? })
}

/// The match that a limit of nf_tables is: packets in a number of seconds, and their burst.
pub fn of_limit(rate: u64, unit: u64, burst: u32) -> Option<Call> {
    Some(Call { ext: &limit::LIMIT, info: limit::raise(rate, unit, burst)? })
}

/// The target that a log of nf_tables is, when it goes to a group.
pub fn of_log(log: &Log<'_>) -> Option<Call> {
    Some(Call { ext: &nflog::NFLOG, info: nflog::raise(log)? })
}

/// The same from the structure of x_tables.
pub fn of_xt_log(name: &[u8], revision: u32, info: &[u8]) -> Option<Call> {
    let ours = name == b"NFLOG" && revision == 0;
    let info = nflog::widen(info).filter(|_| ours)?;
    Some(Call { ext: &nflog::NFLOG, info })
}

/// The match that goes with a protocol.
pub fn of_protocol(protocol: u8, family: Family) -> Option<&'static Ext> {
    ALL.iter().copied().find(|e| {
        e.fits(Kind::Match, family) && e.transport.as_ref().is_some_and(|t| t.protocol == protocol)
    })
}

/// Whether a name is that of a target, built here or not.
pub fn is_target(name: &[u8], family: Family) -> bool {
    find(Kind::Target, name, family).is_some() || is_target_not_built(name)
}

/// Whether a name is that of a target that is not built here.
pub fn is_target_not_built(name: &[u8]) -> bool {
    TARGETS_NOT_BUILT.iter().any(|t| t.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_padded_and_options_fit_their_bits() {
        for e in ALL {
            assert!(e.size % 8 == 0 && e.user <= e.size, "{}", e.name);
            assert!(e.opts.len() <= 64, "{}", e.name);
        }
    }
}
