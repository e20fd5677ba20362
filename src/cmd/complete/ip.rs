//! Completions of `ip`: options, objects, verbs, words and their values.

use crate::cmd::ip::{self, Grammar, Verb};

use super::grammar::{Form, Key, Symbols, Value};
use super::{Answer, live};

/// Completes behind `ip`; `before` are the words between.
pub fn complete(answer: &mut Answer, before: &[&[u8]]) {
    let mut at = 0;
    while let Some(word) = before.get(at).filter(|w| w.first() == Some(&b'-')) {
        at += 1;
        let Some((name, arg)) = ip::option(word) else { continue };
        // `-color=when` is one word.
        if arg.is_empty() || arg.starts_with('[') {
            continue;
        }
        let Some(value) = before.get(at) else { return option_value(answer, name, arg) };
        if name == "-netns" {
            live::enter(value);
        }
        if name == "-batch" {
            return;
        }
        at += 1;
    }
    match before.get(at..) {
        Some([object, rest @ ..]) => {
            let Some(grammar) = ip::grammar(object) else { return };
            let inner = rest.first().and_then(|word| ip::inner_grammar(grammar.object, word));
            match inner {
                Some(inner) => behind_object(answer, &inner, &rest[1..]),
                None => behind_object(answer, &grammar, rest),
            }
        }
        _ => start(answer),
    }
}

/// Options and objects.
fn start(answer: &mut Answer) {
    if answer.word().first() == Some(&b'-') {
        for (name, arg) in ip::options() {
            answer.add(name, arg);
        }
        for when in ["always", "auto", "never"] {
            answer.add(&format!("-color={when}"), "");
        }
        return;
    }
    for name in ip::objects() {
        answer.add(name, "");
    }
}

fn option_value(answer: &mut Answer, name: &str, arg: &str) {
    let form = Symbols::default().form(arg);
    form.keys.iter().for_each(|k| answer.add(&k.word, ""));
    match name {
        "-batch" => answer.files(),
        _ => live::place(answer, name, arg),
    }
}

fn behind_object(answer: &mut Answer, grammar: &Grammar, before: &[&[u8]]) {
    if grammar.verbs.is_empty() {
        let usage = String::from_utf8_lossy(&(grammar.usage)().text).into_owned();
        let form = Symbols::read(&usage).form("[ WORD ]...");
        return behind_verb(answer, grammar.object, &form, before);
    }
    let Some((word, rest)) = before.split_first() else {
        for v in grammar.verbs {
            answer.add(v.word.full, if v.args == "=" { "" } else { v.args });
        }
        return;
    };
    let Some(at) = grammar.verbs.iter().position(|v| v.word.is(word)) else { return };
    let verb = &grammar.verbs[at];
    // A synonym has what the verb with the same function has.
    let told = |v: &&Verb| v.args != "=" && std::ptr::fn_addr_eq(v.run, verb.run);
    let args = grammar.verbs.iter().find(told).map(|v| v.args);
    if grammar.object == "netns" && verb.word.full == "exec" {
        return exec(answer, rest);
    }
    let usage = String::from_utf8_lossy(&(grammar.usage)().text).into_owned();
    let form = Symbols::read(&usage).form(args.unwrap_or_default());
    if grammar.object == "link" && verb.word.full == "help" && rest.is_empty() {
        return kinds(answer);
    }
    match rest.iter().position(|w| *w == b"type") {
        // What follows the kind belongs to it.
        Some(at) if grammar.object == "link" && rest.len() > at + 1 => {
            behind_kind(answer, &form, rest[at + 1], &rest[at + 2..]);
        }
        _ => behind_verb(answer, grammar.object, &form, rest),
    }
}

/// `netns exec NAME COMMAND...`: the command is completed where it will run.
fn exec(answer: &mut Answer, before: &[&[u8]]) {
    match before {
        [] => live::namespaces(answer),
        [name, command @ ..] => {
            live::enter(name);
            live::command(answer, command);
        }
    }
}

/// Kinds of devices.
fn kinds(answer: &mut Answer) {
    for kind in ip::kinds() {
        answer.add(kind.name, kind.about);
    }
}

/// `type KIND OPTION...`; behind veth's `peer` stand the words of any device.
fn behind_kind(answer: &mut Answer, link: &Form, kind: &[u8], before: &[&[u8]]) {
    let Some(kind) = ip::kinds().find(|k| k.name.as_bytes() == kind) else { return };
    if let Some(at) = before.iter().position(|w| *w == b"peer") {
        return behind_verb(answer, "link", link, &before[at + 1..]);
    }
    let usage = kind.help();
    // What explains names comes after the words themselves.
    let lines = usage.lines().take_while(|l| !l.contains(":="));
    let options = lines.collect::<Vec<_>>().join(" ");
    let options = options.split_once(kind.name).map_or("", |(_, options)| options);
    behind_verb(answer, kind.name, &Symbols::read(&usage).form(options), before);
}

/// The words of a form that may follow those before, or the values of the last one.
pub fn behind_verb(answer: &mut Answer, object: &str, form: &Form, before: &[&[u8]]) {
    // The word in front may want a value.
    let mut places = form.places.iter();
    let mut open: Option<&Key> = None;
    // Words of the block that was begun last, `vf 0 ...`.
    let mut block: &[Key] = &[];
    for word in before {
        match open.take() {
            // `mtu lock N`
            Some(key) if *word == b"lock" => open = Some(key),
            Some(_) => {}
            None => {
                let inner = block.iter().find(|k| k.word.as_bytes() == *word);
                if let Some(key) = inner.or_else(|| form.key(word)) {
                    if inner.is_none() {
                        block = &key.block;
                    }
                    open = key.wants_value().then_some(key);
                } else {
                    places.next();
                }
            }
        }
    }
    if let Some(key) = open {
        for value in &key.values {
            match value {
                Value::Word(word) => answer.add(word, ""),
                Value::Place(name) if name == "KIND" => kinds(answer),
                Value::Place(name) => live::place(answer, &key.word, name),
            }
        }
        return;
    }
    for key in block.iter().chain(&form.keys) {
        answer.add(&key.word, &key.hint());
    }
    if let Some(place) = places.next() {
        let sort = if object == "netns" && place == "NAME" { "NETNS" } else { place };
        live::place(answer, "", sort);
    }
}
