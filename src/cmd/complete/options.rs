//! Completions of programs with options: from the rows of their help, or from clap's description.

use clap::{Arg, Command};

use super::{Answer, live};

/// One option as a help writes it: `-p, --load[=FILE]`, `[!] -s, --source ADDRESS[/MASK]`.
pub struct Written<'h> {
    pub names: Vec<&'h str>,
    /// `COUNT`, `NAME|ADDRESS`; empty for an option that stands alone.
    pub value: &'h str,
    pub about: &'h str,
}

impl<'h> Written<'h> {
    pub fn read(row: &(&'h str, &'h str)) -> Written<'h> {
        let mut names = Vec::new();
        let mut value = "";
        for word in row.0.split([' ', ',', '/']).filter(|w| !w.is_empty()) {
            if word.starts_with('-') {
                names.push(word.split('[').next().unwrap_or(word));
            } else if !names.is_empty() && value.is_empty() && !word.starts_with("[=") {
                value = word;
            }
        }
        Written { names, value, about: row.1 }
    }

    /// Whether the value must follow, and as a word of its own.
    pub fn wants_value(&self) -> bool {
        !self.value.is_empty() && !self.value.starts_with('[')
    }
}

/// Rows of a help: how an option is written, what it does. Whether the word was for an option or
/// its value.
pub fn rows(answer: &mut Answer, rows: &[(&str, &str)], before: &[&[u8]]) -> bool {
    let options: Vec<_> = rows.iter().map(Written::read).collect();
    if let Some(last) = before.last() {
        let is_last = |o: &&Written<'_>| o.names.iter().any(|n| n.as_bytes() == *last);
        if let Some(option) = options.iter().find(is_last).filter(|o| o.wants_value()) {
            for value in option.value.split('|') {
                if value.starts_with(|c: char| c.is_ascii_lowercase()) {
                    answer.add(value, "");
                } else {
                    live::place(answer, option.names[0], value);
                }
            }
            return true;
        }
    }
    if answer.word().first() != Some(&b'-') {
        return false;
    }
    for option in options {
        for name in option.names {
            answer.add(name, option.about);
        }
    }
    true
}

/// The same from the text of a help, in which a line begins with an option and goes on, two blanks
/// behind it, with what it does.
pub fn text(answer: &mut Answer, help: &str, before: &[&[u8]]) -> bool {
    let lines = help.lines().map(str::trim).filter(|l| l.starts_with('-'));
    let all: Vec<_> = lines.map(|l| l.split_once("  ").unwrap_or((l, ""))).collect();
    let all: Vec<_> = all.iter().map(|(written, about)| (*written, about.trim())).collect();
    rows(answer, &all, before)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_a_help_writes_them() {
        let read = |text: &str| {
            let row = (text, "");
            let w = Written::read(&row);
            format!("{} {}", w.names.join(" "), if w.wants_value() { w.value } else { "" })
        };
        assert_eq!(read("-c COUNT"), "-c COUNT");
        assert_eq!(read("    --dry-run"), "--dry-run ");
        assert_eq!(read("-p, --load[=FILE]"), "-p --load ");
        assert_eq!(read("[!] -s, --source ADDRESS[/MASK][,...]"), "-s --source ADDRESS[");
        assert_eq!(read("-L, --list [CHAIN [NUMBER]]"), "-L --list ");
        assert_eq!(read("-4, --ipv4 / -6, --ipv6"), "-4 --ipv4 -6 --ipv6 ");
        assert_eq!(read("-M do|want|dont|probe"), "-M do|want|dont|probe");
        assert_eq!(read(""), " ");
    }
}
