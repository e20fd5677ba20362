//! The native forms of nf_tables, in the words of iptables: what becomes of a packet.

use std::fmt::Write as _;

use crate::nft::{Log, Nat, Source, Translation, ct, meta};

use super::ext::{self, Kind};
use super::family::Family;
use super::foreign::Words;
use super::raise::{Raiser, Strange, strange};
use super::rule::Target;

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

impl<'a> Raiser<'a> {
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
}

/// The options of the bits that are set.
fn flags<'n>(
    table: &'n [(u32, &'n str)],
    bits: u32,
) -> impl Iterator<Item = (&'n str, String, bool)> {
    let set = table.iter().filter(move |(bit, _)| bits & bit != 0);
    set.map(|(_, option)| (*option, String::new(), false))
}
