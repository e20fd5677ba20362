//! Completions of `iptables`: tables, chains, targets, options of extensions.

use crate::cmd::iptables::words;

use super::options::{self, Written};
use super::{Answer, live};

const VERDICTS: &[&str] = &["ACCEPT", "DROP", "RETURN"];

/// Completes behind `iptables` or `ip6tables`; `before` are the words between.
pub fn complete(answer: &mut Answer, program: &[u8], before: &[&[u8]]) {
    let rows: Vec<_> = words::rows().map(Written::read).collect();
    let find = |word: &[u8]| rows.iter().find(|o| o.names.iter().any(|n| n.as_bytes() == word));
    let said = |names: [&str; 2]| {
        let at = before.iter().rposition(|w| names.iter().any(|n| n.as_bytes() == *w))?;
        before.get(at + 1).copied()
    };
    let table = said(["-t", "--table"]).unwrap_or(b"filter");

    if let Some(option) = before.last().and_then(|last| find(last)) {
        let place = option.value.trim_start_matches('[').trim_end_matches([']', ' ']);
        match place.split('[').next().unwrap_or_default() {
            "TABLE" => return words::tables().for_each(|t| answer.add(t, "table")),
            "EXTENSION" => return words::matches(program).for_each(|e| answer.add(e.name, "")),
            "TARGET" => {
                VERDICTS.iter().for_each(|v| answer.add(v, "verdict"));
                words::targets(program).for_each(|e| answer.add(e.name, ""));
                return made(answer, program, table);
            }
            "CHAIN" => {
                // Only chains that somebody has made can go, be renamed or jumped to.
                let any = !["-X", "-E", "-N", "-g"].contains(&option.names[0]);
                if any {
                    words::built_in(table).for_each(|c| answer.add(c, "chain"));
                }
                if option.names[0] != "-N" {
                    made(answer, program, table);
                }
                if option.wants_value() {
                    return;
                }
            }
            "PROTOCOL" => return protocols(answer, program),
            "NAME" => return live::devices(answer),
            _ if option.wants_value() => return,
            _ => {}
        }
    }
    if let [.., b"-P" | b"--policy", _] = before {
        return ["ACCEPT", "DROP"].iter().for_each(|v| answer.add(v, "policy"));
    }

    // Options of the extensions named so far, and their values.
    let named = |names: [&'static str; 2]| {
        let behind = move |pair: &&[&[u8]]| names.iter().any(|n| n.as_bytes() == pair[0]);
        before.windows(2).filter(behind).map(|pair| pair[1])
    };
    let mut loaded = Vec::new();
    for name in named(["-m", "--match"]).chain(named(["-p", "--protocol"])) {
        loaded.extend(words::matches(program).find(|e| e.name.as_bytes() == name));
    }
    for name in named(["-j", "--jump"]) {
        loaded.extend(words::targets(program).find(|e| e.name.as_bytes() == name));
    }
    let extended = || loaded.iter().flat_map(|e| e.opts);
    if let Some(name) = before.last().and_then(|last| last.strip_prefix(b"--"))
        && let Some(option) = extended()
            .find(|o| o.name.as_bytes() == name || o.aliases.iter().any(|a| a.as_bytes() == name))
        && !option.arg.is_empty()
    {
        return choice(answer, option.arg);
    }
    for option in extended() {
        for name in [&option.name].into_iter().chain(option.aliases) {
            answer.add(&format!("--{name}"), option.arg);
        }
    }
    for option in &rows {
        option.names.iter().for_each(|n| answer.add(n, option.about));
    }
}

/// Chains that somebody has made.
fn made(answer: &mut Answer, program: &[u8], table: &[u8]) {
    words::made(program, table).iter().for_each(|c| answer.add_bytes(c, "chain"));
}

fn protocols(answer: &mut Answer, program: &[u8]) {
    let with_options = words::matches(program).filter(|e| e.transport.is_some());
    with_options.for_each(|e| answer.add(e.name, ""));
    let icmp = if program.starts_with(b"ip6") { "ipv6-icmp" } else { "icmp" };
    [icmp, "all"].iter().for_each(|p| answer.add(p, ""));
}

/// `NEW|ESTABLISHED[,...]`: one of the words, or one more behind a comma.
fn choice(answer: &mut Answer, arg: &str) {
    let (words, list) = match arg.split_once('[') {
        Some((words, rest)) => (words, rest.starts_with(',')),
        None => (arg, false),
    };
    if !words.contains('|') {
        return;
    }
    let typed = String::from_utf8_lossy(answer.word()).into_owned();
    let begun = typed.rfind(',').filter(|_| list).map_or("", |at| &typed[..=at]);
    for word in words.split('|') {
        answer.add(&format!("{begun}{word}"), "");
    }
}

/// Completes behind `iptables-save`.
pub fn save(answer: &mut Answer, before: &[&[u8]]) {
    match before.last().copied() {
        Some(b"-t" | b"--table") => words::tables().for_each(|t| answer.add(t, "table")),
        Some(b"-f" | b"--file") => answer.files(),
        _ => words::SAVE.long.iter().for_each(|l| answer.add(&format!("--{}", l.name), "")),
    }
}

/// Completes behind `iptables-restore`.
pub fn restore(answer: &mut Answer, before: &[&[u8]]) {
    match before.last().copied() {
        Some(b"-T" | b"--table") => words::tables().for_each(|t| answer.add(t, "table")),
        _ if options::rows(answer, words::RESTORE, before) => {}
        _ => answer.files(),
    }
}
