//! A rule as words (`-S`, iptables-save) and as a row (`-L`, `-v`).

use std::io::Write as _;

use crate::names::NetDb;

use super::address::{self, Net};
use super::ext::{Shown, quoted};
use super::family::Family;
use super::proto;
use super::rule::{Call, Iface, Rule, Target};

/// What both forms need besides the rule.
#[derive(Clone, Copy)]
pub struct Show<'s> {
    pub family: Family,
    pub db: &'s NetDb,
    /// Digits instead of names.
    pub numeric: bool,
    /// Interfaces and counters too.
    pub verbose: bool,
    /// Counters in full.
    pub exact: bool,
    pub line_numbers: bool,
}

fn put(out: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    out.extend_from_slice(text.as_ref());
}

/// At least `width` bytes.
fn padded(out: &mut Vec<u8>, text: &[u8], width: usize) {
    put(out, text);
    out.resize(out.len() + width.saturating_sub(text.len()), b' ');
}

/// A number of packets or bytes: in full up to 99999, then rounded to K, M, G, T.
fn count(out: &mut Vec<u8>, number: u64, width: usize, exact: bool) {
    let mut number = number;
    let mut unit = "";
    if !exact && number > 99_999 {
        for next in ["K", "M", "G", "T"] {
            number = number.saturating_add(500) / 1000;
            unit = next;
            if number <= 9999 {
                break;
            }
        }
    }
    let width = width.saturating_sub(unit.len());
    let _ = write!(out, "{number:>width$}{unit} ");
}

impl Show<'_> {
    fn shown<'c>(&'c self, call: &'c Call, rule: &Rule) -> Shown<'c> {
        let (family, proto) = (self.family, rule.proto);
        Shown { ext: call.ext, info: &call.info, family, proto, numeric: self.numeric, db: self.db }
    }

    /// The head of a chain that is jumped to, or of a built-in one with policy and counters.
    pub fn chain_head(&self, out: &mut Vec<u8>, name: &[u8], about: Head) {
        put(out, "Chain ");
        put(out, name);
        match about {
            Head::Policy { policy, counters } => {
                put(out, " (policy ");
                put(out, policy);
                if self.verbose {
                    out.push(b' ');
                    count(out, counters.0, 0, self.exact);
                    put(out, "packets, ");
                    count(out, counters.1, 0, self.exact);
                    put(out, "bytes");
                }
                put(out, ")\n");
            }
            Head::References(n) => put(out, format!(" ({n} references)\n")),
        }
        if self.line_numbers {
            put(out, "num  ");
        }
        if self.verbose {
            put(out, if self.exact { "    pkts      bytes " } else { " pkts bytes " });
        }
        put(out, "target     prot opt");
        if self.verbose {
            put(out, " in     out    ");
        }
        put(out, " source               destination         \n");
    }

    /// A row of `-L`.
    pub fn row(&self, out: &mut Vec<u8>, rule: &Rule, number: usize) {
        if self.line_numbers {
            let _ = write!(out, "{number:<4} ");
        }
        if self.verbose {
            let (packets, bytes) = if self.exact { (8, 8) } else { (5, 5) };
            count(out, rule.counters.0, packets, self.exact);
            count(out, rule.counters.1, bytes, self.exact);
        }
        padded(out, rule.target.column(), 9);
        out.push(b' ');
        self.columns(out, rule, true);
    }

    /// What `-v` prints of a rule that is added or deleted.
    pub fn echo(&self, out: &mut Vec<u8>, rule: &Rule) {
        put(out, rule.target.column());
        out.push(b' ');
        self.columns(out, rule, false);
    }

    fn columns(&self, out: &mut Vec<u8>, rule: &Rule, table: bool) {
        let width = |n: usize| if table { n } else { 0 };
        let mark = |not: bool| if not { b'!' } else { b' ' };
        out.push(mark(rule.proto_not));
        padded(out, &proto::listed(rule.proto, self.numeric, self.db), width(4));
        put(out, if table { " " } else { " opt " });
        put(
            out,
            match rule.fragment {
                None => "-- ",
                Some(false) => "-f ",
                Some(true) => "!f ",
            },
        );
        if self.verbose || !table {
            put(out, if table { " " } else { "in " });
            padded(out, &self.interface(&rule.input), width(6));
            put(out, if table { " " } else { " out " });
            padded(out, &self.interface(&rule.output), width(6));
            out.push(b' ');
        }
        out.push(mark(rule.source.not));
        padded(out, &self.addresses(&rule.source, &rule.others[0]), width(19));
        out.push(b' ');
        out.push(mark(rule.destination.not));
        let destination = self.addresses(&rule.destination, &rule.others[1]);
        if table {
            padded(out, &destination, 19);
            out.push(b' ');
        } else {
            put(out, "-> ");
            put(out, destination);
            put(out, "  ");
        }
        if matches!(rule.target, Target::Goto(_)) {
            put(out, "[goto] ");
        }
        for call in &rule.matches {
            (call.ext.list)(out, &self.shown(call, rule));
        }
        if let Target::Call(call) = &rule.target {
            (call.ext.list)(out, &self.shown(call, rule));
        }
        self.strange(out, rule);
        out.push(b'\n');
    }

    fn addresses(&self, net: &Net, others: &[Net]) -> Vec<u8> {
        let listed = |net: &Net| address::listed(self.family, net, self.numeric, self.db);
        let mut text = listed(net);
        for net in others {
            text.push(b',');
            text.extend_from_slice(&listed(net));
        }
        text
    }

    fn interface(&self, iface: &Iface) -> Vec<u8> {
        let mut name = if iface.not { b"!".to_vec() } else { Vec::new() };
        match iface.name.as_slice() {
            b"" => put(&mut name, if self.numeric { "*" } else { "any" }),
            other => put(&mut name, other),
        }
        name
    }

    /// `-A CHAIN …`; the counters before `-j` when verbose.
    pub fn words(&self, out: &mut Vec<u8>, rule: &Rule, chain: &[u8]) {
        put(out, "-A ");
        put(out, chain);
        let not = |out: &mut Vec<u8>, not: bool| put(out, if not { " !" } else { "" });
        let nets = [(&rule.source, " -s "), (&rule.destination, " -d ")];
        for ((net, option), others) in nets.into_iter().zip(&rule.others) {
            if !net.is_any() {
                not(out, net.not);
                let mut before = option;
                for net in [net].into_iter().chain(others) {
                    put(out, before);
                    put(out, self.family.show(&net.addr));
                    put(out, address::show_mask(self.family, &net.mask, true));
                    before = ",";
                }
            }
        }
        for (iface, option) in [(&rule.input, " -i "), (&rule.output, " -o ")] {
            if !iface.name.is_empty() {
                not(out, iface.not);
                put(out, option);
                put(out, &iface.name);
            }
        }
        if rule.proto != 0 {
            not(out, rule.proto_not);
            put(out, " -p ");
            put(out, proto::name(rule.proto));
        }
        if let Some(inverted) = rule.fragment {
            not(out, inverted);
            put(out, " -f");
        }
        for call in &rule.matches {
            put(out, " -m ");
            put(out, call.ext.name);
            (call.ext.save)(out, &self.shown(call, rule));
        }
        self.strange(out, rule);
        if self.verbose {
            put(out, format!(" -c {} {}", rule.counters.0, rule.counters.1));
        }
        match &rule.target {
            Target::None => {}
            Target::Goto(chain) => {
                put(out, " -g ");
                put(out, chain);
            }
            target => {
                put(out, " -j ");
                put(out, target.name());
            }
        }
        if let Target::Call(call) = &rule.target {
            (call.ext.save)(out, &self.shown(call, rule));
        }
        out.push(b'\n');
    }

    /// A mark that neither a person nor iptables-restore takes for a rule.
    fn strange(&self, out: &mut Vec<u8>, rule: &Rule) {
        if !rule.strange.is_empty() {
            put(out, " [unsupported:");
            for what in &rule.strange {
                quoted(out, what);
            }
            put(out, "]");
        }
    }
}

/// What the head of a chain tells.
#[derive(Clone, Copy, Debug)]
pub enum Head {
    Policy {
        policy: &'static str,
        counters: (u64, u64),
    },
    /// How many rules jump here.
    References(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_rounded() {
        let text = |n: u64| {
            let mut out = Vec::new();
            count(&mut out, n, 5, false);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(0), "    0 ");
        assert_eq!(text(99_999), "99999 ");
        assert_eq!(text(100_000), " 100K ");
        assert_eq!(text(9_999_499), "9999K ");
        assert_eq!(text(9_999_500), "  10M ");
    }
}
