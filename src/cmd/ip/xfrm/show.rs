//! How states, policies, templates and selectors are shown.

use crate::netlink::{Attr, Attrs};
use crate::rtnl::xfrm::{
    ALGO_LEN, Bytes, SELECTOR_LEN, TMPL_LEN, attr, policy, selector, state, tmpl,
};

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
const SHARES: &[&str] = &["any", "session", "user", "unique"];

const TRUNCATED: &str = "(ERROR truncated)";

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
const OF_TMPL: Id<'static> = Id {
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
    fn show(&self, t: &mut Text<'_>, prefix: &str) {
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

/// What states and policies have besides, in its order.
fn attributes(t: &mut Text<'_>, attrs: Attrs<'_>, family: u16, of_state: bool, prefix: &str) {
    let find = |kind| attrs.find(kind);
    marks(t, find(attr::MARK), find(attr::SET_MARK), find(attr::SET_MARK_MASK));
    let truncated_auth = find(attr::ALG_AUTH_TRUNC);
    for (a, word, more) in [
        (find(attr::ALG_AUTH).filter(|_| truncated_auth.is_none()), "auth", false),
        (truncated_auth, "auth-trunc", true),
        (find(attr::ALG_AEAD), "aead", true),
        (find(attr::ALG_CRYPT), "enc", false),
        (find(attr::ALG_COMP), "comp", false),
    ] {
        if let Some(a) = a {
            algorithm(t, a.value, word, more, prefix);
        }
    }
    if let Some(a) = find(attr::ENCAP) {
        encapsulation(t, a.value, family, prefix);
    }
    if let Some(a) = find(attr::TMPL) {
        templates(t, a.value, prefix);
    }
    if let Some(a) = find(attr::COADDR) {
        t.add(format_args!("{prefix}\tcoa "));
        coa(t, a.value, family);
        t.br();
    }
    if let Some(a) = find(attr::LASTUSED) {
        t.add(format_args!("{prefix}\tlastused "));
        match a.u64() {
            Some(seconds) => t.time(seconds),
            None => t.put(TRUNCATED),
        }
        t.br();
    }
    if let Some(a) = find(attr::REPLAY_VAL) {
        t.add(format_args!("{prefix}\tanti-replay context: "));
        let s = Bytes(a.value);
        if a.value.len() < 12 {
            t.put(TRUNCATED);
        } else {
            let (oseq, seq, bitmap) = (s.u32(0), s.u32(4), s.u32(8));
            t.add(format_args!("seq {seq:#x}, oseq {oseq:#x}, bitmap {bitmap:#010x}"));
        }
        t.br();
    }
    if let Some(a) = find(attr::REPLAY_ESN_VAL) {
        window(t, a.value, prefix);
    }
    if let Some(a) = find(attr::OFFLOAD_DEV) {
        offload(t, a.value, of_state, prefix);
    }
    for (kind, word) in [(attr::IF_ID, "if_id"), (attr::TFCPAD, "tfcpad")] {
        if let Some(n) = find(kind).map(|a| number(a.value)) {
            t.add(format_args!("{prefix}\t{word} "));
            if kind == attr::IF_ID {
                t.hex(n);
            } else {
                t.add(format_args!("{n}"));
            }
            t.br();
        }
    }
    if let Some(dir) = find(attr::SA_DIR) {
        t.put("\tdir ");
        match dir.u8().unwrap_or(0) {
            1 => t.put("in"),
            2 => t.put("out"),
            n => t.add(format_args!("other ({n})")),
        }
        t.br();
    }
    if let Some(n) = find(attr::SA_PCPU).and_then(Attr::u32) {
        t.add(format_args!("{prefix}\tpcpu-num {n}"));
        t.br();
    }
}

/// A number of 32 bits; of one that is too short, what there is.
fn number(value: &[u8]) -> u32 {
    let mut bytes = [0; 4];
    let len = value.len().min(4);
    bytes[..len].copy_from_slice(&value[..len]);
    u32::from_ne_bytes(bytes)
}

fn marks(t: &mut Text<'_>, mark: Option<Attr<'_>>, set: Option<Attr<'_>>, mask: Option<Attr<'_>>) {
    if mark.is_none() && set.is_none() {
        return;
    }
    t.put("\t");
    if let Some(a) = mark {
        let s = Bytes(a.value);
        t.put("mark ");
        t.hex(s.u32(0));
        t.put("/");
        t.hex(s.u32(4));
        t.put(" ");
    }
    if let Some(a) = set {
        t.put("output-mark ");
        t.add(format_args!("{:#x}", number(a.value)));
        if let Some(a) = mask {
            t.add(format_args!("/{:#x}", number(a.value)));
        }
    }
    t.br();
}

/// struct xfrm_algo, or one with a number more in front of the key.
fn algorithm(t: &mut Text<'_>, value: &[u8], word: &str, more: bool, prefix: &str) {
    t.add(format_args!("{prefix}\t{word} "));
    let len = ALGO_LEN + if more { 4 } else { 0 };
    let s = Bytes(value);
    let tail = s.u32(ALGO_LEN);
    if value.len() < len {
        t.put(TRUNCATED);
    } else {
        t.buf.extend_from_slice(Attr { kind: 0, value: &value[..64] }.bytes());
        t.put(" ");
        let bits = s.u32(64);
        let key = &value[len..];
        match key.get(..bits as usize / 8) {
            _ if t.nokeys => t.put("<<Keys hidden>>"),
            None => t.put(TRUNCATED),
            Some([]) => {}
            Some(key) => {
                t.put("0x");
                key.iter().for_each(|b| t.add(format_args!("{b:02x}")));
                if t.stats {
                    t.add(format_args!(" ({bits} bits)"));
                }
            }
        }
    }
    if more {
        t.add(format_args!(" {tail}"));
    }
    t.br();
}

/// struct xfrm_encap_tmpl.
fn encapsulation(t: &mut Text<'_>, value: &[u8], family: u16, prefix: &str) {
    t.add(format_args!("{prefix}\tencap "));
    let s = Bytes(value);
    if value.len() < 24 {
        t.put(TRUNCATED);
        return t.br();
    }
    t.put("type ");
    let kind = s.u16(0);
    match super::state::ENCAPS.iter().find(|(n, _)| *n == kind) {
        Some((_, word)) => t.put(word),
        None => t.add(format_args!("{kind}")),
    }
    t.add(format_args!(" sport {} dport {} addr ", s.u16_be(2), s.u16_be(4)));
    t.addr(family, &s.addr(8));
    t.br();
}

fn templates(t: &mut Text<'_>, value: &[u8], prefix: &str) {
    if value.len() < TMPL_LEN {
        t.add(format_args!("{prefix}\t(ERROR \"tmpl\" truncated)"));
        return t.br();
    }
    for one in value.chunks_exact(TMPL_LEN) {
        let s = Bytes(one);
        t.add(format_args!("{prefix}\ttmpl "));
        Id { s, ..OF_TMPL }.show(t, &format!("{prefix}\t"));
        let optional = s.u8(tmpl::OPTIONAL);
        if t.stats || optional != 0 {
            t.add(format_args!("{prefix}\t\tlevel "));
            match optional {
                0 => t.put("required"),
                1 => t.put("use"),
                n => t.add(format_args!("{n}")),
            }
            t.put(" ");
            if t.stats {
                t.put("share ");
                t.name_or(SHARES, s.u8(tmpl::SHARE));
                t.put(" ");
            }
            t.br();
        }
        if t.stats {
            let (auth, enc) = (s.u32(tmpl::AUTH_MASK), s.u32(tmpl::ENC_MASK));
            let comp = s.u32(tmpl::COMP_MASK);
            t.add(format_args!("{prefix}\t\t"));
            t.add(format_args!("enc-mask {enc:08x} auth-mask {auth:08x} comp-mask {comp:08x}"));
            t.br();
        }
    }
}

/// A care-of address.
pub fn coa(t: &mut Text<'_>, value: &[u8], family: u16) {
    match value.first_chunk::<16>() {
        Some(a) => t.addr(family, a),
        None => t.put(TRUNCATED),
    }
}

/// struct xfrm_replay_state_esn.
fn window(t: &mut Text<'_>, value: &[u8], prefix: &str) {
    let s = Bytes(value);
    t.add(format_args!("{prefix}\tanti-replay esn context:"));
    if value.len() < 24 {
        t.put(TRUNCATED);
        return t.br();
    }
    t.br();
    let (words, oseq, seq, oseq_hi, seq_hi) = (s.u32(0), s.u32(4), s.u32(8), s.u32(12), s.u32(16));
    t.add(format_args!(
        "{prefix}\t seq-hi {seq_hi:#x}, seq {seq:#x}, oseq-hi {oseq_hi:#x}, oseq {oseq:#x}"
    ));
    t.br();
    t.add(format_args!("{prefix}\t replay_window {}, bitmap-length {words}", s.u32(20)));
    let there = value[24..].as_chunks::<4>().0;
    let there = &there[..there.len().min(words as usize)];
    for (i, word) in there.iter().rev().enumerate() {
        if i % 8 == 0 {
            t.br();
            t.add(format_args!("{prefix}\t "));
        }
        t.add(format_args!("{:08x} ", u32::from_ne_bytes(*word)));
    }
    t.br();
}

/// struct xfrm_user_offload; a policy's has no direction.
fn offload(t: &mut Text<'_>, value: &[u8], has_dir: bool, prefix: &str) {
    t.add(format_args!("{prefix}\tcrypto offload parameters: "));
    if value.len() < 5 {
        t.put(TRUNCATED);
        return t.br();
    }
    let s = Bytes(value);
    let name = t.names.name(s.u32(0)).to_vec();
    let flags = s.u8(4);
    t.put("dev ");
    t.buf.extend_from_slice(&name);
    if has_dir {
        t.put(if flags & 2 != 0 { " dir in" } else { " dir out" });
    }
    t.put(if flags & 4 != 0 { " mode packet" } else { " mode crypto" });
    t.br();
}
