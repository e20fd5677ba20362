//! `-h`: the usage, from the tables.

use std::fmt::Write as _;

use super::ext::{Ext, Kind};
use super::fail::VERSION;
use super::options::Caller;

/// Commands and what they do.
#[rustfmt::skip] // one row, one line
const COMMANDS: &[(&str, &str)] = &[
    ("-A, --append CHAIN RULE", "add a rule at the end"),
    ("-I, --insert CHAIN [NUMBER] RULE", "add a rule at a place, at the beginning without number"),
    ("-R, --replace CHAIN NUMBER RULE", "put a rule in the place of another"),
    ("-D, --delete CHAIN RULE|NUMBER", "take a rule away"),
    ("-C, --check CHAIN RULE", "status 0 when the rule is there, 1 when it is not"),
    ("-L, --list [CHAIN [NUMBER]]", "show rules as rows"),
    ("-S, --list-rules [CHAIN [NUMBER]]", "show rules as the words that make them"),
    ("-F, --flush [CHAIN]", "take all rules away"),
    ("-Z, --zero [CHAIN [NUMBER]]", "set counters to zero"),
    ("-N, --new-chain CHAIN", "make a chain"),
    ("-X, --delete-chain [CHAIN]", "remove an empty chain, or all of them"),
    ("-E, --rename-chain CHAIN NAME", "give a chain another name"),
    ("-P, --policy CHAIN ACCEPT|DROP", "what becomes of packets that no rule decides on"),
    ("--check-kernel", "say by which ways this kernel takes rules, alone and in full"),
    ("-V, --version", "show the version"),
    ("-h, --help", "show this; with -m and -j also the options of these extensions"),
];

#[rustfmt::skip] // one row, one line
const RULE: &[(&str, &str)] = &[
    ("[!] -p, --protocol PROTOCOL", "by name or number"),
    ("[!] -s, --source ADDRESS[/MASK][,...]", "also --src"),
    ("[!] -d, --destination ADDRESS[/MASK][,...]", "also --dst"),
    ("[!] -i, --in-interface NAME[+]", "+ stands for any rest"),
    ("[!] -o, --out-interface NAME[+]", ""),
    ("[!] -f, --fragments", "second and further fragments, IPv4 only"),
    ("-m, --match EXTENSION", "brings further options"),
    ("-j, --jump TARGET", "ACCEPT, DROP, RETURN, a chain, an extension"),
    ("-g, --goto CHAIN", "like a jump that does not come back"),
    ("-c, --set-counters PACKETS BYTES", ""),
];

#[rustfmt::skip] // one row, one line
const OTHERS: &[(&str, &str)] = &[
    ("-t, --table TABLE", "filter (without this option), nat, mangle, raw, security"),
    ("-n, --numeric", "no names for addresses and ports"),
    ("-v, --verbose", "interfaces and counters too"),
    ("-x, --exact", "counters in full"),
    ("--line-numbers", "rules with their numbers"),
    ("-w, --wait [SECONDS]", "accepted: nothing has to be waited for"),
    ("-W, --wait-interval MICROSECONDS", "likewise"),
    ("-M, --modprobe COMMAND", "accepted: the kernel loads what it needs"),
    ("-4, --ipv4 / -6, --ipv6", "in a restored file: the line is for this family only"),
];

/// Every option that needs no extension: how it is written, what it does.
pub fn rows() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [COMMANDS, RULE, OTHERS].into_iter().flatten()
}

/// The usage, with the options of the extensions named before `-h`.
pub fn text(caller: Caller<'_>, loaded: &[&'static Ext]) -> Vec<u8> {
    let prog = caller.prog;
    let mut text =
        format!("{prog} v{VERSION}\n\nUsage: {prog} [-t TABLE] COMMAND [CHAIN] [RULE] [OPTIONS]\n");
    for (title, rows) in [("Commands", COMMANDS), ("Rule", RULE), ("Options", OTHERS)] {
        let _ = writeln!(text, "\n{title}:");
        for (words, about) in rows {
            row(&mut text, words, about);
        }
    }
    for ext in loaded {
        let kind = if ext.kind == Kind::Match { "match" } else { "target" };
        let _ = writeln!(text, "\n{} {kind} options:", ext.name);
        for opt in ext.opts {
            let not = if opt.not { "[!] " } else { "" };
            let also: Vec<_> = opt.aliases.iter().map(|a| format!("also --{a}")).collect();
            row(&mut text, &format!("{not}--{} {}", opt.name, opt.arg), &also.join(", "));
        }
    }
    text.into_bytes()
}

fn row(text: &mut String, words: &str, about: &str) {
    let words = words.trim_end();
    let _ = match about {
        "" => writeln!(text, "  {words}"),
        _ if words.len() <= 34 => writeln!(text, "  {words:<34}  {about}"),
        _ => writeln!(text, "  {words}\n  {:34}  {about}", ""),
    };
}
