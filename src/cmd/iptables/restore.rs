//! `iptables-restore` and `ip6tables-restore`.
//!
//! The whole file is understood before the first table is sent; each table is one transaction.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use crate::cli::getopt::{Getopt, Item, Long, Order, Spec, Value, long};
use crate::names::NetDb;
use crate::sys::{fd, file, pages};

use super::called;
use super::command::Command;
use super::fail::{Fail, Result, VERSION, usage};
use super::family::{Family, number};
use super::hint;
use super::kernel::Kernel;
use super::list::Chains;
use super::options::{self, Asked, Caller};
use super::run::plan;
use super::show::Show;
use super::tables::{self, Table};
use super::tx::{Ended, Tx};

const SPEC: Spec<'static> = Spec {
    short: "bcvVthnwW:M:T:",
    long: &[
        letter("counters", Value::No, b'c'),
        letter("verbose", Value::No, b'v'),
        letter("version", Value::No, b'V'),
        letter("test", Value::No, b't'),
        letter("help", Value::No, b'h'),
        letter("noflush", Value::No, b'n'),
        letter("wait", Value::Optional, b'w'),
        letter("wait-interval", Value::Needed, b'W'),
        letter("modprobe", Value::Needed, b'M'),
        letter("table", Value::Needed, b'T'),
    ],
};

const fn letter(name: &'static str, value: Value, letter: u8) -> Long {
    long(name, value, letter as u32)
}

/// How often a file is planned anew when the rule set has changed meanwhile.
const ROUNDS: usize = 20;

/// What is asked for.
struct Options<'a> {
    counters: bool,
    verbose: bool,
    test: bool,
    keep: bool,
    table: Option<&'a [u8]>,
    file: Option<&'a [u8]>,
    family: Family,
}

/// A failure and the line that it is about.
type Failed = (Fail, Option<usize>);

/// Runs it.
pub fn run(words: &[&[u8]]) -> u8 {
    let (family, prog) = called(words);
    let o = match options(words, family, &prog) {
        Ok(Some(o)) => o,
        Ok(None) => return 0,
        Err(fail) => {
            fd::stderr(&fail.text(&prog, None));
            return fail.status();
        }
    };
    let text = match read(o.file) {
        Ok(text) => text,
        Err(e) => {
            let reason = crate::error::strerror(&e);
            let name = o.file.unwrap_or(b"standard input");
            fd::stderr(&[b"Can't open ", name, b": ", reason.as_bytes(), b"\n"].concat());
            return 1;
        }
    };
    match restore(&text, &o, &prog) {
        Ok(()) => 0,
        Err((fail, line)) => {
            fd::stderr(&fail.text(&prog, line));
            if hint::is_wanted() && fail.text(&prog, line).ends_with(b"Message too long\n") {
                hint::say(hint::TOO_LONG);
            }
            fail.status()
        }
    }
}

fn read(path: Option<&[u8]>) -> std::io::Result<Vec<u8>> {
    match path {
        Some(path) => file::read(path),
        None => {
            let mut text = Vec::new();
            std::io::stdin().lock().read_to_end(&mut text)?;
            Ok(text)
        }
    }
}

fn options<'a>(words: &'a [&'a [u8]], family: Family, prog: &str) -> Result<Option<Options<'a>>> {
    let mut o = Options {
        counters: false,
        verbose: false,
        test: false,
        keep: false,
        table: None,
        file: None,
        family,
    };
    let said = |text: &[u8]| {
        fd::stderr(text);
        Err(Fail::Said(1))
    };
    let mut getopt = Getopt::new(words.get(1..).unwrap_or(&[]), Order::Permute);
    while let Some(item) = getopt.next(&SPEC) {
        let item = match item {
            Ok(item) => item,
            Err(mistake) => {
                let mut text = mistake.sentence(words.first().copied().unwrap_or(b""));
                let _ = writeln!(text, "\nTry `{prog} -h' for more information.");
                return said(&text);
            }
        };
        let Item::Option(code, value) = item else { continue };
        match u8::try_from(code).unwrap_or(0) {
            b'b' => fd::stderr(super::save::NO_BINARY),
            b'c' => o.counters = true,
            b'v' => o.verbose = true,
            b't' => o.test = true,
            b'n' => o.keep = true,
            b'T' => o.table = value,
            // There is nothing to wait for; how long is not even looked at.
            b'w' if value.is_none() && getopt.peek().is_some_and(|w| !w.starts_with(b"-")) => {
                let _ = getopt.take();
            }
            b'w' => {}
            b'V' => {
                let _ = fd::stdout(format!("{prog} v{VERSION}\n").as_bytes());
                return Ok(None);
            }
            b'h' => {
                fd::stderr(help(prog).as_bytes());
                return Ok(None);
            }
            // -W and -M: the kernel loads what it needs.
            _ => {}
        }
    }
    match getopt.operands()[..] {
        [] => {}
        [file] => o.file = Some(file),
        _ => return said(b"Unknown arguments found on commandline\n"),
    }
    Ok(Some(o))
}

/// The options and what they do.
#[rustfmt::skip] // one row, one line
pub const HELP: &[(&str, &str)] = &[
    ("-c, --counters", "restore counters too"),
    ("-n, --noflush", "keep what is in the tables"),
    ("-T, --table TABLE", "only this table"),
    ("-t, --test", "let the kernel judge the file, change nothing"),
    ("-v, --verbose", "say what is done"),
    ("-w, --wait [SECONDS]", "accepted: nothing has to be waited for"),
    ("-W, --wait-interval N", "likewise"),
    ("-M, --modprobe COMMAND", "accepted: the kernel loads what it needs"),
    ("-V, --version", "show the version"),
    ("-h, --help", "show this"),
];

fn help(prog: &str) -> String {
    let mut text = format!("Usage: {prog} [OPTION...] [FILE]\n\n");
    for (words, about) in HELP {
        text.push_str(&format!("  {words:<24}{about}\n"));
    }
    text
}

fn restore(text: &[u8], o: &Options<'_>, prog: &str) -> std::result::Result<(), Failed> {
    let (mut done, mut round) = (0, 0);
    let mut kernel = Kernel::new(o.family);
    'again: loop {
        let mut restorer = Restorer {
            o,
            prog,
            db: NetDb::default(),
            out: Vec::new(),
            tables: Vec::new(),
            size: text.len(),
            line: 0,
            spoilt_at: None,
        };
        let result = restorer.read(text, &mut kernel);
        let senseless = matches!(result, Err((Fail::Usage(_) | Fail::Bare(_), _)));
        if round == 0 && !senseless {
            let _ = fd::stdout(&restorer.out);
        }
        result?;
        for tx in restorer.tables.into_iter().skip(done) {
            match tx.commit(&mut kernel, o.test).map_err(|f| (f, None))? {
                Ended::Done => done += 1,
                Ended::Again(fail) if round == ROUNDS => return Err((fail, None)),
                Ended::Again(_) => {
                    round += 1;
                    continue 'again;
                }
            }
        }
        return Ok(());
    }
}

/// A file under way.
struct Restorer<'o> {
    o: &'o Options<'o>,
    prog: &'o str,
    db: NetDb,
    /// What -v prints.
    out: Vec<u8>,
    /// Those that are complete.
    tables: Vec<Tx>,
    /// Of the file, in bytes.
    size: usize,
    /// Of the file, from 1.
    line: usize,
    /// The line that could not be carried out, when it is told later.
    spoilt_at: Option<usize>,
}

/// The table that lines are for.
enum Block {
    None,
    /// Left out: -T names another one.
    Skipped,
    Table(Box<Tx>),
    /// A line cannot be carried out: told at COMMIT, unless a later one makes no sense at all.
    Spoilt {
        fail: Fail,
        line: usize,
        table: &'static Table,
    },
}

impl Restorer<'_> {
    fn read(&mut self, text: &[u8], kernel: &mut Kernel) -> std::result::Result<(), Failed> {
        let mut block = Block::None;
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return Ok(());
        }
        for line in text.split(|&b| b == b'\n') {
            self.line += 1;
            if let Err(fail) = self.take(line, &mut block, kernel) {
                return Err((fail, self.spoilt_at.or(Some(self.line))));
            }
        }
        match block {
            Block::None => Ok(()),
            _ => {
                let text = format!("{}: COMMIT expected at line {}\n", self.prog, self.line + 1);
                fd::stderr(text.as_bytes());
                Err((Fail::Said(1), None))
            }
        }
    }

    fn take(&mut self, line: &[u8], block: &mut Block, kernel: &mut Kernel) -> Result {
        match (line, &mut *block) {
            (b"", _) => Ok(()),
            ([b'#', ..], _) => {
                if self.o.verbose {
                    self.out.extend_from_slice(line);
                    self.out.push(b'\n');
                }
                Ok(())
            }
            ([b'*', name @ ..], Block::None) => {
                *block = self.begin(name, kernel)?;
                Ok(())
            }
            (_, Block::None) => {
                fd::stderr(format!("{}: line {} failed\n", self.prog, self.line).as_bytes());
                Err(Fail::Said(1))
            }
            (b"COMMIT", _) => {
                match std::mem::replace(block, Block::None) {
                    Block::Table(tx) => self.tables.push(*tx),
                    // What is said to be wrong with a word is said of this line (as observed).
                    Block::Spoilt { fail: fail @ Fail::Usage(_), .. } => return Err(fail),
                    Block::Spoilt { fail, line, .. } => {
                        self.spoilt_at = Some(line);
                        return Err(fail);
                    }
                    _ => {}
                }
                Ok(())
            }
            (_, Block::Skipped) => Ok(()),
            ([b':', rest @ ..], Block::Table(tx)) => self.chain(rest, tx, kernel),
            ([b':', ..], Block::Spoilt { .. }) => Ok(()),
            (_, Block::Spoilt { table, .. }) => {
                let table = *table;
                self.rule(line, table, |_, _, _, _| Ok(()), kernel)
            }
            (_, Block::Table(tx)) => {
                let table = tx.table;
                tx.line = Some(self.line);
                let mut planned = Ok(());
                self.rule(
                    line,
                    table,
                    |command, show, out, kernel| {
                        planned = plan(tx, kernel, command, command.verb, show, out);
                        Ok(())
                    },
                    kernel,
                )?;
                match planned {
                    Err(fail @ (Fail::Usage(_) | Fail::Refused(_))) => {
                        *block = Block::Spoilt { fail, line: self.line, table };
                        Ok(())
                    }
                    other => other,
                }
            }
        }
    }

    /// `*TABLE`.
    fn begin(&mut self, name: &[u8], kernel: &mut Kernel) -> Result<Block> {
        let name = words_of(name).next().unwrap_or(b"");
        let place = format!("{}: line {} table name ", self.prog, self.line);
        if name.is_empty() {
            return usage(&[place.as_bytes(), b"invalid"]);
        }
        let Some(table) = tables::find(name) else {
            return usage(&[place.as_bytes(), b"'", name, b"' invalid"]);
        };
        if self.o.table.is_some_and(|t| t != name) {
            return Ok(Block::Skipped);
        }
        // A table that comes again goes on where it was: all of it is one transaction.
        let before = self.tables.iter().position(|tx| tx.table.name == table.name);
        let mut tx = match before {
            Some(at) => self.tables.remove(at),
            // Messages are about seven times as long as what they say.
            None => Tx::new(kernel, table, true, pages::room(self.size.saturating_mul(8)))?,
        };
        tx.line = Some(self.line);
        if !self.o.keep {
            if self.o.verbose && !self.o.test {
                self.tell_flush(table, kernel)?;
            }
            tx.start_fresh();
        }
        Ok(Block::Table(Box::new(tx)))
    }

    fn tell_flush(&mut self, table: &'static Table, kernel: &mut Kernel) -> Result {
        let chains = Chains::of(table, kernel.chains()?).all;
        let (out, user) = (&mut self.out, |name: &[u8]| table.built_in(name).is_none());
        let mut say = |what: &str, name: &[u8]| {
            out.extend_from_slice(what.as_bytes());
            out.extend_from_slice(&[b" chain `", name, b"'\n"].concat());
        };
        for chain in &chains {
            say("Flushing", &chain.name);
        }
        for chain in chains.iter().filter(|c| user(&c.name)) {
            say("Deleting", &chain.name);
        }
        Ok(())
    }

    /// `:CHAIN POLICY [PACKETS:BYTES]`.
    fn chain(&mut self, rest: &[u8], tx: &mut Tx, kernel: &mut Kernel) -> Result {
        tx.line = Some(self.line);
        let mut words = words_of(rest);
        let place = format!("{}: line {} ", self.prog, self.line);
        let Some(name) = words.next() else {
            return usage(&[place.as_bytes(), b"chain name invalid"]);
        };
        options::chain_name(name, self.o.family)?;
        let Some(policy) = words.next() else {
            return usage(&[place.as_bytes(), b"policy invalid"]);
        };
        let Some(built_in) = tx.table.built_in(name) else {
            return tx.declare(kernel, name);
        };
        if policy == b"-" && self.o.keep {
            return Ok(());
        }
        let mut counters = (0, 0);
        if self.o.counters {
            match words.next().and_then(bracketed) {
                Some(pair) => counters = pair,
                None => return usage(&[b"invalid policy counters for chain '", name, b"'"]),
            }
        }
        match policy {
            b"ACCEPT" | b"-" => tx.policy(kernel, built_in, 1, counters),
            b"DROP" => tx.policy(kernel, built_in, 0, counters),
            _ => Err(Fail::Refused(b"Bad policy name".to_vec())),
        }
    }

    /// A command, with or without counters before it.
    fn rule(
        &mut self,
        line: &[u8],
        table: &'static Table,
        act: impl FnOnce(&Command<'_>, &Show<'_>, &mut Vec<u8>, &mut Kernel) -> Result,
        kernel: &mut Kernel,
    ) -> Result {
        let (mut counters, mut rest) = (None, line);
        if let [b'[', inner @ ..] = line {
            let bad = || usage(&[format!("Bad line {}: need ]", self.line).as_bytes()]);
            let Some(end) = inner.iter().position(|&b| b == b']') else { return bad() };
            let Some(colon) = inner[..end].iter().position(|&b| b == b':') else { return bad() };
            counters = Some((&inner[..colon], &inner[colon + 1..end]));
            rest = &inner[end + 1..];
        }
        let owned;
        let mut words: Vec<&[u8]> = Vec::with_capacity(32);
        if let Some((packets, bytes)) = counters.filter(|_| self.o.counters) {
            words.extend([&b"--set-counters"[..], packets, bytes]);
        }
        if rest.contains(&b'"') {
            owned = split(rest);
            words.extend(owned.iter().map(AsRef::as_ref));
        } else {
            words.extend(words_of(rest));
        }
        let caller = Caller { prog: self.prog, family: self.o.family, restoring: Some(table.name) };
        let mut command = match options::read(&words, caller, &self.db)? {
            Asked::Command(command) => command,
            Asked::Answered(text) => {
                self.out.extend_from_slice(&text);
                return Ok(());
            }
            Asked::NotForUs => return Ok(()),
        };
        if self.o.verbose && !self.o.keep {
            command.verbose += 1;
        }
        let show = Show {
            family: self.o.family,
            db: &self.db,
            numeric: command.numeric,
            // Nothing is done that could be told.
            verbose: command.verbose > 0 && (!self.o.test || command.verb.is_list()),
            exact: command.exact,
            line_numbers: command.line_numbers,
        };
        act(&command, &show, &mut self.out, kernel)
    }
}

fn words_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty())
}

/// `[PACKETS:BYTES]`.
fn bracketed(word: &[u8]) -> Option<(u64, u64)> {
    let inner = word.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let at = inner.iter().position(|&b| b == b':')?;
    Some((number(&inner[..at], u64::MAX)?, number(&inner[at + 1..], u64::MAX)?))
}

/// The words of a line: blanks separate, double quotes hold together and end a word, within these
/// a backslash takes the next byte as it is. An open quote takes the line break too.
pub fn split(line: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        while let [b' ' | b'\t', behind @ ..] = rest {
            rest = behind;
        }
        let end = rest.iter().position(|b| matches!(b, b' ' | b'\t' | b'"')).unwrap_or(rest.len());
        let (plain, behind) = rest.split_at(end);
        let Some((b'"', quoted)) = behind.split_first() else {
            if plain.is_empty() {
                return words;
            }
            words.push(Cow::Borrowed(plain));
            rest = behind;
            continue;
        };
        let mut word = plain.to_vec();
        let mut bytes = quoted.iter();
        loop {
            match bytes.next() {
                Some(b'\\') => word.extend(bytes.next()),
                Some(b'"') => break,
                Some(b) => word.push(*b),
                None => {
                    word.push(b'\n');
                    break;
                }
            }
        }
        words.push(Cow::Owned(word));
        rest = bytes.as_slice();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        let words = |l: &str| {
            let all = split(l.as_bytes());
            all.into_iter().map(|w| String::from_utf8(w.into_owned()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(words("-A x  -j\tY "), ["-A", "x", "-j", "Y"]);
        assert_eq!(
            words(r#"--comment "a \"b\\" "" c"d e"f"#),
            ["--comment", r#"a "b\"#, "", "cd e", "f"]
        );
        assert_eq!(words(r"a\b"), [r"a\b"]);
    }
}
