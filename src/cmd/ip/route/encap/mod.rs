//! Encapsulations of a route (`encap TYPE ...`): one file each, and the table of them.
//!
//! A route, a hop of one and a nexthop object have the same two attributes: a number, which is
//! the place in the table, and a nest with what the words say.

mod bpf;
mod ila;
mod ioam6;
mod ip;
mod mpls;
mod opts;
mod rpl;
mod seg6;
mod seg6local;
mod srh;
mod word;
mod xfrm;

use crate::cli::{Args, Usage};
use crate::names::Names;
use crate::netlink::{Attrs, NLA_F_NESTED, Request};
use crate::output::{Field, Out, field};
use crate::rtnl::consts::{RTA_ENCAP, RTA_ENCAP_TYPE};
use crate::rtnl::nexthop::{NHA_ENCAP, NHA_ENCAP_TYPE};
use word::Said;

/// One encapsulation: how it is typed, sent and shown.
struct Encap {
    name: &'static str,
    /// Its words, for the usage.
    usage: &'static str,
    /// Reads words up to one that is not its own and adds attributes.
    send: fn(&mut Args<'_>, &mut Said<'_>) -> Result<(), Usage>,
    show: fn(&mut Out, &mut Names, Attrs<'_>, bool),
}

/// LWTUNNEL_ENCAP_* (linux/lwtunnel.h): the place, from 1, is the number.
static ENCAPS: &[Encap] = &[
    mpls::ENCAP,
    ip::ENCAP,
    ila::ENCAP,
    ip::ENCAP6,
    seg6::ENCAP,
    bpf::ENCAP,
    seg6local::ENCAP,
    rpl::ENCAP,
    ioam6::ENCAP,
    xfrm::ENCAP,
];

/// Where the two go: RTA_ENCAP and RTA_ENCAP_TYPE, or their like of nexthop objects.
pub struct Place {
    pub nest: u16,
    pub kind: u16,
}

/// Of a route, and of one hop of several.
pub const ROUTE: Place = Place { nest: RTA_ENCAP, kind: RTA_ENCAP_TYPE };
/// Of a nexthop object.
pub const NEXTHOP: Place = Place { nest: NHA_ENCAP, kind: NHA_ENCAP_TYPE };

/// Reads `TYPE ...` behind `encap` and adds the two attributes.
///
/// # Errors
///
/// The reference's sentences; all of them end a batch.
pub fn send(
    args: &mut Args<'_>,
    names: &mut Names,
    request: &mut Request,
    place: &Place,
) -> Result<(), Usage> {
    let word = args.need()?;
    if word == b"help" {
        return Err(Usage::new(255, format!("Usage: ip route ... encap ENCAP\n{}", usage())));
    }
    let Some(at) = ENCAPS.iter().position(|e| e.name.as_bytes() == word) else {
        return Err(args.wrong("\"encap type\" value is invalid\n"));
    };
    // One word is never enough, whatever it is (observed in iproute2 6.15).
    args.need()?;
    if args.is_empty() {
        return Err(args.required("encap type"));
    }
    args.back();
    request.from_word(args.at());
    let nest = request.nest(place.nest | NLA_F_NESTED);
    (ENCAPS[at].send)(args, &mut Said::new(names, request))?;
    request.end(nest);
    request.u16(place.kind, u16::try_from(at + 1).unwrap_or(0));
    Ok(())
}

/// `ENCAP := { mpls | ip | ... }`, for the usage.
pub fn types() -> String {
    let names: Vec<_> = ENCAPS.iter().map(|e| e.name).collect();
    format!("ENCAP := {{ {} }}", names.join(" | "))
}

/// `ENCAP := { mpls ... | ... }`, a line for each.
pub fn usage() -> String {
    let mut text = String::new();
    for e in ENCAPS {
        text.push_str(if text.is_empty() { "ENCAP := { " } else { "\n         | " });
        text.push_str(e.name);
        text.push(' ');
        text.push_str(e.usage);
    }
    text.push_str(
        " }\nFLAVOR := { psp | usp | usd | next-csid }\n\
         BPF := { object FILE | pinned FILE }",
    );
    text
}

const TYPE: Field = field("encap_type", "{} ");

/// Shows an encapsulation; `stats`: with what it has counted.
pub fn show(out: &mut Out, names: &mut Names, (kind, nest): (u16, Attrs<'_>), stats: bool) {
    out.open_object("encap");
    out.text(" encap ");
    match usize::from(kind).checked_sub(1).and_then(|at| ENCAPS.get(at)) {
        Some(e) => {
            out.str(TYPE, e.name);
            (e.show)(out, names, nest, stats);
        }
        None => out.str(TYPE, "unknown"),
    }
    out.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the words say, in hexadecimal: number, and each attribute of the nest.
    fn sent(line: &str) -> Result<(u16, Vec<String>), Vec<u8>> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let mut request = Request::new(0, 0, &[]);
        let mut args = Args::new(&words);
        send(&mut args, &mut Names::default(), &mut request, &ROUTE).map_err(|e| e.text)?;
        assert!(args.is_empty(), "{line}");
        let all = Attrs(request.payload());
        let nest = all.find(RTA_ENCAP).unwrap().nested();
        let shown = nest.map(|a| {
            let hex: String = a.value.iter().map(|b| format!("{b:02x}")).collect();
            format!("{}:{hex}", a.kind)
        });
        Ok((all.find(RTA_ENCAP_TYPE).unwrap().u16().unwrap(), shown.collect()))
    }

    /// Those that no kernel here takes; as iproute2 6.15 sends them.
    #[test]
    fn words_become_attributes() {
        for (line, kind, want) in [
            ("mpls 100/200 ttl 5", 1, "1:00064000000c8100 2:05"),
            ("ila ffff:0:0:1 csum-mode no-action", 3, "1:ffff000000000001 7:02"),
            (
                "rpl segs fc00::1,,fc00::2",
                8,
                "1:0006030300000000\
                 00000000000000000000000000000000\
                 fc000000000000000000000000000002fc000000000000000000000000000001",
            ),
            (
                "ioam6 freq 3/20 mode encap tunsrc fc00::5 tundst fc00::1 trace prealloc \
                 type 0xf00000 ns 65535 size 244",
                9,
                "4:03000000 5:14000000 1:02 6:fc000000000000000000000000000005 \
                 2:fc000000000000000000000000000001 3:ffff003df0000000",
            ),
            ("xfrm if_id 5", 10, "1:05000000"),
            (
                "ip geneve_opts 1:2:aabbccdd,3:4:00112233",
                2,
                "8:1c0001800600010000010000050002000200000008000300aabbccdd\
                 1c0001800600010000030000050002000400000008000300\
                 00112233",
            ),
            ("ip6 vxlan_opts 0x10", 4, "8:0c0002800800010010000000"),
            (
                "ip6 erspan_opts 2:5:1:63",
                4,
                "8:24000380050001000200000008000200000000050500030001000000050004003f000000",
            ),
        ] {
            let want: Vec<String> = want.split(' ').map(String::from).collect();
            // Numbers of one's own byte order stand as they do on most machines.
            if cfg!(target_endian = "little") {
                assert_eq!(sent(line), Ok((kind, want)), "{line}");
            }
        }
    }

    #[test]
    fn nothing_is_ignored() {
        for line in [
            "seg6 mode encap segs fc00::1 hmac x",
            "ila 1:2:3",
            "bpf headroom 5 headroom 6",
            "ioam6 trace prealloc type 0x1000000 ns 0 size 4",
            "ip geneve_opts 1:2:012",
        ] {
            assert!(sent(line).is_err(), "{line}");
        }
    }
}
