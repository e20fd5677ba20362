//! `tun`: a program reads and writes the packets; made by `ip tuntap`, so there is only
//! something to see.

use super::{LinkKind, Shown};
use crate::names::{Names, accounts};
use crate::output::{Field, Out};

pub static KIND: LinkKind = LinkKind {
    show: Some(show),
    ..LinkKind::plain("tun", "a program reads and writes the packets")
};

// IFLA_TUN_* (linux/if_link.h)
const OWNER: u16 = 1;
const GROUP: u16 = 2;
const TYPE: u16 = 3;
const PI: u16 = 4;
const VNET_HDR: u16 = 5;
const PERSIST: u16 = 6;
const MULTI_QUEUE: u16 = 7;
const NUM_QUEUES: u16 = 8;
const NUM_DISABLED_QUEUES: u16 = 9;

/// The name of an account, or its number.
type Account = (u16, Field, fn(u32) -> Option<Vec<u8>>);

fn show(_: &LinkKind, out: &mut Out, _: &mut Names, shown: Shown<'_>) {
    let Some(data) = shown.data else { return };
    let byte = |attr| data.find(attr).and_then(|a| a.u8());
    let word = |attr| data.find(attr).and_then(|a| a.u32());
    match byte(TYPE) {
        Some(1) => out.str(token!("type"), "tun"),
        Some(2) => out.str(token!("type"), "tap"),
        Some(_) => out.str(token!("type"), "UNKNOWN"),
        None => {}
    }
    for (attr, shape) in [(PI, token!("pi")), (VNET_HDR, token!("vnet_hdr"))] {
        if let Some(v) = byte(attr) {
            out.on_off(shape, v != 0);
        }
    }
    match byte(MULTI_QUEUE) {
        Some(0) => out.json_bool("multi_queue", false),
        Some(_) => {
            out.flag("multi_queue", "multi_queue ");
            for (attr, shape) in
                [(NUM_QUEUES, token!("numqueues")), (NUM_DISABLED_QUEUES, token!("numdisabled"))]
            {
                if let Some(n) = word(attr) {
                    out.uint(shape, n);
                }
            }
        }
        None => {}
    }
    if let Some(v) = byte(PERSIST) {
        out.on_off(token!("persist"), v != 0);
    }
    let accounts: [Account; 2] =
        [(OWNER, token!("user"), accounts::user), (GROUP, token!("group"), accounts::group)];
    for (attr, shape, name) in accounts {
        let Some(id) = word(attr) else { continue };
        match name(id) {
            Some(name) => out.bytes(shape, &name),
            None => out.uint(shape, id),
        }
    }
}
