//! `-batch`: one command a line.

use std::io::{self, Read};

use crate::ctx::{Ctx, failed_line};
use crate::error::{self, Result};
use crate::sys::{fd, file};

/// The most words a line may have.
const MAX_WORDS: usize = 511;

/// Runs the lines of a file, `-` for standard input; the exit status.
pub fn run(ctx: &mut Ctx, name: &[u8]) -> u8 {
    let input = if name == b"-" {
        // Closed, it is empty.
        fd::stdin_file().or_else(|_| file::open(b"/dev/null"))
    } else {
        file::open(name)
    };
    let input = match input {
        Ok(input) => input,
        Err(e) => {
            let why = error::strerror(&e);
            ctx.complain(
                &[b"Cannot open file \"", name, b"\" for reading: ", why.as_bytes(), b"\n"]
                    .concat(),
            );
            return 1;
        }
    };
    ctx.opts.batch = true;
    let family = ctx.opts.family;
    if !ctx.opts.echo {
        ctx.collect_lines_of(name);
    }
    let mut lines = Lines::new(input, fd::is_ready);
    let mut status = 0;
    let mut spare = Vec::with_capacity(32);
    while !ctx.has_stopped() {
        let mut words = emptied(spare);
        let result = if let Some(len) = plain(&lines.buf[lines.at..lines.end], &mut words) {
            lines.at += len;
            lines.number += 1;
            let result = one(ctx, family, lines.number, &words);
            spare = emptied(words);
            result
        } else {
            let mut words = emptied(words);
            let mut goes_on = || {
                ctx.settle();
                !ctx.has_stopped()
            };
            match lines.next_line(&mut goes_on) {
                Ok(true) => {}
                Ok(false) | Err(Broken::Stopped) => break,
                Err(Broken::Read) => {
                    ctx.complain(b"Cannot read batch file\n");
                    return 1;
                }
                Err(Broken::NoContinuation) => {
                    // The command is dropped and the status stays (observed in iproute2).
                    ctx.complain(b"Missing continuation line\n");
                    break;
                }
            }
            if let Err(sentence) = split(&lines.line, &mut words) {
                ctx.complain(sentence.as_bytes());
                return 1;
            }
            let result = one(ctx, family, lines.number, &words);
            spare = emptied(words);
            result
        };
        let Err(e) = result else { continue };
        // What waited was before it.
        ctx.settle();
        if ctx.has_stopped() {
            break;
        }
        ctx.out.end_early();
        let e = error::of(e);
        let text = e.text();
        if e.ends_batch() {
            ctx.complain(&text);
            return e.status();
        }
        status = 1;
        ctx.complain(&failed_line(text, name, lines.number));
        if !ctx.opts.force {
            break;
        }
    }
    if ctx.settle_all() {
        status = 1;
    }
    if ctx.out.flush().is_err() {
        fd::stderr(b"Cannot write\n");
        return 1;
    }
    status
}

/// Runs one line, which may be empty.
fn one(ctx: &mut Ctx, family: u8, line: u64, words: &[&[u8]]) -> Result {
    ctx.opts.family = family;
    ctx.at_line(line);
    if words.is_empty() {
        return Ok(());
    }
    // What does more than tell the kernel comes behind what waits.
    if ctx.has_more() && !super::only_changes(words) {
        ctx.settle();
        if ctx.has_stopped() {
            return Ok(());
        }
    }
    super::command(ctx, words)
}

/// The same memory for the words of another line.
fn emptied<'a>(mut words: Vec<&[u8]>) -> Vec<&'a [u8]> {
    words.clear();
    words.into_iter().map(|_| &[][..]).collect()
}

enum Broken {
    /// Nobody wants more lines.
    Stopped,
    Read,
    NoContinuation,
}

/// Lines with comments cut off and continuations joined.
struct Lines<R> {
    input: R,
    /// Whether there is something to be read now.
    ready: fn(&R) -> bool,
    /// What was read, and of it what was not yet used.
    buf: Vec<u8>,
    at: usize,
    end: usize,
    /// The line that is not plain, or did not lie in the buffer as a whole.
    line: Vec<u8>,
    /// Of the physical line read last, from 1.
    number: u64,
}

impl<R: Read> Lines<R> {
    fn new(input: R, ready: fn(&R) -> bool) -> Self {
        let buf = vec![0; 64 * 1024];
        Lines { input, ready, buf, at: 0, end: 0, line: Vec::new(), number: 0 }
    }

    /// Adds the next physical line; its length, 0 at the end of the file. Before it waits for one
    /// it asks whether to go on: who writes it may want to see first what the lines before it did.
    fn read_line(&mut self, goes_on: &mut dyn FnMut() -> bool) -> Result<usize, Broken> {
        let before = self.line.len();
        loop {
            let rest = &self.buf[self.at..self.end];
            if let Some(len) = rest.iter().position(|&b| b == b'\n') {
                self.line.extend_from_slice(&rest[..=len]);
                self.at += len + 1;
                break;
            }
            self.line.extend_from_slice(rest);
            self.at = self.end;
            if !(self.ready)(&self.input) && !goes_on() {
                return Err(Broken::Stopped);
            }
            match self.input.read(&mut self.buf) {
                Ok(0) => break,
                Ok(n) => (self.at, self.end) = (0, n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Broken::Read),
            }
        }
        Ok(self.line.len() - before)
    }

    /// Reads a line into `line`; whether there was one.
    fn next_line(&mut self, goes_on: &mut dyn FnMut() -> bool) -> Result<bool, Broken> {
        self.line.clear();
        let mut start = 0;
        loop {
            let n = self.read_line(goes_on)?;
            if n == 0 {
                return if start > 0 { Err(Broken::NoContinuation) } else { Ok(false) };
            }
            self.number += 1;
            // A comment ends the line, also inside quotes and words.
            if let Some(comment) = self.line[start..].iter().position(|&b| b == b'#') {
                self.line.truncate(start + comment);
                return Ok(true);
            }
            if !self.line.ends_with(b"\\\n") {
                return Ok(true);
            }
            self.line.truncate(self.line.len() - 2);
            start = self.line.len().max(1);
            if self.line.is_empty() {
                self.line.push(b' ');
            }
        }
    }
}

/// Whether the byte neither ends a word nor is one that [`plain`] leaves to others.
static ORDINARY: [bool; 256] = {
    let mut all = [true; 256];
    let mut b = 0;
    while b <= b' ' as usize {
        all[b] = false;
        b += 1;
    }
    all[b'#' as usize] = false;
    all[b'\\' as usize] = false;
    all[b'\'' as usize] = false;
    all[b'"' as usize] = false;
    all
};

/// The words of the first line of a text, and its length with its end, in one go. `None` when it
/// does not end here, or when something in it is more than words and blanks.
fn plain<'l>(text: &'l [u8], words: &mut Vec<&'l [u8]>) -> Option<usize> {
    let mut at = 0;
    loop {
        let start = at;
        while ORDINARY[usize::from(*text.get(at)?)] {
            at += 1;
        }
        if at > start {
            if words.len() == MAX_WORDS {
                return None;
            }
            words.push(&text[start..at]);
        }
        match text[at] {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\n' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Words at blanks; a word that begins with a quote ends at the next same one.
fn split<'l>(line: &'l [u8], words: &mut Vec<&'l [u8]>) -> Result<(), &'static str> {
    let mut rest = line;
    loop {
        let Some(start) = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
        else {
            return Ok(());
        };
        rest = &rest[start..];
        if words.len() == MAX_WORDS {
            return Err("Too many arguments to command\n");
        }
        if let quote @ (b'\'' | b'"') = rest[0] {
            let end =
                rest[1..].iter().position(|&b| b == quote).ok_or("Unterminated quoted string\n")?;
            words.push(&rest[1..=end]);
            rest = &rest[end + 2..];
        } else {
            let end = rest
                .iter()
                .position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
                .unwrap_or(rest.len());
            words.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut l = Lines::new(text.as_bytes(), |_| true);
        let mut all = Vec::new();
        while let Ok(true) = l.next_line(&mut || true) {
            all.push(String::from_utf8(l.line.clone()).unwrap());
        }
        all
    }

    #[test]
    fn comments_end_a_line_and_backslashes_join_two() {
        assert_eq!(lines("a # b\nc \\\nd\ne"), ["a ", "c d\n", "e"]);
        assert_eq!(lines("a \\ # x\nb\n"), ["a \\ ", "b\n"]);
        assert_eq!(lines("a \\\n"), Vec::<String>::new());
    }

    #[test]
    fn quotes_count_only_at_the_beginning_of_a_word() {
        let words = |l: &str| {
            let mut words = Vec::new();
            split(l.as_bytes(), &mut words).map(|()| words.len())
        };
        assert_eq!(words("link set 'a b' up\n"), Ok(4));
        assert_eq!(words("a'b c'\n"), Ok(2));
        assert_eq!(words("'' x"), Ok(2));
        assert!(words("'a b\n").is_err());
        assert!(words(&"x ".repeat(512)).is_err());
        assert_eq!(words(&"x ".repeat(511)), Ok(511));
    }

    #[test]
    fn what_is_plain_is_split_as_any_line() {
        for text in ["a b\n", "\n", " \t a\r\nb", "a\u{e9} b c\n x", "a\u{b}b c\n", "a\0b\n"] {
            let line = &text[..=text.find('\n').unwrap()];
            let (mut quick, mut slow) = (Vec::new(), Vec::new());
            split(line.as_bytes(), &mut slow).unwrap();
            if let Some(len) = plain(text.as_bytes(), &mut quick) {
                assert_eq!((len, quick), (line.len(), slow), "{text:?}");
            }
        }
        for text in ["", "a b", "a 'b'\n", "a # b\n", "a \\\nb\n", "a\\b\n"] {
            assert_eq!(plain(text.as_bytes(), &mut Vec::new()), None, "{text:?}");
        }
        let many = |n| "x ".repeat(n) + "\n";
        assert!(plain(many(512).as_bytes(), &mut Vec::new()).is_none());
        assert!(plain(many(511).as_bytes(), &mut Vec::new()).is_some());
    }

    #[test]
    fn a_line_may_be_longer_than_what_is_read_at_once() {
        let long = "y".repeat(200_000);
        assert_eq!(lines(&format!("a\n{long}\nb")), ["a\n".into(), long + "\n", "b".into()]);
    }
}
