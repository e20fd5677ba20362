//! `macvlan`: a device with an address of its own on top of another one.

use super::{LinkKind, Shown, Words};
use crate::cli::{Args, Word, exact, prefix, value};
use crate::error::Error;
use crate::names::Names;
use crate::netlink::Attrs;
use crate::output::{Out, addr, field};

use super::super::device;

pub static KIND: LinkKind = LinkKind {
    usage: USAGE,
    parse: Some(parse),
    show: Some(show),
    ..LinkKind::plain("macvlan", "a device with its own address on top of another one")
};

pub const USAGE: &str = "mode MODE [ flag FLAG | nopromisc | nodst ] [ macaddr COMMAND ]\n\t\t[ bcqueuelen COUNT ] [ bclim COUNT ]\nMODE := { private | vepa | bridge | passthru | source }\nFLAG := { null | nopromisc | nodst }\nCOMMAND := { add LLADDR | del LLADDR | set [ LLADDR ] ... | flush }";

// IFLA_MACVLAN_* (linux/if_link.h)
const MODE: u16 = 1;
const FLAGS: u16 = 2;
const MACADDR_MODE: u16 = 3;
const MACADDR: u16 = 4;
const MACADDR_DATA: u16 = 5;
const MACADDR_COUNT: u16 = 6;
const BC_QUEUE_LEN: u16 = 7;
const BC_QUEUE_LEN_USED: u16 = 8;
const BC_CUTOFF: u16 = 9;

const MODES: &[(&str, u32)] =
    &[("private", 1), ("vepa", 2), ("bridge", 4), ("passthru", 8), ("source", 16)];
const PASSTHRU: u32 = 8;
const NOPROMISC: u16 = 1;
const NODST: u16 = 2;

/// MACVLAN_MACADDR_*: what is done to the list of source addresses.
const COMMANDS: &[(Word, u32)] =
    &[(prefix("add"), 0), (prefix("del"), 1), (prefix("set"), 3), (prefix("flush"), 2)];

fn old_list(key: &str, words: &str, given: &[u8]) -> Error {
    let head = format!("Error: argument of \"{key}\" must be {words}, not \"");
    Error::failed(1, [head.as_bytes(), given, b"\""].concat())
}

pub fn parse(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let mut mode = 0;
    let mut flags = 0u16;
    let mut has_flags = false;
    while let Some(word) = args.take() {
        words.req.from_word(args.at());
        if prefix("mode").is(word) {
            let given = args.need()?;
            let known = MODES.iter().find(|(name, _)| name.as_bytes() == given);
            let Some((_, number)) = known else {
                let list = "\"private\", \"vepa\", \"bridge\", \"passthru\" or \"source\"";
                return Err(old_list("mode", list, given));
            };
            mode = *number;
            words.req.u32(MODE, mode);
        } else if prefix("flag").is(word) {
            match args.need()? {
                b"nopromisc" => flags |= NOPROMISC,
                b"nodst" => flags |= NODST,
                b"null" => flags |= 0,
                given => {
                    return Err(old_list("flag", "\"nopromisc\", \"nodst\" or \"null\"", given));
                }
            }
            has_flags = true;
        } else if prefix("macaddr").is(word) {
            addresses(kind, args, words)?;
        } else if prefix("nopromisc").is(word) {
            flags |= NOPROMISC;
            has_flags = true;
        } else if prefix("nodst").is(word) {
            flags |= NODST;
            has_flags = true;
        } else if prefix("bcqueuelen").is(word) {
            let given = args.need()?;
            let Some(len) = value::u32(given) else {
                return Err(old_list("bcqueuelen", "a positive integer [0-4294967295]", given));
            };
            words.req.u32(BC_QUEUE_LEN, len);
        } else if exact("bclim").is(word) {
            let given = args.need()?;
            let Some(limit) = value::i32(given) else {
                let text = [b"Error: illegal value for \"bclim\": \"", given, b"\""].concat();
                return Err(Error::failed(1, text));
            };
            words.req.attr(BC_CUTOFF, &limit.to_ne_bytes());
        } else {
            return Err(kind.unknown(args));
        }
    }
    if has_flags {
        if flags & NOPROMISC != 0 && mode != PASSTHRU {
            let name = kind.name;
            let text = format!("{name}: nopromisc flag only valid in passthru mode\n");
            return Err(Error::failed(1, text + &kind.help()));
        }
        words.req.u16(FLAGS, flags);
    }
    Ok(())
}

/// `macaddr { add | del } LLADDR`, `macaddr set [ LLADDR ] …`, `macaddr flush`.
fn addresses(kind: &LinkKind, args: &mut Args<'_>, words: &mut Words<'_>) -> Result<(), Error> {
    let given = args.need()?;
    let Some((command, number)) = COMMANDS.iter().find(|(c, _)| c.is(given)) else {
        return Err(Error::failed(1, kind.help()));
    };
    words.req.u32(MACADDR_MODE, *number);
    match command.full {
        "flush" => {}
        "set" => {
            let nest = words.req.nest(MACADDR_DATA);
            while let Some(word) = args.peek() {
                // Whatever is no address is told so, and is then taken for the next word.
                match value::lladdr_or_part(word) {
                    Ok(mac) if mac.len() == 6 => words.req.attr(MACADDR, &mac),
                    // `bcqueuelen` begins like an address of one byte.
                    Ok(_) => break,
                    Err(part) => {
                        crate::sys::fd::stderr(&device::invalid_lladdr(part).text());
                        break;
                    }
                }
                args.take();
            }
            words.req.end(nest);
        }
        _ => {
            let mac = device::lladdr(args)?;
            if mac.len() != 6 {
                // Without a word, as the reference does.
                return Err(Error::Status(1));
            }
            words.req.attr(MACADDR, &mac);
        }
    }
    Ok(())
}

pub fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let word = |attr| data.find(attr).and_then(|a| a.u32());
    let mode = word(MODE);
    if let Some(mode) = mode {
        let name = MODES.iter().find(|m| m.1 == mode).map_or("unknown", |m| m.0);
        out.str(token!("mode"), name);
    }
    if let Some(flags) = data.find(FLAGS).and_then(|a| a.u16()) {
        if flags & NOPROMISC != 0 {
            out.flag("nopromisc", "nopromisc ");
        }
        if flags & NODST != 0 {
            out.flag("nodst", "nodst ");
        }
    }
    if let Some(len) = word(BC_QUEUE_LEN) {
        out.uint(token!("bcqueuelen"), len);
    }
    if let Some(len) = word(BC_QUEUE_LEN_USED) {
        out.uint(token!("usedbcqueuelen"), len);
    }
    if let Some(limit) = data.find(BC_CUTOFF).and_then(|a| a.i32()) {
        out.int(token!("bclim"), limit);
    }
    if mode == Some(16) {
        sources(out, data);
    }
}

fn sources(out: &mut Out, data: Attrs<'_>) {
    let Some(count) = data.find(MACADDR_COUNT).and_then(|a| a.u32()) else { return };
    out.uint(field("macaddr_count", "remotes ({}) "), count);
    let Some(list) = data.find(MACADDR_DATA) else { return };
    out.open_list("macaddr_data");
    for a in list.nested().filter(|a| a.kind == MACADDR) {
        let mut text = Vec::new();
        addr::hex(&mut text, a.value);
        out.bytes(field("", "{} "), &text);
    }
    out.close_list();
}
