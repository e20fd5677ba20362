//! A rule becomes expressions: those of iptables 1.8.11, in its order.

use crate::nft::{Cmp, Exprs, Verdict, base, meta};

use super::address::Net;
use super::ext::Kind;
use super::family::{ALL_ONES, Family};
use super::native::{self, Lacks, Lowered};
use super::native_form;
use super::rule::{Call, Iface, Rule, Target};

/// A name that no interface has: what `! -i +` matches.
pub const NO_INTERFACE: &[u8] = b"INVAL/D\0";

/// Where the protocol and the fragment lie in the header of IPv4.
pub const PROTOCOL_OFFSET: u32 = 9;
pub const FRAGMENT_OFFSET: u32 = 6;
pub const FRAGMENT_MASK: [u8; 2] = [0x1f, 0xff];

/// What NFTA_RULE_EXPRESSIONS holds for a rule.
pub fn lower(rule: &Rule, family: Family) -> Exprs {
    lower_for(rule, family, &Lacks::default(), 0).exprs
}

/// Likewise for a kernel that lacks some extensions. `first_set` numbers the rule's sets.
pub fn lower_for(rule: &Rule, family: Family, lacks: &Lacks, first_set: u32) -> Lowered {
    let mut lowered = Lowered { first_set, ..Lowered::default() };
    let out = &mut lowered.exprs;
    let len = family.len();
    let source = family.source_offset();
    address(out, &rule.source, source, family);
    address(out, &rule.destination, source + if len == 4 { 4 } else { 16 }, family);
    interface(out, &rule.input, meta::IIFNAME);
    interface(out, &rule.output, meta::OIFNAME);
    if rule.proto != 0 {
        match family {
            Family::V4 => out.payload(base::NETWORK, PROTOCOL_OFFSET, 1),
            Family::V6 => out.meta(meta::L4PROTO),
        }
        out.cmp(Cmp::eq_unless(rule.proto_not), &[rule.proto]);
    }
    if let Some(not) = rule.fragment {
        out.payload(base::NETWORK, FRAGMENT_OFFSET, 2);
        out.mask(&FRAGMENT_MASK);
        out.cmp(Cmp::eq_unless(!not), &[0, 0]);
    }
    for call in &rule.matches {
        extension(&mut lowered, call, rule, family, lacks);
    }
    let out = &mut lowered.exprs;
    out.counter(rule.counters.0, rule.counters.1);
    match &rule.target {
        Target::None => {}
        Target::Accept => out.verdict(Verdict::Accept),
        Target::Drop => out.verdict(Verdict::Drop),
        Target::Return => out.verdict(Verdict::Return),
        Target::Jump(chain) => out.verdict(Verdict::Jump(chain)),
        Target::Goto(chain) => out.verdict(Verdict::Goto(chain)),
        Target::Call(call) => extension(&mut lowered, call, rule, family, lacks),
    }
    lowered
}

fn address(out: &mut Exprs, net: &Net, offset: u32, family: Family) {
    if net.is_any() {
        return;
    }
    let len = family.len();
    // Whole bytes need no mask.
    let bytes = match family.prefix(&net.mask) {
        Some(bits) if bits % 8 == 0 => bits / 8,
        _ => len,
    };
    out.payload(base::NETWORK, offset, u32::try_from(bytes).unwrap_or(0));
    if bytes == len && net.mask[..len] != ALL_ONES[..len] {
        out.mask(&net.mask[..len]);
    }
    out.cmp(Cmp::eq_unless(net.not), &net.addr[..bytes]);
}

fn interface(out: &mut Exprs, iface: &Iface, key: u32) {
    match iface.name.as_slice() {
        b"" => {}
        b"+" if !iface.not => {}
        b"+" => {
            out.meta(key);
            out.cmp(Cmp::Eq, NO_INTERFACE);
        }
        [beginning @ .., b'+'] => {
            out.meta(key);
            out.cmp(Cmp::eq_unless(iface.not), beginning);
        }
        name => {
            out.meta(key);
            out.cmp(Cmp::eq_unless(iface.not), &[name, b"\0"].concat());
        }
    }
}

fn extension(out: &mut Lowered, call: &Call, rule: &Rule, family: Family, lacks: &Lacks) {
    let ext = call.ext;
    let done = (ext.lower)(&call.info, &mut out.exprs)
        || ext.transport.as_ref().is_some_and(|t| (t.lower)(&call.info, &mut out.exprs))
        || lacks.has(native::name_of(call)) && native_form::extension(out, call, rule, family);
    if !done {
        out.asked.push(native::name_of(call));
        match ext.kind {
            Kind::Match => out.exprs.xt_match(ext.wire, ext.revision, &call.info),
            Kind::Target => out.exprs.xt_target(ext.wire, ext.revision, &call.info),
        }
    }
}
