//! Tables of the older x_tables interface (iptables-legacy), as if nf_tables had them.
//!
//! linux/netfilter_ipv4/ip_tables.h and ip6_tables.h: a table is one run of entries, each with
//! addresses, interfaces and protocol, matches, and a target. Where a chain of a hook begins is
//! told by the table's information; a chain that is jumped to begins behind an entry whose target
//! is ERROR and bears its name.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use super::filter::{Base, Chain, Rule, Table};
use crate::nft::{Cmp, Exprs, Verdict, base, meta};
use crate::sys::socket;

/// IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES; those of IPv6 have the same numbers.
const GET_INFO: i32 = 64;
const GET_ENTRIES: i32 = 65;

/// struct ipt_getinfo: name, hooks, where each begins, where its policy stands, count, size.
const INFO: usize = 84;
/// The head of struct ipt_get_entries: name, size, padding.
const HEAD: usize = 40;

/// Where the parts of an entry lie.
struct Layout {
    family: u8,
    /// Bytes of an address.
    width: usize,
    /// Where the source lies in the header of IP; the destination follows.
    source: u32,
    /// The interfaces, behind four addresses: in, out, and their masks.
    interfaces: usize,
    proto: usize,
    inverted: usize,
    offsets: usize,
    matches: usize,
}

const V4: Layout = Layout {
    family: 2,
    width: 4,
    source: 12,
    interfaces: 16,
    proto: 80,
    inverted: 83,
    offsets: 88,
    matches: 112,
};
const V6: Layout = Layout {
    family: 10,
    width: 16,
    source: 8,
    interfaces: 64,
    proto: 128,
    inverted: 132,
    offsets: 140,
    matches: 168,
};

/// The tables of these names. Only those that exist: to ask for another would make it.
pub(super) fn tables(names: &[Vec<u8>], ipv4: bool) -> io::Result<Vec<Table>> {
    let layout = if ipv4 { &V4 } else { &V6 };
    let family = if ipv4 { libc::AF_INET } else { libc::AF_INET6 };
    let fd = socket::open(family, libc::SOCK_RAW, libc::IPPROTO_RAW)?;
    names.iter().map(|name| table(&fd, name, layout)).collect()
}

fn word(bytes: &[u8], at: usize) -> usize {
    let chunk = bytes.get(at..).and_then(|b| b.first_chunk());
    chunk.map_or(0, |b| u32::from_ne_bytes(*b) as usize)
}
fn half(bytes: &[u8], at: usize) -> usize {
    let chunk = bytes.get(at..).and_then(|b| b.first_chunk());
    chunk.map_or(0, |b| usize::from(u16::from_ne_bytes(*b)))
}
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
}

fn table(fd: &OwnedFd, name: &[u8], layout: &Layout) -> io::Result<Table> {
    let level = if layout.family == 2 { libc::IPPROTO_IP } else { libc::IPPROTO_IPV6 };
    let mut info = vec![0; INFO];
    info[..name.len().min(31)].copy_from_slice(&name[..name.len().min(31)]);
    socket::get_bytes(fd.as_fd(), level, GET_INFO, &mut info)?;
    let size = word(&info, 80);
    let mut entries = info[..32].to_vec();
    entries.extend(u32::try_from(size).unwrap_or(0).to_ne_bytes());
    entries.resize(HEAD + size, 0);
    socket::get_bytes(fd.as_fd(), level, GET_ENTRIES, &mut entries)?;
    let entries = entries.get(HEAD..).unwrap_or_default();
    Ok(read(name, &info, entries, layout))
}

/// The chains of a table, its information and entries as the kernel gives them.
fn read(name: &[u8], info: &[u8], entries: &[u8], layout: &Layout) -> Table {
    // Where each chain begins, and its name.
    let mut chains: Vec<(usize, Vec<u8>, Option<Base>)> = Vec::new();
    for hook in 0..5u32 {
        let at = hook as usize;
        if word(info, 32) >> at & 1 == 0 {
            continue;
        }
        let accepts = target(entries, word(info, 56 + at * 4), layout)
            .is_some_and(|(_, data)| data.get(..4) == Some(&ACCEPT.to_ne_bytes()[..]));
        let hook_name: [&[u8]; 5] =
            [b"PREROUTING", b"INPUT", b"FORWARD", b"OUTPUT", b"POSTROUTING"];
        let base =
            Base { hook, priority: priority(name, hook), kind: kind(name).to_vec(), accepts };
        chains.push((word(info, 36 + at * 4), hook_name[at].to_vec(), Some(base)));
    }
    let mut at = 0;
    while let Some(next) = next(entries, at, layout) {
        if let Some((b"ERROR", data)) = target(entries, at, layout)
            && next < entries.len()
        {
            chains.push((next, text(data).to_vec(), None));
        }
        at = next;
    }
    let named: Vec<(usize, Vec<u8>)> = chains.iter().map(|(at, n, _)| (*at, n.clone())).collect();
    let ends: Vec<usize> = (0..5).map(|hook| word(info, 56 + hook * 4)).collect();
    let chains = chains.into_iter().map(|(begin, name, base)| {
        let mut rules = Vec::new();
        let mut at = begin;
        let end = base.as_ref().map(|b| ends[b.hook as usize]);
        // The policy is the last entry of a chain of a hook, RETURN that of another.
        while Some(at) != end
            && let Some(next) = next(entries, at, layout)
            && target(entries, at, layout).is_some_and(|(t, _)| t != b"ERROR")
        {
            let entry = &entries[at..next];
            let exprs = exprs(entry, layout, &named, next);
            rules.push(Rule { handle: at as u64, exprs, user_data: Vec::new() });
            at = next;
        }
        Chain { name, base, rules }
    });
    let chains = chains.collect();
    let (family, name) = (layout.family, name.to_vec());
    Table { family, name, dormant: false, legacy: true, chains, sets: Vec::new() }
}

/// The verdict of an entry that accepts: -NF_ACCEPT - 1.
const ACCEPT: i32 = -2;

/// Where the entry behind this one begins.
fn next(entries: &[u8], at: usize, layout: &Layout) -> Option<usize> {
    let entry = entries.get(at..)?;
    let len = half(entry, layout.offsets + 2);
    (len > layout.matches && len <= entry.len()).then_some(at + len)
}

/// The name of an entry's target and what is behind it: struct xt_entry_target is a size, a name
/// of 29 bytes and a revision.
fn target<'e>(entries: &'e [u8], at: usize, layout: &Layout) -> Option<(&'e [u8], &'e [u8])> {
    let end = next(entries, at, layout)?;
    let part = entries.get(at..end)?;
    let target = part.get(half(part, layout.offsets)..)?;
    Some((text(target.get(2..31)?), target.get(32..)?))
}

fn exprs(entry: &[u8], layout: &Layout, named: &[(usize, Vec<u8>)], behind: usize) -> Vec<u8> {
    let mut e = Exprs::default();
    let inverted = entry.get(layout.inverted).copied().unwrap_or(0);
    let inv = |bit: u8| Cmp::eq_unless(inverted & bit != 0);
    let bytes = |at: usize, len: usize| entry.get(at..at + len).unwrap_or_default();
    let width = layout.width;
    for (side, bit) in [(0, 8), (1, 16)] {
        let (addr, mask) = (bytes(side * width, width), bytes((side + 2) * width, width));
        if mask.iter().any(|b| *b != 0) {
            let len = u32::try_from(width).unwrap_or(4);
            e.payload(base::NETWORK, layout.source + len * u32::from(side == 1), len);
            e.mask(mask);
            e.cmp(inv(bit), addr);
        }
    }
    for (side, bit, key) in [(0, 1, meta::IIFNAME), (1, 2, meta::OIFNAME)] {
        let name = bytes(layout.interfaces + side * 16, 16);
        let mask = bytes(layout.interfaces + 32 + side * 16, 16);
        let len = mask.iter().take_while(|b| **b != 0).count();
        if len > 0 {
            e.meta(key);
            e.cmp(inv(bit), &name[..len]);
        }
    }
    let proto = half(entry, layout.proto);
    if proto != 0 {
        e.meta(meta::L4PROTO);
        e.cmp(inv(0x40), &[u8::try_from(proto).unwrap_or(255)]);
    }
    let mut at = layout.matches;
    let end = half(entry, layout.offsets);
    while at + 32 <= end {
        let size = half(entry, at);
        let part = bytes(at, size);
        if size < 32 || part.is_empty() {
            break;
        }
        let name = String::from_utf8_lossy(text(&part[2..31])).into_owned();
        e.xt_match(&name, part[31], &part[32..]);
        at += size;
    }
    let part = entry.get(end..).unwrap_or_default();
    let name = text(part.get(2..31).unwrap_or_default());
    let data = part.get(32..).unwrap_or_default();
    if !name.is_empty() {
        let revision = part.get(31).copied().unwrap_or(0);
        e.xt_target(&String::from_utf8_lossy(name), revision, data);
        return e.bytes().to_vec();
    }
    let code = u32::try_from(word(data, 0)).unwrap_or(0).cast_signed();
    let to = usize::try_from(code).ok();
    let chain = to.and_then(|to| named.iter().find(|(at, _)| *at == to));
    match (code, chain) {
        (-1, _) => e.verdict(Verdict::Drop),
        (-2, _) => e.verdict(Verdict::Accept),
        (-5, _) => e.verdict(Verdict::Return),
        // A jump to what comes next is a rule without a target.
        _ if to == Some(behind) => {}
        (_, Some((_, chain))) => e.verdict(Verdict::Jump(chain)),
        _ => e.verdict(Verdict::Other(3)),
    }
    e.bytes().to_vec()
}

/// NF_IP_PRI_* of a table's chains.
fn priority(table: &[u8], hook: u32) -> i32 {
    match (table, hook) {
        (b"raw", _) => -300,
        (b"mangle", _) => -150,
        (b"nat", 0 | 3) => -100,
        (b"nat", _) => 100,
        (b"security", _) => 50,
        _ => 0,
    }
}

fn kind(table: &[u8]) -> &'static [u8] {
    if table == b"nat" { b"nat" } else { b"filter" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nft::{Expr, Reader};

    /// An entry that accepts or drops what comes from an address.
    fn entry(src: [u8; 4], verdict: i32) -> Vec<u8> {
        let mut e = vec![0; 112];
        e[..4].copy_from_slice(&src);
        e[8..12].copy_from_slice(&if src == [0; 4] { [0; 4] } else { [255; 4] });
        e[88..90].copy_from_slice(&112u16.to_ne_bytes());
        e[90..92].copy_from_slice(&152u16.to_ne_bytes());
        let mut target = vec![0; 40];
        target[0] = 40;
        target[32..36].copy_from_slice(&verdict.to_ne_bytes());
        e.extend(target);
        e
    }

    #[test]
    fn a_table_is_read_rule_by_rule() {
        let mut entries = entry([10, 0, 0, 1], -1);
        entries.extend(entry([0; 4], -2));
        let mut info = vec![0; INFO];
        info[32] = 2; // INPUT
        info[60..64].copy_from_slice(&152u32.to_ne_bytes());
        let table = read(b"filter", &info, &entries, &V4);
        let chain = table.chain(b"INPUT").unwrap();
        assert!(chain.base.as_ref().unwrap().accepts);
        assert_eq!(chain.rules.len(), 1);
        let last = Reader::new(&chain.rules[0].exprs).last();
        assert!(matches!(last, Some(Expr::Verdict(Verdict::Drop))));
    }

    #[test]
    fn what_is_cut_is_no_rule() {
        let entries = entry([10, 0, 0, 1], -1);
        let mut info = vec![0; INFO];
        info[32] = 2;
        info[60] = 255;
        for end in 0..entries.len() {
            let table = read(b"filter", &info, &entries[..end], &V4);
            assert!(table.chains[0].rules.is_empty(), "{end}");
        }
    }
}
