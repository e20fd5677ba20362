//! Settings as they are written: on the command line and in files of sysctl.conf(5).

use crate::sort;
use crate::sys::file;

/// Where all settings are.
pub const ROOT: &[u8] = b"/proc/sys/";

/// One line that sets something, or keeps something from being set by a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// With dots, as it is shown.
    pub key: Vec<u8>,
    /// Absolute.
    pub path: Vec<u8>,
    /// `None` for `-KEY`, which no pattern sets.
    pub value: Option<Vec<u8>>,
    /// `-KEY=VALUE`: a lack of permission does not count.
    pub forgiving: bool,
    /// What begins with two separators, as typed, for a warning.
    pub repeated: Option<Vec<u8>>,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Setting(Setting),
    /// Blank, a comment, or shorter than anything that means something.
    Nothing,
    /// `KEY` without a value.
    Wrong,
}

fn strip_left(b: &[u8]) -> &[u8] {
    b.trim_ascii_start()
}
fn strip_right(b: &[u8]) -> &[u8] {
    b.trim_ascii_end()
}

/// Exchanges dots and slashes unless the first of them is `now` already.
///
/// Names of devices may have dots: `conf/v0.1/x` and `conf.v0/1.x` are the same. The text behind
/// a repeated separator is returned for the reference's warning.
pub fn separators(text: &[u8], now: u8) -> (Vec<u8>, Option<Vec<u8>>) {
    let is = |b: &u8| matches!(b, b'/' | b'.');
    let first = text.iter().position(is);
    if first.is_none_or(|at| text[at] == now) {
        // The reference looks no further than the first one then.
        return (text.to_vec(), None);
    }
    let twice = (0..text.len().saturating_sub(1)).find(|&i| is(&text[i]) && is(&text[i + 1]));
    let swap = |b: &u8| match b {
        b'/' => b'.',
        b'.' => b'/',
        b => *b,
    };
    (text.iter().map(swap).collect(), twice.map(|at| text[at..].to_vec()))
}

/// The path of a key in either spelling, and the warning about repeated separators.
pub fn path(key: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let (relative, twice) = separators(key, b'/');
    ([ROOT, &relative].concat(), twice)
}

/// The key of a path, with dots.
pub fn key(path: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    separators(below_root(path), b'.')
}

/// A path without the directory of all settings.
fn below_root(path: &[u8]) -> &[u8] {
    path.get(ROOT.len()..).unwrap_or(b"")
}

/// Reads `KEY = VALUE`, `-KEY = VALUE` or `-KEY`; the line may have its line break.
pub fn parse(line: &[u8], wanted: impl FnOnce(&[u8]) -> bool) -> Line {
    let line = strip_left(line);
    if line.len() < 2 || matches!(line[0], b'#' | b';') || !wanted(line) {
        return Line::Nothing;
    }
    let minus = line.strip_prefix(b"-");
    // A second one does not count (observed in procps 4.0.4).
    let text = minus.map_or(line, |text| text.strip_prefix(b"-").unwrap_or(text));
    let (name, value) = match text.iter().position(|&b| b == b'=') {
        Some(at) => (&text[..at], Some(strip_right(strip_left(&text[at + 1..])).to_vec())),
        None if minus.is_some() => (text, None),
        None => return Line::Wrong,
    };
    let name = strip_right(name);
    let (path, repeated) = path(name);
    Line::Setting(Setting {
        key: key(&path).0,
        path,
        forgiving: minus.is_some() && value.is_some(),
        value,
        repeated,
    })
}

/// Whether a path stands for several.
pub fn is_pattern(path: &[u8]) -> bool {
    path.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// More files than this are too many for a pattern: `*/../*/../*` and so on has no end. There are
/// some thousand settings.
const MOST: usize = 100_000;

/// The files that a pattern stands for, sorted, as glob(3) finds them; `None`, when there are more
/// than 100,000.
pub fn expand(pattern: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut found = vec![Vec::new()];
    // Slashes stay as many as they are; the name of a setting shows them.
    for (n, part) in pattern.split(|&b| b == b'/').enumerate() {
        let mut next = Vec::new();
        for dir in found {
            let slash: &[u8] = if n == 0 { b"" } else { b"/" };
            let at = |name: &[u8]| [&dir, slash, name].concat();
            if !is_pattern(part) {
                next.push(at(part));
                continue;
            }
            let here: &[u8] = match &dir[..] {
                b"" if n == 0 => b".",
                b"" => b"/",
                dir => dir,
            };
            let mut names = file::list(here).unwrap_or_default();
            names.retain(|n| matches(part, n) && (!n.starts_with(b".") || part.starts_with(b".")));
            sort::all(&mut names);
            next.extend(names.iter().map(|n| at(n)));
            if next.len() > MOST {
                return None;
            }
        }
        found = next;
    }
    found.retain(|p| file::exists(p));
    Some(found)
}

/// Whether a name is meant by `*`, `?`, `[a-z]`, `[!a]`.
pub fn matches(mut pattern: &[u8], mut name: &[u8]) -> bool {
    // What follows the last star, and the first place that it was not yet tried at. The stars
    // before need not be tried again: what they leave could only be less.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            star = Some((rest, name));
            pattern = rest;
            continue;
        }
        let next = name.split_first().and_then(|(&c, tail)| Some((one(pattern, c)?, tail)));
        if let Some(next) = next {
            (pattern, name) = next;
        } else if pattern.is_empty() && name.is_empty() {
            return true;
        } else {
            let Some((rest, [_, from @ ..])) = star else { return false };
            star = Some((rest, from));
            (pattern, name) = (rest, from);
        }
    }
}

/// What follows the first part of a pattern, if that means this byte. A star means none.
fn one(pattern: &[u8], c: u8) -> Option<&[u8]> {
    let (&first, rest) = pattern.split_first()?;
    match first {
        b'?' => Some(rest),
        b'[' => {
            let Some(end) = rest.iter().skip(1).position(|&b| b == b']').map(|i| i + 1) else {
                return (c == b'[').then_some(rest);
            };
            let (not, set) = match &rest[..end] {
                [b'!' | b'^', set @ ..] => (true, set),
                set => (false, set),
            };
            (in_set(set, c) != not).then(|| &rest[end + 1..])
        }
        _ => (first == c).then_some(rest),
    }
}

fn in_set(mut set: &[u8], c: u8) -> bool {
    while let [first, rest @ ..] = set {
        if let [b'-', last, more @ ..] = rest {
            if (*first..=*last).contains(&c) {
                return true;
            }
            set = more;
        } else {
            if *first == c {
                return true;
            }
            set = rest;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_stars_take_no_time() {
        let pattern = [vec![b'*'; 70], b"x".to_vec()].concat();
        assert!(matches(&pattern, b"nf_conntrack_max"));
        assert!(!matches(&[&pattern[..], b"y"].concat(), &[b'x'; 200]));
        let ways = [
            ("a*b?c", "axxbyc", true),
            ("*.*", "a.b.c", true),
            ("a*a*a", "aa", false),
            ("[!a]*[b-d]", "bxc", true),
            ("*[", "x[", true),
            ("", "", true),
            ("?", "", false),
        ];
        for (pattern, name, is) in ways {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), is, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_without_end_is_given_up() {
        let pattern = [&b"/proc/sys/net"[..], &b"/*/..".repeat(30)].concat();
        assert_eq!(expand(&pattern), None);
        assert_eq!(expand(b"/proc/sys/nosuch*"), Some(Vec::new()));
    }

    #[test]
    fn dots_and_slashes_change_places() {
        assert_eq!(path(b"net.ipv4.conf.v0/1.x").0, b"/proc/sys/net/ipv4/conf/v0.1/x");
        assert_eq!(path(b"net/ipv4/conf/v0.1/x").0, b"/proc/sys/net/ipv4/conf/v0.1/x");
        assert_eq!(key(b"/proc/sys/net/ipv4/conf/v0.1/x").0, b"net.ipv4.conf.v0/1.x");
        assert_eq!(path(b"net..ipv4.x").1.as_deref(), Some(&b"..ipv4.x"[..]));
        assert_eq!(path(b"nodots").0, b"/proc/sys/nodots");
    }

    #[test]
    fn lines() {
        let set = |l: &str| match parse(l.as_bytes(), |_| true) {
            Line::Setting(s) => s,
            other => panic!("{other:?}"),
        };
        let s = set(" net/ipv4/ip_forward = 1 # no comment\n");
        assert_eq!(
            (&s.key[..], s.value.as_deref()),
            (&b"net.ipv4.ip_forward"[..], Some(&b"1 # no comment"[..]))
        );
        assert!(set("-a.b=1").forgiving && !set("a.b=1").forgiving);
        assert_eq!(set("-a.b").value, None);
        assert_eq!(set("a.b=c=d").value.as_deref(), Some(&b"c=d"[..]));
        for nothing in ["", "\n", "# x=1", "; x=1", "=", "-"] {
            assert_eq!(parse(nothing.as_bytes(), |_| true), Line::Nothing, "{nothing:?}");
        }
        assert_eq!(parse(b"a.b", |_| true), Line::Wrong);
        assert_eq!(parse(b"a.b=1", |_| false), Line::Nothing);
        assert_eq!(set("=1").path, ROOT);
    }

    #[test]
    fn patterns() {
        assert!(matches(b"*", b"lo") && matches(b"v?", b"v0") && matches(b"[a-l]o", b"lo"));
        assert!(!matches(b"[!l]o", b"lo") && !matches(b"v?", b"v") && matches(b"[x", b"[x"));
        assert!(matches(b"*.conf", b"a.conf") && !matches(b"*.conf", b"a.conf~"));
    }
}
