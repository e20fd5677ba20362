//! The native expressions of each extension that has some.

use crate::nft::{Cmp, Exprs, Log, Nat, NewSet, Translation, base, ct, fib, meta};

use super::ext::{Kind, u16_at, u32_at};
use super::family::Family;
use super::foreign_target;
use super::native::{Lowered, set_name};
use super::rule::{Call, Rule};

/// How `nft` numbers its types of values.
const INET_SERVICE: u32 = 13;
const FIB_ADDRTYPE: u32 = 38;

/// Registers for constants; the first is also that of comparisons.
const REGISTERS: [u32; 4] = [1, 2, 3, 4];

/// Writes an extension's native form; false, and nothing written, when it has none.
pub fn extension(out: &mut Lowered, call: &Call, rule: &Rule, family: Family) -> bool {
    let info = call.info.as_slice();
    let not = |at: usize| info.get(at).is_some_and(|&b| b != 0);
    let e = &mut out.exprs;
    match (call.ext.kind, call.ext.wire) {
        // In a note.
        (Kind::Match, "comment") => true,
        (Kind::Match, "conntrack") => connection(info, e),
        // Without an option they say what `-p` has said.
        (Kind::Match, "tcp") => rule.proto == 6 && !rule.proto_not && info == call.ext.call().info,
        (Kind::Match, "udp") => rule.proto == 17 && !rule.proto_not && info == call.ext.call().info,
        (Kind::Match, "icmp") => rule.proto == 1 && !rule.proto_not && icmp(info, e),
        (Kind::Match, "icmp6") => rule.proto == 58 && !rule.proto_not && icmp(info, e),
        (Kind::Match, "multiport") => multiport(info, out),
        (Kind::Match, "addrtype") => addrtype(info, out),
        (Kind::Match, "iprange") => {
            for (at, flag, offset) in [(0, 1, 0), (32, 2, 1)] {
                if info[64] & flag == 0 {
                    continue;
                }
                let len = family.len();
                let width = u32::try_from(len).unwrap_or(4);
                e.payload(base::NETWORK, family.source_offset() + offset * width, width);
                e.range(
                    info[64] & flag << 4 != 0,
                    &info[at..at + len],
                    &info[at + 16..at + 16 + len],
                );
            }
            true
        }
        (Kind::Match, "connmark") => {
            e.ct(ct::MARK);
            if u32_at(info, 4) != u32::MAX {
                e.mask(&info[4..8]);
            }
            e.cmp(Cmp::eq_unless(not(8)), &info[..4]);
            true
        }
        (Kind::Match, "pkttype") => {
            e.meta(meta::PKTTYPE);
            e.cmp(Cmp::eq_unless(not(4)), &info[..1]);
            true
        }
        (Kind::Match, "ttl" | "hl") => {
            let Some(how) = [Cmp::Eq, Cmp::Neq, Cmp::Lt, Cmp::Gt].get(usize::from(info[0])) else {
                return false;
            };
            e.payload(base::NETWORK, family.hops_offset(), 1);
            e.cmp(*how, &info[1..2]);
            true
        }
        (Kind::Match, "mac") => {
            e.meta(meta::IIFTYPE);
            e.cmp(Cmp::Eq, &1u16.to_ne_bytes());
            e.payload(base::LINK, 6, 6);
            e.cmp(Cmp::eq_unless(not(8)), &info[..6]);
            true
        }
        // One user; inverted it would also be for packets without a socket.
        (Kind::Match, "owner") if info[16] == 1 && info[17] == 0 && info[..4] == info[4..8] => {
            e.meta(meta::SKUID);
            e.cmp(Cmp::Eq, &info[..4]);
            true
        }
        (Kind::Match, "statistic") if u16_at(info, 0) == 0 && u16_at(info, 2) == 0 => {
            e.random(0x8000_0000);
            e.cmp(Cmp::Lt, &u32_at(info, 4).to_be_bytes());
            true
        }
        (Kind::Target, "MASQUERADE") => {
            translate(info, e, family, family == Family::V4, Translation::Masquerade)
        }
        (Kind::Target, "REDIRECT") => {
            translate(info, e, family, family == Family::V4, Translation::Redirect)
        }
        (Kind::Target, "SNAT") => {
            translate(info, e, family, family == Family::V4, Translation::Snat)
        }
        (Kind::Target, "DNAT") => translate(info, e, family, false, Translation::Dnat),
        (Kind::Target, "MARK") => {
            mark(info, e, |e| e.meta(meta::MARK), |e| e.set_meta(meta::MARK));
            true
        }
        (Kind::Target, "CONNMARK") => connmark(info, e),
        (Kind::Target, "LOG") => {
            let prefix = info[2..].split(|&b| b == 0).next().unwrap_or(&[]);
            let (level, flags) = (Some(info[0].into()), info[1].into());
            e.log(&Log { prefix, level, flags, ..Log::default() });
            true
        }
        (Kind::Target, "REJECT") => reject(info, e, rule, family),
        // Neither zone, helper nor timeout.
        (Kind::Target, "CT") if info[0] & 1 != 0 && info[2..].iter().all(|&b| b == 0) => {
            e.notrack();
            true
        }
        _ => false,
    }
}

/// XT_CONNTRACK_* as the extension numbers them.
const STATE: u16 = 1;
const STATUS: u16 = 0x40;
const DIRECTION: u16 = 0x1000;
const STATE_ALIAS: u16 = 0x2000;

fn connection(info: &[u8], out: &mut Exprs) -> bool {
    let (flags, inverted) = (u16_at(info, 146) & !STATE_ALIAS, u16_at(info, 148));
    let (state, status) = (u16_at(info, 150), u16_at(info, 152));
    // States that are told as statuses, and with which no other can be together.
    let translated = flags & STATE != 0 && state & 0xc0 != 0;
    let plain = state & 0xf | if state & 0x100 != 0 { 0x40 } else { 0 };
    if flags & !(STATE | STATUS | DIRECTION) != 0
        || translated && (plain != 0 || inverted & STATE != 0)
        || flags & STATUS != 0 && (status == 0 || status & !0xf != 0)
    {
        return false;
    }
    let mut any = |key: u32, bits: u16, not: bool| {
        out.ct(key);
        out.mask(&u32::from(bits).to_ne_bytes());
        out.cmp(Cmp::eq_unless(!not), &[0; 4]);
    };
    if translated {
        any(ct::STATUS, state >> 2 & 0x30, false);
    } else if flags & STATE != 0 {
        any(ct::STATE, plain, inverted & STATE != 0);
    }
    if flags & STATUS != 0 {
        any(ct::STATUS, status, inverted & STATUS != 0);
    }
    if flags & DIRECTION != 0 {
        out.ct(ct::DIRECTION);
        out.cmp(Cmp::Eq, &[u8::from(inverted & DIRECTION != 0)]);
    }
    true
}

/// Type, first and last code, inverted.
fn icmp(info: &[u8], out: &mut Exprs) -> bool {
    let how = Cmp::eq_unless(info[3] & 1 != 0);
    match (info[0], info[1], info[2]) {
        // Any message.
        (255, 0, 255) => return info[3] & 1 == 0,
        (_, 0, 255) => {
            out.payload(base::TRANSPORT, 0, 1);
            out.cmp(how, &info[..1]);
        }
        (_, low, high) if low == high => {
            out.payload(base::TRANSPORT, 0, 2);
            out.cmp(how, &info[..2]);
        }
        _ => return false,
    }
    true
}

/// Which side, how many, ports, which of them begin a range, inverted.
fn multiport(info: &[u8], out: &mut Lowered) -> bool {
    let (side, count) = (info[0], usize::from(info[1]).min(15));
    if side > 1 {
        return false;
    }
    let mut ranges = Vec::new();
    let mut i = 0;
    while i < count {
        let ranged = info[32 + i] != 0;
        let at = |i: usize| u16_at(info, 2 + i * 2);
        ranges.push((at(i), at(i + usize::from(ranged))));
        i += 1 + usize::from(ranged);
    }
    let ranges = merged(ranges);
    let key = |port: u16| port.to_be_bytes().to_vec();
    out.exprs.payload(base::TRANSPORT, u32::from(side) * 2, 2);
    lookup(
        out,
        info[47] != 0,
        NewSet {
            key_len: 2,
            key_type: INET_SERVICE,
            ranges: ranges.into_iter().map(|(low, high)| (key(low), key(high))).collect(),
        },
    );
    true
}

fn lookup(out: &mut Lowered, not: bool, set: NewSet) {
    if let [(low, high)] = &set.ranges[..] {
        match low == high {
            true => out.exprs.cmp(Cmp::eq_unless(not), low),
            false => out.exprs.range(not, low, high),
        }
        return;
    }
    let index = out.sets.len();
    let id = out.first_set + u32::try_from(index).unwrap_or(0);
    out.exprs.lookup(&set_name(index), id, not);
    out.sets.push(set);
}

/// Ascending and apart from each other.
fn merged(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    crate::sort::all(&mut ranges);
    let mut all: Vec<(u16, u16)> = Vec::new();
    for (low, high) in ranges {
        match all.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => all.push((low, high)),
        }
    }
    all
}

/// Types of the source, of the destination, flags.
fn addrtype(info: &[u8], out: &mut Lowered) -> bool {
    let flags = u32_at(info, 4);
    let by = match flags & 12 {
        0 => 0,
        4 => fib::BY_IIF,
        _ => fib::BY_OIF,
    };
    for (types, whose, inverted) in
        [(u16_at(info, 0), fib::SADDR, flags & 1), (u16_at(info, 2), fib::DADDR, flags & 2)]
    {
        if types == 0 {
            continue;
        }
        out.exprs.fib(fib::ADDRTYPE, whose | by);
        let keys = (0..16u32).filter(|i| types & 1 << i != 0).map(|i| i.to_ne_bytes().to_vec());
        lookup(
            out,
            inverted != 0,
            NewSet {
                key_len: 4,
                key_type: FIB_ADDRTYPE,
                ranges: keys.map(|key| (key.clone(), key)).collect(),
            },
        );
    }
    true
}

/// `old`: struct nf_nat_ipv4_multi_range_compat; otherwise struct nf_nat_range or range2.
fn translate(info: &[u8], out: &mut Exprs, family: Family, old: bool, kind: Translation) -> bool {
    const MAP_IPS: u32 = 1;
    const PROTO_SPECIFIED: u32 = 2;
    const PROTO_OFFSET: u32 = 0x20;
    let (flags, low, high, ports) = if old { (4, 8, 12, 16) } else { (0, 4, 20, 36) };
    let flags = u32_at(info, flags);
    if flags & PROTO_OFFSET != 0 {
        return false;
    }
    let mut registers = REGISTERS.into_iter();
    let mut pair = |wanted: bool, low: &[u8], high: &[u8]| {
        let mut pair = [None; 2];
        if wanted {
            for (reg, bytes) in pair.iter_mut().zip([low, high]) {
                if reg.is_none() && (bytes == low || low != high) {
                    *reg = registers.next();
                }
            }
            if low == high {
                pair[1] = None;
            }
            for (reg, bytes) in pair.iter().zip([low, high]) {
                if let Some(reg) = reg {
                    out.constant(*reg, bytes);
                }
            }
        }
        pair
    };
    let len = family.len();
    let addrs = pair(flags & MAP_IPS != 0, &info[low..low + len], &info[high..high + len]);
    let ports =
        pair(flags & PROTO_SPECIFIED != 0, &info[ports..ports + 2], &info[ports + 2..ports + 4]);
    // What is mapped follows from what is there, but for ports (as `nft` has it).
    let flags = flags & !MAP_IPS;
    out.nat(&Nat { kind, family: family as u32, addrs, ports, flags });
    true
}

/// Mark and mask: what is under the mask becomes zero, and then the mark's bits are turned.
fn mark(info: &[u8], out: &mut Exprs, load: fn(&mut Exprs), store: fn(&mut Exprs)) {
    match u32_at(info, 4) {
        u32::MAX => out.constant(1, &info[..4]),
        mask => {
            load(out);
            out.mask_xor(&(!mask).to_ne_bytes(), &info[..4]);
        }
    }
    store(out);
}

fn connmark(info: &[u8], out: &mut Exprs) -> bool {
    let whole = info[4..12] == [255; 8] && info[13] == 0;
    match info[14] {
        0 if info[13] == 0 => mark(info, out, |e| e.ct(ct::MARK), |e| e.set_ct(ct::MARK)),
        1 if whole => {
            out.meta(meta::MARK);
            out.set_ct(ct::MARK);
        }
        2 if whole => {
            out.ct(ct::MARK);
            out.set_meta(meta::MARK);
        }
        _ => return false,
    }
    true
}

fn reject(info: &[u8], out: &mut Exprs, rule: &Rule, family: Family) -> bool {
    match foreign_target::code_of(u32_at(info, 0), family) {
        Some(code) => out.reject(0, code),
        None if (rule.proto, rule.proto_not) == (6, false) => out.reject(1, 0),
        None => return false,
    }
    true
}
