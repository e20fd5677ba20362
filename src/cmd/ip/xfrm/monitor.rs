//! `ip xfrm monitor`: what happens to states and policies, while it happens or from a file.

use crate::cli::{Args, Row, Usage, exact, prefix};
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::netlink::{self, Attrs, Msg};
use crate::output::Style;
use crate::rtnl::xfrm::{
    self, ACQUIRE, Bytes, DELPOLICY, DELSA, EXPIRE, FLUSHPOLICY, FLUSHSA, GETDEFAULT, MAPPING,
    NEWAE, NEWPOLICY, NEWSA, POLEXPIRE, POLICY_LEN, REPORT, SELECTOR_LEN, STATE_LEN, UPDPOLICY,
    UPDSA, attr, selector, state_id,
};

use super::super::monitor::{event::stamp, file};
use super::super::verb;
use super::show;
use super::text::{self, Text};
use super::{attributes, open, policy};

// XFRMNLGRP_* (linux/xfrm.h).
const GROUP_ACQUIRE: u32 = 1;
const GROUP_EXPIRE: u32 = 2;
const GROUP_SA: u32 = 3;
const GROUP_POLICY: u32 = 4;
const GROUP_AEVENTS: u32 = 5;
const GROUP_REPORT: u32 = 6;
const LAST_GROUP: u32 = 8;

/// What the words say.
#[derive(Default)]
struct Reading {
    file: Option<Vec<u8>>,
    nokeys: bool,
    all_namespaces: bool,
    /// None: all.
    groups: Vec<u32>,
}

/// The words, in the order in which they are tried.
#[rustfmt::skip] // one row, one line
fn rows() -> [Row<Reading>; 11] {
    [
        Row { word: prefix("file"), arg: "FILE", take: |a, r| { r.file = Some(a.need()?.to_vec()); Ok(()) }, again: true },
        Row { word: exact("nokeys"), arg: "", take: |_, r| { r.nokeys = true; Ok(()) }, again: true },
        Row { word: exact("all"), arg: "", take: |_, _| Ok(()), again: true },
        Row { word: prefix("all-nsid"), arg: "", take: |_, r| { r.all_namespaces = true; Ok(()) }, again: true },
        Row { word: prefix("acquire"), arg: "", take: |_, r| r.want(GROUP_ACQUIRE), again: true },
        Row { word: prefix("expire"), arg: "", take: |_, r| r.want(GROUP_EXPIRE), again: true },
        Row { word: prefix("SA"), arg: "", take: |_, r| r.want(GROUP_SA), again: true },
        Row { word: prefix("aevent"), arg: "", take: |_, r| r.want(GROUP_AEVENTS), again: true },
        Row { word: prefix("policy"), arg: "", take: |_, r| r.want(GROUP_POLICY), again: true },
        Row { word: prefix("report"), arg: "", take: |_, r| r.want(GROUP_REPORT), again: true },
        Row { word: prefix("help"), arg: "", take: |_, _| Err(usage()), again: true },
    ]
}

impl Reading {
    fn want(&mut self, group: u32) -> std::result::Result<(), Usage> {
        self.groups.push(group);
        Ok(())
    }
}

pub fn usage() -> Usage {
    let words = rows();
    let words = words.iter().filter(|r| r.word.full != "help").map(|r| (r.word.full, r.arg));
    let text = format!("Usage: ip xfrm monitor [ WORD ]...\n{}", verb::listed("WORD", words));
    Usage::new(255, text.trim_end().to_owned())
}

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut r = Reading::default();
    args.read(&rows(), &mut r, |args, _| {
        let text = [b"Argument \"", args.last(), b"\" is unknown, try \"ip xfrm monitor help\"."];
        Err(Usage::new(255, text.concat()).at(args.at()))
    })?;
    // There is no JSON of IPsec, and none of its stamps of time.
    let style = ctx.opts.style;
    ctx.out.set_style(Style { json: false, ..style });
    let done = match &r.file {
        Some(path) => file::each(path, &mut |msg| message(ctx, &r, msg, None)),
        None => listen(ctx, &r),
    };
    ctx.out.set_style(style);
    done
}

/// Shows what is heard until it is killed.
fn listen(ctx: &mut Ctx, r: &Reading) -> Result {
    let mut conn = open(ctx)?;
    conn.make_room_to_hear(ctx.opts.receive_buffer as usize);
    let groups = if r.groups.is_empty() { (1..=LAST_GROUP).collect() } else { r.groups.clone() };
    for group in groups {
        match conn.join(group) {
            // A group that this kernel does not have is silent.
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) => {}
            Err(e) => {
                let text = format!("Cannot bind netlink socket: {}", strerror(&e));
                return Err(Error::fatal(1, text).into());
            }
            Ok(()) => {}
        }
    }
    if r.all_namespaces {
        conn.join_namespaces().map_err(|e| {
            Error::failed(1, format!("Could not listen to all namespaces: {}", strerror(&e)))
        })?;
    }
    loop {
        // What waits already is shown in one go; nothing is held back while waiting.
        let heard = match conn.hear(false) {
            Ok(None) => {
                ctx.out.flush()?;
                conn.hear(true)
            }
            other => other,
        };
        match heard {
            Ok(Some((msgs, nsid))) => msgs.for_each(|msg| message(ctx, r, msg, nsid)),
            Ok(None) => {}
            Err(netlink::Error::Io(e)) => {
                let number = e.raw_os_error().unwrap_or(0);
                let text = format!("netlink receive error {} ({number})", strerror(&e));
                if number != libc::ENOBUFS {
                    return Err(Error::failed(2, text).into());
                }
                ctx.complain(format!("{text}\n").as_bytes());
            }
            Err(_) => ctx.complain(b"Message truncated\n"),
        }
    }
}

/// Shows one message.
fn message(ctx: &mut Ctx, r: &Reading, msg: Msg<'_>, nsid: Option<i32>) {
    let Ctx { out, opts, .. } = ctx;
    stamp(out, opts);
    if r.all_namespaces {
        let label = match nsid {
            Some(id) => format!("[nsid {id}]"),
            None => "[nsid current]".into(),
        };
        out.text(&label);
    }
    let Some(len) = xfrm::header_len(msg) else {
        // What netlink itself says is not shown.
        if msg.kind >= NEWSA || msg.kind == 0 {
            let whole = msg.payload.len() + netlink::HEADER_LEN;
            let (kind, flags) = (msg.kind, msg.flags);
            let text = format!("Unknown message: {whole:08} {kind:#010x} {flags:#010x}\n");
            ctx.out.raw(text.as_bytes());
        }
        return;
    };
    let Some((head, rest)) = msg.payload.split_at_checked(len) else {
        let missing = len - msg.payload.len();
        return ctx.complain(format!("BUG: wrong nlmsg len -{missing}\n").as_bytes());
    };
    let (s, attrs) = (Bytes(head), Attrs(rest));
    let inner = match msg.kind {
        DELSA => Some((attr::SA, STATE_LEN, "SA")),
        DELPOLICY => Some((attr::POLICY, POLICY_LEN, "POLICY")),
        _ => None,
    };
    let inner = match inner {
        None => s,
        Some((kind, len, name)) => match attrs.find(kind).filter(|a| a.value.len() >= len) {
            Some(a) => Bytes(a.value),
            None => {
                ctx.out.raw(b"Deleted ");
                let text = format!("Buggy XFRM_MSG_DEL{name}: no XFRMA_{name}\n");
                return ctx.complain(text.as_bytes());
            }
        },
    };
    text::show(ctx, r.nokeys, |t| {
        event(t, msg.kind, s, inner, attrs);
    });
}

fn event(t: &mut Text<'_>, kind: u16, s: Bytes<'_>, inner: Bytes<'_>, attrs: Attrs<'_>) {
    match kind {
        DELSA | DELPOLICY => t.put("Deleted "),
        UPDSA | UPDPOLICY => t.put("Updated "),
        EXPIRE | POLEXPIRE => t.put("Expired "),
        _ => {}
    }
    match kind {
        NEWSA | UPDSA | DELSA => {
            show::state(t, inner, attrs);
            t.end();
        }
        NEWPOLICY | UPDPOLICY | DELPOLICY => {
            show::policy(t, inner, attrs, "");
            t.end();
        }
        EXPIRE => {
            show::state(t, s, attrs);
            hard(t, s.u8(STATE_LEN));
        }
        POLEXPIRE => {
            show::policy(t, s, attrs, "");
            hard(t, s.u8(POLICY_LEN));
        }
        ACQUIRE => acquire(t, s, attrs),
        FLUSHSA => {
            t.put("Flushed state proto ");
            show::protocol(t, s.u8(0));
            t.br();
            t.end();
        }
        FLUSHPOLICY => {
            t.put("Flushed policy ");
            if let Some(a) = attrs.find(attr::POLICY_TYPE) {
                t.put("ptype ");
                if a.value.len() < 6 {
                    t.put("(ERROR truncated)");
                }
                t.name_or(show::TYPES, a.u8().unwrap_or(0));
                t.put(" ");
            }
            t.br();
            t.end();
        }
        NEWAE => async_event(t, s),
        REPORT => {
            t.put("report proto ");
            show::protocol(t, s.u8(0));
            t.put(" ");
            t.br();
            t.put("  sel ");
            let family = s.from(4).u16(selector::FAMILY);
            show::selector(t, s.from(4), 0);
            if let Some(a) = attrs.find(attr::COADDR) {
                t.put("  coa ");
                attributes::coa(t, a.value, family);
                t.br();
            }
            t.end();
        }
        MAPPING => mapping(t, s),
        GETDEFAULT => policy::defaults(t, s),
        _ => {}
    }
}

fn hard(t: &mut Text<'_>, hard: u8) {
    t.add(format_args!("\thard {hard}"));
    t.br();
    t.end();
}

/// struct xfrm_user_acquire: a state is wanted.
fn acquire(t: &mut Text<'_>, s: Bytes<'_>, attrs: Attrs<'_>) {
    const SELECTOR: usize = 40;
    const POLICY: usize = SELECTOR + SELECTOR_LEN;
    const MASKS: usize = POLICY + POLICY_LEN;
    t.put("acquire proto ");
    show::protocol(t, s.u8(20));
    let spi = s.u32_be(16);
    t.put(" ");
    if t.stats || spi != 0 {
        t.add(format_args!("spi {spi:#010x}"));
        if t.stats {
            t.add(format_args!("({spi})"));
        }
        t.put(" ");
    }
    t.br();
    t.put("  sel ");
    show::selector(t, s.from(SELECTOR), 0);
    t.put("  policy ");
    show::policy(t, s.from(POLICY), attrs, "    ");
    if t.stats {
        let masks = s.from(MASKS);
        let (auth, enc, comp, seq) = (masks.u32(0), masks.u32(4), masks.u32(8), masks.u32(12));
        t.add(format_args!(
            "  seq {seq:#010x} enc-mask {enc:08x} auth-mask {auth:08x} comp-mask {comp:08x}"
        ));
    }
    t.br();
    t.end();
}

/// struct xfrm_aevent_id.
fn async_event(t: &mut Text<'_>, s: Bytes<'_>) {
    const SADDR: usize = 24;
    const FLAGS: &[(u32, &str)] =
        &[(0x10, " replay update "), (0x20, " timer expired "), (0x40, " policy updated ")];
    let (flags, reqid) = (s.u32(40), s.u32(44));
    t.add(format_args!("Async event  ({flags:#x}) "));
    for (bit, text) in FLAGS {
        if flags & bit != 0 {
            t.put(text);
        }
    }
    let family = s.u16(state_id::FAMILY);
    t.put("\n\tsrc ");
    t.addr(family, &s.addr(SADDR));
    t.put(" ");
    known_by(t, s, reqid);
}

/// The rest of an event: what the state is known by.
fn known_by(t: &mut Text<'_>, s: Bytes<'_>, reqid: u32) {
    t.put("dst ");
    t.addr(s.u16(state_id::FAMILY), &s.addr(state_id::DADDR));
    let name = t.names.protocol_or_number(s.u8(state_id::PROTO)).into_owned();
    t.add(format_args!("  reqid {reqid:#x} protocol "));
    t.buf.extend_from_slice(&name);
    t.add(format_args!("  SPI {:#x}", s.u32_be(state_id::SPI)));
    t.put("\n");
}

/// struct xfrm_user_mapping: the other end is behind another address.
fn mapping(t: &mut Text<'_>, s: Bytes<'_>) {
    const REQID: usize = 24;
    let family = s.u16(state_id::FAMILY);
    t.put("Mapping change ");
    for (addr, port, then) in [(28, 60, " -> "), (44, 62, "\n\t")] {
        t.addr(family, &s.addr(addr));
        t.add(format_args!(":{}{then}", s.u16_be(port)));
    }
    known_by(t, s, s.u32(REQID));
}
