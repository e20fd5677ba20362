//! Types of routes: `unicast`, `blackhole`, ... and their numbers.

use crate::cli::{Word, exact, prefix, value};
use crate::names::Names;
use crate::output::{Field, Out};
use crate::rtnl::consts::{
    RTN_ANYCAST, RTN_BLACKHOLE, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_NAT, RTN_PROHIBIT,
    RTN_THROW, RTN_UNICAST, RTN_UNREACHABLE, RTN_UNSPEC, RTN_XRESOLVE,
};

/// The words, in the order in which beginnings are tried: `u` is unreachable.
static TYPES: &[(Word, u8)] = &[
    (exact("local"), RTN_LOCAL),
    (exact("nat"), RTN_NAT),
    (prefix("broadcast"), RTN_BROADCAST),
    (prefix("anycast"), RTN_ANYCAST),
    (prefix("multicast"), RTN_MULTICAST),
    (prefix("prohibit"), RTN_PROHIBIT),
    (prefix("unreachable"), RTN_UNREACHABLE),
    (prefix("blackhole"), RTN_BLACKHOLE),
    (prefix("xresolve"), RTN_XRESOLVE),
    (prefix("unicast"), RTN_UNICAST),
    (exact("throw"), RTN_THROW),
];

/// The type that a word or a number means (RTN_*).
pub fn parse(word: &[u8]) -> Option<u8> {
    if word == b"brd" {
        return Some(RTN_BROADCAST);
    }
    TYPES.iter().find(|(w, _)| w.is(word)).map(|&(_, n)| n).or_else(|| value::u8(word))
}

/// Shows a type by its name; unknown ones, and all with -Numeric, by their number.
pub fn show(out: &mut Out, names: &Names, f: Field, kind: u8) {
    let name = TYPES.iter().find(|&&(_, n)| n == kind).map(|(w, _)| w.full);
    match name.or((kind == RTN_UNSPEC).then_some("none")) {
        Some(name) if !names.numeric => out.str(f, name),
        _ => out.display(f, kind),
    }
}

/// `{ local | nat | ... }`, for the usage.
pub fn usage() -> String {
    let words: Vec<_> = TYPES.iter().map(|(w, _)| w.full).collect();
    format!("{{ {} | NUMBER }}", words.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_type_that_fits_wins() {
        for (word, want) in [
            ("u", Some(RTN_UNREACHABLE)),
            ("uni", Some(RTN_UNICAST)),
            ("b", Some(RTN_BROADCAST)),
            ("bl", Some(RTN_BLACKHOLE)),
            ("brd", Some(RTN_BROADCAST)),
            ("any", Some(RTN_ANYCAST)),
            ("p", Some(RTN_PROHIBIT)),
            ("loc", None),
            ("na", None),
            ("thr", None),
            ("0x6", Some(RTN_BLACKHOLE)),
            ("300", None),
            ("", None),
            ("unspec", None),
        ] {
            assert_eq!(parse(word.as_bytes()), want, "{word}");
        }
    }
}
