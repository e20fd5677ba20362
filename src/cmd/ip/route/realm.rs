//! Realms: marks of a route for classifiers, `FROM/TO`.

use crate::cli::value;
use crate::names::{Kind, Names};
use crate::output::{Field, Out, field};

const FROM: Field = field("from", "{}/");
const TO: Field = field("to", "{} ");

/// `FROM/TO`, `FROM/`, or `TO`, which may also be the raw number of 32 bits; as RTA_FLOW.
pub fn parse(word: &[u8], names: &mut Names) -> Option<u32> {
    let Some(slash) = word.iter().position(|&b| b == b'/') else {
        return match word {
            [] => Some(0),
            _ => names.number(Kind::Realm, word).or_else(|| value::u32(word)),
        };
    };
    let from = names.number(Kind::Realm, &word[..slash])?;
    let to = match &word[slash + 1..] {
        [] => 0,
        word => names.number(Kind::Realm, word)?,
    };
    Some(from << 16 | to)
}

/// The bits of RTA_FLOW that a selector means: a half that is 0 and was not typed is any.
pub fn mask(word: &[u8], realms: u32) -> u32 {
    let mut mask = u32::MAX;
    if realms & 0xffff == 0 && word.ends_with(b"/") {
        mask &= !0xffff;
    }
    if realms >> 16 == 0 && !word.contains(&b'/') {
        mask &= 0xffff;
    }
    mask
}

/// Shows RTA_FLOW.
pub fn show(out: &mut Out, names: &mut Names, flow: u32) {
    let (from, to) = (flow >> 16, flow & 0xffff);
    out.open_object("flow");
    out.text(if from == 0 { "realm " } else { "realms " });
    if from != 0 {
        out.str(FROM, &names.show(Kind::Realm, from));
    }
    out.str(TO, &names.show(Kind::Realm, to));
    out.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_names_or_numbers_and_the_whole_may_be_raw() {
        let mut names = Names::default();
        let mut read = |w: &str| parse(w.as_bytes(), &mut names);
        assert_eq!(read("1/2"), Some(0x1_0002));
        assert_eq!(read("5/"), Some(0x5_0000));
        assert_eq!(read("0x10002"), Some(0x1_0002));
        assert_eq!(read("300"), Some(300));
        assert_eq!(read(""), Some(0));
        assert_eq!(read("1/300"), None);
        assert_eq!(read("/2"), None);
    }

    #[test]
    fn a_half_not_typed_is_any() {
        assert_eq!(mask(b"1/", 0x1_0000), 0xffff_0000);
        assert_eq!(mask(b"2", 2), 0xffff);
        assert_eq!(mask(b"1/2", 0x1_0002), u32::MAX);
    }
}
