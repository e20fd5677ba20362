//! `ip rule show`, and how one rule is shown.

use crate::cli::Args;
use crate::cli::value::AF_INET;
use crate::cmd::ip::host;
use crate::cmd::ip::route::kind;
use crate::ctx::{Ctx, dump_failed};
use crate::error::Result;
use crate::names::{Kind, Names};
use crate::netlink::Request;
use crate::output::{Field, Out, Paint, field, json_only, text_only};
use crate::rtnl::rule::{
    FIB_RULE_IIF_DETACHED, FIB_RULE_INVERT, FIB_RULE_OIF_DETACHED, FIB_RULE_UNRESOLVED,
    FR_ACT_GOTO, FR_ACT_NOP, FR_ACT_TO_TBL, FRA_DPORT_MASK, FRA_DPORT_RANGE, FRA_DSCP,
    FRA_DSCP_MASK, FRA_DST, FRA_FLOW, FRA_FLOWLABEL, FRA_FLOWLABEL_MASK, FRA_FWMARK, FRA_FWMASK,
    FRA_GOTO, FRA_IIFNAME, FRA_IP_PROTO, FRA_L3MDEV, FRA_OIFNAME, FRA_PROTOCOL, FRA_SPORT_MASK,
    FRA_SPORT_RANGE, FRA_SRC, FRA_SUPPRESS_IFGROUP, FRA_SUPPRESS_PREFIXLEN, FRA_TUN_ID,
    RTA_GATEWAY, RTM_DELRULE, RTM_GETRULE, Rule, header,
};

use super::filter;

const PRIORITY: Field = field("priority", "{}:\t");
const SRC: Field = field("src", "{}");
const SRC_LEN: Field = field("srclen", "/{}");
const DST: Field = field("dst", "{}");
const DST_LEN: Field = field("dstlen", "/{}");
const TOS: Field = field("tos", " tos {}");
const FWMARK: Field = field("fwmark", " fwmark {}");
const FWMASK: Field = field("fwmask", "/{}");
const IIF: Field = field("iif", "{}");
const OIF: Field = field("oif", "{}");
const UID_START: Field = field("uid_start", " uidrange {}");
const UID_END: Field = field("uid_end", "-{}");
const IPPROTO: Field = field("ipproto", " ipproto {}");
const TUN_ID: Field = field("tun_id", " tun_id {}");
const TABLE: Field = field("table", " lookup {}");
const SUPPRESS_LEN: Field = field("suppress_prefixlen", " suppress_prefixlength {}");
const SUPPRESS_GROUP: Field = field("suppress_ifgroup", " suppress_ifgroup {}");
const FLOW_FROM: Field = field("flow_from", "{}/");
const FLOW_TO: Field = field("flow_to", "{}");
const NAT: Field = field("nat_gateway", "{}");
const GOTO: Field = field("goto", " goto {}");
const ACTION: Field = field("action", " {}");
const PROTOCOL: Field = field("protocol", " proto {}");
const DSCP: Field = field("dscp", " dscp {}");
const DSCP_JSON: Field = json_only("dscp");
const DSCP_TEXT: Field = text_only(" dscp {}");
const DSCP_MASK: Field = field("dscp_mask", "/{}");
const DSCP_MASK_JSON: Field = json_only("dscp_mask");
const FLOW_LABEL: Field = field("flowlabel", " flowlabel {}");
const FLOW_LABEL_MASK: Field = field("flowlabel_mask", "/{}");
const FLOW_LABEL_MASK_JSON: Field = json_only("flowlabel_mask");

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let family = super::family(ctx);
    let filter = filter::read(&mut ctx.names, family, args)?;
    let (conn, out, names, opts) = ctx.parts()?;
    let mut dump = conn.dump(&mut query(family))?;
    let mut shown = false;
    out.begin();
    let ended = loop {
        match dump.next_message() {
            Ok(Some(msg)) => {
                // Whoever made a rule does not count here, only for flush (observed in
                // iproute2 6.15).
                if let Some(rule) = Rule::parse(msg.payload)
                    && filter.accepts(&rule)
                {
                    out.open();
                    line(out, names, opts.details > 0, &rule);
                    out.close();
                    shown = true;
                }
            }
            Ok(None) => break Ok(()),
            Err(e) => break dump_failed(e, 255),
        }
    };
    let interrupted = dump.interrupted();
    out.end();
    ctx.told_interruption(interrupted);
    if !shown && family == AF_INET && ended.is_ok() {
        ctx.hint(|| "these were IPv4 rules; IPv6 rules: \"ip -6 rule\"".into());
    }
    Ok(ended?)
}

/// Asks for all rules of a family.
pub fn query(family: u8) -> Request {
    Request::new(RTM_GETRULE, 0, &header(family))
}

/// A rule that a change has made or removed, with the end of its line.
pub fn change(out: &mut Out, names: &mut Names, details: bool, kind: u16, payload: &[u8]) {
    let Some(rule) = Rule::parse(payload) else { return };
    out.open();
    if kind == RTM_DELRULE {
        out.flag("deleted", "Deleted ");
    }
    line(out, names, details, &rule);
    out.close();
}

/// One rule with the end of its line.
pub fn line(out: &mut Out, names: &mut Names, details: bool, r: &Rule<'_>) {
    out.uint(PRIORITY, r.priority().unwrap_or(0));
    if r.flags & FIB_RULE_INVERT != 0 {
        out.null("not", "not ");
    }
    out.text("from ");
    match (r.get(FRA_SRC), r.src_len) {
        (None, 0) => out.str(SRC, "all"),
        (addr, len) => prefix(out, names, [SRC, SRC_LEN], addr.map(|a| a.value), len),
    }
    if r.get(FRA_DST).is_some() || r.dst_len != 0 {
        out.text(" to ");
        prefix(out, names, [DST, DST_LEN], r.get(FRA_DST).map(|a| a.value), r.dst_len);
    }
    if r.tos != 0 {
        out.str(TOS, &names.show(Kind::DsField, r.tos.into()));
    }
    fwmark(out, r);
    device(out, IIF, r, FRA_IIFNAME, FIB_RULE_IIF_DETACHED);
    device(out, OIF, r, FRA_OIFNAME, FIB_RULE_OIF_DETACHED);
    if r.u8(FRA_L3MDEV).is_some_and(|on| on != 0) {
        out.null("l3mdev", " lookup [l3mdev-table]");
    }
    if let Some((first, last)) = r.uids() {
        out.uint(UID_START, first);
        out.uint(UID_END, last);
    }
    if let Some(number) = r.u8(FRA_IP_PROTO) {
        out.bytes(IPPROTO, &names.ip_protocol(number));
    }
    ports(out, &SPORT, r.ports(FRA_SPORT_RANGE), mask_of_ports(r, FRA_SPORT_MASK));
    ports(out, &DPORT, r.ports(FRA_DPORT_RANGE), mask_of_ports(r, FRA_DPORT_MASK));
    if let Some(id) = r.get(FRA_TUN_ID).and_then(|a| a.u64_be()) {
        out.uint(TUN_ID, id);
    }
    if r.table() != 0 {
        lookup(out, names, r);
    }
    if let Some(flow) = r.u32(FRA_FLOW) {
        let (from, to) = (flow >> 16, flow & 0xffff);
        out.text(" realms ");
        if from != 0 {
            out.str(FLOW_FROM, &names.show(Kind::Realm, from));
        }
        out.str(FLOW_TO, &names.show(Kind::Realm, to));
    }
    action(out, names, r);
    if let Some(protocol) = r.u8(FRA_PROTOCOL)
        && (details || (protocol != 0 && protocol != RTPROT_KERNEL))
    {
        out.str(PROTOCOL, &names.show(Kind::RtProto, protocol.into()));
    }
    dscp(out, names, r);
    flow_label(out, r);
    out.newline();
}

const RTPROT_KERNEL: u8 = 2;

/// An address and its length, if it is not a host's.
fn prefix(out: &mut Out, names: &mut Names, f: [Field; 2], addr: Option<&[u8]>, len: u8) {
    match addr {
        Some(addr) => {
            host::show(out, names, f[0], addr);
            if usize::from(len) != 8 * addr.len() {
                out.uint(f[1], len);
            }
        }
        None => {
            out.str(f[0], "0");
            out.uint(f[1], len);
        }
    }
}

/// As `%#x` prints: no `0x` before a zero.
fn hex(out: &mut Out, f: Field, v: u32) {
    match v {
        0 => out.str(f, "0"),
        v => out.display(f, format_args!("{v:#x}")),
    }
}

fn fwmark(out: &mut Out, r: &Rule<'_>) {
    let (mark, mask) = (r.u32(FRA_FWMARK), r.u32(FRA_FWMASK));
    if mark.is_none() && mask.is_none() {
        return;
    }
    hex(out, FWMARK, mark.unwrap_or(0));
    if let Some(mask) = mask.filter(|m| *m != u32::MAX) {
        hex(out, FWMASK, mask);
    }
}

fn device(out: &mut Out, f: Field, r: &Rule<'_>, kind: u16, detached: u32) {
    let Some(name) = r.get(kind) else { return };
    let input = kind == FRA_IIFNAME;
    out.text(if input { " iif " } else { " oif " });
    out.painted(Paint::IfName, f, name.bytes());
    if r.flags & detached != 0 {
        out.null(if input { "iif_detached" } else { "oif_detached" }, " [detached]");
    }
}

/// How ports of one end are shown.
struct PortFields {
    word: Field,
    one: Field,
    mask: Field,
    first: Field,
    last: Field,
}

const SPORT: PortFields = PortFields {
    word: text_only(" sport {}"),
    one: json_only("sport"),
    mask: json_only("sport_mask"),
    first: field("sport_start", " sport {}"),
    last: field("sport_end", "-{}"),
};
const DPORT: PortFields = PortFields {
    word: text_only(" dport {}"),
    one: json_only("dport"),
    mask: json_only("dport_mask"),
    first: field("dport_start", " dport {}"),
    last: field("dport_end", "-{}"),
};

fn mask_of_ports(r: &Rule<'_>, kind: u16) -> Option<u16> {
    r.get(kind)?.u16()
}

fn ports(out: &mut Out, f: &PortFields, ports: Option<(u16, u16)>, mask: Option<u16>) {
    match ports {
        None => {}
        Some((first, last)) if first != last => {
            out.uint(f.first, first);
            out.uint(f.last, last);
        }
        Some((port, _)) => {
            out.uint(f.one, port);
            match mask {
                Some(mask) if mask != u16::MAX => {
                    out.display(f.word, format_args!("{port:#x}/{mask:#x}"));
                }
                _ => out.uint(f.word, port),
            }
            if let Some(mask) = mask {
                hex(out, f.mask, mask.into());
            }
        }
    }
}

fn lookup(out: &mut Out, names: &mut Names, r: &Rule<'_>) {
    out.str(TABLE, &names.show(Kind::RtTable, r.table()));
    if let Some(len) = r.get(FRA_SUPPRESS_PREFIXLEN).and_then(|a| a.i32()).filter(|n| *n != -1) {
        out.int(SUPPRESS_LEN, len);
    }
    if let Some(group) = r.u32(FRA_SUPPRESS_IFGROUP).filter(|n| *n != u32::MAX) {
        out.str(SUPPRESS_GROUP, &names.show(Kind::Group, group));
    }
}

fn action(out: &mut Out, names: &mut Names, r: &Rule<'_>) {
    match r.action {
        crate::rtnl::consts::RTN_NAT => match r.get(RTA_GATEWAY) {
            Some(addr) => {
                out.text(" map-to ");
                host::show(out, names, NAT, addr.value);
            }
            None => out.null("masquerade", " masquerade"),
        },
        FR_ACT_GOTO => {
            match r.u32(FRA_GOTO) {
                Some(target) => out.uint(GOTO, target),
                None => out.str(GOTO, "none"),
            }
            if r.flags & FIB_RULE_UNRESOLVED != 0 {
                out.null("unresolved", " [unresolved]");
            }
        }
        FR_ACT_NOP => out.null("nop", " nop"),
        FR_ACT_TO_TBL => {}
        other => kind::show(out, names, ACTION, other),
    }
}

/// With its name only when all of its bits count.
fn dscp(out: &mut Out, names: &mut Names, r: &Rule<'_>) {
    const ALL: u8 = 0x3f;
    let Some(dscp) = r.u8(FRA_DSCP) else { return };
    match r.u8(FRA_DSCP_MASK) {
        None => out.str(DSCP, &names.dscp(dscp)),
        Some(ALL) => {
            out.str(DSCP, &names.dscp(dscp));
            hex(out, DSCP_MASK_JSON, ALL.into());
        }
        Some(mask) => {
            out.str(DSCP_JSON, &names.dscp(dscp));
            hex(out, DSCP_TEXT, dscp.into());
            hex(out, DSCP_MASK, mask.into());
        }
    }
}

fn flow_label(out: &mut Out, r: &Rule<'_>) {
    const ALL: u32 = 0xf_ffff;
    let Some(label) = r.u32_be(FRA_FLOWLABEL) else { return };
    hex(out, FLOW_LABEL, label);
    match r.u32_be(FRA_FLOWLABEL_MASK) {
        None => {}
        Some(ALL) => hex(out, FLOW_LABEL_MASK_JSON, ALL),
        Some(mask) => hex(out, FLOW_LABEL_MASK, mask),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;
    use crate::rtnl::consts::RTN_NAT;
    use crate::rtnl::rule::FRA_PRIORITY;

    fn shown(json: bool, action: u8, src_len: u8, flags: u32, more: fn(&mut Request)) -> String {
        let mut r = Request::new(32, 0, &[2, 0, src_len, 0, 0, 0, 0, action, 0, 0, 0, 0]);
        r.header()[8..12].copy_from_slice(&flags.to_ne_bytes());
        r.u32(FRA_PRIORITY, 7);
        more(&mut r);
        let mut out = Out::memory(Style { json, ..Style::default() });
        change(&mut out, &mut Names::default(), false, RTM_DELRULE, r.payload());
        String::from_utf8(out.taken()).unwrap()
    }

    /// What kernels of today do not send.
    #[test]
    fn old_kernels_are_understood() {
        let nat = |r: &mut Request| r.attr(RTA_GATEWAY, &[1, 2, 3, 4]);
        assert_eq!(shown(false, RTN_NAT, 0, 0, nat), "Deleted 7:\tfrom all map-to 1.2.3.4\n");
        assert_eq!(
            shown(true, RTN_NAT, 0, 0, nat),
            r#"{"deleted":true,"priority":7,"src":"all","nat_gateway":"1.2.3.4"}"#
        );
        let unresolved = FIB_RULE_UNRESOLVED;
        assert_eq!(
            shown(false, FR_ACT_GOTO, 8, unresolved, |_| ()),
            "Deleted 7:\tfrom 0/8 goto none [unresolved]\n"
        );
        assert_eq!(
            shown(true, FR_ACT_GOTO, 8, unresolved, |_| ()),
            r#"{"deleted":true,"priority":7,"src":"0","srclen":8,"goto":"none","unresolved":null}"#
        );
        // A DSCP and ports without a mask.
        let unmasked = |r: &mut Request| {
            r.u8(FRA_DSCP, 1);
            r.attr(FRA_SPORT_RANGE, &[7, 0, 7, 0]);
        };
        assert_eq!(
            shown(true, FR_ACT_NOP, 0, 0, unmasked),
            r#"{"deleted":true,"priority":7,"src":"all","sport":7,"nop":null,"dscp":"1"}"#
        );
    }

    #[test]
    fn what_is_cut_short_is_not_shown() {
        let cut = |r: &mut Request| {
            r.attr(FRA_FWMARK, &[1]);
            r.attr(FRA_SPORT_RANGE, &[7, 0]);
            r.attr(FRA_TUN_ID, &[1, 2, 3]);
            r.attr(FRA_IIFNAME, &[]);
        };
        assert_eq!(shown(false, FR_ACT_NOP, 0, 0, cut), "Deleted 7:\tfrom all iif  nop\n");
    }
}
