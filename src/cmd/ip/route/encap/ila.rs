//! `encap ila`: the upper half of the destination is another one (identifier-locator addressing).

use super::Encap;
use super::word::{self, Row, Said, Take};
use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::{Attr, Attrs};
use crate::output::{Field, Out, field};

pub const ENCAP: Encap = Encap {
    name: "ila",
    usage: "LOCATOR [ csum-mode { adj-transport | neutral-map | neutral-map-auto\n                \
            | no-action } ] [ ident-type { luid | use-format } ]\n                \
            [ hook-type { input | output } ]",
    send,
    show,
};

// ILA_ATTR_* (linux/ila.h)
const LOCATOR: u16 = 1;
const CSUM_MODE: u16 = 7;
const IDENT_TYPE: u16 = 8;
const HOOK_TYPE: u16 = 9;

static CSUM: &[(&str, u8)] =
    &[("adj-transport", 0), ("neutral-map", 1), ("no-action", 2), ("neutral-map-auto", 3)];
/// The two that can be typed come first.
static IDENT: &[(&str, u8)] = &[
    ("luid", 1),
    ("use-format", 32),
    ("iid", 0),
    ("virt-v4", 2),
    ("virt-uni-v6", 3),
    ("virt-multi-v6", 4),
    ("nonlocal-addr", 5),
];
static TYPED_IDENT: &[(&str, u8)] = &[("luid", 1), ("use-format", 32)];
static HOOK: &[(&str, u8)] = &[("output", 0), ("input", 1)];

static ROWS: &[Row] = &[
    Row { word: "csum-mode", twice: "", take: Take::Byte(CSUM_MODE, CSUM) },
    Row { word: "ident-type", twice: "", take: Take::Byte(IDENT_TYPE, TYPED_IDENT) },
    Row { word: "hook-type", twice: "", take: Take::Byte(HOOK_TYPE, HOOK) },
];

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let word = args.need()?;
    let wrong = || Usage::new(1, [b"Bad locator: ", word].concat()).at(args.at());
    said.req.attr(LOCATOR, &locator(word).ok_or_else(wrong)?);
    word::read(ROWS, args, said)
}

/// Four groups of hexadecimal digits. The reference also takes fewer, and sends whatever lies in
/// its memory for the others.
fn locator(word: &[u8]) -> Option<[u8; 8]> {
    let mut bytes = [0; 8];
    let mut parts = std::str::from_utf8(word).ok()?.split(':');
    for pair in bytes.chunks_mut(2) {
        let part = parts.next().filter(|p| p.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let group = u32::from_str_radix(part, 16).ok().and_then(|g| u16::try_from(g).ok())?;
        pair.copy_from_slice(&group.to_be_bytes());
    }
    parts.next().is_none().then_some(bytes)
}

const SHOW_LOCATOR: Field = field("locator", " {} ");
const SHOW_CSUM: Field = field("csum_mode", " csum-mode {} ");
const SHOW_IDENT: Field = field("ident_type", " ident-type {} ");
const SHOW_HOOK: Field = field("hook_type", " hook-type {} ");

fn show(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    if let Some(b) = nest.find(LOCATOR).and_then(|a| a.value.first_chunk::<8>()) {
        let group = |at| u16::from_be_bytes([b[at], b[at + 1]]);
        let [g0, g1, g2, g3] = [0, 2, 4, 6].map(group);
        out.display(SHOW_LOCATOR, format_args!("{g0:x}:{g1:x}:{g2:x}:{g3:x}"));
    }
    for (attr, words, f) in [
        (CSUM_MODE, CSUM, SHOW_CSUM),
        (IDENT_TYPE, IDENT, SHOW_IDENT),
        (HOOK_TYPE, HOOK, SHOW_HOOK),
    ] {
        if let Some(v) = nest.find(attr).and_then(Attr::u8) {
            let name = words.iter().find(|(_, n)| *n == v).map_or("unknown", |(name, _)| name);
            out.str(f, name);
        }
    }
}
