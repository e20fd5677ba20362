//! Usage lines read back: which words there are, and what may stand behind each.
//!
//! The usage is made from the tables that parse, and it is the one form that every command has,
//! so completions follow it: `[ [ dev ] DEV ] [ nud { STATE | all } ]`, `STATE := { a | b }`.
//! A word in capitals is a place for a value; `...` may be left out.

use std::collections::BTreeMap;

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This word.
    Word(String),
    /// A value of this sort: `DEV`.
    Place(String),
}

/// A word with the values that may follow it; none for a word that stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub word: String,
    pub values: Vec<Value>,
    /// Words that only follow this one: `vf NUM { mac LLADDR | rate RATE }`.
    pub block: Vec<Key>,
}

impl Key {
    /// Whether a value follows.
    pub fn wants_value(&self) -> bool {
        !self.values.is_empty()
    }
    /// The values in short: `DEV`, `on | off`.
    pub fn hint(&self) -> String {
        let name = |v: &Value| match v {
            Value::Word(w) | Value::Place(w) => w.clone(),
        };
        let mut all = self.values.iter().map(name).collect::<Vec<_>>().join(" | ");
        if all.len() > 60 {
            all = all
                .get(..60)
                .unwrap_or(&all)
                .rsplit_once(" | ")
                .map_or(String::new(), |(most, _)| format!("{most} | ..."));
        }
        all
    }
}

/// What may follow a verb.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub keys: Vec<Key>,
    /// Places without a word in front of them, in order.
    pub places: Vec<String>,
}

impl Form {
    /// The key of this word.
    pub fn exact(&self, word: &[u8]) -> Option<&Key> {
        self.keys.iter().find(|k| k.word.as_bytes() == word)
    }

    /// The key of this word, or of the only one that it begins.
    pub fn key(&self, word: &[u8]) -> Option<&Key> {
        self.exact(word).or_else(|| {
            // Shorter ones are more often names of devices.
            let mut fit = self.keys.iter().filter(|k| k.word.as_bytes().starts_with(word));
            fit.next().filter(|_| word.len() >= 3 && fit.next().is_none())
        })
    }

    fn add(&mut self, word: &str, values: Vec<Value>, block: Vec<Key>) {
        // `[-]FLAG`
        if !word.contains(|c: char| c.is_ascii_alphanumeric()) {
            return;
        }
        match self.keys.iter_mut().find(|k| k.word == word) {
            Some(k) if k.values.is_empty() => (k.values, k.block) = (values, block),
            Some(_) => {}
            None => self.keys.push(Key { word: word.to_owned(), values, block }),
        }
    }
}

/// The names that a usage explains: `STATE := { permanent | reachable }`.
#[derive(Clone, Debug, Default)]
pub struct Symbols(BTreeMap<String, Vec<Item>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Word(String),
    Place(String),
    /// `{ a | b }`: one of them.
    One(Vec<Vec<Item>>),
    /// `[ a | b ]`: one of them or none.
    Maybe(Vec<Vec<Item>>),
}

impl Symbols {
    /// Reads the lines of a usage that explain names.
    pub fn read(usage: &str) -> Symbols {
        let mut all = BTreeMap::new();
        let mut open: Option<(String, String)> = None;
        let mut close = |open: &mut Option<(String, String)>| {
            if let Some((name, text)) = open.take() {
                all.insert(name, parse(&text));
            }
        };
        for line in usage.lines() {
            let line = line.trim();
            if let Some((name, text)) = line.split_once(":=") {
                close(&mut open);
                let name = name.split_whitespace().last().unwrap_or_default();
                open = Some((name.to_owned(), text.to_owned()));
            } else if line.is_empty() || starts_a_form(line) {
                close(&mut open);
            } else if let Some((_, text)) = &mut open {
                text.push(' ');
                text.push_str(line);
            }
        }
        close(&mut open);
        Symbols(all)
    }

    /// What a usage line allows, with the names in it explained.
    pub fn form(&self, line: &str) -> Form {
        let mut form = Form::default();
        self.visit(&parse(line), &mut form, &mut Vec::new());
        form
    }

    /// The values that an explained name stands for.
    fn explain(&self, name: &str, inside: &mut Vec<String>) -> Vec<Value> {
        let Some(items) = self.0.get(name) else { return vec![Value::Place(name.to_owned())] };
        let mut form = Form::default();
        if !inside.iter().any(|i| i == name) {
            inside.push(name.to_owned());
            self.visit(items, &mut form, inside);
            inside.pop();
        }
        let words = form.keys.into_iter().map(|k| Value::Word(k.word));
        words.chain(form.places.into_iter().map(Value::Place)).collect()
    }

    fn visit(&self, items: &[Item], form: &mut Form, inside: &mut Vec<String>) {
        let mut at = 0;
        while let Some(item) = items.get(at) {
            at += 1;
            match item {
                Item::Word(word) => {
                    let (values, block, taken) = self.behind(&items[at..], inside);
                    form.add(word, values, block);
                    for item in &items[at..at + taken] {
                        self.visit_words_with_values(item, form, inside);
                    }
                    at += taken;
                }
                Item::Place(name) => match self.0.get(name) {
                    Some(meaning) if !inside.contains(name) => {
                        inside.push(name.clone());
                        self.visit(meaning, form, inside);
                        inside.pop();
                    }
                    Some(_) => {}
                    None => form.places.push(name.clone()),
                },
                Item::One(ways) if is_words(ways) => {
                    // `{ broadcast | brd } LLADDR`
                    let (values, block, taken) = self.behind(&items[at..], inside);
                    for word in words(ways) {
                        form.add(word, values.clone(), block.clone());
                    }
                    at += taken;
                }
                Item::Maybe(ways) if is_words(ways) => {
                    // `[ dev | name ] DEV`: the word may be there, the value must.
                    let (values, _) = self.values(&items[at..], inside).unwrap_or_default();
                    for word in words(ways) {
                        form.add(word, values.clone(), Vec::new());
                    }
                }
                Item::One(ways) | Item::Maybe(ways) => {
                    for way in ways {
                        self.visit(way, form, inside);
                    }
                }
            }
        }
    }

    /// What belongs to the word in front of `items`: its values, the words that only follow it,
    /// and how many items that are.
    fn behind(&self, items: &[Item], inside: &mut Vec<String>) -> (Vec<Value>, Vec<Key>, usize) {
        let (values, mut taken) = self.values(items, inside).unwrap_or_default();
        let mut block = Form::default();
        if let Some(item @ Item::One(_)) = items.get(taken) {
            taken += 1;
            self.visit(std::slice::from_ref(item), &mut block, inside);
        }
        (values, block.keys, taken)
    }

    /// `nexthop HOP`, `HOP := { via ADDR | dev DEV }`: behind the value its words go on.
    fn visit_words_with_values(&self, item: &Item, form: &mut Form, inside: &mut Vec<String>) {
        let Item::Place(name) = item else { return };
        let goes_on = |item: &Item| match item {
            Item::One(ways) | Item::Maybe(ways) => {
                ways.iter().any(|way| way.len() > 1 && matches!(way.first(), Some(Item::Word(_))))
            }
            _ => false,
        };
        if self.0.get(name).is_some_and(|items| items.iter().any(goes_on)) {
            self.visit(std::slice::from_ref(item), form, inside);
        }
    }

    /// The values at the beginning of `items`, and how many items they are.
    fn values(&self, items: &[Item], inside: &mut Vec<String>) -> Option<(Vec<Value>, usize)> {
        let mut values = Vec::new();
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Word(_) => return None,
                Item::Place(name) => {
                    values.extend(self.explain(name, inside));
                    return Some((values, at + 1));
                }
                Item::One(ways) => {
                    values.extend(self.single(ways, inside)?);
                    return Some((values, at + 1));
                }
                // `mtu [ lock ] N`: only what goes on to a value.
                Item::Maybe(ways) => values.extend(self.single(ways, inside)?),
            }
        }
        None
    }

    /// The values of ways that are one item long each.
    fn single(&self, ways: &[Vec<Item>], inside: &mut Vec<String>) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        for way in ways {
            match &way[..] {
                [Item::Word(w)] => values.push(Value::Word(w.clone())),
                [Item::Place(name)] => values.extend(self.explain(name, inside)),
                _ => return None,
            }
        }
        Some(values)
    }
}

/// Whether each way is one word.
fn is_words(ways: &[Vec<Item>]) -> bool {
    ways.iter().all(|way| matches!(way[..], [Item::Word(_)]))
}

/// The words among ways that are one item long.
fn words(ways: &[Vec<Item>]) -> impl Iterator<Item = &str> {
    ways.iter().filter_map(|way| match &way[..] {
        [Item::Word(word)] => Some(&**word),
        _ => None,
    })
}

/// Whether a line of a usage shows a command rather than going on with an explanation.
fn starts_a_form(line: &str) -> bool {
    ["Usage:", "ip ", "where "].iter().any(|w| line.starts_with(w))
}

fn parse(text: &str) -> Vec<Item> {
    let text = spaced(text);
    sequence(&mut text.split_whitespace(), 0).swap_remove(0)
}

/// Puts blanks around brackets, and takes apart what is a part of one word: `ADDRESS[/LENGTH]`
/// and `[FROM/]TO` are places like any other, `[no]proxy` is two words.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let group = after.split_once(']').filter(|_| c == '[');
        let glued = |tail: &str| tail.starts_with(|c: char| c.is_ascii_alphanumeric());
        match group {
            Some((_, tail)) if before.is_ascii_alphanumeric() => {
                rest = tail;
                before = ']';
                continue;
            }
            Some((head, tail)) if glued(tail) && !head.contains(['[', '{', ' ']) => {
                let end = tail.find(|c: char| c.is_whitespace() || "[]{}|".contains(c));
                let word = &tail[..end.unwrap_or(tail.len())];
                if head.bytes().all(|b| b.is_ascii_lowercase()) {
                    out.push_str(&format!(" {{ {word} | {head}{word} }} "));
                } else {
                    out.push_str(&format!(" {word} "));
                }
                rest = &tail[word.len()..];
                before = ' ';
                continue;
            }
            _ if "[]{}|".contains(c) => out.extend([' ', c, ' ']),
            _ => out.push(c),
        }
        before = c;
        rest = after;
    }
    out
}

/// Reads up to the bracket that ends the group; the ways that `|` separates.
fn sequence<'t>(words: &mut impl Iterator<Item = &'t str>, depth: usize) -> Vec<Vec<Item>> {
    // Deeper than any usage is; what is not text of ours cannot use up the stack.
    const DEEPEST: usize = 40;
    let mut ways = vec![Vec::new()];
    while let Some(word) = words.next() {
        let item = match word {
            "[" if depth < DEEPEST => Item::Maybe(sequence(words, depth + 1)),
            "{" if depth < DEEPEST => Item::One(sequence(words, depth + 1)),
            "]" | "}" if depth > 0 => break,
            "|" => {
                ways.push(Vec::new());
                continue;
            }
            "[" | "{" | "]" | "}" => continue,
            word => match word.trim_end_matches("...").trim_end_matches(',') {
                "" => continue,
                word if is_place(word) => Item::Place(word.to_owned()),
                word => Item::Word(word.to_owned()),
            },
        };
        if let Some(way) = ways.last_mut() {
            way.push(item);
        }
    }
    // At the top a bare `a | b` is a choice like any other.
    if depth == 0 && ways.len() > 1 {
        return vec![vec![Item::One(ways)]];
    }
    ways
}

/// `DEV`, `ADDR/LEN`, `0..255`, `<name>`; but not `802.1Q`, which is a word.
fn is_place(word: &str) -> bool {
    let first = word.chars().next();
    word.contains("..")
        || first.is_some_and(|c| "<(/:,=".contains(c))
        || (first.is_some_and(|c| c.is_ascii_uppercase())
            && !word.chars().any(|c| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: &Form) -> String {
        let key = |k: &Key| format!("{}({})", k.word, k.hint());
        let keys: Vec<_> = form.keys.iter().map(key).collect();
        format!("{} / {}", keys.join(" "), form.places.join(" "))
    }
    fn form(line: &str) -> String {
        shown(&Symbols::default().form(line))
    }

    #[test]
    fn words_know_their_values() {
        assert_eq!(form("NAME { auto | N }"), "auto() / NAME N");
        assert_eq!(form("[ target-nsid N ] [ nsid N ]"), "target-nsid(N) nsid(N) / ");
        assert_eq!(form("[ [ dev ] DEV ] [ up | down ]"), "dev(DEV) up() down() / DEV");
        assert_eq!(form("mtu [ lock ] NUMBER onlink"), "mtu(lock | NUMBER) onlink() / ");
        assert_eq!(form("arp { on | off }"), "arp(on | off) / ");
        assert_eq!(form("nomaster [ type KIND ]"), "nomaster() type(KIND) / ");
        assert_eq!(form("ADDRESS[/LENGTH] x [FROM/]TO"), "x(TO) / ADDRESS");
        assert_eq!(form("[ dev | name ] NAME [ up ]"), "dev(NAME) name(NAME) up() / NAME");
        assert_eq!(form("{ group | remote } ADDR up"), "group(ADDR) remote(ADDR) up() / ");
        let block = Symbols::default().form("vf NUM { mac LLADDR | state { on | off } } up");
        assert_eq!(shown(&block), "vf(NUM) up() / ");
        let words: Vec<_> = block.keys[0].block.iter().map(|k| &*k.word).collect();
        assert_eq!(words, ["mac", "state"]);
        assert_eq!(form("{ xdp | xdpdrv } { off | object FILE } up"), "xdp() xdpdrv() up() / ");
        assert_eq!(form("[ [no]proxy ] gbp"), "proxy() noproxy() gbp() / ");
        assert_eq!(form("rtt NUMBER[s|ms] x"), "rtt(NUMBER) x() / ");
        assert_eq!(form("protocol {802.1Q|802.1ad}"), "protocol(802.1Q | 802.1ad) / ");
    }

    #[test]
    fn names_are_explained() {
        let usage = "Usage: ip x add ADDR [ WORD ... ]\n       ip x show\n\
                     WORD := { nud STATE | router |\n       dev DEV }\nSTATE := { stale | failed }\n";
        let symbols = Symbols::read(usage);
        let form = symbols.form("ADDR [ WORD ... ]");
        assert_eq!(shown(&form), "nud(stale | failed) router() dev(DEV) / ADDR");
        let symbols = Symbols::read("HOP := { via [ inet ] ADDR | onlink }\n");
        assert_eq!(
            shown(&symbols.form("hop HOP")),
            "hop(via | onlink) via(inet | ADDR) onlink() / "
        );
        // A name that explains itself by itself ends.
        let symbols = Symbols::read("A := { a B }\nB := { b A }\n");
        assert_eq!(shown(&symbols.form("A")), "a(b) b() / ");
    }

    #[test]
    fn what_is_no_usage_does_no_harm() {
        for text in ["", "]", "| |", "{ { [", "} a ] b", &"[".repeat(100_000)] {
            form(text);
            Symbols::read(text);
        }
    }
}
