//! A Markdown page taken apart: its headings, and the commands that it tells its reader to type.
//!
//! A command is a line of a code block that begins with `$ `, and a piece of code in running text
//! that begins so or is plainly a whole command: one of our applets with three words or more behind
//! it. What has a `<place>` to be filled in is an example and no command.

use super::split::Piece;
use crate::applet;

/// A part of a page, and the line it stands in, counted from 1.
pub type Placed = (usize, Piece);

/// Takes a page apart.
pub fn read(page: &[u8]) -> Vec<Placed> {
    let mut parts = Vec::new();
    let mut lines = page.split(|&b| b == b'\n').enumerate().map(|(n, l)| (n + 1, l)).peekable();
    let matter = |l: &[u8]| l.trim_ascii() == b"---";
    if lines.peek().is_some_and(|(_, l)| matter(l)) {
        // What stands before the page itself, for the program that publishes it.
        lines.next();
        while lines.next().is_some_and(|(_, l)| !matter(l)) {}
    }
    let mut fence: Option<&[u8]> = None;
    while let Some((n, line)) = lines.next() {
        let text = line.trim_ascii();
        match fence {
            Some(mark) if text.starts_with(mark) => fence = None,
            Some(_) => {
                if let Some(command) = text.strip_prefix(b"$ ") {
                    let mut command = command.to_vec();
                    while let Some((_, next)) = lines.next_if(|(_, next)| {
                        next.starts_with(b"> ") || backslashes(&command) % 2 == 1
                    }) {
                        command.push(b'\n');
                        command.extend(next.strip_prefix(b"> ").unwrap_or(next));
                    }
                    parts.push((n, Piece::Step(command)));
                }
            }
            None if text.starts_with(b"```") => fence = Some(b"```"),
            None if text.starts_with(b"~~~") => fence = Some(b"~~~"),
            None => match heading(line) {
                Some(text) => parts.push((n, Piece::Heading(text.to_vec()))),
                None => parts.extend(codes(line).map(|c| (n, Piece::Step(c.to_vec())))),
            },
        }
    }
    parts
}

fn backslashes(text: &[u8]) -> usize {
    text.iter().rev().take_while(|&&b| b == b'\\').count()
}

/// `## text ##`
fn heading(line: &[u8]) -> Option<&[u8]> {
    let marks = line.iter().take_while(|&&b| b == b'#').count();
    let text = line[marks..].strip_prefix(b" ")?.trim_ascii();
    let end = text.iter().rev().take_while(|&&b| b == b'#').count();
    (1..=6).contains(&marks).then(|| text[..text.len() - end].trim_ascii())
}

/// The commands among the pieces of code in a line of running text.
fn codes(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Between the first mark and the second, the third and the fourth, and so on.
    line.split(|&b| b == b'`').skip(1).step_by(2).filter_map(command)
}

fn command(code: &[u8]) -> Option<&[u8]> {
    let code = code.trim_ascii();
    if code.contains(&b'<') || code.ends_with(b"...") {
        return None;
    }
    if let Some(rest) = code.strip_prefix(b"$ ") {
        return Some(rest.trim_ascii());
    }
    let mut words = code.split(|&b| b == b' ').filter(|w| !w.is_empty()).peekable();
    words.next_if(|w| *w == b"sudo");
    (applet::find(words.next()?).is_some() && words.count() >= 3).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(page: &str) -> Vec<String> {
        let show = |(n, piece)| match piece {
            Piece::Heading(t) => format!("{n} # {}", String::from_utf8_lossy(&t)),
            Piece::Note(t) => format!("{n} note {}", String::from_utf8_lossy(&t)),
            Piece::Step(t) => format!("{n} {}", String::from_utf8_lossy(&t)),
        };
        read(page.as_bytes()).into_iter().map(show).collect()
    }

    #[test]
    fn commands_are_told_from_what_they_print() {
        let page = "---\ntitle: $ x\n---\n# A page #\n```sh\n$ ip link\n1: lo\n# a note\n  $ echo a \\\nb\n\
                    $ f() {\n> :\n> }\n```\n$ no\n~~~\n$ ip a\n```\n$ ip r\n~~~\n#no heading\n";
        assert_eq!(
            shown(page),
            ["4 # A page", "6 ip link", "9 echo a \\\nb", "11 f() {\n:\n}", "17 ip a", "19 ip r"]
        );
    }

    #[test]
    fn running_text_has_commands_too() {
        let page = "Run `ip link`, `$ ip netns exec red route`, `ip link set red netns red` and\n\
                    `$ ip netns add <name>` with `sudo ip addr add 1.2.3.4/8 dev x`, not `ls a b c d`, `$`.\n`open";
        assert_eq!(
            shown(page),
            [
                "1 ip netns exec red route",
                "1 ip link set red netns red",
                "2 sudo ip addr add 1.2.3.4/8 dev x"
            ]
        );
        assert!(shown("`\n``\n```\n").is_empty());
    }
}
