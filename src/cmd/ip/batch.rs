//! `-batch`: one command a line, one socket for all.

use std::io::{BufRead, BufReader, Read};

use crate::ctx::Ctx;
use crate::error;
use crate::sys::{fd, file};

/// The most words a line may have.
const MAX_WORDS: usize = 511;

/// Runs the lines of a file, `-` for standard input; the exit status.
pub fn run(ctx: &mut Ctx, name: &[u8]) -> u8 {
    let input: Box<dyn Read> = if name == b"-" {
        Box::new(std::io::stdin())
    } else {
        match file::open(name) {
            Ok(f) => Box::new(f),
            Err(e) => {
                let why = error::strerror(&e);
                ctx.complain(
                    &[b"Cannot open file \"", name, b"\" for reading: ", why.as_bytes(), b"\n"]
                        .concat(),
                );
                return 1;
            }
        }
    };
    ctx.opts.batch = true;
    let family = ctx.opts.family;
    let mut lines =
        Lines { input: BufReader::with_capacity(64 * 1024, input), buf: Vec::new(), number: 0 };
    let mut status = 0;
    loop {
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(Broken::Read) => {
                ctx.complain(b"Cannot read batch file\n");
                return 1;
            }
            Err(Broken::NoContinuation) => {
                // The command is dropped and the status stays (observed in iproute2).
                ctx.complain(b"Missing continuation line\n");
                break;
            }
        };
        let words = match split(line) {
            Ok(words) => words,
            Err(sentence) => {
                ctx.complain(sentence.as_bytes());
                return 1;
            }
        };
        if words.is_empty() {
            continue;
        }
        ctx.opts.family = family;
        let Err(e) = super::command(ctx, &words) else { continue };
        ctx.out.end_early();
        let e = error::of(e);
        let text = e.text();
        if e.ends_batch() {
            ctx.complain(&text);
            return e.status();
        }
        status = 1;
        let number = lines.number;
        let failed =
            [&text[..], b"Command failed ", name, format!(":{number}\n").as_bytes()].concat();
        ctx.complain(&failed);
        if !ctx.opts.force {
            break;
        }
    }
    if ctx.out.flush().is_err() {
        fd::stderr(b"Cannot write\n");
        return 1;
    }
    status
}

enum Broken {
    Read,
    NoContinuation,
}

/// Lines with comments cut off and continuations joined.
struct Lines<R> {
    input: BufReader<R>,
    buf: Vec<u8>,
    /// Of the physical line read last, from 1.
    number: u64,
}

impl<R: Read> Lines<R> {
    fn next_line(&mut self) -> Result<Option<&[u8]>, Broken> {
        self.buf.clear();
        let mut start = 0;
        loop {
            let n = self.input.read_until(b'\n', &mut self.buf).map_err(|_| Broken::Read)?;
            if n == 0 {
                return if start > 0 { Err(Broken::NoContinuation) } else { Ok(None) };
            }
            self.number += 1;
            // A comment ends the line, also inside quotes and words.
            // Most lines have none, and `contains` is quick about it.
            if self.buf[start..].contains(&b'#') {
                let comment = self.buf[start..].iter().position(|&b| b == b'#');
                self.buf.truncate(start + comment.unwrap_or(0));
                return Ok(Some(&self.buf));
            }
            if !self.buf.ends_with(b"\\\n") {
                return Ok(Some(&self.buf));
            }
            self.buf.truncate(self.buf.len() - 2);
            start = self.buf.len().max(1);
            if self.buf.is_empty() {
                self.buf.push(b' ');
            }
        }
    }
}

/// Words at blanks; a word that begins with a quote ends at the next same one.
fn split(line: &[u8]) -> Result<Vec<&[u8]>, &'static str> {
    let mut words = Vec::with_capacity(16);
    let mut rest = line;
    loop {
        let Some(start) = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
        else {
            return Ok(words);
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
        let mut l = Lines { input: BufReader::new(text.as_bytes()), buf: Vec::new(), number: 0 };
        let mut all = Vec::new();
        while let Ok(Some(line)) = l.next_line() {
            all.push(String::from_utf8(line.to_vec()).unwrap());
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
        let words = |l: &'static str| split(l.as_bytes()).map(|w| w.len());
        assert_eq!(words("link set 'a b' up\n"), Ok(4));
        assert_eq!(words("a'b c'\n"), Ok(2));
        assert_eq!(words("'' x"), Ok(2));
        assert!(words("'a b\n").is_err());
        let many = "x ".repeat(512);
        assert!(split(many.as_bytes()).is_err());
        assert!(split("x ".repeat(511).as_bytes()).is_ok());
    }
}
