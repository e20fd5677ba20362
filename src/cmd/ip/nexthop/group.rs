//! Groups of nexthops: members with weights, and the kinds of groups.

use crate::cli::{Args, Usage, value};
use crate::netlink::Request;
use crate::rtnl::nexthop::{
    NHA_GROUP, NHA_GROUP_TYPE, NHA_RES_GROUP, NHA_RES_GROUP_BUCKETS, NHA_RES_GROUP_IDLE_TIMER,
    NHA_RES_GROUP_UNBALANCED_TIMER,
};

const NLA_F_NESTED: u16 = 0x8000;
const NEXTHOP_GRP_TYPE_MPATH: u16 = 0;
const NEXTHOP_GRP_TYPE_RES: u16 = 1;
/// Clock ticks in a second.
const HZ: u32 = 100;

/// Takes `ID[,WEIGHT][/ID[,WEIGHT]]...` and adds the members.
///
/// # Errors
///
/// The reference's sentences.
pub fn members(args: &mut Args<'_>, request: &mut Request) -> Result<(), Usage> {
    let word = args.need()?;
    let all = parse(word).map_err(|(part, what)| {
        let text = [b"Error: argument \"", part, b"\" is wrong: ", what.as_bytes()].concat();
        Usage::new(255, text).at(args.at())
    })?;
    request.from_word(args.at());
    request.attr(NHA_GROUP, &all);
    Ok(())
}

/// struct nexthop_grp for each member, or the part of the word that is wrong and why.
fn parse(word: &[u8]) -> Result<Vec<u8>, (&[u8], &'static str)> {
    // The reference cuts the word up and shows what is left of it.
    let first = word.split(|b| matches!(b, b'/' | b',')).next().unwrap_or(word);
    let mut all = Vec::new();
    for member in word.split(|&b| b == b'/') {
        let mut parts = member.splitn(2, |&b| b == b',');
        let id = parts.next().and_then(value::u32);
        let id = id.ok_or((first, "\"group\" value is invalid\n"))?;
        let weight = match parts.next() {
            None => 1,
            Some(w) => value::u32(w)
                .filter(|w| (1..=65_536).contains(w))
                .ok_or((w, "\"weight\" is invalid\n"))?,
        };
        let [low, high, _, _] = (weight - 1).to_le_bytes();
        all.extend_from_slice(&id.to_ne_bytes());
        all.extend_from_slice(&[low, high, 0, 0]);
    }
    Ok(all)
}

/// What a resilient group may have, in the order in which it is tried.
#[derive(Clone, Copy)]
struct Timing {
    word: &'static str,
    arg: &'static str,
    attr: u16,
}

#[rustfmt::skip] // one row, one line
const TIMINGS: &[Timing] = &[
    Timing { word: "buckets", arg: "NUMBER", attr: NHA_RES_GROUP_BUCKETS },
    Timing { word: "idle_timer", arg: "SECONDS", attr: NHA_RES_GROUP_IDLE_TIMER },
    Timing { word: "unbalanced_timer", arg: "SECONDS", attr: NHA_RES_GROUP_UNBALANCED_TIMER },
];

/// The words behind `resilient`, for the usage.
pub fn words() -> String {
    TIMINGS.iter().map(|t| format!("[ {} {} ]", t.word, t.arg)).collect::<Vec<_>>().join(" ")
}

/// Takes the kind of a group and what belongs to it.
///
/// # Errors
///
/// The reference's sentences.
pub fn kind(args: &mut Args<'_>, request: &mut Request) -> Result<(), Usage> {
    let number = match args.need()? {
        b"mpath" => NEXTHOP_GRP_TYPE_MPATH,
        b"resilient" => NEXTHOP_GRP_TYPE_RES,
        _ => return Err(args.wrong("\"type\" value is invalid\n")),
    };
    request.from_word(args.at());
    request.u16(NHA_GROUP_TYPE, number);
    if number == NEXTHOP_GRP_TYPE_RES {
        let nest = request.nest(NHA_RES_GROUP | NLA_F_NESTED);
        while let Some(t) =
            args.peek().and_then(|w| TIMINGS.iter().find(|t| t.word.as_bytes() == w))
        {
            args.take();
            timing(args, *t, request)?;
        }
        request.end(nest);
    }
    Ok(())
}

fn timing(args: &mut Args<'_>, t: Timing, request: &mut Request) -> Result<(), Usage> {
    let ticks = |w: &[u8]| value::u32(w)?.checked_mul(HZ);
    match t.attr {
        NHA_RES_GROUP_BUCKETS => {
            let n = args.value(value::u16, "invalid buckets value")?;
            request.from_word(args.at());
            request.u16(t.attr, n);
        }
        NHA_RES_GROUP_IDLE_TIMER => {
            let n = args.value(ticks, "invalid idle timer value")?;
            request.from_word(args.at());
            request.u32(t.attr, n);
        }
        _ => {
            let n = args.value(ticks, "invalid unbalanced timer value")?;
            request.from_word(args.at());
            request.u32(t.attr, n);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_may_have_weights() {
        let want: &[u8] = &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(parse(b"1/2,257"), Ok(want.to_vec()));
        for (word, part, what) in [
            ("1/", "1", "\"group\" value is invalid\n"),
            ("/1", "", "\"group\" value is invalid\n"),
            ("1,2/x", "1", "\"group\" value is invalid\n"),
            ("1,65537", "65537", "\"weight\" is invalid\n"),
            ("1/2,0", "0", "\"weight\" is invalid\n"),
        ] {
            assert_eq!(parse(word.as_bytes()), Err((part.as_bytes(), what)), "{word}");
        }
    }
}
