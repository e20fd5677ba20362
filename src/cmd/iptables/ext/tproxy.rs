//! `-j TPROXY`: the packet to a socket of this machine, without changing it.

use super::{Ext, Opt, Shown, conntrack, put, put_at, scalar, u32_at};
use crate::cmd::iptables::fail::usage;
use crate::names::NetDb;

const MARK: usize = 4;
const ADDRESS: usize = 8;
const PORT: usize = 24;

/// struct xt_tproxy_target_info_v1: mask and value of the mark, address, port (big endian).
pub static TPROXY: Ext = Ext {
    name: "TPROXY",
    wire: "TPROXY",
    revision: 1,
    size: 32,
    user: 32,
    opts: &[
        Opt {
            name: "on-port",
            arg: "PORT",
            required: true,
            take: |f, value| match by_name(value, f.db) {
                Some(port) => {
                    put_at(f.info, PORT, &port.to_be_bytes());
                    Ok(())
                }
                None => usage(&[b"Port \"", value, b"\" does not resolve to anything.\n"]),
            },
            ..Opt::NONE
        },
        Opt {
            name: "on-ip",
            arg: "ADDRESS",
            take: |f, value| {
                let addr = conntrack::host(f.family, value, f.db)?;
                put_at(f.info, ADDRESS, &addr);
                Ok(())
            },
            ..Opt::NONE
        },
        Opt {
            name: "tproxy-mark",
            arg: "VALUE[/MASK]",
            take: |f, value| {
                let (mark, mask) = scalar::mark(value, ("TPROXY", "tproxy-mark"))?;
                put_at(f.info, 0, &mask.to_ne_bytes());
                put_at(f.info, MARK, &mark.to_ne_bytes());
                Ok(())
            },
            ..Opt::NONE
        },
    ],
    save: |out, s| {
        put(out, format!(" --on-port {}", port(s.info)));
        put(out, format!(" --on-ip {}", address(s)));
        let (mask, mark) = (u32_at(s.info, 0), u32_at(s.info, MARK));
        put(out, format!(" --tproxy-mark {mark:#x}/{mask:#x}"));
    },
    list: |out, s| {
        put(out, format!(" TPROXY redirect {}:{}", address(s), port(s.info)));
        let (mask, mark) = (u32_at(s.info, 0), u32_at(s.info, MARK));
        put(out, format!(" mark {mark:#x}/{mask:#x}"));
    },
    ..Ext::TARGET
};

/// Only decimal digits are a number here.
fn by_name(word: &[u8], db: &NetDb) -> Option<u16> {
    match word.iter().all(u8::is_ascii_digit) {
        true => std::str::from_utf8(word).ok()?.parse().ok(),
        false => db.port(word, None),
    }
}

fn address(s: &Shown<'_>) -> String {
    let mut addr = [0; 16];
    addr.copy_from_slice(&s.info[ADDRESS..ADDRESS + 16]);
    s.family.show(&addr)
}

fn port(info: &[u8]) -> u16 {
    u16::from_be_bytes([info[PORT], info[PORT + 1]])
}
