//! The native forms of nf_tables, in the words of iptables: what a rule looks at.
//!
//! An expression becomes options, and these are read as if they had been typed; so nothing here
//! knows an extension's structure, and what its options do not take stays strange. Where the two
//! differ for packets that have no connection or no socket, a rule is not shown as something wider.

use std::fmt::Write as _;

use crate::cli::getopt::{Getopt, Order};
use crate::names::{Names, NetDb};
use crate::nft::{Cmp, Source, ct, fib, meta};

use super::address::Net;
use super::ext::{self, Is, Kind, Loaded as Reading, Test};
use super::family::Family;
use super::raise::{Loaded, Raiser, Strange, strange};
use super::rule::{Call, Iface};
use super::sets::{self, Range};

/// More addresses than this make no line that anybody reads.
const MAX_ADDRESSES: usize = 256;

/// Bits of the states in nf_tables with their names; the other numbering has one bit less room.
const STATES: [(u32, &str); 5] =
    [(1, "INVALID"), (8, "NEW"), (4, "RELATED"), (2, "ESTABLISHED"), (0x40, "UNTRACKED")];
const STATUSES: [(u32, &str); 4] =
    [(1, "EXPECTED"), (2, "SEEN_REPLY"), (4, "ASSURED"), (8, "CONFIRMED")];
/// Statuses that are told as states.
const TRANSLATED: [(u32, &str); 2] = [(0x10, "SNAT"), (0x20, "DNAT")];

/// RTN_* from 0.
#[rustfmt::skip] // words
const TYPES: [&str; 9] = [
    "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE",
    "PROHIBIT",
];

/// An option, its value, and whether `!` stands before it.
pub(super) type Words<'w> = [(&'w str, String, bool)];

impl<'a> Raiser<'a> {
    /// The extension as these options make it.
    pub(super) fn read(&self, kind: Kind, name: &str, words: &Words<'_>) -> Option<Call> {
        let family = self.family;
        let mut reading = Reading::new(ext::find(kind, name.as_bytes(), family)?);
        let opts = reading.call.ext.opts;
        let (db, mut rest) = (NetDb::default(), Getopt::new(&[], Order::Stop));
        for (option, value, not) in words {
            let index =
                opts.iter().position(|o| o.name == *option || o.aliases.contains(option))?;
            let proto = (family, self.rule.proto, self.rule.proto_not);
            reading.option(index, value.as_bytes(), *not, proto, &mut rest, &db).ok()?;
        }
        reading.finish().ok()?;
        Some(reading.call)
    }

    /// A match made of options.
    fn add(&mut self, what: &[u8], name: &str, words: &Words<'_>) -> Result<(), Strange> {
        let Some(call) = self.read(Kind::Match, name, words) else { return strange(what) };
        self.rule.matches.push(call);
        Ok(())
    }

    pub(super) fn show(&self, addr: &[u8]) -> String {
        self.family.show(&full(addr))
    }

    /// What is known of the packet, besides what a rule has its own fields for.
    pub(super) fn known(&mut self, key: u32, is: Is<'a>) -> Result<(), Strange> {
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value) = is else { return strange(b"meta") };
        let not = how == Cmp::Neq;
        let Ok(number) = value.try_into().map(u32::from_ne_bytes) else {
            return match (key, value) {
                // Always so in this table.
                (meta::NFPROTO, &[family]) if family == self.family as u8 && !not => Ok(()),
                (meta::PKTTYPE, &[kind]) => {
                    self.add(b"meta", "pkttype", &[("pkt-type", packet_type(kind), not)])
                }
                // An address of Ethernet follows, and its match looks for that too.
                (meta::IIFTYPE, &[1, 0]) if !not => {
                    self.ethernet = true;
                    Ok(())
                }
                _ => strange(b"meta"),
            };
        };
        match key {
            meta::IIF | meta::OIF => {
                let mut names = Names::default();
                if names.link_type_and_flags(number).is_none() {
                    return strange(b"meta");
                }
                let name = names.name(number).to_vec();
                let place =
                    if key == meta::IIF { &mut self.rule.input } else { &mut self.rule.output };
                if !place.name.is_empty() {
                    return strange(b"meta");
                }
                *place = Iface { name, not };
                Ok(())
            }
            // Without a socket the one does not match and the other, inverted, does.
            meta::SKUID | meta::SKGID if !not => {
                let option = if key == meta::SKUID { "uid-owner" } else { "gid-owner" };
                self.add(b"meta", "owner", &[(option, number.to_string(), false)])
            }
            meta::LEN if self.family == Family::V4 => {
                self.add(b"meta", "length", &[("length", number.to_string(), not)])
            }
            _ => strange(b"meta"),
        }
    }

    /// The state, status, direction or mark of the connection.
    pub(super) fn connection(
        &mut self,
        key: u32,
        loaded: Loaded<'a>,
        is: Is<'a>,
    ) -> Result<(), Strange> {
        let what = b"ct";
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value) = is else { return strange(what) };
        let not = how == Cmp::Neq;
        let four = |bytes: &[u8]| bytes.try_into().map(u32::from_ne_bytes).ok();
        let mask = loaded.mask.map(four);
        match (key, mask, four(value)) {
            // Any of several bits.
            (ct::STATE, Some(Some(bits)), Some(0)) => self.states(bits, !not),
            // A connection has one state.
            (ct::STATE, None, Some(bits)) if bits.is_power_of_two() => self.states(bits, not),
            (ct::STATUS, Some(Some(bits)), Some(0)) => match names(&STATUSES, bits) {
                Some(names) => self.add(what, "conntrack", &[("ctstatus", names, !not)]),
                // Without a connection the one does not match and the other, inverted, does.
                None if !not => strange(what),
                None => {
                    let Some(names) = names(&TRANSLATED, bits) else { return strange(what) };
                    self.add(what, "conntrack", &[("ctstate", names, false)])
                }
            },
            (ct::DIRECTION, None, None) => {
                let reply = match value {
                    [0] => not,
                    [1] => !not,
                    _ => return strange(what),
                };
                let direction = if reply { "REPLY" } else { "ORIGINAL" };
                self.add(what, "conntrack", &[("ctdir", direction.to_owned(), false)])
            }
            (ct::MARK, mask, Some(mark)) => {
                let value = match mask {
                    None => format!("{mark:#x}"),
                    Some(Some(mask)) => format!("{mark:#x}/{mask:#x}"),
                    Some(None) => return strange(what),
                };
                self.add(what, "connmark", &[("mark", value, not)])
            }
            _ => strange(what),
        }
    }

    fn states(&mut self, bits: u32, not: bool) -> Result<(), Strange> {
        let Some(names) = names(&STATES, bits) else { return strange(b"ct") };
        self.add(b"ct", "conntrack", &[("ctstate", names, not)])
    }

    /// The kind of an address.
    pub(super) fn fib(
        &mut self,
        result: u32,
        bits: u32,
        types: u32,
        not: bool,
    ) -> Result<(), Strange> {
        let mut words = Vec::new();
        let Some(names) = names_of(&TYPES, types) else { return strange(b"fib") };
        let option = match bits & (fib::SADDR | fib::DADDR) {
            fib::SADDR => "src-type",
            fib::DADDR => "dst-type",
            _ => return strange(b"fib"),
        };
        words.push((option, names, not));
        match bits & !(fib::SADDR | fib::DADDR) {
            0 => {}
            fib::BY_IIF => words.push(("limit-iface-in", String::new(), false)),
            fib::BY_OIF => words.push(("limit-iface-out", String::new(), false)),
            _ => return strange(b"fib"),
        }
        if result != fib::ADDRTYPE {
            return strange(b"fib");
        }
        self.add(b"fib", "addrtype", &words)
    }

    /// Whether there is a route back to where the packet comes from.
    pub(super) fn way_back(&mut self, bits: u32, is: Is<'a>) -> Result<(), Strange> {
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value) = is else { return strange(b"fib") };
        let there = match (value, value.iter().all(|&b| b == 0)) {
            (_, true) => how == Cmp::Neq,
            ([1], _) if bits & fib::PRESENT != 0 => how == Cmp::Eq,
            _ => return strange(b"fib"),
        };
        let mut words = Vec::new();
        let mut say = |wanted, option| {
            words.extend(Some((option, String::new(), false)).filter(|_| wanted));
        };
        say(bits & fib::BY_IIF == 0, "loose");
        say(bits & fib::BY_MARK != 0, "validmark");
        say(!there, "invert");
        match bits & !(fib::BY_IIF | fib::BY_MARK | fib::PRESENT) {
            fib::SADDR => self.add(b"fib", "rpfilter", &words),
            _ => strange(b"fib"),
        }
    }

    /// A chance that a random number decides.
    pub(super) fn random(&mut self, modulus: u32, is: Is<'a>) -> Result<(), Strange> {
        // The extension counts in parts of 2^31.
        let (0x8000_0000, Is::Cmp(Cmp::Lt, value)) = (modulus, is) else {
            return strange(b"numgen");
        };
        let Ok(parts) = value.try_into().map(u32::from_be_bytes) else { return strange(b"numgen") };
        let probability = format!("{:.11}", f64::from(parts) / 2_147_483_648.0);
        let words = [("mode", "random".to_owned(), false), ("probability", probability, false)];
        self.add(b"numgen", "statistic", &words)
    }

    /// Time to live, or hop limit.
    pub(super) fn hops(&mut self, is: Is<'a>) -> Result<(), Strange> {
        let (name, [eq, lt, gt]) = match self.family {
            Family::V4 => ("ttl", ["ttl-eq", "ttl-lt", "ttl-gt"]),
            Family::V6 => ("hl", ["hl-eq", "hl-lt", "hl-gt"]),
        };
        let Is::Cmp(how, &[n]) = is else { return strange(b"payload") };
        let word = match how {
            Cmp::Eq => (eq, n.to_string(), false),
            Cmp::Neq => (eq, n.to_string(), true),
            Cmp::Lt => (lt, n.to_string(), false),
            Cmp::Gt => (gt, n.to_string(), false),
            Cmp::Lte | Cmp::Gte => return strange(b"payload"),
        };
        self.add(b"payload", name, &[word])
    }

    /// The codepoint in the header of IPv4.
    pub(super) fn codepoint(&mut self, is: Is<'a>) -> Result<(), Strange> {
        let Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), &[n]) = is else { return strange(b"payload") };
        if n & 3 != 0 {
            return strange(b"payload");
        }
        self.add(b"payload", "dscp", &[("dscp", format!("{:#04x}", n >> 2), how == Cmp::Neq)])
    }

    /// The source address of Ethernet.
    pub(super) fn link(
        &mut self,
        offset: u32,
        len: u32,
        mask: Option<&[u8]>,
        is: Is<'a>,
    ) -> Result<(), Strange> {
        let (6, 6, None, Is::Cmp(how @ (Cmp::Eq | Cmp::Neq), value), true) =
            (offset, len, mask, is, self.ethernet)
        else {
            return strange(b"payload");
        };
        self.ethernet = false;
        let bytes: Vec<String> = value.iter().map(|b| format!("{b:02x}")).collect();
        self.add(b"payload", "mac", &[("mac-source", bytes.join(":"), how == Cmp::Neq)])
    }

    /// An address range, where a prefix does not say it or another address is there already.
    pub(super) fn range(
        &mut self,
        source: bool,
        (low, high): (&[u8], &[u8]),
        not: bool,
    ) -> Result<(), Strange> {
        let option = if source { "src-range" } else { "dst-range" };
        let width = self.family.len();
        if low.len() != width || high.len() != width || low > high {
            return strange(b"range");
        }
        let text = format!("{}-{}", self.show(low), self.show(high));
        self.add(b"range", "iprange", &[(option, text, not)])
    }

    /// What lies in a register is one of a set.
    pub(super) fn lookup(
        &mut self,
        loaded: Loaded<'a>,
        set: &[u8],
        not: bool,
    ) -> Result<(), Strange> {
        let what = b"lookup";
        let width = match loaded.from {
            Source::Payload { len, .. } => len as usize,
            Source::Ct(ct::STATE) | Source::Fib { .. } => 4,
            _ => return strange(what),
        };
        if loaded.mask.is_some() {
            return strange(what);
        }
        let Some(ranges) = self.sets.get(set, width) else {
            return Err(if set.starts_with(b"__") { what.to_vec() } else { [b"@", set].concat() });
        };
        let single = || ranges.iter().all(|(low, high)| low == high);
        // The bits, or the numbers as bits, of all keys together.
        let union = |bit: fn(u32) -> Option<u32>| {
            let keys =
                ranges.iter().map(|(low, _)| low.as_slice().try_into().map(u32::from_ne_bytes));
            keys.map(|key| bit(key.ok()?)).try_fold(0, |all, bit| Some(all | bit?))
        };
        let source = self.family.source_offset();
        let size = u32::try_from(self.family.len()).unwrap_or(4);
        match loaded.from {
            Source::Ct(_) if single() => {
                let one = |bits: u32| bits.is_power_of_two().then_some(bits);
                let Some(bits) = union(one) else { return strange(what) };
                self.states(bits, not)
            }
            Source::Fib { result, flags } if single() => {
                let Some(bits) = union(|n| 1u32.checked_shl(n)) else { return strange(what) };
                self.fib(result, flags, bits, not)
            }
            Source::Payload {
                base: crate::nft::base::TRANSPORT,
                offset: offset @ (0 | 2),
                len: 2,
            } => self.ports(offset, &ranges, not),
            Source::Payload { base: crate::nft::base::NETWORK, offset, len }
                if len == size && (offset == source || offset == source + size) =>
            {
                self.addresses(offset == source, &ranges, not)
            }
            _ => strange(what),
        }
    }

    fn ports(&mut self, offset: u32, ranges: &[Range], not: bool) -> Result<(), Strange> {
        if let [(low, high)] = ranges {
            let is = Is::Range { not, low, high };
            let call = self.port_match(&Test { offset, len: 2, mask: None, is });
            return call.map_or_else(
                || strange(b"lookup"),
                |call| {
                    self.rule.matches.push(call);
                    Ok(())
                },
            );
        }
        let option = if offset == 0 { "sports" } else { "dports" };
        let port = |b: &[u8]| b.try_into().map(u16::from_be_bytes).unwrap_or(0);
        let mut text = String::new();
        for (low, high) in ranges {
            let comma = if text.is_empty() { "" } else { "," };
            let _ = write!(text, "{comma}{}", port(low));
            if low != high {
                let _ = write!(text, ":{}", port(high));
            }
        }
        self.add(b"lookup", "multiport", &[(option, text, not)])
    }

    /// The match of the rule's protocol with this one comparison.
    fn port_match(&self, test: &Test<'_>) -> Option<Call> {
        let ext = ext::of_protocol(self.rule.proto, self.family)?;
        let mut call = ext.call();
        (ext.transport.as_ref()?.raise)(&mut call.info, test).then_some(call)
    }

    fn addresses(&mut self, source: bool, ranges: &[Range], not: bool) -> Result<(), Strange> {
        let side = usize::from(!source);
        let free = [&self.rule.source, &self.rule.destination][side].is_any();
        let nets: Vec<Net> = ranges
            .iter()
            .flat_map(|(low, high)| sets::prefixes(low, high))
            .take(MAX_ADDRESSES + 1)
            .map(|(addr, bits)| Net { addr: full(&addr), mask: self.family.mask(bits), not })
            .collect();
        match (&nets[..], ranges) {
            ([net], _) if free && !net.is_any() => {
                *[&mut self.rule.source, &mut self.rule.destination][side] = *net;
                Ok(())
            }
            (_, [(low, high)]) => self.range(source, (low, high), not),
            // None of several is one comparison for each.
            _ if not => {
                ranges.iter().try_for_each(|(low, high)| self.range(source, (low, high), true))
            }
            ([first, others @ ..], _) if free && nets.len() <= MAX_ADDRESSES => {
                *[&mut self.rule.source, &mut self.rule.destination][side] = *first;
                self.rule.others[side] = others.to_vec();
                Ok(())
            }
            _ => strange(b"lookup"),
        }
    }
}

fn full(addr: &[u8]) -> super::family::Addr {
    let mut all = [0; 16];
    for (to, from) in all.iter_mut().zip(addr) {
        *to = *from;
    }
    all
}

/// The names of all bits; none when one has no name, or none is there.
fn names(table: &[(u32, &str)], bits: u32) -> Option<String> {
    let named = table.iter().filter(|(bit, _)| bits & bit != 0);
    let known = table.iter().fold(0, |all, (bit, _)| all | bit);
    let names: Vec<&str> = named.map(|(_, name)| *name).collect();
    (bits & !known == 0 && bits != 0).then(|| names.join(","))
}

/// Likewise of names that are numbered from the lowest bit.
fn names_of(table: &[&str], bits: u32) -> Option<String> {
    let names: Vec<&str> =
        table.iter().enumerate().filter(|(i, _)| bits & 1 << i != 0).map(|(_, n)| *n).collect();
    (bits >> table.len() == 0 && bits != 0).then(|| names.join(","))
}

/// PACKET_* from 0.
fn packet_type(kind: u8) -> String {
    const NAMES: [&str; 4] = ["unicast", "broadcast", "multicast", "otherhost"];
    NAMES.get(usize::from(kind)).map_or_else(String::new, |name| (*name).to_owned())
}
