//! IFLA_XDP: the BPF program that sees a device's packets first.

use crate::netlink::Attrs;
use crate::output::{Out, json_only, text_only};
use crate::rtnl::consts::IFLA_XDP;
use crate::rtnl::link::Link;

const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_PROG_ID: u16 = 4;

/// XDP_ATTACHED_*: driver, generic, hardware, several; each with the attribute of its program.
const MODES: &[(u8, &str, u16)] = &[(1, "xdp", 5), (2, "xdpgeneric", 6), (3, "xdpoffload", 7)];
const XDP_ATTACHED_MULTI: u8 = 4;

/// `xdp/id:N `, when a program is attached.
pub fn show(out: &mut Out, link: &Link<'_>) {
    let Some(attrs) = link.attr(IFLA_XDP).map(|a| a.nested()) else { return };
    let Some(mode) = attrs.find(IFLA_XDP_ATTACHED).and_then(|a| a.u8()) else { return };
    if mode == 0 {
        return;
    }
    let id = attrs.find(IFLA_XDP_PROG_ID).and_then(|a| a.u32());
    if out.is_json() {
        return json(out, attrs, mode, id);
    }
    match MODES.iter().find(|m| m.0 == mode) {
        Some((_, name, _)) => out.text(name),
        None if mode == XDP_ATTACHED_MULTI => out.text("xdpmulti"),
        None => out.uint(text_only("[{}]"), mode),
    }
    if let Some(id) = id {
        out.uint(text_only("/id:{}"), id);
    }
    out.text(" ");
}

fn json(out: &mut Out, attrs: Attrs<'_>, mode: u8, id: Option<u32>) {
    let program = |out: &mut Out, id: u32| {
        out.open_object("prog");
        out.uint(json_only("id"), id);
        out.close();
    };
    out.open_object("xdp");
    out.uint(json_only("mode"), mode);
    if let Some(id) = id {
        program(out, id);
    }
    out.open_list("attached");
    for (mode, _, attr) in MODES {
        if let Some(id) = attrs.find(*attr).and_then(|a| a.u32()) {
            out.open();
            out.uint(json_only("mode"), *mode);
            program(out, id);
            out.close();
        }
    }
    out.close_list();
    out.close();
}
