//! `-j TEE`: a copy of the packet to another machine of the local network.

use crate::cmd::iptables::address;

use super::{Ext, Opt, Shown, conntrack, put, put_at, scalar, text};

const OUTPUT: usize = 16;
/// IFNAMSIZ.
const OUTPUT_SIZE: usize = 16;
const SAVED: &str = " --oif ";

/// struct xt_tee_tginfo: gateway, device, and the kernel's own.
pub static TEE: Ext = Ext {
    name: "TEE",
    wire: "TEE",
    revision: 1,
    size: 40,
    user: 32,
    opts: &[
        Opt {
            name: "gateway",
            arg: "ADDRESS",
            required: true,
            take: |f, value| {
                let addr = conntrack::host(f.family, value, f.db)?;
                put_at(f.info, 0, &addr);
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "oif",
            arg: "NAME",
            take: |f, value| {
                scalar::put_text(f.info, OUTPUT, OUTPUT_SIZE, value);
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    save: |out, s| show(out, s, " --gateway ", SAVED),
    list: |out, s| show(out, s, " TEE gw:", " oif="),
    ..Ext::TARGET
};

fn show(out: &mut Vec<u8>, s: &Shown<'_>, gateway: &str, oif: &str) {
    put(out, gateway);
    let mut addr = [0; 16];
    addr.copy_from_slice(&s.info[..16]);
    put(out, address::listed_host(s.family, &addr, s.numeric || oif == SAVED, s.db));
    let name = text(s.info, OUTPUT, OUTPUT_SIZE);
    if !name.is_empty() {
        put(out, oif);
        put(out, name);
    }
}
