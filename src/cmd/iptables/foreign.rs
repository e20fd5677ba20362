//! The native forms of nf_tables, in the words of iptables.
//!
//! An expression becomes options, and these are read as if they had been typed; so nothing here
//! knows an extension's structure, and what its options do not take stays strange. Where the two
//! differ for packets that have no connection or no socket, a rule is not shown as something wider.

use std::fmt::Write as _;

use crate::cli::getopt::{Getopt, Order};
use crate::names::{Names, NetDb};
use crate::nft::{Cmp, Log, Nat, Source, Translation, ct, fib, meta};

use super::address::Net;
use super::ext::{self, Is, Kind, Loaded as Reading, Test};
use super::family::Family;
use super::raise::{Loaded, Raiser, Strange, strange};
use super::rule::{Call, Iface, Target};
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

/// Codes of ICMP messages and what is told of them, for IPv4 and IPv6.
#[rustfmt::skip] // one row, one line
const REJECTIONS: [&[(u8, &str)]; 2] = [
    &[(0, "icmp-net-unreachable"), (1, "icmp-host-unreachable"), (2, "icmp-proto-unreachable"),
      (3, "icmp-port-unreachable"), (9, "icmp-net-prohibited"), (10, "icmp-host-prohibited"),
      (13, "icmp-admin-prohibited")],
    &[(0, "icmp6-no-route"), (1, "icmp6-adm-prohibited"), (3, "icmp6-addr-unreachable"),
      (4, "icmp6-port-unreachable"), (5, "icmp6-policy-fail"), (6, "icmp6-reject-route")],
];

/// How `REJECT` numbers its answers; one that is none of ICMP's is a reset of TCP.
#[rustfmt::skip] // one row, one line
const ANSWERS: [&[(u32, u8)]; 2] = [
    &[(0, 0), (1, 1), (2, 2), (3, 3), (5, 9), (6, 10), (8, 13)],
    &[(0, 0), (1, 1), (3, 3), (4, 4), (7, 5), (8, 6)],
];

/// The code of ICMP for an answer of `REJECT`.
pub fn code_of(answer: u32, family: Family) -> Option<u8> {
    let rows = ANSWERS[usize::from(family == Family::V6)];
    rows.iter().find(|row| row.0 == answer).map(|row| row.1)
}

/// NF_NAT_RANGE_* with the options that say them.
const NAT_FLAGS: [(u32, &str); 3] = [(4, "random"), (0x10, "random-fully"), (8, "persistent")];
/// NF_NAT_RANGE_PROTO_SPECIFIED and MAP_IPS follow from what is there.
const IMPLIED: u32 = 3;

/// NF_LOG_* with the options that say them.
#[rustfmt::skip] // one row, one line
const LOG_FLAGS: [(u32, &str); 5] = [
    (1, "log-tcp-sequence"), (2, "log-tcp-options"), (4, "log-ip-options"), (8, "log-uid"),
    (0x20, "log-macdecode"),
];

/// An option, its value, and whether `!` stands before it.
type Words<'w> = [(&'w str, String, bool)];

impl<'a> Raiser<'a> {
    /// The extension as these options make it.
    fn read(&self, kind: Kind, name: &str, words: &Words<'_>) -> Option<Call> {
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

    /// A target made of options. One that does not end a packet's way may only be followed by a
    /// counter.
    fn act(
        &mut self,
        what: &[u8],
        name: &str,
        words: &Words<'_>,
        ends: bool,
    ) -> Result<(), Strange> {
        let call = self.read(Kind::Target, name, words);
        self.ended = ends;
        self.acted = !ends;
        let Some(call) = call else { return strange(what) };
        self.rule.target = Target::Call(call);
        Ok(())
    }

    fn constant(&self, reg: Option<u32>) -> Result<Option<&'a [u8]>, Strange> {
        let Some(reg) = reg else { return Ok(None) };
        match self.loaded(reg)?.from {
            Source::Constant(bytes) => Ok(Some(bytes)),
            _ => strange(b"map"),
        }
    }

    pub(super) fn nat(&mut self, nat: &Nat) -> Result<(), Strange> {
        let (what, name): (&[u8], _) = match nat.kind {
            Translation::Snat => (b"snat", "SNAT"),
            Translation::Dnat => (b"dnat", "DNAT"),
            Translation::Masquerade => (b"masquerade", "MASQUERADE"),
            Translation::Redirect => (b"redirect", "REDIRECT"),
        };
        self.ended = true;
        let known = NAT_FLAGS.iter().fold(IMPLIED, |all, (bit, _)| all | bit);
        let own = nat.kind == Translation::Masquerade
            || nat.kind == Translation::Redirect
            || nat.family == self.family as u32;
        if nat.flags & !known != 0 || !own {
            return strange(what);
        }
        let mut to = String::new();
        let addrs = [self.constant(nat.addrs[0])?, self.constant(nat.addrs[1])?];
        let ports = [self.constant(nat.ports[0])?, self.constant(nat.ports[1])?];
        let mut dash = "";
        for addr in addrs.into_iter().flatten() {
            if addr.len() != self.family.len() {
                return strange(what);
            }
            to.push_str(dash);
            to.push_str(&self.show(addr));
            dash = "-";
        }
        if self.family == Family::V6 && !to.is_empty() && ports[0].is_some() {
            to = format!("[{to}]");
        }
        dash = if name == "SNAT" || name == "DNAT" { ":" } else { "" };
        for port in ports.into_iter().flatten() {
            let Some(&[high, low]) = port.first_chunk() else { return strange(what) };
            let _ = write!(to, "{dash}{}", u16::from_be_bytes([high, low]));
            dash = "-";
        }
        let option = match nat.kind {
            Translation::Snat => "to-source",
            Translation::Dnat => "to-destination",
            _ => "to-ports",
        };
        let mut words = Vec::new();
        if !to.is_empty() {
            words.push((option, to, false));
        }
        words.extend(flags(&NAT_FLAGS, nat.flags));
        self.act(what, name, &words, true)
    }

    fn show(&self, addr: &[u8]) -> String {
        self.family.show(&full(addr))
    }

    pub(super) fn log(&mut self, log: &Log<'_>) -> Result<(), Strange> {
        let prefix = String::from_utf8_lossy(log.prefix).into_owned();
        if log.group.is_some() {
            let Some(call) = ext::of_log(log) else { return strange(b"log") };
            self.acted = true;
            self.rule.target = Target::Call(call);
            return Ok(());
        }
        let known = LOG_FLAGS.iter().fold(0, |all, (bit, _)| all | bit);
        let level = log.level.unwrap_or(4);
        if log.flags & !known != 0 || level > 7 {
            return strange(b"log");
        }
        let mut words = vec![("log-level", level.to_string(), false)];
        if !prefix.is_empty() {
            words.push(("log-prefix", prefix, false));
        }
        words.extend(flags(&LOG_FLAGS, log.flags));
        if words.iter().any(|(_, value, _)| value.contains('\u{fffd}')) {
            return strange(b"log");
        }
        self.act(b"log", "LOG", &words, false)
    }

    pub(super) fn reject(&mut self, kind: u32, code: u8) -> Result<(), Strange> {
        self.ended = true;
        let rows = REJECTIONS[usize::from(self.family == Family::V6)];
        let with = match kind {
            0 => rows.iter().find(|row| row.0 == code).map(|row| row.1),
            1 if (self.rule.proto, self.rule.proto_not) == (6, false) => Some("tcp-reset"),
            _ => None,
        };
        let Some(with) = with else { return strange(b"reject") };
        self.act(b"reject", "REJECT", &[("reject-with", with.to_owned(), false)], true)
    }

    pub(super) fn queue(&mut self, number: u16, total: u16, bits: u16) -> Result<(), Strange> {
        let last = number.checked_add(total.saturating_sub(1));
        let (Some(last), 0) = (last, bits & !3) else { return strange(b"queue") };
        let mut words = match total {
            0 | 1 => vec![("queue-num", number.to_string(), false)],
            _ => vec![("queue-balance", format!("{number}:{last}"), false)],
        };
        words.extend(flags(&[(1, "queue-bypass"), (2, "queue-cpu-fanout")], bits.into()));
        self.act(b"queue", "NFQUEUE", &words, true)
    }

    pub(super) fn notrack(&mut self) -> Result<(), Strange> {
        self.act(b"notrack", "CT", &[("notrack", String::new(), false)], false)
    }

    /// A mark, of the packet or of its connection, is set from what lies in a register.
    pub(super) fn set(&mut self, connection: bool, key: u32, reg: u32) -> Result<(), Strange> {
        let what: &[u8] = if connection { b"ct set" } else { b"meta set" };
        let loaded = self.loaded(reg)?;
        if !connection && key == meta::NFTRACE && loaded.from == Source::Constant(&[1]) {
            return self.act(what, "TRACE", &[], false);
        }
        let four = |bytes: &[u8]| bytes.try_into().map(u32::from_ne_bytes).ok();
        let mask = loaded.mask.map_or(Some(u32::MAX), four);
        let xor = loaded.xor.map_or(Some(0), four);
        let (Some(mask), Some(xor)) = (mask, xor) else { return strange(what) };
        if !connection && key == meta::PRIORITY {
            let class = match loaded.from {
                Source::Constant(bytes) => four(bytes),
                _ => None,
            };
            let Some(class) = class else { return strange(what) };
            let class = format!("{:x}:{:x}", class >> 16, class & 0xffff);
            return self.act(what, "CLASSIFY", &[("set-class", class, false)], false);
        }
        if key != if connection { ct::MARK } else { meta::MARK } {
            return strange(what);
        }
        let name = if connection { "CONNMARK" } else { "MARK" };
        let own = if connection { Source::Ct(ct::MARK) } else { Source::Meta(meta::MARK) };
        let plain = (mask, xor) == (u32::MAX, 0);
        let word = |option, value: String| (option, value, false);
        match loaded.from {
            Source::Constant(bytes) if plain => {
                let Some(mark) = four(bytes) else { return strange(what) };
                self.act(what, name, &[word("set-xmark", format!("{mark:#x}/0xffffffff"))], false)
            }
            from if from == own => {
                let value = format!("{xor:#x}/{:#x}", !mask);
                self.act(what, name, &[word("set-xmark", value)], false)
            }
            Source::Meta(meta::MARK) if plain => {
                self.act(what, "CONNMARK", &[word("save-mark", String::new())], false)
            }
            Source::Ct(ct::MARK) if plain => {
                self.act(what, "CONNMARK", &[word("restore-mark", String::new())], false)
            }
            _ => strange(what),
        }
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

/// The options of the bits that are set.
fn flags<'n>(
    table: &'n [(u32, &'n str)],
    bits: u32,
) -> impl Iterator<Item = (&'n str, String, bool)> {
    let set = table.iter().filter(move |(bit, _)| bits & bit != 0);
    set.map(|(_, option)| (*option, String::new(), false))
}

/// PACKET_* from 0.
fn packet_type(kind: u8) -> String {
    const NAMES: [&str; 4] = ["unicast", "broadcast", "multicast", "otherhost"];
    NAMES.get(usize::from(kind)).map_or_else(String::new, |name| (*name).to_owned())
}
