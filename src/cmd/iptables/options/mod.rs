//! The options: from words to a [`Command`].

mod finish;
mod name;

use crate::cli::getopt::{Getopt, Item, Long, Mistake, Order, Spec, Value, long};
use crate::names::NetDb;
use crate::numeral;
use crate::sys::fd;

use super::command::{Command, Verb};
use super::ext::{self, Ext, Kind, Loaded, Opt};
use super::fail::{Fail, Result, usage};
use super::family::{Family, number};
use super::grammar::{FIRST_EXTENSION, LIMITED, LONG, PER_EXTENSION, SHORT};
use super::help;
use super::proto;
use super::rule::{Iface, Rule, Target};

pub use name::chain_name;
use name::{MAX_NAME, target_name};

const MAX_INTERFACE: usize = 15;

/// Who reads the words.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'c> {
    pub prog: &'c str,
    pub family: Family,
    /// The table of a restored file.
    pub restoring: Option<&'static str>,
}

/// What the words ask for.
#[derive(Debug)]
pub enum Asked<'a> {
    Command(Box<Command<'a>>),
    /// -V and -h have been answered.
    Answered(Vec<u8>),
    /// A line for the other family.
    NotForUs,
}

/// What is read so far.
struct Parser<'a, 'c> {
    caller: Caller<'c>,
    db: &'c NetDb,
    words: Getopt<'a>,
    all: &'a [&'a [u8]],
    not: bool,
    /// Letters of [`LIMITED`] given.
    given: Vec<u8>,
    verbs: Vec<Verb>,
    table: &'a [u8],
    chain: Option<&'a [u8]>,
    second: &'a [u8],
    number: usize,
    verbose: u32,
    /// The words of -s and -d, and whether they are inverted: read when all else has been.
    source: Option<(&'a [u8], bool)>,
    destination: Option<(&'a [u8], bool)>,
    rule: Rule,
    protocol_given: bool,
    protocol_loaded: bool,
    matches: Vec<Loaded>,
    target: Option<Loaded>,
    waits: (bool, bool),
    answer: Option<Asked<'a>>,
}

/// Reads the words of a command, without the program's name.
pub fn read<'a>(all: &'a [&'a [u8]], caller: Caller<'_>, db: &NetDb) -> Result<Asked<'a>> {
    let mut p = Parser {
        caller,
        db,
        words: Getopt::new(all, Order::InPlace),
        all,
        not: false,
        given: Vec::with_capacity(8),
        verbs: Vec::new(),
        table: caller.restoring.unwrap_or("filter").as_bytes(),
        chain: None,
        second: b"",
        number: 0,
        verbose: 0,
        source: None,
        destination: None,
        rule: Rule::default(),
        protocol_given: false,
        protocol_loaded: false,
        matches: Vec::new(),
        target: None,
        waits: (false, false),
        answer: None,
    };
    loop {
        let before = p.words.place();
        let (exact, all_long);
        let long = match p.words.peek().and_then(|word| word.strip_prefix(b"--")) {
            None => LONG,
            // Mostly names are written in full: all of them together are not needed then.
            Some(word) => match p.named(word.split(|&b| b == b'=').next().unwrap_or(word)) {
                Some(row) => {
                    exact = [row];
                    &exact
                }
                None => {
                    all_long = p.long_options();
                    &all_long[..]
                }
            },
        };
        let Some(item) = p.words.next(&Spec { short: SHORT, long }) else { break };
        match item {
            Ok(Item::Word(b"!")) if p.not => {
                return usage(&[b"multiple consecutive ! not allowed"]);
            }
            Ok(Item::Word(b"!")) => p.not = true,
            Ok(Item::Word(word)) => {
                return Err(Fail::Bare([b"Bad argument `", word, b"'"].concat()));
            }
            Ok(Item::Option(code, value)) => {
                p.option(code, value)?;
                p.not = false;
            }
            Err(mistake) => {
                if !p.load_protocol(&mistake) {
                    return Err(p.mistake(&mistake));
                }
                p.words.back(before);
            }
        }
        if let Some(answer) = p.answer.take() {
            return Ok(answer);
        }
    }
    p.finish()
}

impl<'a> Parser<'a, '_> {
    /// The options of the extensions loaded, the last one first, with their codes.
    fn extension_options(&self) -> impl Iterator<Item = (&'static Opt, u32)> {
        let count = u32::try_from(self.matches.len()).unwrap_or(0);
        let target = self.target.iter().map(|loaded| (0, loaded));
        let loaded = target.chain((1..=count).rev().zip(self.matches.iter().rev()));
        loaded.flat_map(|(number, loaded)| {
            loaded.call.ext.opts.iter().zip(FIRST_EXTENSION + PER_EXTENSION * number..)
        })
    }

    /// The options of the program and of the extensions loaded: of two with one name the first
    /// counts.
    fn long_options(&self) -> Vec<Long> {
        let mut longs = LONG.to_vec();
        for (opt, code) in self.extension_options() {
            let names = opt.aliases.iter().chain([&opt.name]);
            longs.extend(names.map(|name| long(name, value_of(opt), code)));
        }
        longs
    }

    /// The first of these that has this name in full.
    fn named(&self, name: &[u8]) -> Option<Long> {
        let is = |n: &&'static str| n.as_bytes() == name;
        LONG.iter().find(|row| is(&row.name)).copied().or_else(|| {
            self.extension_options().find_map(|(opt, code)| {
                let own = opt.aliases.iter().copied().chain([opt.name]).find(is)?;
                Some(long(own, value_of(opt), code))
            })
        })
    }

    /// An option that nobody knows may be one of the protocol's match, which `-p` names.
    fn load_protocol(&mut self, mistake: &Mistake<'_>) -> bool {
        if matches!(mistake, Mistake::NoValue(_) | Mistake::NoLongValue(_))
            || !self.protocol_given
            || self.protocol_loaded
        {
            return false;
        }
        let Some(ext) = ext::of_protocol(self.rule.proto, self.caller.family) else { return false };
        self.matches.push(Loaded::new(ext));
        self.protocol_loaded = true;
        true
    }

    fn mistake(&self, mistake: &Mistake<'_>) -> Fail {
        let word = self.words.at().checked_sub(1).and_then(|i| self.all.get(i)).copied();
        let word = word.unwrap_or(b"");
        let text = match mistake {
            Mistake::Invalid(letter) => [b"unknown option \"-", &[*letter][..], b"\""].concat(),
            Mistake::NoValue(_) | Mistake::NoLongValue(_) => {
                [b"option \"", word, b"\" requires an argument"].concat()
            }
            Mistake::UnwantedValue(name) => {
                let row = LONG.iter().find(|l| l.name == *name);
                match row.and_then(|l| u8::try_from(l.code).ok()) {
                    Some(letter) => [b"unknown option \"-", &[letter][..], b"\""].concat(),
                    None => [b"unknown option \"", word, b"\""].concat(),
                }
            }
            _ => [b"unknown option \"", word, b"\""].concat(),
        };
        Fail::Usage(text)
    }

    /// The next word, unless it looks like an option.
    fn optional(&mut self, value: Option<&'a [u8]>) -> Option<&'a [u8]> {
        value.or_else(|| match self.words.peek()?.first() {
            Some(b'-' | b'!') => None,
            _ => self.words.take(),
        })
    }

    fn option(&mut self, code: u32, value: Option<&'a [u8]>) -> Result {
        if code >= FIRST_EXTENSION {
            return self.extension(code - FIRST_EXTENSION, value.unwrap_or(b""));
        }
        let letter = u8::try_from(code).unwrap_or(0);
        if matches!(letter, b'w' | b'W') && self.caller.restoring.is_some() {
            let prog = self.caller.prog.as_bytes();
            return usage(&[b"You cannot use `-", &[letter], b"' from ", prog]);
        }
        if let Some((_, name, invertible)) = LIMITED.iter().find(|l| l.0 == letter) {
            self.limited(letter, name, *invertible)?;
        }
        let word = value.unwrap_or(b"");
        match letter {
            b'A' => self.command(Verb::Append, Some(word))?,
            b'C' => self.command(Verb::Check, Some(word))?,
            b'D' => {
                let number = self.optional(None);
                let verb = if number.is_some() { Verb::DeleteNumber } else { Verb::Delete };
                self.command(verb, Some(word))?;
                // This one is decimal, and there was to be more of it.
                if number.is_some_and(|n| n.contains(&b':')) {
                    return usage(&[b"Rule ranges are not supported"]);
                }
                self.take_number(number, 10)?;
            }
            b'R' => {
                self.command(Verb::Replace, Some(word))?;
                match self.optional(None) {
                    None => return usage(&[b"-R requires a rule number"]),
                    number => self.take_number(number, 0)?,
                }
            }
            b'I' => {
                self.command(Verb::Insert, Some(word))?;
                let number = self.optional(None);
                self.number = 1;
                self.take_number(number, 0)?;
            }
            b'L' | b'S' => {
                let verb = if letter == b'L' { Verb::List } else { Verb::ListRules };
                let chain = self.optional(value);
                self.command(verb, chain)?;
                if chain.is_some() {
                    let number = self.optional(None);
                    self.take_number(number, 0)?;
                }
            }
            b'F' => {
                let chain = self.optional(value);
                self.command(Verb::Flush, chain)?;
            }
            b'Z' => {
                let chain = self.optional(value);
                let number = if chain.is_some() { self.optional(None) } else { None };
                let verb = if number.is_some() { Verb::ZeroNumber } else { Verb::Zero };
                self.command(verb, chain)?;
                self.take_number(number, 0)?;
            }
            b'N' => {
                self.new_name(word)?;
                self.command(Verb::New, Some(word))?;
            }
            b'X' => {
                let chain = self.optional(value);
                self.command(Verb::DeleteChain, chain)?;
            }
            b'E' => {
                self.command(Verb::Rename, Some(word))?;
                match self.optional(None) {
                    Some(name) => self.second = name,
                    None => {
                        return usage(&[b"-E requires old-chain-name and new-chain-name"]);
                    }
                }
                self.new_name(self.second)?;
            }
            b'P' => {
                self.command(Verb::Policy, Some(word))?;
                match self.optional(None) {
                    Some(policy) => self.second = policy,
                    None => return usage(&[b"-P requires a chain and a policy"]),
                }
            }
            b'h' => {
                self.optional(value);
                let loaded: Vec<&'static Ext> =
                    self.matches.iter().chain(&self.target).map(|l| l.call.ext).collect();
                self.answer = Some(Asked::Answered(help::text(self.caller, &loaded)));
            }
            b'V' => {
                let text = match self.not {
                    true => format!("Not {} ;-)\n", super::fail::VERSION),
                    false => format!("{} v{}\n", self.caller.prog, super::fail::VERSION),
                };
                self.answer = Some(Asked::Answered(text.into_bytes()));
            }
            b'p' => self.protocol(word)?,
            b's' => self.source = Some((word, self.not)),
            b'd' => self.destination = Some((word, self.not)),
            b'j' => self.jump(word)?,
            b'g' => {
                self.limited(b'j', "jump", false)?;
                target_name(word)?;
                self.rule.target = Target::Goto(word.to_vec());
            }
            b'i' => self.rule.input = self.interface(word)?,
            b'o' => self.rule.output = self.interface(word)?,
            b'f' if self.caller.family == Family::V6 => {
                return usage(&[b"`-f' is not supported in IPv6, use -m frag instead"]);
            }
            b'f' => self.rule.fragment = Some(self.not),
            b'v' => self.verbose += 1,
            b'm' => self.load_match(word)?,
            b't' => {
                if self.not {
                    return usage(&[b"unexpected ! flag before --table"]);
                }
                if self.caller.restoring.is_some() {
                    return usage(&[
                        b"The -t option cannot be used in ",
                        self.caller.prog.as_bytes(),
                        b".\n",
                    ]);
                }
                self.table = word;
            }
            b'w' => {
                self.waits.0 = true;
                let seconds = self.optional(value);
                if seconds.is_some_and(|s| number(s, u32::MAX.into()).is_none()) {
                    return usage(&[b"wait seconds not numeric"]);
                }
            }
            b'W' => {
                self.waits.1 = true;
                if number(word, u32::MAX.into()).is_none() {
                    return usage(&[b"wait interval not numeric"]);
                }
                fd::stderr(b"Ignoring deprecated --wait-interval option.\n");
            }
            b'c' => self.counters(word)?,
            b'4' | b'6' => {
                let family = if letter == b'4' { Family::V4 } else { Family::V6 };
                if family != self.caller.family {
                    if self.caller.restoring.is_none() {
                        return Err(Fail::Bare(Vec::new()));
                    }
                    self.answer = Some(Asked::NotForUs);
                }
            }
            // -n, -x and --line-numbers are remembered as given; -M has no meaning here.
            _ => {}
        }
        Ok(())
    }

    fn extension(&mut self, code: u32, value: &[u8]) -> Result {
        let (number, index) = (code / PER_EXTENSION, code % PER_EXTENSION);
        let loaded = match number {
            0 => self.target.as_mut(),
            n => self.matches.get_mut(n as usize - 1),
        };
        let Some(loaded) = loaded else { return Ok(()) };
        let about = (self.caller.family, self.rule.proto, self.rule.proto_not);
        loaded.option(index as usize, value, self.not, about, &mut self.words, self.db)
    }

    /// An option that may be given once, and only with some commands.
    fn limited(&mut self, letter: u8, name: &str, invertible: bool) -> Result {
        if self.not && !invertible {
            return usage(&[b"cannot have ! before --", name.as_bytes()]);
        }
        if letter != b'v' && self.given.contains(&letter) {
            return usage(&[b"multiple --", name.as_bytes(), b" options not allowed"]);
        }
        self.given.push(letter);
        Ok(())
    }

    fn command(&mut self, verb: Verb, chain: Option<&'a [u8]>) -> Result {
        if self.not {
            return usage(&[b"unexpected '!' flag"]);
        }
        let goes = |other: &Verb| {
            (verb.is_zero() && other.is_list()) || (verb.is_list() && other.is_zero())
        };
        if let Some(other) = self.verbs.iter().find(|v| !goes(v)) {
            let text = format!("Cannot use -{} with -{}", verb.letter(), other.letter());
            return usage(&[text.as_bytes()]);
        }
        self.verbs.push(verb);
        if chain.is_some() {
            self.chain = chain;
        }
        Ok(())
    }

    fn take_number(&mut self, word: Option<&[u8]>, base: u32) -> Result {
        let Some(word) = word else { return Ok(()) };
        let number = numeral::u64(word, base).and_then(|n| i32::try_from(n).ok());
        match number.and_then(|n| usize::try_from(n).ok()) {
            None | Some(0) => usage(&[b"Invalid rule number `", word, b"'"]),
            Some(n) => {
                self.number = n;
                Ok(())
            }
        }
    }

    fn new_name(&self, name: &[u8]) -> Result {
        chain_name(name, self.caller.family)
    }

    fn protocol(&mut self, word: &[u8]) -> Result {
        let number = proto::parse(&word.to_ascii_lowercase(), self.db)?;
        if number == 0 && self.not {
            return usage(&[b"rule would never match protocol"]);
        }
        // Headers that IPv6 chains: no packet has them as its protocol.
        if self.caller.family == Family::V6 && !self.not && matches!(number, 43 | 44 | 51 | 60) {
            fd::stderr(
                &[
                    b"Warning: never matched protocol: ",
                    &word.to_ascii_lowercase()[..],
                    b". use extension match instead.\n",
                ]
                .concat(),
            );
        }
        self.rule.proto = number;
        self.rule.proto_not = self.not;
        self.protocol_given = true;
        Ok(())
    }

    fn interface(&self, word: &[u8]) -> Result<Iface> {
        if word.is_empty() {
            return usage(&[b"Empty interface is likely to be undesired"]);
        }
        if word.len() > MAX_INTERFACE {
            return usage(&[b"interface name `", word, b"' must be shorter than 16 characters"]);
        }
        if word.iter().any(|b| matches!(b, b'/' | b' ')) {
            fd::stderr(
                &[
                    b"Warning: weird character in interface `",
                    word,
                    b"' ('/' and ' ' are not allowed by the kernel).\n",
                ]
                .concat(),
            );
        }
        Ok(Iface { name: word.to_vec(), not: self.not })
    }

    fn jump(&mut self, word: &[u8]) -> Result {
        target_name(word)?;
        self.rule.target = match word {
            b"ACCEPT" => Target::Accept,
            b"DROP" => Target::Drop,
            b"RETURN" => Target::Return,
            name => match ext::find(Kind::Target, name, self.caller.family) {
                Some(ext) => {
                    self.target = Some(Loaded::new(ext));
                    Target::None
                }
                None if ext::is_target_not_built(name) => {
                    return usage(&[
                        b"Couldn't load target `",
                        name,
                        b"':No such file or directory\n",
                    ]);
                }
                None => Target::Jump(name.to_vec()),
            },
        };
        Ok(())
    }

    fn load_match(&mut self, word: &[u8]) -> Result {
        if self.not {
            return usage(&[b"unexpected ! flag before --match"]);
        }
        match ext::find(Kind::Match, word, self.caller.family) {
            Some(ext) => {
                self.matches.push(Loaded::new(ext));
                Ok(())
            }
            None if word.len() > MAX_NAME => {
                usage(&[b"Invalid match name \"", word, b"\" (28 chars max)"])
            }
            None => usage(&[b"Couldn't load match `", word, b"':No such file or directory\n"]),
        }
    }

    fn counters(&mut self, word: &'a [u8]) -> Result {
        let (packets, bytes) = match word.iter().position(|&b| b == b',') {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, self.optional(None)),
        };
        let Some(bytes) = bytes else {
            return usage(&[b"--set-counters requires packet and byte counter"]);
        };
        let leading = |word| {
            let (negative, n, _) = numeral::leading(word, 10)?;
            Some(numeral::unsigned(negative, n))
        };
        match (leading(packets), leading(bytes)) {
            (None, _) => usage(&[b"--set-counters packet counter not numeric"]),
            (_, None) => usage(&[b"--set-counters byte counter not numeric"]),
            (Some(packets), Some(bytes)) => {
                self.rule.counters = (packets, bytes);
                Ok(())
            }
        }
    }
}

/// A value that may be left out is taken by the option itself.
fn value_of(opt: &Opt) -> Value {
    if opt.arg.is_empty() || opt.optional { Value::No } else { Value::Needed }
}
