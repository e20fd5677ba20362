//! The flags of an address: IFA_F_* and their words.

use crate::output::{Field, Out, field};
use crate::rtnl::addr::{
    IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_HOMEADDRESS, IFA_F_MANAGETEMPADDR, IFA_F_MCAUTOJOIN,
    IFA_F_NODAD, IFA_F_NOPREFIXROUTE, IFA_F_OPTIMISTIC, IFA_F_PERMANENT, IFA_F_SECONDARY,
    IFA_F_STABLE_PRIVACY, IFA_F_TENTATIVE,
};

/// One flag.
pub struct Flag {
    pub word: &'static str,
    /// IFA_F_*
    pub bit: u32,
    /// Whether it may be set, and on what.
    pub set: Set,
}

/// Whether a flag may be set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Set {
    Any,
    /// On IPv6 addresses only.
    Inet6,
    /// Only the kernel sets it.
    Never,
}

/// In the order in which they are shown.
#[rustfmt::skip] // one row, one line
pub static FLAGS: &[Flag] = &[
    Flag { word: "secondary", bit: IFA_F_SECONDARY, set: Set::Never },
    Flag { word: "temporary", bit: IFA_F_SECONDARY, set: Set::Never },
    Flag { word: "nodad", bit: IFA_F_NODAD, set: Set::Inet6 },
    Flag { word: "optimistic", bit: IFA_F_OPTIMISTIC, set: Set::Inet6 },
    Flag { word: "dadfailed", bit: IFA_F_DADFAILED, set: Set::Never },
    Flag { word: "home", bit: IFA_F_HOMEADDRESS, set: Set::Inet6 },
    Flag { word: "deprecated", bit: IFA_F_DEPRECATED, set: Set::Never },
    Flag { word: "tentative", bit: IFA_F_TENTATIVE, set: Set::Never },
    Flag { word: "permanent", bit: IFA_F_PERMANENT, set: Set::Never },
    Flag { word: "mngtmpaddr", bit: IFA_F_MANAGETEMPADDR, set: Set::Inet6 },
    Flag { word: "noprefixroute", bit: IFA_F_NOPREFIXROUTE, set: Set::Any },
    Flag { word: "autojoin", bit: IFA_F_MCAUTOJOIN, set: Set::Any },
    Flag { word: "stable-privacy", bit: IFA_F_STABLE_PRIVACY, set: Set::Never },
];

/// The flag that a word names.
pub fn find(word: &[u8]) -> Option<&'static Flag> {
    FLAGS.iter().find(|f| f.word.as_bytes() == word)
}

/// IFA_F_* of a word; 0 for any other word.
pub fn bit(word: &[u8]) -> u32 {
    find(word).map_or(0, |f| f.bit)
}

const REST: Field = field("ifa_flags", "flags {} ");

/// Shows the flags; an address that is not permanent is dynamic.
pub fn show(out: &mut Out, flags: u32, inet6: bool) {
    // Most have this one, which is not said, and no other.
    if flags == IFA_F_PERMANENT {
        return;
    }
    let mut rest = flags;
    for f in FLAGS {
        rest &= !f.bit;
        // One bit has two names.
        if (f.word == "secondary" && inet6) || (f.word == "temporary" && !inet6) {
            continue;
        }
        let (word, shown) = match f.bit {
            IFA_F_PERMANENT => ("dynamic", flags & f.bit == 0),
            _ => (f.word, flags & f.bit != 0),
        };
        if shown {
            out.flag(word, word);
            out.text(" ");
        }
    }
    if rest != 0 {
        out.display(REST, format_args!("{rest:x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;

    fn text(flags: u32, inet6: bool) -> String {
        let mut o = Out::memory(Style::default());
        show(&mut o, flags, inet6);
        String::from_utf8(o.taken()).unwrap()
    }

    #[test]
    fn what_is_not_permanent_is_dynamic() {
        assert_eq!(text(IFA_F_PERMANENT | IFA_F_SECONDARY, false), "secondary ");
        assert_eq!(text(IFA_F_SECONDARY, true), "temporary dynamic ");
        assert_eq!(text(IFA_F_PERMANENT | 0x3000, true), "flags 3000 ");
    }

    #[test]
    fn every_bit_but_the_first_has_one_word() {
        for (i, f) in FLAGS.iter().enumerate().skip(2) {
            assert!(FLAGS[..i].iter().all(|g| g.bit != f.bit), "{}", f.word);
        }
    }
}
