//! What is looked at when all words have been read.

use crate::nft::Exprs;

use super::super::address::{self, Net};
use super::super::command::{Command, Verb};
use super::super::fail::{Fail, Result, usage};
use super::super::grammar::{LIMITED, allowed};
use super::super::rule::{Rule, Target};
use super::super::tables;
use super::name::{MAX_NAME, too_long};
use super::{Asked, Parser};

impl<'a> Parser<'a, '_> {
    pub(super) fn finish(mut self) -> Result<Asked<'a>> {
        let drops = self.rule.target.name() == b"DROP"
            || self.second == b"DROP" && self.verbs.contains(&Verb::Policy);
        if self.table == b"nat" && drops {
            return usage(&[
                b"\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n",
            ]);
        }
        for loaded in self.matches.iter_mut().chain(&mut self.target) {
            loaded.finish()?;
        }
        if self.waits == (false, true) {
            return usage(&[b"--wait-interval only makes sense with --wait\n"]);
        }
        if self.words.at() < self.all.len() {
            return usage(&[b"unknown arguments found on commandline"]);
        }
        let Some(&first) = self.verbs.first() else {
            return usage(&[b"no command specified"]);
        };
        if self.not {
            return usage(&[b"nothing appropriate following !"]);
        }
        let addresses = self.addresses()?;
        let verb = self.verbs.iter().copied().find(|v| v.is_list()).unwrap_or(first);
        let then_zero = self.verbs.iter().copied().find(|v| v.is_zero() && *v != verb);
        self.check_allowed(verb)?;
        if verb.has_rule() {
            self.check_interfaces()?;
        }
        if let Some(chain) = self.chain.filter(|c| c.len() > MAX_NAME) {
            return too_long(chain);
        }
        if tables::find(self.table).is_none() {
            return Err(Fail::Version([b"table '", self.table, b"' does not exist"].concat()));
        }
        if verb.has_rule() {
            self.check_protocol()?;
        }
        let rules = self.rules(verb, &addresses);
        let given = |letter: u8| self.given.contains(&letter);
        Ok(Asked::Command(Box::new(Command {
            verb,
            then_zero,
            table: self.table,
            chain: self.chain,
            second: self.second,
            number: self.number,
            rules,
            verbose: self.verbose,
            numeric: given(b'n'),
            exact: given(b'x'),
            line_numbers: given(b'0'),
        })))
    }

    /// What looks at the header of a protocol needs that protocol.
    fn check_protocol(&self) -> Result {
        for call in self.matches.iter().map(|l| &l.call) {
            let Some(transport) = &call.ext.transport else { continue };
            if self.rule.proto == transport.protocol {
                continue;
            }
            if (transport.lower)(&call.info, &mut Exprs::default()) {
                let name = call.ext.name;
                let text = format!("{} match requires '-p {name}'", name.to_uppercase());
                return usage(&[text.as_bytes()]);
            }
        }
        Ok(())
    }

    fn check_allowed(&self, verb: Verb) -> Result {
        if self.given.iter().all(|letter| allowed(verb).contains(letter)) {
            return Ok(());
        }
        for (letter, name, _) in LIMITED {
            if self.given.contains(letter) && !allowed(verb).contains(letter) {
                return usage(&[b"Illegal option `--", name.as_bytes(), b"' with this command"]);
            }
        }
        Ok(())
    }

    fn check_interfaces(&self) -> Result {
        let chain = self.chain.unwrap_or(b"");
        let (letter, name) = match chain {
            b"PREROUTING" | b"INPUT" => (b'o', "out-interface"),
            b"POSTROUTING" | b"OUTPUT" => (b'i', "in-interface"),
            _ => return Ok(()),
        };
        if self.given.contains(&letter) {
            return usage(&[b"Can't use --", name.as_bytes(), b" with ", chain]);
        }
        Ok(())
    }

    /// One rule for each source and destination.
    fn rules(&mut self, verb: Verb, [sources, destinations]: &[Vec<Net>; 2]) -> Vec<Rule> {
        if !verb.has_rule() {
            return Vec::new();
        }
        let mut rule = std::mem::take(&mut self.rule);
        rule.matches = self.matches.drain(..).map(|l| l.call).collect();
        if let Some(loaded) = self.target.take() {
            rule.target = Target::Call(loaded.call);
        }
        if let ([source], [destination]) = (&sources[..], &destinations[..]) {
            return vec![Rule { source: *source, destination: *destination, ..rule }];
        }
        let mut rules = Vec::with_capacity(sources.len() * destinations.len());
        for source in sources {
            for destination in destinations {
                rules.push(Rule { source: *source, destination: *destination, ..rule.clone() });
            }
        }
        rules
    }

    /// What -s and -d say; without them any address.
    fn addresses(&self) -> Result<[Vec<Net>; 2]> {
        let read = |given: Option<(&[u8], bool)>| match given {
            Some((word, _)) => address::list(self.caller.family, word, self.db),
            None => Ok(vec![Net::ANY]),
        };
        let mut both = [read(self.source)?, read(self.destination)?];
        let not = [self.source, self.destination].map(|g| g.is_some_and(|(_, not)| not));
        if both.iter().any(|nets| nets.len() > 1) && not.contains(&true) {
            return usage(&[b"! not allowed with multiple source or destination IP addresses"]);
        }
        for (nets, not) in both.iter_mut().zip(not) {
            for net in nets {
                net.not = not;
            }
        }
        Ok(both)
    }
}
