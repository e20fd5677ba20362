//! `encap bpf`: programs that see a route's packets, come in, go out or sent.

use std::os::fd::AsRawFd;

use super::Encap;
use super::word::{self, Row, Said, Take};
use crate::cli::{Args, Usage, prefix, value};
use crate::error;
use crate::names::Names;
use crate::netlink::{Attr, Attrs, NLA_F_NESTED, Request};
use crate::output::{Field, Out, field, json_only, text_only};
use crate::sys::bpf;

pub const ENCAP: Encap = Encap {
    name: "bpf",
    usage: "[ in BPF ] [ out BPF ] [ xmit BPF ] [ headroom BYTES ]",
    send,
    show,
};

// LWT_BPF_* (linux/lwtunnel.h), and SEG6_LOCAL_BPF_*, which have the same numbers
const IN: u16 = 1;
const OUT: u16 = 2;
const XMIT: u16 = 3;
const HEADROOM: u16 = 4;
const PROGRAM: u16 = 1;
const NAME: u16 = 2;

static ROWS: &[Row] = &[
    Row { word: "in", twice: "in", take: Take::Own(|a, s| program(a, s.req, IN)) },
    Row { word: "out", twice: "out", take: Take::Own(|a, s| program(a, s.req, OUT)) },
    Row { word: "xmit", twice: "xmit", take: Take::Own(|a, s| program(a, s.req, XMIT)) },
    Row { word: "headroom", twice: "headroom", take: Take::Own(headroom) },
    Row { word: "help", twice: "", take: Take::Before(|_, _| Err(usage())) },
];

fn usage() -> Usage {
    let text = ["Usage: ip route ... encap bpf ", ENCAP.usage].concat();
    Usage::new(255, text)
}

fn send(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    word::read(ROWS, args, said)
}

fn headroom(args: &mut Args<'_>, said: &mut Said<'_>) -> Result<(), Usage> {
    let bytes = value::u32(args.last()).filter(|n| *n != 0);
    said.req.u32(HEADROOM, bytes.ok_or_else(|| args.wrong("headroom is invalid\n"))?);
    Ok(())
}

/// Shows the name of a program; one that has none is still there.
pub fn show_program(out: &mut Out, f: Field, word: &str, nest: Attrs<'_>) {
    match nest.find(NAME) {
        Some(name) => out.bytes(f, name.bytes()),
        None => {
            out.text(word);
            out.str(json_only(f.key), "<unknown>");
        }
    }
}

/// Reads where a program is, the first word of that being taken, and adds it as a nest.
///
/// # Errors
///
/// For object files, which this program cannot load; the reference's sentences otherwise.
pub fn program(args: &mut Args<'_>, request: &mut Request, attr: u16) -> Result<(), Usage> {
    let word = args.last();
    // What no program comes of is told twice, whatever the reason was (observed).
    let at = args.at();
    let refuse = |parts: &[&[u8]]| {
        let text =
            [&parts.concat()[..], b"\nFailed to parse eBPF program: Operation not permitted"];
        Err(Usage::new(255, text.concat()).at(at))
    };
    if prefix("object-file").is(word) {
        let file = args.need()?;
        return Err(Usage::new(
            255,
            [
                b"ipbox does not load object files of BPF programs yet: load \"",
                file,
                b"\" with another tool, pin the program and use \"pinned PATH\".",
            ]
            .concat(),
        ));
    }
    if !prefix("pinned").is(word) && !prefix("object-pinned").is(word) {
        return refuse(&[b"What mode is \"", word, b"\"?"]);
    }
    let path = args.need()?;
    let program = match bpf::open_pinned(path) {
        Ok(program) => program,
        Err(e) => {
            let why = error::strerror(&e);
            return refuse(&[b"Couldn't retrieve pinned program '", path, b"': ", why.as_bytes()]);
        }
    };
    let nest = request.nest(attr | NLA_F_NESTED);
    request.attr(PROGRAM, &program.as_raw_fd().to_ne_bytes());
    // As the reference names what comes from a file: without directories, and with a section.
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    request.strz(NAME, &[name, b":[*fsobj]"].concat());
    request.end(nest);
    request.keep(program);
    Ok(())
}

const SHOW_IN: Field = field("in", "in {} ");
const SHOW_OUT: Field = field("out", "out {} ");
const SHOW_XMIT: Field = field("xmit", "xmit {} ");
const SHOW_HEADROOM: Field = text_only(" {} ");
const SHOW_HEADROOM_JSON: Field = json_only("headroom");

fn show(out: &mut Out, _: &mut Names, nest: Attrs<'_>, _: bool) {
    for (attr, f, alone) in
        [(IN, SHOW_IN, "in "), (OUT, SHOW_OUT, "out "), (XMIT, SHOW_XMIT, "xmit ")]
    {
        if let Some(a) = nest.find(attr) {
            show_program(out, f, alone, a.nested());
        }
    }
    if let Some(n) = nest.find(HEADROOM).and_then(Attr::u32) {
        out.uint(SHOW_HEADROOM, n);
        out.uint(SHOW_HEADROOM_JSON, n);
    }
}
