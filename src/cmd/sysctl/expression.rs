//! Extended regular expressions (POSIX.1-2024, XBD 9.4), for `-r`.
//!
//! With what the GNU C library adds and its users know: `\w \W \s \S \b \B \< \> \` \'` and `\1`.
//! A text is a row of bytes, as in the locale C. The C library's own matcher would be a fiftieth
//! of the program; the tests below ask it whether this one is right.

/// The largest number of a repetition, and the most steps of an expression.
const REPEATED_MAX: usize = 0x7fff;
const STEPS_MAX: usize = 1 << 16;
/// How long the search for a text with `\1` in its expression goes on; others take linear time.
const PATIENCE: usize = 10_000_000;

/// What a single byte is compared with: one bit for each of the 256.
type Set = [u64; 4];

/// One step of the search. Distances are relative, so that steps can be repeated as they are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Byte(u8),
    /// A place in the table of sets.
    Set(usize),
    /// Goes on here or there.
    Split(isize, isize),
    Jump(isize),
    /// Nothing but a place in the text: `^ $ \b \B \< \>` by their letter.
    At(u8),
    /// Stores the place.
    Mark(usize),
    /// A round that moved nothing is the last one: the jump back is left out.
    Moved(usize),
    /// What the group with this number was.
    Same(usize),
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    steps: Vec<Step>,
    sets: Vec<Set>,
    marks: usize,
    /// Whether there is a `Same`.
    refers: bool,
}

fn has(set: &Set, b: u8) -> bool {
    set[usize::from(b / 64)] & (1 << (b % 64)) != 0
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// The set of all bytes for which something holds.
fn set_of(holds: impl Fn(u8) -> bool) -> Set {
    let mut set = [0; 4];
    for b in (0..=255).filter(|&b| holds(b)) {
        set[usize::from(b / 64)] |= 1 << (b % 64);
    }
    set
}

impl Expression {
    /// `None` when it is no expression.
    pub fn new(pattern: &[u8]) -> Option<Expression> {
        let mut p = Parser { rest: pattern, sets: Vec::new(), groups: 0, ended: 0, loops: 0 };
        let mut steps = p.either(0)?;
        let groups = 2 * p.groups;
        for step in &mut steps {
            // The marks of repetitions follow those of groups.
            if let Step::Moved(n) | Step::Mark(n) = step
                && *n >= LOOPS
            {
                *n = *n - LOOPS + groups;
            }
        }
        let refers = steps.iter().any(|s| matches!(s, Step::Same(_)));
        Some(Expression { steps, sets: p.sets, marks: groups + p.loops, refers })
    }

    /// Whether it is found anywhere in a text; `None` when the search took too long.
    pub fn is_in(&self, text: &[u8]) -> Option<bool> {
        // What was tried in vain need not be tried again, unless groups make a difference.
        let row = text.len() + 1;
        let places = if self.refers { 0 } else { (self.steps.len() + 1) * row };
        let mut tried = vec![0u64; places / 64 + 1];
        let mut patience = PATIENCE;
        for start in 0..row {
            if self.from(text, start, &mut tried, &mut patience)? {
                return Some(true);
            }
        }
        Some(false)
    }

    fn from(
        &self,
        text: &[u8],
        start: usize,
        tried: &mut [u64],
        patience: &mut usize,
    ) -> Option<bool> {
        enum Back {
            Try(usize, usize),
            Restore(usize, Option<usize>),
        }
        let mut marks = vec![None; self.marks];
        let mut back = vec![Back::Try(0, start)];
        while let Some(last) = back.pop() {
            let (mut at, mut pos) = match last {
                Back::Try(at, pos) => (at, pos),
                Back::Restore(n, old) => {
                    marks[n] = old;
                    continue;
                }
            };
            loop {
                let Some(&step) = self.steps.get(at) else { return Some(true) };
                if self.refers {
                    *patience = patience.checked_sub(1)?;
                } else {
                    let n = at * (text.len() + 1) + pos;
                    let before = tried[n / 64];
                    tried[n / 64] |= 1 << (n % 64);
                    if tried[n / 64] == before {
                        break;
                    }
                }
                let there = |by: isize| at.saturating_add_signed(by);
                let here = text.get(pos).copied();
                at = match step {
                    Step::Byte(b) if here == Some(b) => {
                        pos += 1;
                        at + 1
                    }
                    Step::Set(n) if here.is_some_and(|b| has(&self.sets[n], b)) => {
                        pos += 1;
                        at + 1
                    }
                    Step::Split(first, second) => {
                        back.push(Back::Try(there(second), pos));
                        there(first)
                    }
                    Step::Jump(by) => there(by),
                    Step::At(letter) if is_at(letter, text, pos) => at + 1,
                    Step::Mark(n) => {
                        back.push(Back::Restore(n, marks[n]));
                        marks[n] = Some(pos);
                        at + 1
                    }
                    Step::Moved(n) => at + 1 + usize::from(self.refers && marks[n] == Some(pos)),
                    Step::Same(n) => {
                        let (Some(from), Some(to)) = (marks[2 * n], marks[2 * n + 1]) else {
                            break;
                        };
                        let group = text.get(from..to).unwrap_or(b"");
                        if !text[pos..].starts_with(group) {
                            break;
                        }
                        pos += group.len();
                        at + 1
                    }
                    _ => break,
                };
            }
        }
        Some(false)
    }
}

fn is_at(letter: u8, text: &[u8], pos: usize) -> bool {
    let before = pos > 0 && is_word(text[pos - 1]);
    let after = text.get(pos).is_some_and(|&b| is_word(b));
    match letter {
        b'^' => pos == 0,
        b'$' => pos == text.len(),
        b'<' => !before && after,
        b'>' => before && !after,
        b'b' => before != after,
        _ => before == after,
    }
}

/// Marks of repetitions, until the number of groups is known.
const LOOPS: usize = 1 << 20;

struct Parser<'p> {
    rest: &'p [u8],
    sets: Vec<Set>,
    groups: usize,
    /// One bit for each group that `\1` to `\9` may name here: it has ended, and not in another
    /// branch of a choice.
    ended: u16,
    loops: usize,
}

fn distance(steps: usize) -> isize {
    isize::try_from(steps).unwrap_or(0)
}

impl Parser<'_> {
    fn take(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// `A|B|C`, to the end or to the parenthesis that ends a group.
    fn either(&mut self, depth: usize) -> Option<Vec<Step>> {
        let mut all = Vec::new();
        let mut ends = Vec::new();
        let (before, mut ended) = (self.ended, 0);
        loop {
            self.ended = before;
            let one = self.row(depth)?;
            ended |= self.ended;
            if self.rest.first() != Some(&b'|') {
                all.extend(one);
                break;
            }
            self.take();
            all.push(Step::Split(1, distance(one.len()) + 2));
            all.extend(one);
            ends.push(all.len());
            all.push(Step::Jump(0));
            if all.len() > STEPS_MAX {
                return None;
            }
        }
        for at in ends {
            all[at] = Step::Jump(distance(all.len() - at));
        }
        self.ended = ended;
        Some(all)
    }

    /// Pieces, one behind the other; none is right, too.
    fn row(&mut self, depth: usize) -> Option<Vec<Step>> {
        let mut all = Vec::new();
        while let Some(&next) = self.rest.first() {
            if next == b'|' || (next == b')' && depth > 0) {
                break;
            }
            all.extend(self.piece(depth)?);
            if all.len() > STEPS_MAX {
                return None;
            }
        }
        Some(all)
    }

    /// One thing and how often it stands there.
    fn piece(&mut self, depth: usize) -> Option<Vec<Step>> {
        let mut one = match self.take()? {
            // A repetition of nothing, or of a place.
            b'*' | b'+' | b'?' | b'{' => return None,
            b'(' => self.group(depth)?,
            b'[' => self.bracket()?,
            b'.' => self.set(set_of(|b| b != 0)),
            c @ (b'^' | b'$') => return Some(vec![Step::At(c)]),
            b'\\' => match self.take()? {
                b'`' => return Some(vec![Step::At(b'^')]),
                b'\'' => return Some(vec![Step::At(b'$')]),
                c @ (b'<' | b'>' | b'b' | b'B') => return Some(vec![Step::At(c)]),
                b'w' => self.set(set_of(is_word)),
                b'W' => self.set(set_of(|b| !is_word(b))),
                b's' => self.set(set_of(is_space)),
                b'S' => self.set(set_of(|b| !is_space(b))),
                c @ b'1'..=b'9' => {
                    let n = c - b'1';
                    if self.ended & (1 << n) == 0 {
                        return None;
                    }
                    vec![Step::Same(n.into())]
                }
                c => vec![Step::Byte(c)],
            },
            c => vec![Step::Byte(c)],
        };
        while let Some(&next) = self.rest.first() {
            let (least, most) = match next {
                b'*' => (0, None),
                b'+' => (1, None),
                b'?' => (0, Some(1)),
                b'{' => (usize::MAX, None),
                _ => break,
            };
            self.take();
            let (least, most) = if next == b'{' { self.bounds()? } else { (least, most) };
            one = self.repeated(one, least, most)?;
        }
        Some(one)
    }

    /// `N}`, `N,}`, `,N}` or `N,M}`.
    fn bounds(&mut self) -> Option<(usize, Option<usize>)> {
        let least = self.number();
        let most = match self.take()? {
            b'}' => return least.map(|n| (n, Some(n))).filter(|_| least <= Some(REPEATED_MAX)),
            b',' => self.number(),
            _ => return None,
        };
        let least = least.unwrap_or(0);
        let right = self.take()? == b'}'
            && most.is_none_or(|most| least <= most)
            && most.unwrap_or(least) <= REPEATED_MAX;
        right.then_some((least, most))
    }

    fn number(&mut self) -> Option<usize> {
        let mut n = None;
        while let Some(digit) = self.rest.first().filter(|b| b.is_ascii_digit()) {
            let n_now: usize = n.unwrap_or(0) * 10 + usize::from(digit - b'0');
            n = Some(n_now.min(REPEATED_MAX + 1));
            self.take();
        }
        n
    }

    fn repeated(&mut self, one: Vec<Step>, least: usize, most: Option<usize>) -> Option<Vec<Step>> {
        let len = distance(one.len());
        if one.len().saturating_mul(most.unwrap_or(least) + 1) > STEPS_MAX {
            return None;
        }
        let mut all = one.repeat(least);
        match most {
            None => {
                let mark = LOOPS + self.loops;
                self.loops += 1;
                all.extend([Step::Split(1, len + 4), Step::Mark(mark)]);
                all.extend(one);
                all.extend([Step::Moved(mark), Step::Jump(-len - 3)]);
            }
            Some(most) => {
                for _ in least..most {
                    all.push(Step::Split(1, len + 1));
                    all.extend(&one);
                }
            }
        }
        Some(all)
    }

    fn group(&mut self, depth: usize) -> Option<Vec<Step>> {
        // What nests too deep would be too much for the stack.
        if depth > 200 {
            return None;
        }
        let n = self.groups;
        self.groups += 1;
        let inner = self.either(depth + 1)?;
        if self.take()? != b')' {
            return None;
        }
        if n < 9 {
            self.ended |= 1 << n;
        }
        let mut all = vec![Step::Mark(2 * n)];
        all.extend(inner);
        all.push(Step::Mark(2 * n + 1));
        Some(all)
    }

    fn set(&mut self, set: Set) -> Vec<Step> {
        self.sets.push(set);
        vec![Step::Set(self.sets.len() - 1)]
    }

    /// `[abc]`, `[^a-z]`, `[[:digit:]]`, behind the opening bracket.
    fn bracket(&mut self) -> Option<Vec<Step>> {
        let not = self.rest.first() == Some(&b'^');
        if not {
            self.take();
        }
        let mut set = [0; 4];
        let mut add = |more: Set| (0..4).for_each(|i| set[i] |= more[i]);
        let mut first = true;
        loop {
            let next = *self.rest.first()?;
            if next == b']' && !first {
                break;
            }
            // A hyphen is itself at the beginning and at the end.
            if next == b'-' && !first && *self.rest.get(1)? != b']' {
                return None;
            }
            first = false;
            match self.element()? {
                Element::Class(class) => add(class),
                Element::Byte(from, ranges) => {
                    let range = ranges && self.rest.first() == Some(&b'-');
                    let to = if range && *self.rest.get(1)? != b']' {
                        self.take();
                        match self.element()? {
                            Element::Byte(to, true) => to,
                            _ => return None,
                        }
                    } else {
                        from
                    };
                    if from > to {
                        return None;
                    }
                    add(set_of(|b| (from..=to).contains(&b)));
                }
            }
        }
        self.take();
        if not {
            set = set.map(|bits| !bits);
        }
        Some(self.set(set))
    }

    fn element(&mut self) -> Option<Element> {
        let first = self.take()?;
        let delimiter = match (first, self.rest.first()) {
            (b'[', Some(&c @ (b':' | b'.' | b'='))) => c,
            _ => return Some(Element::Byte(first, true)),
        };
        self.take();
        let end = self.rest.windows(2).position(|w| w == [delimiter, b']'])?;
        let name = &self.rest[..end];
        self.rest = &self.rest[end + 2..];
        if delimiter == b':' {
            return class(name).map(Element::Class);
        }
        // The locale C has no other signs than its bytes.
        match *name {
            [one] => Some(Element::Byte(one, delimiter == b'.')),
            _ => None,
        }
    }
}

enum Element {
    /// A byte, and whether a range may begin or end with it.
    Byte(u8, bool),
    Class(Set),
}

/// Blanks of the locale C; Rust's `is_ascii_whitespace` has no vertical tab.
fn is_space(b: u8) -> bool {
    b == b' ' || (9..=13).contains(&b)
}

fn class(name: &[u8]) -> Option<Set> {
    let holds: fn(u8) -> bool = match name {
        b"alpha" => |b| b.is_ascii_alphabetic(),
        b"digit" => |b| b.is_ascii_digit(),
        b"alnum" => |b| b.is_ascii_alphanumeric(),
        b"upper" => |b| b.is_ascii_uppercase(),
        b"lower" => |b| b.is_ascii_lowercase(),
        b"space" => is_space,
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"punct" => |b| b.is_ascii_punctuation(),
        b"print" => |b| matches!(b, b' '..=b'~'),
        b"graph" => |b| b.is_ascii_graphic(),
        b"cntrl" => |b| b.is_ascii_control(),
        b"xdigit" => |b| b.is_ascii_hexdigit(),
        _ => return None,
    };
    Some(set_of(holds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::regex::Regex;

    /// What the C library says and what we say.
    fn agree(pattern: &[u8], texts: &[&[u8]]) {
        let (theirs, ours) = (Regex::new(pattern), Expression::new(pattern));
        let shown = String::from_utf8_lossy(pattern);
        assert_eq!(ours.is_some(), theirs.is_some(), "whether {shown:?} is an expression");
        let (Some(theirs), Some(ours)) = (theirs, ours) else { return };
        for text in texts {
            let of = String::from_utf8_lossy(text);
            assert_eq!(ours.is_in(text), Some(theirs.is_in(text)), "{shown:?} in {of:?}");
        }
    }

    #[rustfmt::skip] // as many as fit into a line
    const TEXTS: [&[u8]; 20] = [
        b"", b"a", b"b", b"ab", b"aab", b"abab", b"abba", b"cab", b"a b", b"a-b", b"]", b"a.b\n",
        b"\n", b"aaaaaaaa", b"-", b"{1}", b"net.ipv4.conf.lo.forwarding",
        b"net.ipv6.conf.v0/1.rp_filter", b"\xc3\xa4", b"kernel.random.uuid",
    ];

    #[rustfmt::skip] // as many as fit into a line
    const TYPED: &[&str] = &[
        "forward", "^net[.]ipv[46][.]conf[.](lo|all)[.]", "ip_forward$", "rp_filter|forwarding",
        "conf\\.(lo|v0/1)\\.", "[[:digit:]]+", "[^.]*$", "^[^.]+\\.[^.]+$", "(", ")", "a)", "()",
        "(|a)b", "a||b", "|", "*", "+a", "?", "a|*b", "(*a)", "^*", "$*", "^+", "\\b*", "a**",
        "a+?", "a{2}", "a{2,}", "a{,2}", "a{2,3}b", "a{3,2}", "a{", "a{1", "a{1,", "a{x}", "a{}",
        "a{,}", "a{1,2,3}", "a{1}{2}", "{1}", "}", "a{32767}", "a{32768}", "a{0}b", "(a{0})b",
        "\\", "a\\", "\\.", "\\{", "\\a", "\\n", "[", "[a", "[]", "[]a]", "[^]a]", "[a-", "[a-]",
        "[-a]", "[a-c-e]", "[--a]", "[+--]", "[z-a]", "[a-b]", "[[:alpha:]", "[[:nosuch:]]",
        "[[:alpha:]-z]", "[[:alpha:]-]", "[a-[:alpha:]]", "[[.a.]-c]", "[[.hyphen.]]",
        "[[=a=]b]", "[[=a=]-c]", "[a-[=c=]]", "[[.-.]]", "[\\]", "[\\]]", "[\\n]", "[^a]",
        "[^\\n]", "[[]", "[[a]", "[[:space:]]", "[[.a", "[[:al", "\\w\\W\\w", "\\s", "\\S$",
        "\\bb", "\\Bb", "\\<a", "b\\>", "\\`a", "b\\'", "a^b", "a$b", "(^a)", "(a$|b)", "^$",
        "$^", "(a)\\1", "(a|b)\\1", "(ab)\\1", "(a)(b)\\2\\1", "\\1", "(a\\1)", "(a)\\2",
        "((a)b)\\2", "(a*)*", "(a*)+b", "(a|ab)(c|bcd)", "((((a))))", "x*", ".", "^.$", "^..$",
        "\\B", "\\b", "(a*)(ab)*\\1$",
    ];

    #[test]
    fn what_people_type() {
        for pattern in TYPED {
            agree(pattern.as_bytes(), &TEXTS);
        }
    }

    /// Patterns of chance, from pieces that mean something in all places.
    #[test]
    fn what_chance_makes() {
        #[rustfmt::skip] // as many as fit into a line
        const PIECES: [&str; 34] = [
            "a", "b", "a", "b", "ab", ".", "*", "+", "?", "{2}", "{0,2}", "{1,}", "(", ")", "(",
            ")", "|", "|", "[ab]", "[^a]", "[a-b]", "^", "$", "\\w", "\\W", "\\b", "\\<", "\\>",
            "\\B", "[[:alpha:]]", "\\`", "\\'", "-", "\\.",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut chance = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
        };
        let mut right = 0;
        for _ in 0..6_000 {
            let pattern: String = (0..=chance(9)).map(|_| PIECES[chance(PIECES.len())]).collect();
            let texts: Vec<Vec<u8>> =
                (0..6).map(|_| (0..chance(7)).map(|_| b"abab-."[chance(6)]).collect()).collect();
            let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
            agree(pattern.as_bytes(), &texts);
            right += usize::from(Expression::new(pattern.as_bytes()).is_some());
        }
        assert!(right > 1500, "{right} of 6,000 were expressions");
    }

    #[test]
    fn no_expression_takes_forever() {
        let text = [b'a'; 4000];
        for (pattern, is) in [
            ("(a*)*b", Some(false)),
            ("(a|a)*b", Some(false)),
            ("((a?){50}){20}b", Some(false)),
            ("(a*)*\\1b", None),
        ] {
            let expression = Expression::new(pattern.as_bytes()).unwrap();
            assert_eq!(expression.is_in(&text[..500]), is, "{pattern}");
        }
        assert!(Expression::new(&[b'('; 100_000]).is_none());
        assert!(Expression::new(b"(((a{999}){999}){999}){999}").is_none());
        assert!(Expression::new(b"a|".repeat(20_000).as_slice()).is_some());
    }
}
