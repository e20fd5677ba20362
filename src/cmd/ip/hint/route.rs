//! Hints about routes: what is like one that is not there, and what a list does not show.

use super::{Mistake, shown};
use crate::cli::value::{self, AF_UNSPEC};
use crate::cli::{Args, prefix};
use crate::cmd::ip::route::filter::Filter;
use crate::cmd::ip::route::show::{self, Level};
use crate::ctx::Ctx;
use crate::output::{Out, Style};
use crate::rtnl::consts::{RT_TABLE_LOCAL, RT_TABLE_MAIN};
use crate::rtnl::route::Route;

/// `ip route show table 777`
pub(super) fn table_is_empty(_: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if !m.says("FIB table does not exist") {
        return None;
    }
    let at = m.words.iter().skip(2).position(|w| prefix("table").is(w))?;
    Some(format!("table {} is empty", shown(m.words.get(at + 3)?)))
}

/// `ip route del 10.0.0.0/8 metric 5`, where there is one with another metric.
pub(super) fn similar(ctx: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    if m.object() != "route" || !m.says("No such process") {
        return None;
    }
    let found = like(ctx, m)?;
    Some(format!("there is a similar route: {found}"))
}

/// `ip route add 10.0.0.0/8 dev v1`, where there is one.
pub(super) fn already_there(ctx: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let found = like(ctx, m)?;
    Some(format!("there is such a route already: {found}; \"replace\" changes it"))
}

/// The first route with the same destination, in the table that is meant.
fn like(ctx: &mut Ctx, m: &Mistake<'_>) -> Option<String> {
    let table = m.words.iter().skip(2).position(|w| prefix("table").is(w));
    let table = table.and_then(|at| m.words.get(at + 3).copied()).unwrap_or(b"main");
    let destination = destination(m.words)?;
    let mut of = |table: &[u8]| {
        let words: [&[u8]; 4] = [b"table", table, b"exact", destination];
        list(ctx, &words, |text, _| Some(text))
    };
    of(table).or_else(|| of(b"all"))
}

/// The destination: the first prefix that is no other word's value.
fn destination<'a>(words: &[&'a [u8]]) -> Option<&'a [u8]> {
    const OTHERS: &[&[u8]] =
        &[b"via", b"src", b"from", b"as", b"inet", b"inet6", b"metric", b"dev"];
    let mut before: &[u8] = b"";
    words.iter().skip(2).copied().find(|word| {
        let is = !OTHERS.contains(&before) && value::prefix(word, AF_UNSPEC).is_ok();
        before = word;
        is
    })
}

/// `ip route show`, and nothing is shown though there are routes elsewhere.
pub fn nothing_shown(ctx: &mut Ctx) {
    if !ctx.wants_hints() {
        return;
    }
    let mut tables = std::collections::BTreeSet::new();
    list(ctx, &[b"table", b"all"], |_, table| {
        tables.insert(table);
        None::<()>
    });
    tables.retain(|t| ![RT_TABLE_MAIN, RT_TABLE_LOCAL].contains(t));
    let count = tables.len();
    if count > 0 {
        let (s, have) = if count == 1 { ("", "has") } else { ("s", "have") };
        ctx.hint(|| {
            format!(
                "table main is empty; {count} other table{s} {have} routes \
                 (\"ip route show table all\")"
            )
        });
    }
}

/// Goes through the routes that these selectors mean, as lines and with their tables, until one
/// is taken. Whatever fails is no concern of a hint.
fn list<T>(
    ctx: &mut Ctx,
    words: &[&[u8]],
    mut take: impl FnMut(String, u32) -> Option<T>,
) -> Option<T> {
    let filter = Filter::parse(&mut Args::new(words), &mut ctx.names, ctx.opts.family).ok()?;
    let (conn, _, names, _) = ctx.parts().ok()?;
    let mut dump = conn.dump(&mut filter.request()).ok()?;
    let mut out = Out::memory(Style::default());
    let level = Level { details: false, stats: false };
    while let Ok(Some(msg)) = dump.next_message() {
        let Some(r) = Route::parse(msg.payload).filter(|r| filter.accepts(r)) else { continue };
        show::route(&mut out, names, &Filter::default(), level, &r);
        let line = out.taken();
        let text = String::from_utf8_lossy(&line).split_whitespace().collect::<Vec<_>>().join(" ");
        let taken = take(text, r.table());
        if taken.is_some() {
            return taken;
        }
    }
    None
}
