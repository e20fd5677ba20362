//! Flags of a route and of a nexthop: `onlink`, `linkdown`, ...; and those of a lookup's answer.

use crate::output::{Field, Out, field, text_only};
use crate::rtnl::consts::{
    RTM_F_NOTIFY, RTM_F_OFFLOAD, RTM_F_OFFLOAD_FAILED, RTM_F_TRAP, RTNH_F_DEAD, RTNH_F_LINKDOWN,
    RTNH_F_OFFLOAD, RTNH_F_ONLINK, RTNH_F_PERVASIVE, RTNH_F_TRAP, RTNH_F_UNRESOLVED,
};

/// In the order in which they are shown.
#[rustfmt::skip] // rows
static FLAGS: &[(u32, &str)] = &[
    (RTNH_F_DEAD, "dead"),
    (RTNH_F_ONLINK, "onlink"),
    (RTNH_F_PERVASIVE, "pervasive"),
    (RTNH_F_OFFLOAD, "offload"),
    (RTNH_F_TRAP, "trap"),
    (RTM_F_NOTIFY, "notify"),
    (RTNH_F_LINKDOWN, "linkdown"),
    (RTNH_F_UNRESOLVED, "unresolved"),
    (RTM_F_OFFLOAD, "rt_offload"),
    (RTM_F_TRAP, "rt_trap"),
    (RTM_F_OFFLOAD_FAILED, "rt_offload_failed"),
];

const FLAG: Field = field("", "{} ");

/// Shows the flags of a route (rtm_flags) or of a nexthop (rtnh_flags).
#[inline]
pub fn show(out: &mut Out, flags: u32) {
    // An empty list is seen in JSON only.
    if flags != 0 || out.is_json() {
        list(out, flags);
    }
}

fn list(out: &mut Out, flags: u32) {
    out.open_list("flags");
    let mut rest = flags;
    for &(bit, name) in FLAGS {
        // Most routes have one flag or none.
        if rest == 0 {
            break;
        }
        if rest & bit != 0 {
            out.str(FLAG, name);
        }
        rest &= !bit;
    }
    out.close_list();
}

/// RTCF_* (linux/in_route.h), in the order in which they are shown.
#[rustfmt::skip] // rows
static CACHE: &[(u32, &str)] = &[
    (0x8000_0000, "local"),
    (0x4000_0000, "reject"),
    (0x2000_0000, "mc"),
    (0x1000_0000, "brd"),
    (0x0800_0000, "dst-nat"),
    (0x0080_0000, "src-nat"),
    (0x0040_0000, "masq"),
    (0x0002_0000, "dst-direct"),
    (0x0400_0000, "src-direct"),
    (0x0004_0000, "redirected"),
    (0x0100_0000, "redirect"),
    (0x0020_0000, "fastroute"),
    (0x0001_0000, "notify"),
    (0x0008_0000, "proxy"),
];

const CACHED: Field = field("", "{}");
const REST: Field = text_only("{}");

/// Shows the line that a lookup's answer has below it: `cache <local>`.
pub fn show_cache(out: &mut Out, flags: u32) {
    out.open_list("cache");
    out.line_break();
    out.text("    cache ");
    let mut rest = flags & !0xffff;
    if rest != 0 {
        out.text("<");
        for &(bit, name) in CACHE {
            if rest & bit != 0 {
                rest &= !bit;
                out.str(CACHED, name);
                out.text(if rest == 0 { "" } else { "," });
            }
        }
        if rest != 0 {
            out.display(REST, format_args!("{rest:#x}"));
        }
        out.text("> ");
    }
    out.close_list();
}
