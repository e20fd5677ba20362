//! How states, policies, templates and selectors are shown.

use crate::netlink::{Attr, Attrs};
use crate::rtnl::xfrm::{Bytes, SELECTOR_LEN, attr, policy, selector, state, tmpl};

use super::attributes::attributes;
use super::text::Text;

/// The modes, by their number.
pub const MODES: &[&str] = &["transport", "tunnel", "ro", "in_trigger", "beet"];

/// What carries or begins packets of IPsec and Mobile IPv6.
pub const PROTOCOLS: &[(u8, &str)] =
    &[(50, "esp"), (51, "ah"), (108, "comp"), (43, "route2"), (60, "hao"), (255, "ipsec-any")];

pub const STATE_FLAGS: &[(u32, &str)] = &[
    (1, "noecn"),
    (2, "decap-dscp"),
    (4, "nopmtudisc"),
    (8, "wildrecv"),
    (16, "icmp"),
    (32, "af-unspec"),
    (64, "align4"),
    (128, "esn"),
];
pub const EXTRA_FLAGS: &[(u32, &str)] = &[(1, "dont-encap-dscp"), (2, "oseq-may-wrap")];
pub const POLICY_FLAGS: &[(u32, &str)] = &[(1, "localok"), (2, "icmp")];
/// Directions of policies; three more are those of sockets.
pub const DIRS: &[&str] = &["in", "out", "fwd"];
pub const ACTIONS: &[&str] = &["allow", "block"];
pub const TYPES: &[&str] = &["main", "sub"];
pub const SHARES: &[&str] = &["any", "session", "user", "unique"];

pub fn protocol(t: &mut Text<'_>, number: u8) {
    match PROTOCOLS.iter().find(|(n, _)| *n == number) {
        Some((_, name)) => t.put(name),
        None => t.add(format_args!("{number}")),
    }
}

/// What a state, or a template for one, is known by.
pub struct Id<'a> {
    pub s: Bytes<'a>,
    pub src: usize,
    pub dst: usize,
    pub spi: usize,
    pub proto: usize,
    pub family: usize,
    pub mode: usize,
    pub reqid: usize,
}

const OF_STATE: Id<'static> = Id {
    s: Bytes(&[]),
    src: state::SADDR,
    dst: state::DADDR,
    spi: state::SPI,
    proto: state::PROTO,
    family: state::FAMILY,
    mode: state::MODE,
    reqid: state::REQID,
};
pub const OF_TMPL: Id<'static> = Id {
    s: Bytes(&[]),
    src: tmpl::SADDR,
    dst: tmpl::DADDR,
    spi: tmpl::SPI,
    proto: tmpl::PROTO,
    family: tmpl::FAMILY,
    mode: tmpl::MODE,
    reqid: tmpl::REQID,
};

impl Id<'_> {
    pub fn show(&self, t: &mut Text<'_>, prefix: &str) {
        let s = self.s;
        let family = s.u16(self.family);
        t.put("src ");
        t.addr(family, &s.addr(self.src));
        t.put(" dst ");
        t.addr(family, &s.addr(self.dst));
        t.br();
        t.add(format_args!("{prefix}\tproto "));
        protocol(t, s.u8(self.proto));
        let (spi, reqid) = (s.u32_be(self.spi), s.u32(self.reqid));
        if t.stats || spi != 0 {
            t.add(format_args!(" spi {spi:#010x}"));
        }
        if t.stats {
            t.add(format_args!("({spi})"));
        }
        t.add(format_args!(" reqid {reqid}"));
        if t.stats {
            t.add(format_args!("({reqid:#010x})"));
        }
        t.put(" mode ");
        t.name_or(MODES, s.u8(self.mode));
        t.br();
    }
}

/// A state: struct xfrm_usersa_info and the attributes behind it.
pub fn state(t: &mut Text<'_>, s: Bytes<'_>, attrs: Attrs<'_>) {
    Id { s, ..OF_STATE }.show(t, "");
    t.add(format_args!("\treplay-window {} ", s.u8(state::REPLAY_WINDOW)));
    let flags = s.u8(state::FLAGS);
    if t.stats {
        // As it lies in memory (observed in iproute2 6.15).
        t.add(format_args!("seq 0x{:08} ", s.u32(state::SEQ)));
    }
    if t.stats || flags != 0 {
        t.put("flag ");
        t.flags(flags.into(), STATE_FLAGS);
    }
    if t.stats {
        if let Some(extra) = attrs.find(attr::SA_EXTRA_FLAGS).and_then(Attr::u32) {
            t.put("extra_flag ");
            t.flags(extra, EXTRA_FLAGS);
        }
        t.mask(flags);
    }
    t.br();
    attributes(t, attrs, s.u16(state::FAMILY), true, "");
    if s.array::<SELECTOR_LEN>(0) != [0; SELECTOR_LEN] {
        t.put("\tsel ");
        selector(t, s, s.u16(state::FAMILY));
    }
    if t.stats {
        lifetime(t, s.from(state::LIMITS), s.from(state::CURRENT), "");
        let stats = s.from(state::STATS);
        t.put("\tstats:");
        t.br();
        let (window, replay, failed) = (stats.u32(0), stats.u32(4), stats.u32(8));
        t.add(format_args!("\t  replay-window {window} replay {replay} failed {failed}"));
        t.br();
    }
    context(t, attrs);
}

/// The security context.
fn context(t: &mut Text<'_>, attrs: Attrs<'_>) {
    let Some(a) = attrs.find(attr::SEC_CTX) else { return };
    t.put("\tsecurity context ");
    let text = Attr { kind: 0, value: a.value.get(8..).unwrap_or(&[]) };
    t.buf.extend_from_slice(text.bytes());
    t.put(" ");
    t.br();
}

/// A policy: struct xfrm_userpolicy_info and the attributes behind it.
pub fn policy(t: &mut Text<'_>, s: Bytes<'_>, attrs: Attrs<'_>, prefix: &str) {
    selector(t, s, 0);
    context(t, attrs);
    t.put(prefix);
    t.put("\t");
    let dir = s.u8(policy::DIR);
    if dir < 3 {
        t.put("dir ");
        t.name_or(DIRS, dir);
    } else {
        t.put("socket ");
        t.name_or(DIRS, dir - 3);
    }
    t.put(" ");
    let action = s.u8(policy::ACTION);
    if t.stats || action != 0 {
        t.put("action ");
        t.name_or(ACTIONS, action);
        t.put(" ");
    }
    if t.stats {
        t.add(format_args!("index {} ", s.u32(policy::INDEX)));
    }
    t.add(format_args!("priority {} ", s.u32(policy::PRIORITY)));
    if let Some(kind) = attrs.find(attr::POLICY_TYPE).and_then(|a| a.u8()) {
        t.put("ptype ");
        t.name_or(TYPES, kind);
        t.put(" ");
    }
    if t.stats {
        t.put("share ");
        t.name_or(SHARES, s.u8(policy::SHARE));
        t.put(" ");
    }
    let flags = s.u8(policy::FLAGS);
    if t.stats || flags != 0 {
        t.put("flag ");
        t.flags(flags.into(), POLICY_FLAGS);
    }
    if t.stats {
        t.mask(flags);
    }
    t.br();
    if t.stats {
        lifetime(t, s.from(policy::LIMITS), s.from(policy::CURRENT), prefix);
    }
    attributes(t, attrs, s.u16(selector::FAMILY), false, prefix);
}

/// A selector, and the end of its line; its family is `otherwise` where it has none.
pub fn selector(t: &mut Text<'_>, s: Bytes<'_>, otherwise: u16) {
    let family = match s.u16(selector::FAMILY) {
        0 => otherwise,
        family => family,
    };
    t.put("src ");
    t.plain_addr(family, &s.addr(selector::SADDR));
    t.add(format_args!("/{} dst ", s.u8(selector::SLEN)));
    t.plain_addr(family, &s.addr(selector::DADDR));
    t.add(format_args!("/{} ", s.u8(selector::DLEN)));
    let proto = s.u8(selector::PROTO);
    if proto != 0 {
        t.put("proto ");
        let name = t.names.protocol_or_number(proto).into_owned();
        t.buf.extend_from_slice(&name);
        t.put(" ");
    }
    let (sport, dport) = (s.u16_be(selector::SPORT), s.u16_be(selector::DPORT));
    let (has_s, has_d) = (s.u16(selector::SPORT_MASK) != 0, s.u16(selector::DPORT_MASK) != 0);
    match proto {
        ICMP | ICMPV6 | MH => {
            if has_s {
                t.add(format_args!("type {sport} "));
            }
            if has_d && proto != MH {
                t.add(format_args!("code {dport} "));
            } else if has_d && t.stats {
                t.add(format_args!("(dport) 0x{:04x} ", s.u16(selector::DPORT)));
            }
        }
        GRE => {
            if has_s || has_d {
                t.add(format_args!("key {} ", u32::from(sport) << 16 | u32::from(dport)));
            }
        }
        _ => {
            if has_s {
                t.add(format_args!("sport {sport} "));
            }
            if has_d {
                t.add(format_args!("dport {dport} "));
            }
        }
    }
    let index = s.u32(selector::IFINDEX);
    if i32::try_from(index).is_ok_and(|i| i > 0) {
        let name = t.names.name(index).to_vec();
        t.put("dev ");
        t.buf.extend_from_slice(&name);
        t.put(" ");
    }
    if t.stats {
        t.add(format_args!("uid {}", s.u32(selector::USER)));
    }
    t.br();
}

// IPPROTO_* whose upper layers have other words than ports.
pub const ICMP: u8 = 1;
pub const GRE: u8 = 47;
pub const ICMPV6: u8 = 58;
pub const MH: u8 = 135;

/// The limits of a lifetime and what has been used of it.
fn lifetime(t: &mut Text<'_>, limits: Bytes<'_>, current: Bytes<'_>, prefix: &str) {
    let head = |t: &mut Text<'_>, text: &str| {
        t.put(prefix);
        t.put(text);
    };
    head(t, "\tlifetime config:");
    t.br();
    for (at, unit) in [(0, "bytes"), (16, "packets")] {
        head(t, "\t  limit: ");
        for (at, name, comma) in [(at, "soft", ", "), (at + 8, "hard", "")] {
            match limits.u64(at) {
                u64::MAX => t.add(format_args!("{name} (INF)({unit}){comma}")),
                n => t.add(format_args!("{name} {n}({unit}){comma}")),
            }
        }
        t.br();
    }
    for (at, what) in [(32, "add"), (48, "use")] {
        let (soft, hard) = (limits.u64(at), limits.u64(at + 8));
        head(t, "\t  expire ");
        t.add(format_args!("{what}: soft {soft}(sec), hard {hard}(sec)"));
        t.br();
    }
    head(t, "\tlifetime current:");
    t.br();
    head(t, "\t  ");
    t.add(format_args!("{}(bytes), {}(packets)", current.u64(0), current.u64(8)));
    t.br();
    head(t, "\t  add ");
    t.time(current.u64(16));
    t.put(" use ");
    t.time(current.u64(24));
    t.br();
}
