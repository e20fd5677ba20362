//! The verbs of an object: a table, and the way into it.

use crate::cli::{Args, Row, Usage, Word};
use crate::ctx::Ctx;
use crate::error::Result;

/// One verb of an object.
pub struct Verb {
    pub word: Word,
    /// What may follow, for the usage; verbs with the same function share one line.
    pub args: &'static str,
    pub run: fn(&mut Ctx, &mut Args<'_>) -> Result,
}

/// Runs the verb that the next word names, trying the rows in order; without a word, `none`.
///
/// # Errors
///
/// `Command "X" is unknown, try "ip OBJECT help".`, and what the verb says.
pub fn dispatch(
    ctx: &mut Ctx,
    args: &mut Args<'_>,
    object: &str,
    verbs: &[Verb],
    none: fn(&mut Ctx, &mut Args<'_>) -> Result,
) -> Result {
    let Some(word) = args.take() else { return none(ctx, args) };
    match verbs.iter().find(|v| v.word.is(word)) {
        Some(v) => (v.run)(ctx, args),
        None => Err(args.unknown_command(object).into()),
    }
}

/// As [`dispatch`], for an object whose family of generic netlink has to be there before its words
/// are looked at; only `help`, and no word at all, come first.
///
/// # Errors
///
/// As [`dispatch`]; the family is not there.
pub fn dispatch_genl(
    ctx: &mut Ctx,
    args: &mut Args<'_>,
    object: &str,
    family: (&str, u8),
    verbs: &[Verb],
) -> Result {
    let help =
        |ctx: &mut Ctx, args: &mut Args<'_>| match verbs.iter().find(|v| v.word.full == "help") {
            Some(v) => (v.run)(ctx, args),
            None => Err(args.incomplete().into()),
        };
    let Some(word) = args.take() else { return help(ctx, args) };
    match verbs.iter().find(|v| v.word.is(word)) {
        Some(v) => (v.run)(ctx, args),
        None => {
            ctx.genl(family.0, family.1)?;
            Err(args.unknown_command(object).into())
        }
    }
}

/// The usage of an object: a line for each verb, then `more`. Ends with status 255.
pub fn usage(object: &str, verbs: &[Verb], more: &str) -> Usage {
    let mut text = String::new();
    let mut shown: Vec<&str> = Vec::new();
    for v in verbs {
        if v.args.is_empty() && v.word.full == "help" {
            continue;
        }
        let line = format!("ip {object} {} {}", v.word.full, v.args);
        // Synonyms (`list`, `lst`, `show`) are one line.
        if v.args == "=" || shown.contains(&v.word.full) {
            continue;
        }
        shown.push(v.word.full);
        text.push_str(if text.is_empty() { "Usage: " } else { "       " });
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(more);
    Usage::new(255, text.trim_end().to_owned())
}

/// The words of a table for a usage: `TITLE := { word VALUE | ... }`, in lines.
pub fn words<T>(title: &str, rows: &[Row<T>]) -> String {
    listed(title, rows.iter().map(|r| (r.word.full, r.arg)))
}

/// Words and their values for a usage: `TITLE := { word VALUE | ... }`, in lines.
pub fn listed<'w>(title: &str, words: impl Iterator<Item = (&'w str, &'w str)>) -> String {
    const WIDTH: usize = 78;
    let mut text = format!("{title} := {{");
    let mut column = text.len();
    for (i, (word, value)) in words.enumerate() {
        let mut item = String::from(if i == 0 { " " } else { " | " });
        item.push_str(word);
        if !value.is_empty() {
            item.push(' ');
            item.push_str(value);
        }
        if column + item.len() > WIDTH {
            text.push_str("\n       ");
            column = 7;
        }
        column += item.len();
        text.push_str(&item);
    }
    text.push_str(" }\n");
    text
}
