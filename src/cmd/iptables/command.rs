//! What the words of a command line, or of a line of a restored file, ask for.

use super::rule::Rule;

/// The commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Append,
    Insert,
    Delete,
    DeleteNumber,
    Check,
    Replace,
    List,
    ListRules,
    Flush,
    Zero,
    ZeroNumber,
    New,
    DeleteChain,
    Rename,
    Policy,
}

impl Verb {
    /// The letter of its option.
    pub fn letter(self) -> char {
        match self {
            Verb::Append => 'A',
            Verb::Insert => 'I',
            Verb::Delete | Verb::DeleteNumber => 'D',
            Verb::Check => 'C',
            Verb::Replace => 'R',
            Verb::List => 'L',
            Verb::ListRules => 'S',
            Verb::Flush => 'F',
            Verb::Zero | Verb::ZeroNumber => 'Z',
            Verb::New => 'N',
            Verb::DeleteChain => 'X',
            Verb::Rename => 'E',
            Verb::Policy => 'P',
        }
    }
    /// Whether it takes a rule.
    pub fn has_rule(self) -> bool {
        matches!(self, Verb::Append | Verb::Insert | Verb::Delete | Verb::Check | Verb::Replace)
    }
    pub fn is_zero(self) -> bool {
        matches!(self, Verb::Zero | Verb::ZeroNumber)
    }
    pub fn is_list(self) -> bool {
        matches!(self, Verb::List | Verb::ListRules)
    }
}

/// A command.
#[derive(Debug)]
pub struct Command<'a> {
    pub verb: Verb,
    /// -Z together with -L or -S.
    pub then_zero: Option<Verb>,
    pub table: &'a [u8],
    pub chain: Option<&'a [u8]>,
    /// The new name, or the policy.
    pub second: &'a [u8],
    /// The number of a rule, from 1; 0 for none.
    pub number: usize,
    /// For each source and destination one.
    pub rules: Vec<Rule>,
    pub verbose: u32,
    pub numeric: bool,
    pub exact: bool,
    pub line_numbers: bool,
}
