//! Completions of programs with options: from the rows of their help, or from clap's description.

use clap::{Arg, Command};

use super::grammar::{Symbols, Value};
use super::{Answer, live};

/// Rows of a help: how an option is written (`-c COUNT`, `-I NAME|ADDRESS`), what it does.
/// Whether the word was for an option or its value.
pub fn rows(answer: &mut Answer, rows: &[(&str, &str)], before: &[&[u8]]) -> bool {
    let written = |row: &(&str, &str)| Symbols::default().form(row.0);
    if let Some(last) = before.last() {
        let forms: Vec<_> = rows.iter().map(written).collect();
        if let Some(key) = forms.iter().find_map(|f| f.exact(last)).filter(|k| k.wants_value()) {
            for value in &key.values {
                match value {
                    Value::Word(word) => answer.add(word, ""),
                    Value::Place(name) => live::place(answer, &key.word, name),
                }
            }
            return true;
        }
    }
    if answer.word().first() != Some(&b'-') {
        return false;
    }
    for row in rows {
        for key in written(row).keys {
            if key.word.starts_with('-') {
                answer.add(&key.word, row.1);
            }
        }
    }
    true
}

/// A command described for clap: its subcommands, options and their values.
pub fn clap(answer: &mut Answer, command: &Command, before: &[&[u8]]) {
    let mut command = command;
    let mut open: Option<&Arg> = None;
    let mut operands = 0;
    for (at, word) in before.iter().enumerate() {
        if open.take().is_some() {
            continue;
        }
        if *word == b"--" {
            return live::command(answer, &before[at + 1..]);
        }
        let text = String::from_utf8_lossy(word);
        let sub = command.get_subcommands().find(|c| operands == 0 && c.get_name() == text);
        if let Some(sub) = sub {
            command = sub;
        } else if text.starts_with('-') {
            let option = |a: &&Arg| {
                a.get_long().is_some_and(|l| text.strip_prefix("--") == Some(l))
                    || a.get_short().is_some_and(|s| text == format!("-{s}"))
            };
            open = command.get_arguments().find(option).filter(|a| a.get_action().takes_values());
        } else {
            operands += 1;
        }
    }
    if let Some(arg) = open {
        return values(answer, arg);
    }
    if answer.word().first() == Some(&b'-') {
        for arg in command.get_arguments() {
            if let Some(long) = arg.get_long() {
                let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
                answer.add(&format!("--{long}"), &about);
            }
        }
        return;
    }
    if operands == 0 {
        for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
            answer
                .add(sub.get_name(), &sub.get_about().map(ToString::to_string).unwrap_or_default());
        }
    }
    if let Some(arg) = command.get_positionals().nth(operands).filter(|a| !a.is_last_set()) {
        values(answer, arg);
    }
}

/// The words that an argument may be; files where it does not say.
fn values(answer: &mut Answer, arg: &Arg) {
    let possible = arg.get_possible_values();
    for value in &possible {
        answer.add(value.get_name(), "");
    }
    let file = |n: &clap::builder::Str| matches!(n.as_str(), "FILE" | "DIR" | "SCRIPT");
    if arg.get_value_names().is_some_and(|names| names.iter().any(file)) {
        answer.files();
    }
}
