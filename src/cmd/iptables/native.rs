//! Native expressions for extensions that a kernel lacks, or all of them where nothing of x_tables
//! is there: the most that container software and tutorials use.
//!
//! What expressions cannot keep (where a comment stands, `-m state` instead of `-m conntrack`, the
//! order of ports) goes into a note beside the rule. It is believed only when the rule that it
//! tells of would have the expressions that are there.

use crate::names::NetDb;
use crate::nft::{Exprs, NewSet};

use super::ext::Kind;
use super::family::Family;
use super::lower::lower_for;
use super::options::{self, Asked, Caller};
use super::raise::raise;
use super::restore::split;
use super::rule::{Call, Rule};
use super::sets::Sets;
use super::show::Show;

/// What is noted beside a rule: type, length, value, as `nft` keeps its comments, which have
/// type 0. It skips types that it does not know.
const COMMENT: u8 = 0;
const NOTE: u8 = 0x69;
/// NFT_USERDATA_MAXLEN.
const MAX_USER_DATA: usize = 256;

/// By what the kernel knows an extension: the name and the revision.
pub type Name = (Kind, &'static str, u8);

/// Extensions that the kernel does not have.
#[derive(Debug, Default)]
pub struct Lacks(Vec<Name>);

impl Lacks {
    pub fn add(&mut self, name: Name) {
        self.0.push(name);
    }
    pub fn has(&self, name: Name) -> bool {
        self.0.contains(&name)
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub fn name_of(call: &Call) -> Name {
    (call.ext.kind, call.ext.wire, call.ext.revision)
}

/// What a rule is made of.
#[derive(Default)]
pub struct Lowered {
    /// The number of its first set within the batch; the others follow.
    pub first_set: u32,
    pub exprs: Exprs,
    /// Looked up by the names that [`set_name`] gives.
    pub sets: Vec<NewSet>,
    pub user_data: Vec<u8>,
    /// The extensions that were asked of the kernel.
    pub asked: Vec<Name>,
}

/// How a rule's set is called in the batch that makes it. The kernel goes by its number there.
pub fn set_name(index: usize) -> Vec<u8> {
    format!("__set%d{index}").into_bytes()
}

impl Lowered {
    /// Its sets, as they would be read.
    fn known(&self) -> Sets {
        let sets = Sets::default();
        for (i, set) in self.sets.iter().enumerate() {
            sets.know(&set_name(i), &set.ranges);
        }
        sets
    }

    /// Notes what the expressions do not tell. False when there is no room for a comment.
    pub fn note(&mut self, rule: &Rule, family: Family) -> bool {
        let comment = rule.matches.iter().find(|c| c.ext.wire == "comment").map(text_of);
        let is_told =
            |user_data: &[u8]| raise(self.exprs.bytes(), user_data, family, &self.known()) == *rule;
        let mut user_data = Vec::new();
        if let Some(text) = comment.filter(|t| !t.is_empty()) {
            push(&mut user_data, COMMENT, &[text, b"\0"].concat());
        }
        if user_data.len() <= MAX_USER_DATA && is_told(&user_data) {
            self.user_data = user_data;
            return true;
        }
        let words = words(rule, family);
        let mut note = Vec::new();
        push(&mut note, NOTE, &words);
        // For `nft` to show the comment too, if both fit.
        if user_data.len() + note.len() <= MAX_USER_DATA {
            note.extend_from_slice(&user_data);
        }
        if words.len() < 256 && note.len() <= MAX_USER_DATA && is_told(&note) {
            self.user_data = note;
            return true;
        }
        // The rule is right without the rest.
        comment.is_none()
    }
}

fn push(user_data: &mut Vec<u8>, kind: u8, value: &[u8]) {
    // One that is too long is not kept.
    user_data.extend([kind, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
    user_data.extend_from_slice(value);
}

fn words(rule: &Rule, family: Family) -> Vec<u8> {
    let db = NetDb::default();
    let show =
        Show { family, db: &db, numeric: true, verbose: false, exact: false, line_numbers: false };
    let mut text = Vec::new();
    show.words(&mut text, rule, b"X");
    text.strip_prefix(b"-A X").unwrap_or(&text).trim_ascii().to_vec()
}

/// The rule that a note tells of, if it has these expressions.
pub fn noted(user_data: &[u8], raised: &Rule, family: Family) -> Option<Rule> {
    let note = find(user_data, NOTE)?;
    let owned = split(note);
    let words: Vec<&[u8]> =
        [&b"-A"[..], b"X"].into_iter().chain(owned.iter().map(AsRef::as_ref)).collect();
    let db = NetDb::default();
    let caller = Caller { prog: "iptables", family, restoring: None };
    let Ok(Asked::Command(mut command)) = options::read(&words, caller, &db) else { return None };
    let mut rule = command.rules.pop().filter(|_| command.rules.is_empty())?;
    // Whichever extensions were there: each in its native form, and then each in its own.
    let mut all = Lacks::default();
    rule.calls().for_each(|call| all.add(name_of(call)));
    let lowered = lower_for(&rule, family, &all, 0);
    let mut again = raise(lowered.exprs.bytes(), &[], family, &lowered.known());
    let mut raised = raised.clone();
    // Comments are no expressions.
    for rule in [&mut again, &mut raised] {
        rule.matches.retain(|c| c.ext.wire != "comment");
    }
    rule.counters = raised.counters;
    (again == raised).then_some(rule)
}

/// The comment that `nft` notes.
pub fn comment(user_data: &[u8]) -> Option<&[u8]> {
    find(user_data, COMMENT)?.split(|&b| b == 0).next()
}

/// What is noted under a type.
fn find(mut data: &[u8], wanted: u8) -> Option<&[u8]> {
    while let [kind, len, rest @ ..] = data {
        let value = rest.get(..usize::from(*len))?;
        if *kind == wanted {
            return Some(value);
        }
        data = &rest[usize::from(*len)..];
    }
    None
}

fn text_of(call: &Call) -> &[u8] {
    call.info.split(|&b| b == 0).next().unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nft::{Expr, Reader};

    fn rule(family: Family, line: &str) -> Rule {
        let owned = split(line.as_bytes());
        let words: Vec<&[u8]> =
            [&b"-A"[..], b"X"].into_iter().chain(owned.iter().map(AsRef::as_ref)).collect();
        let db = NetDb::default();
        let caller = Caller { prog: "iptables", family, restoring: None };
        match options::read(&words, caller, &db) {
            Ok(Asked::Command(command)) => command.rules[0].clone(),
            _ => panic!("{line}"),
        }
    }

    fn bare(family: Family, line: &str) -> (Rule, Lowered) {
        let rule = rule(family, line);
        let mut lacks = Lacks::default();
        rule.calls().for_each(|call| lacks.add(name_of(call)));
        let lowered = lower_for(&rule, family, &lacks, 7);
        (rule, lowered)
    }

    #[test]
    fn nothing_of_x_tables_is_needed_and_all_comes_back() {
        let v4 = [
            "-p tcp -m tcp",
            "-p udp -m udp -j ACCEPT",
            "-m state --state NEW,ESTABLISHED -j ACCEPT",
            "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "-m conntrack ! --ctstate INVALID,UNTRACKED -j ACCEPT",
            "-m conntrack --ctstate SNAT,DNAT --ctdir REPLY -j ACCEPT",
            "-m conntrack ! --ctstatus EXPECTED,ASSURED -j ACCEPT",
            "-p tcp -m multiport --dports 443,22,80:90,85 -j ACCEPT",
            "-p udp -m multiport ! --sports 53 -j ACCEPT",
            "-p udp -m multiport ! --sports 53,5 -j ACCEPT",
            "-m comment --comment first -p tcp -m tcp --dport 80 -j ACCEPT",
            "-p tcp -m tcp --dport 80 -m comment --comment \"behind it\" -j ACCEPT",
            "-m comment --comment a -m comment --comment b -j X",
            "-m addrtype --dst-type LOCAL -j X",
            "-m addrtype ! --src-type LOCAL,BROADCAST --dst-type UNICAST --limit-iface-in",
            "-m mark --mark 0x4000/0x4000 -j MARK --set-xmark 0x0/0x4000",
            "-j MARK --set-xmark 0x5/0xffffffff",
            "-m connmark ! --mark 0x1/0xff -j CONNMARK --save-mark",
            "-j CONNMARK --restore-mark",
            "-j CONNMARK --set-xmark 0x1/0x3",
            "-m limit --limit 3/min -j LOG --log-prefix \"a b \" --log-level 7 --log-uid",
            "-j LOG",
            "-j REJECT",
            "-p tcp -j REJECT --reject-with tcp-reset",
            "-p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-admin-prohibited",
            "-p icmp -m icmp ! --icmp-type 3/4 -j DROP",
            "-p icmp -m icmp --icmp-type any -j DROP",
            "-m iprange ! --src-range 1.1.1.1-1.1.1.9 --dst-range 2.2.2.2-2.2.2.3",
            "-m pkttype ! --pkt-type multicast -m ttl --ttl-gt 5",
            "-m mac ! --mac-source 02:00:00:00:00:01 -j DROP",
            "-m owner --uid-owner 7 -j ACCEPT",
            "-m statistic --mode random --probability 0.33333333349 -j X",
            "-j MASQUERADE",
            "-p tcp -j MASQUERADE --to-ports 5-9 --random-fully",
            "-p tcp -j REDIRECT --to-ports 3128",
            "-p tcp -m tcp --dport 80 -j DNAT --to-destination 1.2.3.4:8080",
            "-p udp -j DNAT --to-destination 1.2.3.4-1.2.3.9:5-6 --random",
            "-j DNAT --to-destination 1.2.3.4 --persistent",
            "-j SNAT --to-source 1.2.3.4",
            "-p tcp -j SNAT --to-source 1.2.3.4-1.2.3.5:5",
        ];
        let v6 = [
            "-p tcp -j DNAT --to-destination [2001:db8::1]:80",
            "-j SNAT --to-source ::1-::5",
            "-j MASQUERADE",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT --reject-with icmp6-adm-prohibited",
            "-m hl ! --hl-eq 5 -m iprange --dst-range ::1-::9",
        ];
        let v4 = v4.into_iter().map(|line| (Family::V4, line));
        for (family, line) in v4.chain(v6.into_iter().map(|line| (Family::V6, line))) {
            let (rule, mut lowered) = bare(family, line);
            assert!(lowered.asked.is_empty(), "{line}: {:?}", lowered.asked);
            for expr in Reader::new(lowered.exprs.bytes()) {
                let old = matches!(expr, Expr::Match { .. } | Expr::Target { .. } | Expr::Other(_));
                assert!(!old, "{line}: {expr:?}");
            }
            assert!(lowered.note(&rule, family), "{line}");
            let known = lowered.known();
            let back = raise(lowered.exprs.bytes(), &lowered.user_data, family, &known);
            assert_eq!(words(&back, family), words(&rule, family), "{line}");
            assert_eq!(back, rule, "{line}");
        }
    }

    #[test]
    fn a_note_is_not_believed_when_the_rule_is_another() {
        let (rule, mut lowered) = bare(Family::V4, "-m state --state NEW -j ACCEPT");
        assert!(lowered.note(&rule, Family::V4) && !lowered.user_data.is_empty());
        let (_, other) = bare(Family::V4, "-m state --state INVALID -j ACCEPT");
        let known = Sets::default();
        let back = raise(other.exprs.bytes(), &lowered.user_data, Family::V4, &known);
        assert_eq!(words(&back, Family::V4), b"-m conntrack --ctstate INVALID -j ACCEPT");
        for end in 0..lowered.user_data.len() {
            let note = &lowered.user_data[..end];
            let back = raise(lowered.exprs.bytes(), note, Family::V4, &known);
            assert_eq!(words(&back, Family::V4), b"-m conntrack --ctstate NEW -j ACCEPT");
        }
    }

    #[test]
    fn what_has_no_native_form_is_asked_of_the_kernel() {
        for line in [
            "-m physdev --physdev-in a",
            "-m conntrack --ctstate NEW,DNAT",
            "-m conntrack --ctorigdst 1.2.3.4",
            "-p tcp -m multiport --ports 1,2",
            "-p tcp -j DNAT --to-destination 1.2.3.4:5-6/7",
            "-p tcp -m tcp --tcp-option 5",
        ] {
            assert_eq!(bare(Family::V4, line).1.asked.len(), 1, "{line}");
        }
    }

    #[test]
    fn a_long_comment_is_kept_or_refused() {
        let line = |n: usize| format!("-m comment --comment {} -j LOG", "x".repeat(n));
        let (rule, mut lowered) = bare(Family::V4, &line(240));
        assert!(lowered.note(&rule, Family::V4));
        let (rule, mut lowered) = bare(Family::V4, &line(255));
        assert!(!lowered.note(&rule, Family::V4));
    }
}
