//! What states and policies have besides their structures: algorithms, templates, windows and more.

use crate::netlink::{Attr, Attrs};
use crate::rtnl::xfrm::{ALGO_LEN, Bytes, TMPL_LEN, attr, tmpl};

use super::show::{Id, OF_TMPL, SHARES};
use super::text::Text;

const TRUNCATED: &str = "(ERROR truncated)";

/// What states and policies have besides, in its order.
pub fn attributes(t: &mut Text<'_>, attrs: Attrs<'_>, family: u16, of_state: bool, prefix: &str) {
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
