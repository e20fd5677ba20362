//! One option of a nested attribute: how it is typed, sent, read back and shown.

use crate::cli::{Args, Usage, Word, value};
use crate::names::Names;
use crate::netlink::{Attr, Attrs, Request, Table};
use crate::output::{Field, Out};

/// One row: the word, the attribute, the type, the two renderings.
pub struct Opt {
    /// As the user types it.
    pub word: Word,
    /// Its value in a usage line: `TABLE`, `{ on | off }`.
    pub arg: &'static str,
    /// As the kernel knows it, inside the nest.
    pub attr: u16,
    pub ty: Ty,
    /// As it is shown, in text and in JSON.
    pub show: Field,
    /// What the reference says about a wrong number; `{}` stands for the word.
    wrong: &'static str,
}

impl Opt {
    pub const fn new(word: Word, arg: &'static str, attr: u16, ty: Ty, show: Field) -> Opt {
        Opt { word, arg, attr, ty, show, wrong: "Invalid \"{}\" value\n" }
    }
    /// With another sentence about a wrong number.
    pub const fn wrong(self, text: &'static str) -> Opt {
        Opt { wrong: text, ..self }
    }
}

/// How a value is written by users and by the kernel.
pub enum Ty {
    U8,
    U16,
    U32,
    U64,
    I32,
    /// `on` or `off` (the newer wording, status 1), sent as one byte.
    OnOff,
    /// One word out of a list or its place in decimal, sent as one byte; `wrong` is about any other.
    Place8(&'static [&'static str]),
    /// The same, sent as four bytes.
    Place32(&'static [&'static str]),
    /// The word alone: an attribute without a value, which is never shown.
    Act,
    /// A device by name, sent as its index; 0 is none, and not shown.
    Dev,
    /// Anything else, in the words of the file that needs it.
    Own {
        send: Send,
        show: Show,
    },
    /// Shown only; the word is refused like any unknown one.
    ShowOnly(Show),
}

/// Reads the value behind a word and adds attributes.
pub type Send = fn(&mut Args<'_>, &mut Names, u16, &mut Request) -> Result<(), Usage>;
/// Shows the attribute.
pub type Show = fn(&mut Out, &mut Names, Field, Attr<'_>);

/// Reads the value of one option and adds it to the request.
///
/// # Errors
///
/// The reference's sentence for a missing or wrong value.
pub fn send(
    opt: &Opt,
    args: &mut Args<'_>,
    names: &mut Names,
    req: &mut Request,
) -> Result<(), Usage> {
    let invalid = || opt.wrong.replace("{}", opt.word.full);
    req.from_word(args.at());
    match &opt.ty {
        Ty::U8 => req.u8(opt.attr, args.value(value::u8, &invalid())?),
        Ty::U16 => req.u16(opt.attr, args.value(value::u16, &invalid())?),
        Ty::U32 => req.u32(opt.attr, args.value(value::u32, &invalid())?),
        Ty::U64 => req.u64(opt.attr, args.value(value::u64, &invalid())?),
        Ty::I32 => {
            req.attr(opt.attr, &args.value(value::i32, &invalid())?.to_ne_bytes());
        }
        Ty::OnOff => req.u8(opt.attr, args.on_off(opt.word.full, 1)?.into()),
        Ty::Act => req.attr(opt.attr, &[]),
        Ty::Place8(words) => {
            let at = place(args, words, &invalid())?;
            req.u8(opt.attr, u8::try_from(at).expect("lists are short"));
        }
        Ty::Place32(words) => {
            let at = place(args, words, &invalid())?;
            req.u32(opt.attr, u32::try_from(at).expect("lists are short"));
        }
        Ty::Dev => {
            let name = args.need()?;
            let index = names.index(name).ok_or_else(|| {
                Usage::new(1, [b"Cannot find device \"", name, b"\""].concat()).at(args.at())
            })?;
            req.u32(opt.attr, index);
        }
        Ty::Own { send, .. } => send(args, names, opt.attr, req)?,
        Ty::ShowOnly(_) => return Err(args.garbage(opt.word.full)),
    }
    Ok(())
}

fn place(args: &mut Args<'_>, words: &[&str], wrong: &str) -> Result<usize, Usage> {
    let word = args.need()?;
    let number = || std::str::from_utf8(word).ok()?.parse().ok().filter(|n| *n < words.len());
    let named = words.iter().position(|w| w.as_bytes() == word);
    named.or_else(number).ok_or_else(|| args.wrong(wrong))
}

/// The row that a word means, leaving out rows that are only shown.
pub fn find<'o>(opts: &'o [Opt], word: &[u8]) -> Option<&'o Opt> {
    opts.iter().find(|o| !matches!(o.ty, Ty::ShowOnly(_)) && o.word.is(word))
}

/// Shows what is there, in the order of the rows.
pub fn show(opts: &[Opt], out: &mut Out, names: &mut Names, data: Attrs<'_>) {
    let table = Table::<96>::new(data);
    for o in opts {
        let Some(a) = table.get(o.attr) else { continue };
        show_one(o, out, names, a);
    }
}

/// Shows one option.
pub fn show_one(o: &Opt, out: &mut Out, names: &mut Names, a: Attr<'_>) {
    match &o.ty {
        Ty::U8 => a.u8().into_iter().for_each(|v| out.uint(o.show, v)),
        Ty::U16 => a.u16().into_iter().for_each(|v| out.uint(o.show, v)),
        Ty::U32 => a.u32().into_iter().for_each(|v| out.uint(o.show, v)),
        Ty::U64 => a.u64().into_iter().for_each(|v| out.uint(o.show, v)),
        Ty::I32 => a.i32().into_iter().for_each(|v| out.int(o.show, v)),
        Ty::OnOff => a.u8().into_iter().for_each(|v| out.on_off(o.show, v != 0)),
        Ty::Place8(words) => a.u8().into_iter().for_each(|v| out.str(o.show, at(words, v.into()))),
        Ty::Place32(words) => a.u32().into_iter().for_each(|v| out.str(o.show, at(words, v))),
        Ty::Dev => {
            if let Some(v) = a.u32().filter(|v| *v != 0) {
                out.bytes(o.show, names.name(v));
            }
        }
        Ty::Act => {}
        Ty::Own { show, .. } | Ty::ShowOnly(show) => show(out, names, o.show, a),
    }
}

/// What stands at a place of a list.
fn at<'w>(words: &[&'w str], place: u32) -> &'w str {
    words.get(place as usize).copied().unwrap_or("UNKNOWN")
}
