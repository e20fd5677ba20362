//! What the targets of address translation share: addresses and ports, in three structures.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::{Addr, Family};
use crate::names::NetDb;

use super::{Fill, put, put_at, scalar, u32_at};

/// NF_NAT_RANGE_*.
pub const MAP_IPS: u32 = 1;
pub const PROTO_SPECIFIED: u32 = 2;
pub const RANDOM: u32 = 4;
pub const PERSISTENT: u32 = 8;
pub const RANDOM_FULLY: u32 = 0x10;
const PROTO_OFFSET: u32 = 0x20;

/// An option that sets a flag of NF_NAT_RANGE_*.
macro_rules! flag {
    ($name:literal, $layout:expr, $flag:expr) => {
        Opt {
            name: $name,
            take: |f, _| {
                $layout.set_flags(f.info, $flag);
                Ok(())
            },
            ..Opt::NONE
        }
    };
}
pub(super) use flag;

/// `--to-ports`, of targets that choose the address themselves.
macro_rules! to_ports {
    ($layout:expr) => {
        Opt {
            name: "to-ports",
            arg: "PORT[-PORT]",
            take: |f, value| $layout.take_ports(f, value),
            ..Opt::NONE
        }
    };
}
pub(super) use to_ports;

/// Where the parts of a structure lie.
#[derive(Clone, Copy)]
pub struct Layout {
    flags: usize,
    low: usize,
    high: usize,
    /// Bytes of an address.
    width: usize,
    /// From, to, and for some the base port, big endian.
    ports: usize,
    base: bool,
}

/// struct nf_nat_ipv4_multi_range_compat.
pub const OLD: Layout = Layout { flags: 4, low: 8, high: 12, width: 4, ports: 16, base: false };
/// struct nf_nat_range.
pub const RANGE: Layout = Layout { flags: 0, low: 4, high: 20, width: 16, ports: 36, base: false };
/// struct nf_nat_range2.
pub const RANGE2: Layout = Layout { base: true, ..RANGE };

pub const OLD_SIZE: usize = 24;
pub const RANGE_SIZE: usize = 40;
pub const RANGE2_SIZE: usize = 48;

/// The old structure says how many ranges it has: one.
pub fn init_old(info: &mut [u8]) {
    put_at(info, 0, &1u32.to_ne_bytes());
}

impl Layout {
    pub fn flags(self, info: &[u8]) -> u32 {
        u32_at(info, self.flags)
    }
    pub fn set_flags(self, info: &mut [u8], flags: u32) {
        let flags = self.flags(info) | flags;
        put_at(info, self.flags, &flags.to_ne_bytes());
    }
    fn address(self, info: &[u8], at: usize) -> Addr {
        let mut addr = [0; 16];
        addr[..self.width].copy_from_slice(&info[at..at + self.width]);
        addr
    }
    pub fn addresses(self, info: &[u8]) -> (Addr, Addr) {
        (self.address(info, self.low), self.address(info, self.high))
    }
    pub fn set_addresses(self, info: &mut [u8], low: &Addr, high: &Addr) {
        put_at(info, self.low, &low[..self.width]);
        put_at(info, self.high, &high[..self.width]);
    }
    fn port(self, info: &[u8], index: usize) -> u16 {
        let at = self.ports + index * 2;
        u16::from_be_bytes([info[at], info[at + 1]])
    }

    /// `ADDRESS[-ADDRESS][:PORTS]`, `[ADDRESS]:PORTS` for IPv6, `:PORTS`.
    pub fn take(self, f: &mut Fill<'_, '_>, word: &[u8]) -> Result {
        let (host, ports) = split(f.family, word)?;
        if let Some(ports) = ports {
            self.take_ports(f, ports)?;
            if host.is_empty() {
                return Ok(());
            }
        }
        let (low, high) = match host.iter().position(|&b| b == b'-') {
            Some(at) => (&host[..at], &host[at + 1..]),
            None => (host, host),
        };
        for (word, at) in [(low, self.low), (high, self.high)] {
            match f.family.parse(word) {
                Some(addr) => put_at(f.info, at, &addr[..self.width]),
                None => return usage(&[b"Bad IP address \"", word, b"\""]),
            }
        }
        self.set_flags(f.info, MAP_IPS);
        Ok(())
    }

    /// `PORT[-PORT][/PORT]`, for protocols with ports.
    pub fn take_ports(self, f: &mut Fill<'_, '_>, word: &[u8]) -> Result {
        // tcp, udp, sctp, dccp, and the identifiers of icmp.
        if !matches!(f.proto, 6 | 17 | 132 | 33 | 1) {
            return usage(&[b"Need TCP, UDP, SCTP or DCCP with port specification"]);
        }
        let ports = Ports::parse(word, self.base, f.db)?;
        put_at(f.info, self.ports, &ports.low.to_be_bytes());
        put_at(f.info, self.ports + 2, &ports.high.to_be_bytes());
        self.set_flags(f.info, PROTO_SPECIFIED);
        if let Some(base) = ports.base {
            put_at(f.info, self.ports + 4, &base.to_be_bytes());
            self.set_flags(f.info, PROTO_OFFSET);
        }
        Ok(())
    }

    /// `ADDRESS-ADDRESS:PORTS`.
    pub fn show(self, out: &mut Vec<u8>, info: &[u8], family: Family) {
        let flags = self.flags(info);
        if flags & MAP_IPS != 0 {
            let brackets = family == Family::V6 && flags & PROTO_SPECIFIED != 0;
            put(out, if brackets { "[" } else { "" });
            let (low, high) = self.addresses(info);
            put(out, family.show(&low));
            if low != high {
                put(out, "-");
                put(out, family.show(&high));
            }
            put(out, if brackets { "]" } else { "" });
        }
        if flags & PROTO_SPECIFIED != 0 {
            put(out, ":");
            self.show_ports(out, info);
        }
    }
    pub fn show_ports(self, out: &mut Vec<u8>, info: &[u8]) {
        let (low, high) = (self.port(info, 0), self.port(info, 1));
        put(out, low.to_string());
        if low != high {
            put(out, format!("-{high}"));
        }
        if self.base && self.flags(info) & PROTO_OFFSET != 0 {
            put(out, format!("/{}", self.port(info, 2)));
        }
    }
    /// The ports behind `name` where there are any, and the flags, each behind `dashes`.
    pub fn show_to_ports(self, out: &mut Vec<u8>, info: &[u8], name: &str, dashes: &str) {
        if self.flags(info) & PROTO_SPECIFIED != 0 {
            put(out, name);
            self.show_ports(out, info);
        }
        self.show_flags(out, info, dashes);
    }
    /// ` random random-fully persistent`, each behind `dashes`.
    pub fn show_flags(self, out: &mut Vec<u8>, info: &[u8], dashes: &str) {
        let flags = self.flags(info);
        let names =
            [(RANDOM, "random"), (RANDOM_FULLY, "random-fully"), (PERSISTENT, "persistent")];
        for (_, name) in names.iter().filter(|(bit, _)| flags & bit != 0) {
            put(out, format!(" {dashes}{name}"));
        }
    }
}

/// The address and the ports of a word. More than one colon means an IPv6 address without ports,
/// unless it stands in brackets.
fn split(family: Family, word: &[u8]) -> Result<(&[u8], Option<&[u8]>)> {
    let ports = |rest: &'_ [u8]| rest.iter().position(|&b| b == b':');
    if let [b'[', rest @ ..] = word {
        let end = rest.iter().position(|&b| b == b']');
        return match end {
            Some(end) if family == Family::V6 => {
                let behind = &rest[end + 1..];
                Ok((&rest[..end], ports(behind).map(|at| &behind[at + 1..])))
            }
            _ => usage(&[b"Invalid address format"]),
        };
    }
    match ports(word) {
        Some(at) if !word[at + 1..].contains(&b':') => Ok((&word[..at], Some(&word[at + 1..]))),
        _ => Ok((word, None)),
    }
}

struct Ports {
    low: u16,
    high: u16,
    base: Option<u16>,
}

impl Ports {
    fn parse(word: &[u8], base_allowed: bool, db: &NetDb) -> Result<Ports> {
        let (low, rest) = port(word, 0, Some(db))?;
        let mut ports = Ports { low, high: low, base: None };
        let rest = match rest {
            b"" => return Ok(ports),
            [b'-', rest @ ..] => rest,
            [b':', ..] => return usage(&[b"Invalid port:port syntax - use dash"]),
            _ => return usage(&[b"Garbage after port value: `", rest, b"'"]),
        };
        let (high, behind) = port(rest, 0, None)?;
        if high < low {
            return usage(&[b"Port range `", rest, b"' funky"]);
        }
        ports.high = high;
        match behind {
            b"" => {}
            [b'/', rest @ ..] if base_allowed => {
                let (base, behind) = port(rest, 1, Some(db))?;
                if !behind.is_empty() {
                    return usage(&[b"Garbage after base port: `", behind, b"'"]);
                }
                ports.base = Some(base);
            }
            _ => return usage(&[b"Garbage after port range: `", behind, b"'"]),
        }
        Ok(ports)
    }
}

/// A port and what follows it; a name must be all there is.
fn port<'w>(word: &'w [u8], least: u16, db: Option<&NetDb>) -> Result<(u16, &'w [u8])> {
    if let Some((port, rest)) = scalar::leading(word, u16::MAX.into())
        && let Some(port) = u16::try_from(port).ok().filter(|p| *p >= least)
    {
        return Ok((port, rest));
    }
    match db.and_then(|db| db.port(word, None)) {
        Some(port) => Ok((port, b"")),
        None => usage(&[b"Port `", word, b"' not valid"]),
    }
}
