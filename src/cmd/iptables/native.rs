//! Native expressions for extensions that a kernel lacks, or all of them where nothing of x_tables
//! is there: the most that container software and tutorials use.
//!
//! What expressions cannot keep (where a comment stands, `-m state` instead of `-m conntrack`, the
//! order of ports) goes into a note beside the rule. It is believed only when the rule that it
//! tells of would have the expressions that are there.

use crate::names::NetDb;
use crate::nft::{Cmp, Exprs, Log, Nat, NewSet, Translation, base, ct, fib, meta};

use super::ext::{Kind, u16_at, u32_at};
use super::family::Family;
use super::foreign;
use super::lower::lower_for;
use super::options::{self, Asked, Caller};
use super::raise::raise;
use super::restore::split;
use super::rule::{Call, Rule};
use super::sets::Sets;
use super::show::Show;

/// What is noted beside a rule: type, length, value, as `nft` keeps its comments, which have
/// type 0. It skips types that it does not know.
const COMMENT: u8 = 0;
const NOTE: u8 = 0x69;
/// NFT_USERDATA_MAXLEN.
const MAX_USER_DATA: usize = 256;

/// How `nft` numbers its types of values.
const INET_SERVICE: u32 = 13;
const FIB_ADDRTYPE: u32 = 38;

/// Registers for constants; the first is also that of comparisons.
const REGISTERS: [u32; 4] = [1, 2, 3, 4];

/// By what the kernel knows an extension: the name and the revision.
pub type Name = (Kind, &'static str, u8);

/// Extensions that the kernel does not have.
#[derive(Debug, Default)]
pub struct Lacks(Vec<Name>);

impl Lacks {
    pub fn add(&mut self, name: Name) {
        self.0.push(name);
    }
    pub fn has(&self, name: Name) -> bool {
        self.0.contains(&name)
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub fn name_of(call: &Call) -> Name {
    (call.ext.kind, call.ext.wire, call.ext.revision)
}

/// What a rule is made of.
#[derive(Default)]
pub struct Lowered {
    /// The number of its first set within the batch; the others follow.
    pub first_set: u32,
    pub exprs: Exprs,
    /// Looked up by the names that [`set_name`] gives.
    pub sets: Vec<NewSet>,
    pub user_data: Vec<u8>,
    /// The extensions that were asked of the kernel.
    pub asked: Vec<Name>,
}

/// How a rule's set is called in the batch that makes it. The kernel goes by its number there.
pub fn set_name(index: usize) -> Vec<u8> {
    format!("__set%d{index}").into_bytes()
}

impl Lowered {
    /// Its sets, as they would be read.
    fn known(&self) -> Sets {
        let sets = Sets::default();
        for (i, set) in self.sets.iter().enumerate() {
            sets.know(&set_name(i), &set.ranges);
        }
        sets
    }

    /// Notes what the expressions do not tell. False when there is no room for a comment.
    pub fn note(&mut self, rule: &Rule, family: Family) -> bool {
        let comment = rule.matches.iter().find(|c| c.ext.wire == "comment").map(text_of);
        let is_told =
            |user_data: &[u8]| raise(self.exprs.bytes(), user_data, family, &self.known()) == *rule;
        let mut user_data = Vec::new();
        if let Some(text) = comment.filter(|t| !t.is_empty()) {
            push(&mut user_data, COMMENT, &[text, b"\0"].concat());
        }
        if user_data.len() <= MAX_USER_DATA && is_told(&user_data) {
            self.user_data = user_data;
            return true;
        }
        let words = words(rule, family);
        let mut note = Vec::new();
        push(&mut note, NOTE, &words);
        // For `nft` to show the comment too, if both fit.
        if user_data.len() + note.len() <= MAX_USER_DATA {
            note.extend_from_slice(&user_data);
        }
        if words.len() < 256 && note.len() <= MAX_USER_DATA && is_told(&note) {
            self.user_data = note;
            return true;
        }
        // The rule is right without the rest.
        comment.is_none()
    }
}

fn push(user_data: &mut Vec<u8>, kind: u8, value: &[u8]) {
    // One that is too long is not kept.
    user_data.extend([kind, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
    user_data.extend_from_slice(value);
}

fn words(rule: &Rule, family: Family) -> Vec<u8> {
    let db = NetDb::default();
    let show =
        Show { family, db: &db, numeric: true, verbose: false, exact: false, line_numbers: false };
    let mut text = Vec::new();
    show.words(&mut text, rule, b"X");
    text.strip_prefix(b"-A X").unwrap_or(&text).trim_ascii().to_vec()
}

/// The rule that a note tells of, if it has these expressions.
pub fn noted(user_data: &[u8], raised: &Rule, family: Family) -> Option<Rule> {
    let note = find(user_data, NOTE)?;
    let owned = split(note);
    let words: Vec<&[u8]> =
        [&b"-A"[..], b"X"].into_iter().chain(owned.iter().map(AsRef::as_ref)).collect();
    let db = NetDb::default();
    let caller = Caller { prog: "iptables", family, restoring: None };
    let Ok(Asked::Command(mut command)) = options::read(&words, caller, &db) else { return None };
    let mut rule = command.rules.pop().filter(|_| command.rules.is_empty())?;
    // Whichever extensions were there: each in its native form, and then each in its own.
    let mut all = Lacks::default();
    rule.calls().for_each(|call| all.add(name_of(call)));
    let lowered = lower_for(&rule, family, &all, 0);
    let mut again = raise(lowered.exprs.bytes(), &[], family, &lowered.known());
    let mut raised = raised.clone();
    // Comments are no expressions.
    for rule in [&mut again, &mut raised] {
        rule.matches.retain(|c| c.ext.wire != "comment");
    }
    rule.counters = raised.counters;
    (again == raised).then_some(rule)
}

/// The comment that `nft` notes.
pub fn comment(user_data: &[u8]) -> Option<&[u8]> {
    find(user_data, COMMENT)?.split(|&b| b == 0).next()
}

/// What is noted under a type.
fn find(mut data: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [kind, len, rest @ ..] = data {
        let value = rest.get(..usize::from(*len))?;
        if *kind == wanted {
            return Some(value);
        }
        data = &rest[usize::from(*len)..];
    }
    None
}

fn text_of(call: &Call) -> &[u8] {
    call.info.split(|&b| b == 0).next().unwrap_or(&[])
}

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
    ranges.sort_unstable();
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
    match foreign::code_of(u32_at(info, 0), family) {
        Some(code) => out.reject(0, code),
        None if (rule.proto, rule.proto_not) == (6, false) => out.reject(1, 0),
        None => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nft::{Expr, Reader};

    fn rule(family: Family, line: &str) -> Rule {
        let owned = split(line.as_bytes());
        let words: Vec<&[u8]> =
            [&b"-A"[..], b"X"].into_iter().chain(owned.iter().map(AsRef::as_ref)).collect();
        let db = NetDb::default();
        let caller = Caller { prog: "iptables", family, restoring: None };
        match options::read(&words, caller, &db) {
            Ok(Asked::Command(command)) => command.rules[0].clone(),
            _ => panic!("{line}"),
        }
    }

    fn bare(family: Family, line: &str) -> (Rule, Lowered) {
        let rule = rule(family, line);
        let mut lacks = Lacks::default();
        rule.calls().for_each(|call| lacks.add(name_of(call)));
        let lowered = lower_for(&rule, family, &lacks, 7);
        (rule, lowered)
    }

    #[test]
    fn nothing_of_x_tables_is_needed_and_all_comes_back() {
        let v4 = [
            "-p tcp -m tcp",
            "-p udp -m udp -j ACCEPT",
            "-m state --state NEW,ESTABLISHED -j ACCEPT",
            "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "-m conntrack ! --ctstate INVALID,UNTRACKED -j ACCEPT",
            "-m conntrack --ctstate SNAT,DNAT --ctdir REPLY -j ACCEPT",
            "-m conntrack ! --ctstatus EXPECTED,ASSURED -j ACCEPT",
            "-p tcp -m multiport --dports 443,22,80:90,85 -j ACCEPT",
            "-p udp -m multiport ! --sports 53 -j ACCEPT",
            "-p udp -m multiport ! --sports 53,5 -j ACCEPT",
            "-m comment --comment first -p tcp -m tcp --dport 80 -j ACCEPT",
            "-p tcp -m tcp --dport 80 -m comment --comment \"behind it\" -j ACCEPT",
            "-m comment --comment a -m comment --comment b -j X",
            "-m addrtype --dst-type LOCAL -j X",
            "-m addrtype ! --src-type LOCAL,BROADCAST --dst-type UNICAST --limit-iface-in",
            "-m mark --mark 0x4000/0x4000 -j MARK --set-xmark 0x0/0x4000",
            "-j MARK --set-xmark 0x5/0xffffffff",
            "-m connmark ! --mark 0x1/0xff -j CONNMARK --save-mark",
            "-j CONNMARK --restore-mark",
            "-j CONNMARK --set-xmark 0x1/0x3",
            "-m limit --limit 3/min -j LOG --log-prefix \"a b \" --log-level 7 --log-uid",
            "-j LOG",
            "-j REJECT",
            "-p tcp -j REJECT --reject-with tcp-reset",
            "-p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-admin-prohibited",
            "-p icmp -m icmp ! --icmp-type 3/4 -j DROP",
            "-p icmp -m icmp --icmp-type any -j DROP",
            "-m iprange ! --src-range 1.1.1.1-1.1.1.9 --dst-range 2.2.2.2-2.2.2.3",
            "-m pkttype ! --pkt-type multicast -m ttl --ttl-gt 5",
            "-m mac ! --mac-source 02:00:00:00:00:01 -j DROP",
            "-m owner --uid-owner 7 -j ACCEPT",
            "-m statistic --mode random --probability 0.33333333349 -j X",
            "-j MASQUERADE",
            "-p tcp -j MASQUERADE --to-ports 5-9 --random-fully",
            "-p tcp -j REDIRECT --to-ports 3128",
            "-p tcp -m tcp --dport 80 -j DNAT --to-destination 1.2.3.4:8080",
            "-p udp -j DNAT --to-destination 1.2.3.4-1.2.3.9:5-6 --random",
            "-j DNAT --to-destination 1.2.3.4 --persistent",
            "-j SNAT --to-source 1.2.3.4",
            "-p tcp -j SNAT --to-source 1.2.3.4-1.2.3.5:5",
        ];
        let v6 = [
            "-p tcp -j DNAT --to-destination [2001:db8::1]:80",
            "-j SNAT --to-source ::1-::5",
            "-j MASQUERADE",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT --reject-with icmp6-adm-prohibited",
            "-m hl ! --hl-eq 5 -m iprange --dst-range ::1-::9",
        ];
        let v4 = v4.into_iter().map(|line| (Family::V4, line));
        for (family, line) in v4.chain(v6.into_iter().map(|line| (Family::V6, line))) {
            let (rule, mut lowered) = bare(family, line);
            assert!(lowered.asked.is_empty(), "{line}: {:?}", lowered.asked);
            for expr in Reader::new(lowered.exprs.bytes()) {
                let old = matches!(expr, Expr::Match { .. } | Expr::Target { .. } | Expr::Other(_));
                assert!(!old, "{line}: {expr:?}");
            }
            assert!(lowered.note(&rule, family), "{line}");
            let known = lowered.known();
            let back = raise(lowered.exprs.bytes(), &lowered.user_data, family, &known);
            assert_eq!(words(&back, family), words(&rule, family), "{line}");
            assert_eq!(back, rule, "{line}");
        }
    }

    #[test]
    fn a_note_is_not_believed_when_the_rule_is_another() {
        let (rule, mut lowered) = bare(Family::V4, "-m state --state NEW -j ACCEPT");
        assert!(lowered.note(&rule, Family::V4) && !lowered.user_data.is_empty());
        let (_, other) = bare(Family::V4, "-m state --state INVALID -j ACCEPT");
        let known = Sets::default();
        let back = raise(other.exprs.bytes(), &lowered.user_data, Family::V4, &known);
        assert_eq!(words(&back, Family::V4), b"-m conntrack --ctstate INVALID -j ACCEPT");
        for end in 0..lowered.user_data.len() {
            let note = &lowered.user_data[..end];
            let back = raise(lowered.exprs.bytes(), note, Family::V4, &known);
            assert_eq!(words(&back, Family::V4), b"-m conntrack --ctstate NEW -j ACCEPT");
        }
    }

    #[test]
    fn what_has_no_native_form_is_asked_of_the_kernel() {
        for line in [
            "-m physdev --physdev-in a",
            "-m conntrack --ctstate NEW,DNAT",
            "-m conntrack --ctorigdst 1.2.3.4",
            "-p tcp -m multiport --ports 1,2",
            "-p tcp -j DNAT --to-destination 1.2.3.4:5-6/7",
            "-p tcp -m tcp --tcp-option 5",
        ] {
            assert_eq!(bare(Family::V4, line).1.asked.len(), 1, "{line}");
        }
    }

    #[test]
    fn a_long_comment_is_kept_or_refused() {
        let line = |n: usize| format!("-m comment --comment {} -j LOG", "x".repeat(n));
        let (rule, mut lowered) = bare(Family::V4, &line(240));
        assert!(lowered.note(&rule, Family::V4));
        let (rule, mut lowered) = bare(Family::V4, &line(255));
        assert!(!lowered.note(&rule, Family::V4));
    }
}
