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

use crate::cli::getopt::Getopt;
use crate::names::NetDb;
use crate::nft::{Cmp, Exprs, Log};

use super::fail::{Result, usage};
use super::family::{Addr, Family};
use super::rule::Call;

use field::Field;

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

/// Where an extension stands in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Match,
    Target,
}

/// An extension.
pub struct Ext {
    pub kind: Kind,
    /// Behind `-m` or `-j`.
    pub name: &'static str,
    /// Other names behind `-m`.
    pub aliases: &'static [&'static str],
    /// In the kernel.
    pub wire: &'static str,
    pub revision: u8,
    /// Absent means both.
    pub family: Option<Family>,
    /// Bytes of the structure, padded to eight.
    pub size: usize,
    /// Bytes that are compared; what follows is the kernel's own.
    pub user: usize,
    pub opts: &'static [Opt],
    /// Fills in what holds without any option; the structure is zero before.
    pub init: fn(&mut [u8]),
    /// Looks at the whole and fills in what follows from it, before it is known whether what must
    /// be given was given; the bits of the options given.
    pub complete: fn(&mut [u8], u64) -> Result,
    /// Looks at the whole when all options have been read; the bits of those given.
    pub check: fn(u64) -> Result,
    /// Whether a structure of this wire name and revision is this extension's.
    pub claims: fn(&[u8]) -> bool,
    /// Writes native expressions; false when only the x_tables form says it.
    pub lower: fn(&[u8], &mut Exprs) -> bool,
    /// What `-S` prints behind the name.
    pub save: fn(&mut Vec<u8>, &Shown<'_>),
    /// What `-L` prints.
    pub list: fn(&mut Vec<u8>, &Shown<'_>),
    /// For one that goes with a protocol.
    pub transport: Option<Transport>,
}

/// What an extension for a protocol has besides.
#[derive(Clone, Copy)]
pub struct Transport {
    pub protocol: u8,
    /// Writes native expressions; false when only the x_tables form says it.
    pub lower: fn(&[u8], &mut Exprs) -> bool,
    /// Takes a comparison of the transport header into the structure; false when it does not fit.
    pub raise: fn(&mut [u8], &Test<'_>) -> bool,
}

impl Transport {
    /// Loaded by `-p` of a protocol, and said only in the x_tables form.
    const fn loaded_by(protocol: u8) -> Option<Transport> {
        Some(Transport { protocol, lower: |_, _| false, raise: |_, _| false })
    }
}

/// A comparison of bytes of the transport header.
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    pub offset: u32,
    pub len: u32,
    pub mask: Option<&'a [u8]>,
    pub is: Is<'a>,
}

/// What the bytes are compared with.
#[derive(Clone, Copy, Debug)]
pub enum Is<'a> {
    Cmp(Cmp, &'a [u8]),
    Range { not: bool, low: &'a [u8], high: &'a [u8] },
}

impl Ext {
    /// What most matches have in common.
    const MATCH: Ext = Ext {
        kind: Kind::Match,
        name: "",
        aliases: &[],
        wire: "",
        revision: 0,
        family: None,
        size: 0,
        user: 0,
        opts: &[],
        init: |_| (),
        complete: |_, _| Ok(()),
        check: |_| Ok(()),
        claims: |_| true,
        lower: |_, _| false,
        save: |_, _| (),
        list: |_, _| (),
        transport: None,
    };
    /// What most targets have in common.
    const TARGET: Ext = Ext { kind: Kind::Target, ..Ext::MATCH };

    /// The extension with no option given.
    pub fn call(&'static self) -> Call {
        let mut info = vec![0; self.size];
        (self.init)(&mut info);
        Call { ext: self, info }
    }

    fn is_named(&self, name: &[u8]) -> bool {
        self.name.as_bytes() == name || self.aliases.iter().any(|a| a.as_bytes() == name)
    }
    fn fits(&self, kind: Kind, family: Family) -> bool {
        self.kind == kind && self.family.is_none_or(|f| f == family)
    }
}

impl std::fmt::Debug for Ext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// An option of an extension.
pub struct Opt {
    pub name: &'static str,
    /// Other names of it.
    pub aliases: &'static [&'static str],
    /// Its value in a usage line; empty for an option that stands alone.
    pub arg: &'static str,
    /// Whether the value may be left out; then the option takes it from the words itself.
    pub optional: bool,
    /// Whether `!` may stand before it.
    pub not: bool,
    pub required: bool,
    /// The bits of the options that must be given with it, and of those that must not: by their
    /// place in the table.
    pub also: u32,
    pub excludes: u32,
    /// Where its value goes, for the readers and printers of `field`.
    pub field: &'static Field,
    /// Whether it may be given again, or says itself that it may not.
    pub again: bool,
    pub take: fn(&mut Fill<'_, '_>, &[u8]) -> Result,
}

impl Opt {
    /// What most options have in common.
    const NONE: Opt = Opt {
        name: "",
        aliases: &[],
        arg: "",
        optional: false,
        not: false,
        required: false,
        also: 0,
        excludes: 0,
        field: &Field::NONE,
        again: false,
        take: |_, _| Ok(()),
    };
}

/// What the reader of an option's value is given.
pub struct Fill<'f, 'a> {
    pub ext: &'static Ext,
    pub opt: &'static Opt,
    pub info: &'f mut [u8],
    pub not: bool,
    /// The bits of the options given before, by their place in the table.
    pub seen: &'f mut u64,
    pub family: Family,
    /// The protocol given so far; 0 for any.
    pub proto: u8,
    /// Whether `!` stood before `-p`.
    pub proto_not: bool,
    /// For options with more than one value.
    pub words: &'f mut Getopt<'a>,
    pub db: &'f NetDb,
}

/// What the printers of an extension are given.
pub struct Shown<'s> {
    pub ext: &'static Ext,
    pub info: &'s [u8],
    pub family: Family,
    /// The rule's protocol; 0 for any.
    pub proto: u8,
    pub numeric: bool,
    pub db: &'s NetDb,
}

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

/// An extension whose options are being read.
pub struct Loaded {
    pub call: Call,
    /// The bits of the options given.
    pub seen: u64,
}

impl Loaded {
    pub fn new(ext: &'static Ext) -> Loaded {
        Loaded { call: ext.call(), seen: 0 }
    }

    /// Reads one option.
    pub fn option(
        &mut self,
        index: usize,
        value: &[u8],
        not: bool,
        (family, proto, proto_not): (Family, u8, bool),
        words: &mut Getopt<'_>,
        db: &NetDb,
    ) -> Result {
        let ext = self.call.ext;
        let Some(opt) = ext.opts.get(index) else { return Ok(()) };
        let bit = 1 << index;
        let complain = |what: &str| {
            let text = format!("{}: option \"--{}\" {what}.\n", ext.name, opt.name);
            usage(&[text.as_bytes()])
        };
        if self.seen & bit != 0 && !opt.again {
            return complain("can only be used once");
        }
        if not && !opt.not {
            return complain("cannot be inverted");
        }
        let info = &mut self.call.info;
        let seen = &mut self.seen;
        (opt.take)(
            &mut Fill { ext, opt, info, not, seen, family, proto, proto_not, words, db },
            value,
        )?;
        self.seen |= bit;
        Ok(())
    }

    /// Checks that what must be given was given.
    pub fn finish(&mut self) -> Result {
        let ext = self.call.ext;
        (ext.complete)(&mut self.call.info, self.seen)?;
        for (i, opt) in ext.opts.iter().enumerate() {
            if opt.required && self.seen & 1 << i == 0 {
                let text = format!("{}: option \"--{}\" must be specified\n", ext.name, opt.name);
                return usage(&[text.as_bytes()]);
            }
            if self.seen & 1 << i != 0 {
                self.company(opt)?;
            }
        }
        (ext.check)(self.seen)
    }
}

impl Loaded {
    /// Complains when an option was given with one that it excludes, or without one it needs.
    fn company(&self, opt: &Opt) -> Result {
        let complain = |what: &str, others: u64| {
            let other = self.call.ext.opts.get(others.trailing_zeros() as usize);
            let words = [self.call.ext.name, ": option \"--", opt.name, "\" ", what, " \"--"];
            usage(&[words.concat().as_bytes(), other.map_or("", |o| o.name).as_bytes(), b"\".\n"])
        };
        match (u64::from(opt.also) & !self.seen, u64::from(opt.excludes) & self.seen) {
            (0, 0) => Ok(()),
            (0, others) => complain("cannot be used together with", others),
            (absent, _) => complain("also requires", absent),
        }
    }
}

/// Two options that exclude each other.
fn together(ext: &str, one: &str, other: &str) -> Result {
    let text = format!("{ext}: option \"--{one}\" cannot be used together with \"--{other}\".\n");
    usage(&[text.as_bytes()])
}

/// Adds text.
fn put(out: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    out.extend_from_slice(text.as_ref());
}

/// Adds a decimal number.
fn dec(out: &mut Vec<u8>, n: impl Into<u64>) {
    decimal(out, n.into());
}
fn decimal(out: &mut Vec<u8>, n: u64) {
    put(out, n.to_string());
}
/// Adds a hexadecimal number of at least so many digits, without `0x`.
fn hex(out: &mut Vec<u8>, n: u32, digits: u32) {
    let needed = (32 - n.leading_zeros()).div_ceil(4);
    for i in (0..needed.max(digits).max(1)).rev() {
        let digit = n.checked_shr(4 * i).unwrap_or(0) & 15;
        out.push(b"0123456789abcdef"[digit as usize]);
    }
}
/// Adds the same with `0x`.
fn hex0x(out: &mut Vec<u8>, n: u32, digits: u32) {
    put(out, "0x");
    hex(out, n, digits);
}
/// The text in a structure: `len` bytes from `at`, up to a NUL.
fn text(info: &[u8], at: usize, len: usize) -> &[u8] {
    let bytes = info.get(at..at + len).unwrap_or(b"");
    bytes.split(|&b| b == 0).next().unwrap_or(b"")
}
/// An address in a structure.
fn addr_at(info: &[u8], at: usize) -> Addr {
    let mut addr: Addr = [0; 16];
    addr.copy_from_slice(info.get(at..at + 16).unwrap_or(&[0; 16]));
    addr
}

/// A u16 in host order at an offset.
pub fn u16_at(info: &[u8], at: usize) -> u16 {
    info.get(at..at + 2).map_or(0, |b| u16::from_ne_bytes([b[0], b[1]]))
}
/// A u32 in host order at an offset.
pub fn u32_at(info: &[u8], at: usize) -> u32 {
    info.get(at..at + 4).map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
}
/// A u64 in host order at an offset.
fn u64_at(info: &[u8], at: usize) -> u64 {
    info.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u64::from_ne_bytes(*b))
}
/// Writes bytes at an offset.
fn put_at(info: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = info.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// A text as iptables-save quotes it.
pub fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    out.push(b' ');
    if !text.is_empty() && text.iter().all(plain) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &b in text {
        if matches!(b, b'"' | b'\\' | b'\'') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
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

    #[test]
    fn only_plain_words_stay_unquoted() {
        let text = |t: &str| {
            let mut out = Vec::new();
            quoted(&mut out, t.as_bytes());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text("a_b-C9"), " a_b-C9");
        assert_eq!(text(""), " \"\"");
        assert_eq!(text("a\\b'c\" d"), " \"a\\\\b\\'c\\\" d\"");
    }
}
