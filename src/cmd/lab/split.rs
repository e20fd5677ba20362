//! A shell script taken apart into its steps: whole commands, headings and notes.

/// A part of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// `## text`
    Heading(Vec<u8>),
    /// `# text`, a line of it.
    Note(Vec<u8>),
    /// A command with all its lines.
    Step(Vec<u8>),
}

/// What the shell thinks of some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Commands from beginning to end.
    Whole,
    /// More lines could make it whole.
    Unfinished,
    /// No more lines could.
    Wrong,
}

/// Takes a script apart. `shell` is asked about lines that are not plainly whole commands; what
/// is wrong becomes a step of its own, so that the shell can say so when its turn comes.
pub fn split(script: &[u8], mut shell: impl FnMut(&[u8]) -> Verdict) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut step: Vec<u8> = Vec::new();
    for (n, line) in script.split(|&b| b == b'\n').enumerate() {
        if step.is_empty() {
            let text = line.trim_ascii();
            if text.is_empty() || (n == 0 && text.starts_with(b"#!")) {
                continue;
            }
            if let Some(comment) = text.strip_prefix(b"#") {
                pieces.push(match comment.strip_prefix(b"#") {
                    Some(heading) => Piece::Heading(heading.trim_ascii().to_vec()),
                    None => Piece::Note(comment.trim_ascii().to_vec()),
                });
                continue;
            }
        } else {
            step.push(b'\n');
        }
        step.extend_from_slice(line);
        if !unfinished(&step, &mut shell) {
            pieces.push(Piece::Step(std::mem::take(&mut step)));
        }
    }
    if !step.is_empty() {
        pieces.push(Piece::Step(step));
    }
    pieces
}

/// A shell takes a last line that ends in a backslash, and a here-document without its end, for
/// whole; so they are looked for here.
fn unfinished(step: &[u8], shell: &mut impl FnMut(&[u8]) -> Verdict) -> bool {
    if plainly_whole(step) {
        return false;
    }
    let backslashes = step.iter().rev().take_while(|&&b| b == b'\\').count();
    backslashes % 2 == 1 || open_here_document(step) || shell(step) == Verdict::Unfinished
}

/// Words that begin or go on with something longer.
const RESERVED: [&[u8]; 16] = [
    b"if",
    b"then",
    b"elif",
    b"else",
    b"fi",
    b"for",
    b"while",
    b"until",
    b"do",
    b"done",
    b"case",
    b"esac",
    b"select",
    b"function",
    b"time",
    b"coproc",
];

/// One line of plain words, some perhaps in single quotes: most lines of most scripts.
fn plainly_whole(line: &[u8]) -> bool {
    let first = line.trim_ascii_start();
    let first = first.split(|b| b.is_ascii_whitespace()).next().unwrap_or(b"");
    let mut quoted = false;
    for &b in line {
        match b {
            b'\'' => quoted = !quoted,
            b'\n' => return false,
            _ if quoted => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' => {}
            b'_' | b'.' | b'/' | b':' | b'=' | b',' | b'@' | b'%' | b'+' | b'-' => {}
            _ => return false,
        }
    }
    !quoted && !RESERVED.contains(&first)
}

/// Whether a here-document is begun whose last line is not there.
///
/// Inside `$(...)` and backquotes this need not be known: the shell misses their end.
fn open_here_document(text: &[u8]) -> bool {
    let mut lines = text.split(|&b| b == b'\n');
    let mut quote = None;
    while let Some(line) = lines.next() {
        for wanted in here_documents(line, &mut quote) {
            let ends = |l: &[u8]| {
                let l = if wanted.tabs { l.trim_ascii_start() } else { l };
                l == wanted.word
            };
            if !lines.any(ends) {
                return true;
            }
        }
    }
    false
}

struct HereDocument {
    word: Vec<u8>,
    /// `<<-`: tabs before its end are nothing.
    tabs: bool,
}

/// The here-documents that a line begins; `quote` is the one that is open from line to line.
fn here_documents(line: &[u8], quote: &mut Option<u8>) -> Vec<HereDocument> {
    let mut found = Vec::new();
    let mut arithmetic = 0;
    let mut i = 0;
    while let Some(&b) = line.get(i) {
        i += 1;
        match (*quote, b) {
            (Some(b'\''), b'\'') | (Some(b'"'), b'"') => *quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => i += 1,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => *quote = Some(b),
            (None, b'#') if i < 2 || line[i - 2].is_ascii_whitespace() => break,
            (None, b'(') if line.get(i) == Some(&b'(') => {
                arithmetic += 1;
                i += 1;
            }
            (None, b')') if line.get(i) == Some(&b')') => {
                arithmetic -= 1;
                i += 1;
            }
            (None, b'<') if line[i..].starts_with(b"<<") => i += 2,
            (None, b'<') if line.get(i) == Some(&b'<') && arithmetic <= 0 => {
                i += 1;
                let tabs = line.get(i) == Some(&b'-');
                i += usize::from(tabs);
                i += line[i..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                let end = line[i..]
                    .iter()
                    .position(|b| b.is_ascii_whitespace() || b";&|<>()".contains(b))
                    .map_or(line.len(), |n| i + n);
                let word: Vec<u8> =
                    line[i..end].iter().copied().filter(|b| !b"'\"\\".contains(b)).collect();
                found.push(HereDocument { word, tabs });
                i = end;
            }
            _ => {}
        }
    }
    found
}

/// What `sh -n` said about some lines: its status and its complaint.
pub fn verdict(success: bool, complaint: &[u8]) -> Verdict {
    // zsh reports the status of a command that it has not run.
    if success || complaint.is_empty() {
        return Verdict::Whole;
    }
    // dash: `end of file unexpected`, `Unterminated quoted string`, `Missing '))'`; busybox: the
    // same in small letters; bash: `unexpected end of file`, `unexpected EOF`. A shell with other
    // words gets more lines than it needs.
    let text = String::from_utf8_lossy(complaint).to_ascii_lowercase();
    let at_the_end = ["end of file", "unexpected eof", "unterminated", "missing"]
        .iter()
        .any(|s| text.contains(s));
    if !at_the_end && text.contains("unexpected") { Verdict::Wrong } else { Verdict::Unfinished }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the machine's sh sees it.
    fn sh(text: &[u8]) -> Verdict {
        use std::os::unix::ffi::OsStrExt;
        let text = std::ffi::OsStr::from_bytes(text);
        let out = std::process::Command::new("/bin/sh")
            .args([std::ffi::OsStr::new("-nc"), text])
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        verdict(out.status.success(), &out.stderr)
    }
    fn steps(script: &str) -> Vec<String> {
        split(script.as_bytes(), sh)
            .into_iter()
            .map(|p| match p {
                Piece::Heading(t) => format!("## {}", String::from_utf8(t).unwrap()),
                Piece::Note(t) => format!("# {}", String::from_utf8(t).unwrap()),
                Piece::Step(t) => String::from_utf8(t).unwrap(),
            })
            .collect()
    }

    #[test]
    fn a_line_is_a_step() {
        let script = "#!/bin/sh\n## One\n# two\n\nip link\n  echo 'a \" b'; cd /\n";
        assert_eq!(steps(script), ["## One", "# two", "ip link", "  echo 'a \" b'; cd /"]);
    }

    #[test]
    fn a_command_of_several_lines_is_one_step() {
        for whole in [
            "if true\nthen\n  echo a\n\n  # a comment\nfi",
            "for i in 1 2\ndo echo $i; done",
            "f() {\n  echo \"a\nb\"\n}",
            "f()\n{\n  :\n}",
            "echo a \\\n  b",
            "echo a &&\n  echo b |\n  cat",
            "echo 'a\nb'",
            "case $x in\na) echo b ;;\n*) ;;\nesac",
            "cat <<E\nif\nE",
            "cat <<-'E' >x; cat <<F\n'\n\tE\nb\nF",
            "x=$(cat <<E\na\nE\n)",
            "{ echo a\n}",
            "( echo a\n)",
            "echo $(( 1 <<\n 2 ))",
        ] {
            assert_eq!(steps(&format!("{whole}\necho after\n")), [whole, "echo after"]);
        }
    }

    #[test]
    fn what_only_looks_unfinished_is_whole() {
        for whole in
            ["echo \\\\", "echo '<<E'", "echo a # <<E", "echo $((1<<2))", "x=1", "echo \"<<E\""]
        {
            assert_eq!(steps(&format!("{whole}\necho after\n")), [whole, "echo after"]);
        }
    }

    #[test]
    fn a_mistake_does_not_swallow_the_rest() {
        assert_eq!(steps("echo )\necho after\n"), ["echo )", "echo after"]);
        assert_eq!(
            steps("echo before\nif true\necho after\n"),
            ["echo before", "if true\necho after\n"]
        );
    }

    #[test]
    fn any_bytes_end_somewhere() {
        let bytes: Vec<u8> = (0..=255).cycle().take(2000).collect();
        for verdict in [Verdict::Whole, Verdict::Unfinished, Verdict::Wrong] {
            let pieces = split(&bytes, |_| verdict);
            assert!(!pieces.is_empty());
        }
        open_here_document(b"<<");
        open_here_document(b"<<-");
        open_here_document(b"\\");
    }
}
