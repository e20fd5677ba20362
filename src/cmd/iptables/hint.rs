//! Help behind a mistake, as one line: only on a terminal, and not when NO_HINTS is set. The
//! sentences of the reference and the status stay as they are.

use crate::cli::nearest;
use crate::names::NetDb;
use crate::sys::{fd, file};

use super::command::Command;
use super::ext::{self, Kind};
use super::fail::{Fail, NO_CHAIN};
use super::family::Family;
use super::kernel::Kernel;
use super::options::{self, Asked, Caller};
use super::rule::{Rule, Target};
use super::tables;

/// Whether somebody reads stderr who can use a hint.
pub fn is_wanted() -> bool {
    fd::stderr_is_terminal() && file::env("NO_HINTS").is_none_or(|v| v.is_empty())
}

/// Says it.
pub fn say(text: &str) {
    fd::stderr(format!("hint: {text}\n").as_bytes());
}

/// Says more about a failure. `words` are those of the command, without the program's name.
pub fn tell(words: &[&[u8]], prog: &str, family: Family, fail: &Fail) {
    if !is_wanted() {
        return;
    }
    let text = match fail {
        Fail::Usage(text) => option_of_a_protocol(words, text)
            .or_else(|| unknown_target(words, family, text))
            .or_else(|| unknown_extension(family, text)),
        _ => command(words, prog, family, fail),
    };
    if let Some(text) = text {
        say(&text);
    }
}

fn show(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// What stands between two marks in a sentence.
fn within<'t>(text: &'t [u8], before: &str, after: u8) -> Option<&'t [u8]> {
    let rest = text.strip_prefix(before.as_bytes())?;
    rest.split(|&b| b == after).next()
}

/// `--dport` without `-p`.
fn option_of_a_protocol(words: &[&[u8]], text: &[u8]) -> Option<String> {
    let option = within(text, "unknown option \"--", b'"')?;
    let given = |w: &&&[u8]| matches!(**w, b"-p" | b"--protocol");
    if words.iter().find(given).is_some() {
        return None;
    }
    let has = |family| {
        let mut all = ext::all(Kind::Match, family).filter(|e| e.transport.is_some());
        all.any(|e| {
            let known = |o: &ext::Opt| {
                let names = o.aliases.iter().chain([&o.name]);
                names.into_iter().any(|n| n.as_bytes() == option)
            };
            e.opts.iter().any(known)
        })
    };
    let option = show(option);
    let protocol = match option.as_str() {
        _ if !has(Family::V4) && !has(Family::V6) => return None,
        "icmp-type" => "icmp",
        "icmpv6-type" => "ipv6-icmp",
        _ => "tcp",
    };
    Some(format!("\"--{option}\" belongs to a protocol: put \"-p {protocol}\" before it"))
}

/// A chain or target behind `-j` that is written like another.
fn unknown_target(words: &[&[u8]], family: Family, text: &[u8]) -> Option<String> {
    let name = within(text, "Chain '", b'\'')?;
    let upper = name.to_ascii_uppercase();
    let table = table_of(words);
    let mut names: Vec<Vec<u8>> =
        ["ACCEPT", "DROP", "RETURN"].map(|n| n.as_bytes().to_vec()).into();
    names.extend(ext::all(Kind::Target, family).map(|e| e.name.as_bytes().to_vec()));
    names.extend(made(family, table));
    let found = names.iter().find(|n| **n == upper).map(Vec::as_slice);
    let found = found.or_else(|| nearest(name, names.iter().map(Vec::as_slice)))?;
    Some(format!("did you mean \"-j {}\"?", show(found)))
}

fn unknown_extension(family: Family, text: &[u8]) -> Option<String> {
    let name = within(text, "Couldn't load match `", b'\'')?;
    let found = nearest(name, ext::all(Kind::Match, family).map(|e| e.name.as_bytes()))?;
    Some(format!("did you mean \"-m {}\"?", show(found)))
}

fn table_of<'a>(words: &[&'a [u8]]) -> &'a [u8] {
    let at = words.iter().position(|w| matches!(*w, b"-t" | b"--table"));
    at.and_then(|at| words.get(at + 1)).copied().unwrap_or(b"filter")
}

/// The chains of a table that somebody has made.
fn made(family: Family, table: &[u8]) -> Vec<Vec<u8>> {
    let all = Kernel::new(family).chains().unwrap_or_default();
    all.into_iter().filter(|c| c.table == table && c.base.is_none()).map(|c| c.name).collect()
}

/// What can only be told of a command that makes sense.
fn command(words: &[&[u8]], prog: &str, family: Family, fail: &Fail) -> Option<String> {
    let db = NetDb::default();
    let caller = Caller { prog, family, restoring: None };
    let Ok(Asked::Command(command)) = options::read(words, caller, &db) else { return None };
    match fail {
        Fail::Refused(text) if text == NO_CHAIN.as_bytes() => unknown_chain(&command, prog, family),
        Fail::Kernel(text) if contains(text, "(Invalid argument)") => {
            command.rules.first().and_then(|rule| misplaced(&command, rule, prog))
        }
        Fail::Kernel(text) if contains(text, "RULE_") && contains(text, "(No such file") => {
            Some(format!("this kernel lacks an extension: \"{prog} --check-kernel\""))
        }
        Fail::Kernel(text) if contains(text, "you must be root") => {
            Some("\"ipbox lab\" gives you a network of your own, without root".to_owned())
        }
        Fail::Kernel(text) if contains(text, "Message too long") => Some(TOO_LONG.to_owned()),
        _ => None,
    }
}

/// A batch is one message, and what an ordinary user may send at once is limited.
pub const TOO_LONG: &str = "without root a transaction is limited by sysctl net.core.wmem_max: raise it, or restore table by table";

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|w| w == part.as_bytes())
}

/// A chain of another table, or one that is written like another.
fn unknown_chain(command: &Command<'_>, prog: &str, family: Family) -> Option<String> {
    let chain = command.chain?;
    let own = tables::find(command.table)?;
    if own.built_in(chain).is_none() {
        let others: Vec<&str> = ["nat", "mangle", "raw", "filter"]
            .into_iter()
            .filter(|name| {
                tables::find(name.as_bytes()).is_some_and(|t| t.built_in(chain).is_some())
            })
            .collect();
        if let Some(first) = others.first() {
            let text =
                format!("{} is in table {}: add \"-t {first}\"", show(chain), others.join(", "));
            return Some(text);
        }
    }
    let names = own.chains.iter().map(|c| c.name.as_bytes().to_vec());
    let names: Vec<Vec<u8>> = names.chain(made(family, command.table)).collect();
    match nearest(chain, names.iter().map(Vec::as_slice)) {
        Some(name) => Some(format!("did you mean \"{}\"?", show(name))),
        None => Some(format!(
            "there is no chain \"{}\" in table {}: \"{prog} -t {1} -N {0}\" makes it",
            show(chain),
            show(command.table)
        )),
    }
}

/// Where an extension may stand: its tables and built-in chains, empty for all, and the protocols
/// that it needs.
struct Place {
    kind: Kind,
    name: &'static str,
    tables: &'static [&'static str],
    chains: &'static [&'static str],
    protocols: &'static [u8],
}

const fn place(
    kind: Kind,
    name: &'static str,
    tables: &'static [&'static str],
    chains: &'static [&'static str],
    protocols: &'static [u8],
) -> Place {
    Place { kind, name, tables, chains, protocols }
}

/// Behind the kernel's "Invalid argument"; from its sources' checks, seen with 6.18.
#[rustfmt::skip] // one row, one line
static PLACES: &[Place] = &[
    place(Kind::Target, "MASQUERADE", &["nat"], &["POSTROUTING"], &[]),
    place(Kind::Target, "SNAT", &["nat"], &["POSTROUTING", "INPUT"], &[]),
    place(Kind::Target, "DNAT", &["nat"], &["PREROUTING", "OUTPUT"], &[]),
    place(Kind::Target, "REDIRECT", &["nat"], &["PREROUTING", "OUTPUT"], &[]),
    place(Kind::Target, "NETMAP", &["nat"], &[], &[]),
    place(Kind::Target, "REJECT", &["filter"], &["INPUT", "FORWARD", "OUTPUT"], &[]),
    place(Kind::Target, "CT", &["raw"], &["PREROUTING", "OUTPUT"], &[]),
    place(Kind::Target, "NOTRACK", &["raw"], &["PREROUTING", "OUTPUT"], &[]),
    place(Kind::Target, "TPROXY", &["mangle"], &["PREROUTING"], &[6, 17]),
    place(Kind::Target, "CHECKSUM", &["mangle"], &[], &[]),
    place(Kind::Target, "TTL", &["mangle"], &[], &[]),
    place(Kind::Target, "HL", &["mangle"], &[], &[]),
    place(Kind::Target, "TOS", &["mangle"], &[], &[]),
    place(Kind::Target, "DSCP", &["mangle"], &[], &[]),
    place(Kind::Target, "CLASSIFY", &["mangle"], &["FORWARD", "OUTPUT", "POSTROUTING"], &[]),
    place(Kind::Target, "TCPMSS", &[], &["FORWARD", "OUTPUT", "POSTROUTING"], &[6]),
    place(Kind::Match, "owner", &[], &["OUTPUT", "POSTROUTING"], &[]),
    place(Kind::Match, "mac", &[], &["PREROUTING", "INPUT", "FORWARD"], &[]),
    place(Kind::Match, "rpfilter", &["raw", "mangle"], &["PREROUTING"], &[]),
    place(Kind::Match, "socket", &["mangle", "raw"], &["PREROUTING", "INPUT"], &[]),
    place(Kind::Match, "tcp", &[], &[], &[6]),
    place(Kind::Match, "udp", &[], &[], &[17]),
    place(Kind::Match, "tcpmss", &[], &[], &[6]),
    place(Kind::Match, "icmp", &[], &[], &[1]),
    place(Kind::Match, "icmp6", &[], &[], &[58]),
    place(Kind::Match, "sctp", &[], &[], &[132]),
];

fn misplaced(command: &Command<'_>, rule: &Rule, prog: &str) -> Option<String> {
    let chain = command.chain?;
    let own = tables::find(command.table).is_some_and(|t| t.built_in(chain).is_some());
    for call in rule.calls() {
        let name = call.ext.name;
        let found = PLACES.iter().find(|p| (p.kind, p.name) == (call.ext.kind, name));
        let Some(place) = found else { continue };
        let fits = |all: &[&str], word: &[u8]| {
            all.is_empty() || all.iter().any(|name| name.as_bytes() == word)
        };
        if !fits(place.tables, command.table) || own && !fits(place.chains, chain) {
            let table = place.tables.first().copied();
            let chain = place.chains.first().copied().unwrap_or("...");
            let to = table.map_or(String::new(), |t| format!(" -t {t}"));
            let tables = match place.tables {
                [] => String::new(),
                all => format!(" table {}", all.join(" or ")),
            };
            let chains = match place.chains {
                [] => String::new(),
                all => format!(" chain {}", all.join(" or ")),
            };
            return Some(format!(
                "{name} works in{tables}{chains} only: {prog}{to} -A {chain} ..."
            ));
        }
        let needs = |numbers: &[u8]| !numbers.is_empty() && !numbers.contains(&rule.proto);
        let resets = name == "REJECT" && call.info.first() == Some(&reset(&rule.target));
        let protocols: &[u8] = if resets { &[6] } else { place.protocols };
        if needs(protocols) || !protocols.is_empty() && rule.proto_not {
            let names: Vec<String> = protocols.iter().map(|n| super::proto::name(*n)).collect();
            let with = if resets { "a reset of tcp" } else { name };
            return Some(format!("{with} needs \"-p {}\"", names.join("\" or \"-p ")));
        }
        if name == "owner" && fits(place.chains, chain) {
            let text = "a user is named who does not exist in this user namespace";
            return Some(text.to_owned());
        }
    }
    None
}

/// The answer of `REJECT` that is a reset: 7 for IPv4, 6 for IPv6.
fn reset(target: &Target) -> u8 {
    match target {
        Target::Call(call) if call.ext.family == Some(Family::V6) => 6,
        _ => 7,
    }
}
