//! One address as text or JSON.

use std::borrow::Cow;

use crate::cli::value::{AF_INET, AF_INET6, family_name};
use crate::ctx::Opts;
use crate::names::{Kind, Names};
use crate::output::{Field, Out, field, json_only};
use crate::rtnl::addr::{Addr, FOREVER};

use super::super::host;
use super::flags;

const DELETED: &str = "deleted";
const INDEX: Field = field("index", "{}: ");
const DEV: Field = field("dev", "{}    ");
const FAMILY: Field = field("family", "{} ");
const FAMILY_NUMBER: Field = field("family_index", "family {} ");
const LOCAL: Field = field("local", "{}");
const PEER: Field = field("address", "{}");
const LEN: Field = field("prefixlen", "/{} ");
const METRIC: Field = field("metric", "metric {} ");
const BROADCAST: Field = field("broadcast", "{} ");
const ANYCAST: Field = field("anycast", "{} ");
const MULTICAST: Field = field("multicast", "{} ");
const SCOPE: Field = field("scope", "scope {} ");
const PROTO: Field = field("protocol", "proto {} ");
const LABEL: Field = field("label", "{}");
const VALID: Field = field("valid_life_time", "valid_lft {}sec");
const PREFERRED: Field = field("preferred_life_time", " preferred_lft {}sec");

/// What stands before the address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Blanks: the line of the device stands above.
    Blanks,
    /// Index and name of the device.
    Dev,
}

/// One address without its JSON object; a line of its own except in the brief form.
pub fn show(out: &mut Out, names: &mut Names, opts: &Opts, a: &Addr<'_>, before: Before) {
    if !opts.brief {
        match before {
            Before::Dev => {
                out.uint(INDEX, a.index);
                out.bytes(DEV, names.name(a.index));
            }
            Before::Blanks => out.text("    "),
        }
        match a.family {
            AF_INET | AF_INET6 => out.str(FAMILY, family_name(a.family)),
            other => out.uint(FAMILY_NUMBER, other),
        }
    }
    addresses(out, names, a);
    if let Some(n) = a.metric() {
        out.uint(METRIC, n);
    }
    if opts.brief {
        return;
    }
    for (word, f, addr) in [
        ("brd ", BROADCAST, a.broadcast()),
        ("any ", ANYCAST, a.anycast()),
        ("mcast ", MULTICAST, a.multicast()),
    ] {
        if let Some(addr) = addr {
            out.text(word);
            host::show(out, names, f, addr);
        }
    }
    out.str(SCOPE, &names.show(Kind::Scope, a.scope.into()));
    flags::show(out, a.flags, a.family == AF_INET6);
    if let Some(proto) = a.protocol() {
        protocol(out, names, proto);
    }
    if let Some(label) = a.label() {
        out.bytes(LABEL, label);
    }
    if let Some((preferred, valid)) = a.lifetimes() {
        out.line_break();
        out.text("       ");
        lifetime(out, VALID, "valid_lft forever", valid);
        // The kernel counts a deprecated address on below zero.
        lifetime(out, PREFERRED, " preferred_lft forever", preferred);
    }
    out.newline();
}

/// The mark of an address that is gone.
pub fn deleted(out: &mut Out) {
    out.flag(DELETED, "Deleted ");
}

/// `ADDR[ peer ADDR]/LEN `; nothing without an address.
fn addresses(out: &mut Out, names: &mut Names, a: &Addr<'_>) {
    let Some(local) = a.local() else { return };
    host::show(out, names, LOCAL, local);
    if let Some(peer) = a.address().filter(|p| *p != local) {
        out.text(" peer ");
        host::show(out, names, PEER, peer);
    }
    out.uint(LEN, a.prefix_len);
}

/// 0 is shown in JSON only.
fn protocol(out: &mut Out, names: &mut Names, proto: u8) {
    let name: Cow<'_, str> = names.show(Kind::AddrProto, proto.into());
    let f = if proto == 0 { json_only("protocol") } else { PROTO };
    out.str(f, &name);
}

fn lifetime(out: &mut Out, f: Field, forever: &str, seconds: u32) {
    if seconds == FOREVER && !out.is_json() {
        return out.text(forever);
    }
    if f.key == PREFERRED.key && !out.is_json() {
        out.int(f, i64::from(seconds.cast_signed()));
    } else {
        out.uint(f, seconds);
    }
}
