//! `ip ioam`: namespaces and schemas of in-situ OAM, by which routers write into packets that
//! pass.

use crate::cli::{Args, Usage, exact, value};
use crate::ctx::{Ctx, Opts};
use crate::error::{Error, Result};
use crate::genl::{self, Family};
use crate::netlink::{Attr, Attrs, Request};
use crate::output::{Field, Out, field};

use super::Grammar;
use super::monitor::event::stamp;
use super::verb::{self, Verb};

/// The family and its version.
const FAMILY: (&str, u8) = ("IOAM6", 1);

// Commands and attributes (linux/ioam6_genl.h).
const ADD_NAMESPACE: u8 = 1;
const DEL_NAMESPACE: u8 = 2;
const DUMP_NAMESPACES: u8 = 3;
const ADD_SCHEMA: u8 = 4;
const DEL_SCHEMA: u8 = 5;
const DUMP_SCHEMAS: u8 = 6;
const NS_SET_SCHEMA: u8 = 7;
const ATTR_NS_ID: u16 = 1;
const ATTR_NS_DATA: u16 = 2;
const ATTR_NS_DATA_WIDE: u16 = 3;
const ATTR_SC_ID: u16 = 4;
const ATTR_SC_DATA: u16 = 5;
const ATTR_SC_NONE: u16 = 6;
/// Of an event.
const EVENT_TRACE: u8 = 1;

/// Words are written in full.
#[rustfmt::skip] // one row, one line
static VERBS: &[Verb] = &[
    Verb { word: exact("help"), args: "", run: help },
    Verb { word: exact("namespace"), args: "{ show | add ID [ data DATA32 ] [ wide DATA64 ] | del ID | set ID schema { ID | none } }", run: namespace },
    Verb { word: exact("schema"), args: "{ show | add ID DATA | del ID }", run: schema },
    Verb { word: exact("monitor"), args: "", run: monitor },
];

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let known = args.peek().is_none_or(|w| VERBS.iter().any(|v| v.word.is(w)));
    if !known {
        open(ctx)?;
        args.take();
        return Err(args.wrong("Unknown").into());
    }
    verb::dispatch_genl(ctx, args, "ioam", FAMILY, VERBS)
}

/// What may be typed, for completions.
pub fn grammar() -> Grammar {
    Grammar { object: "ioam", verbs: VERBS, usage }
}

fn usage() -> Usage {
    verb::usage("ioam", VERBS, "")
}

fn help(_: &mut Ctx, _: &mut Args<'_>) -> Result {
    Err(usage().into())
}

fn open(ctx: &mut Ctx) -> Result<Family, Error> {
    ctx.genl(FAMILY.0, FAMILY.1)
}

/// The reference passes over words at the end.
fn nothing_more(args: &mut Args<'_>) -> Result<(), Usage> {
    args.take().map_or(Ok(()), |_| Err(args.wrong("Unknown")))
}

fn namespace(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    let mut family = open(ctx)?;
    let id = |args: &mut Args<'_>| args.value(value::u16, "Invalid namespace ID");
    match args.need()? {
        b"show" => {
            nothing_more(args)?;
            let mut request = family.request(DUMP_NAMESPACES, 0);
            let mut each = |out: &mut Out, attrs: Attrs<'_>| shown_namespace(out, attrs);
            list(ctx, &mut family, &mut request, &mut each)
        }
        b"add" => {
            let mut request = family.request(ADD_NAMESPACE, 0);
            request.u16(ATTR_NS_ID, id(args)?);
            let (mut data, mut wide) = (None, None);
            let mut next = args.take();
            if next == Some(b"data") {
                data = Some(args.value(value::u32, "Invalid data")?);
                next = args.take();
            }
            if next == Some(b"wide") {
                wide = Some(args.value(value::hex64, "Invalid wide data")?);
                next = args.take();
            }
            if next.is_some() {
                let first = data.is_none() && wide.is_none();
                let what = if first { "Invalid argument" } else { "Unexpected argument" };
                return Err(args.wrong(what).into());
            }
            data.into_iter().for_each(|n| request.u32(ATTR_NS_DATA, n));
            wide.into_iter().for_each(|n| request.u64(ATTR_NS_DATA_WIDE, n));
            change(&mut family, &mut request)
        }
        b"del" => {
            let mut request = family.request(DEL_NAMESPACE, 0);
            request.u16(ATTR_NS_ID, id(args)?);
            nothing_more(args)?;
            change(&mut family, &mut request)
        }
        b"set" => {
            let mut request = family.request(NS_SET_SCHEMA, 0);
            request.u16(ATTR_NS_ID, id(args)?);
            if args.need()? != b"schema" {
                return Err(args.wrong("Unknown").into());
            }
            if args.need()? == b"none" {
                request.attr(ATTR_SC_NONE, &[]);
            } else {
                args.back();
                request.u32(ATTR_SC_ID, args.value(value::u32, "Invalid schema ID")?);
            }
            nothing_more(args)?;
            change(&mut family, &mut request)
        }
        _ => Err(args.wrong("Unknown").into()),
    }
}

fn schema(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    /// Of the data, in bytes.
    const LONGEST: usize = 252;
    let mut family = open(ctx)?;
    let id = |args: &mut Args<'_>| args.value(value::u32, "Invalid schema ID");
    match args.need()? {
        b"show" => {
            nothing_more(args)?;
            let mut request = family.request(DUMP_SCHEMAS, 0);
            let mut each = |out: &mut Out, attrs: Attrs<'_>| shown_schema(out, attrs);
            list(ctx, &mut family, &mut request, &mut each)
        }
        b"add" => {
            let mut request = family.request(ADD_SCHEMA, 0);
            request.u32(ATTR_SC_ID, id(args)?);
            let mut data = args.need()?.to_vec();
            if data.len() > LONGEST {
                return Err(args.wrong("Invalid schema data").into());
            }
            nothing_more(args)?;
            data.resize(data.len().next_multiple_of(4), 0);
            request.attr(ATTR_SC_DATA, &data);
            change(&mut family, &mut request)
        }
        b"del" => {
            let mut request = family.request(DEL_SCHEMA, 0);
            request.u32(ATTR_SC_ID, id(args)?);
            nothing_more(args)?;
            change(&mut family, &mut request)
        }
        _ => Err(args.wrong("Unknown").into()),
    }
}

fn change(family: &mut Family, request: &mut Request) -> Result {
    Ok(Ctx::genl_change(family, request, 1)?)
}

fn list(
    ctx: &mut Ctx,
    family: &mut Family,
    request: &mut Request,
    each: &mut dyn FnMut(&mut Out, Attrs<'_>),
) -> Result {
    Ok(ctx.genl_table(family, request, 1, &mut |out, _, _, msg| {
        out.open();
        each(out, genl::attrs(msg.payload));
        out.close();
        out.newline();
    })?)
}

const SCHEMA_OF: Field = field("schema", " [schema {}]");
const NAMESPACE_OF: Field = field("namespace", " [namespace {}]");

fn shown_namespace(out: &mut Out, attrs: Attrs<'_>) {
    let id = attrs.find(ATTR_NS_ID).and_then(Attr::u16).unwrap_or(0);
    out.uint(field("namespace", "namespace {}"), id);
    if let Some(schema) = attrs.find(ATTR_SC_ID).and_then(Attr::u32) {
        out.uint(SCHEMA_OF, schema);
    }
    let json = out.is_json();
    if let Some(data) = attrs.find(ATTR_NS_DATA).and_then(Attr::u32) {
        // Without 0x in JSON (observed in iproute2 6.15 and 7.2).
        let text = if json { format!("{data:x}") } else { format!("{data:#010x}") };
        out.str(field("data", ", data {}"), &text);
    }
    if let Some(wide) = attrs.find(ATTR_NS_DATA_WIDE).and_then(Attr::u64) {
        let text = if json { format!("{wide:#x}") } else { format!("{wide:#018x}") };
        out.str(field("wide", ", wide {}"), &text);
    }
}

fn shown_schema(out: &mut Out, attrs: Attrs<'_>) {
    let id = attrs.find(ATTR_SC_ID).and_then(Attr::u32).unwrap_or(0);
    out.uint(field("schema", "schema {}"), id);
    if let Some(ns) = attrs.find(ATTR_NS_ID).and_then(Attr::u16) {
        out.uint(NAMESPACE_OF, ns);
    }
    let data = attrs.find(ATTR_SC_DATA).map_or(&[][..], |a| a.value);
    let mut text = String::new();
    for byte in data {
        let gap = if out.is_json() { "" } else { " " };
        text.push_str(&format!("{gap}{byte:02x}"));
    }
    // The reference's JSON has a number without a name for each byte.
    out.str(field("data", ", data:{}"), &text);
}

/// Prints what packets have brought until it is killed; with -json an object a line.
fn monitor(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    nothing_more(args)?;
    let mut family = open(ctx)?;
    family
        .join("ioam6_events")
        .map_err(|error| Error::Io { what: "Cannot hear of events", error })?;
    loop {
        ctx.out.flush()?;
        match family.conn.hear(true) {
            Ok(Some((msgs, _))) => {
                for msg in msgs.filter(|m| genl::command(m.payload) == EVENT_TRACE) {
                    trace(&mut ctx.out, &ctx.opts, genl::attrs(msg.payload));
                }
            }
            Ok(None) => {}
            Err(e) => return Err(Error::from(e).into()),
        }
    }
}

fn trace(out: &mut Out, opts: &Opts, attrs: Attrs<'_>) {
    out.open();
    stamp(out, opts);
    if out.is_json() {
        out.str(field("event", "{}"), "trace");
    }
    out.text("[TRACE]");
    if let Some(id) = attrs.find(1).and_then(Attr::u16) {
        out.uint(field("namespace", " Namespace={}"), id);
    }
    if let Some(len) = attrs.find(2).and_then(Attr::u8) {
        out.uint(field("nodelen", " NodeLen={}"), len);
    }
    if let Some(kind) = attrs.find(3).and_then(Attr::u32) {
        out.str(field("type", " Type={}"), &format!("{kind:#08x}"));
    }
    if let Some(data) = attrs.find(4) {
        let text: String = data.value.iter().map(|b| format!("{b:02x}")).collect();
        out.str(field("data", " Data={}"), &text);
    }
    out.close();
    out.newline();
    if out.is_json() {
        out.raw(b"\n");
        out.separate_documents();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;

    /// What is shown of attributes, in text and in JSON. Only the superuser of a machine may ask
    /// the kernel, so no lab can.
    fn both(show: fn(&mut Out, Attrs<'_>), request: &Request) -> [String; 2] {
        [false, true].map(|json| {
            let mut out = Out::memory(Style { json, ..Style::default() });
            out.open();
            show(&mut out, Attrs(request.payload()));
            out.close();
            String::from_utf8(out.taken()).unwrap()
        })
    }

    #[test]
    fn namespaces_are_shown_with_their_data() {
        let mut r = Request::new(0, 0, &[]);
        r.u16(ATTR_NS_ID, 3);
        r.u32(ATTR_SC_ID, 7);
        r.u32(ATTR_NS_DATA, 5);
        r.u64(ATTR_NS_DATA_WIDE, 0x77);
        assert_eq!(
            both(shown_namespace, &r),
            [
                "namespace 3 [schema 7], data 0x00000005, wide 0x0000000000000077",
                r#"{"namespace":3,"schema":7,"data":"5","wide":"0x77"}"#
            ]
        );
    }

    #[test]
    fn schemas_are_shown_byte_by_byte() {
        let mut r = Request::new(0, 0, &[]);
        r.u32(ATTR_SC_ID, 8);
        assert_eq!(both(shown_schema, &r)[0], "schema 8, data:");
        r.u16(ATTR_NS_ID, 1);
        r.attr(ATTR_SC_DATA, b"abc\0");
        assert_eq!(
            both(shown_schema, &r),
            [
                "schema 8 [namespace 1], data: 61 62 63 00",
                r#"{"schema":8,"namespace":1,"data":"61626300"}"#
            ]
        );
    }
}
