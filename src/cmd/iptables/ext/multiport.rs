//! `-m multiport`: up to fifteen ports, or ranges of them that count for two.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Fill, Opt, Shown, ports, put, put_at, together, u16_at};

/// struct xt_multiport_v1: which side, how many, ports, which of them begin a range, inverted.
const COUNT: usize = 1;
const PORTS: usize = 2;
const BEGINS: usize = 32;
const INVERT: usize = 47;
const MAX: usize = 15;

/// In the order of XT_MULTIPORT_*.
const OPTIONS: [&str; 3] = ["source-ports", "destination-ports", "ports"];
const SHORT: [&str; 3] = ["sports", "dports", "ports"];

const PORT_LIST: &str = "PORT[:PORT][,...]";

pub static MULTIPORT: Ext = Ext {
    name: "multiport",
    wire: "multiport",
    revision: 1,
    size: 48,
    user: 48,
    opts: &[
        Opt {
            name: OPTIONS[0],
            aliases: &["sports"],
            arg: PORT_LIST,
            not: true,
            take: |f, value| take(f, value, 0),
            ..Opt::NONE
        },
        Opt {
            name: OPTIONS[1],
            aliases: &["dports"],
            arg: PORT_LIST,
            not: true,
            take: |f, value| take(f, value, 1),
            ..Opt::NONE
        },
        Opt {
            name: OPTIONS[2],
            arg: PORT_LIST,
            not: true,
            take: |f, value| take(f, value, 2),
            ..Opt::NONE
        },
    ],
    check: |seen| {
        let mut given = (0..3).filter(|i| seen & 1 << i != 0);
        match (given.next(), given.next()) {
            (None, _) => usage(&[b"no ports specified"]),
            (Some(a), Some(b)) => together("multiport", OPTIONS[a], OPTIONS[b]),
            _ => Ok(()),
        }
    },
    claims: |info| info.first().is_some_and(|side| *side < 3),
    save: |out, s| {
        put(out, if s.info[INVERT] == 0 { " --" } else { " ! --" });
        put(out, SHORT[usize::from(s.info[0]).min(2)]);
        put(out, " ");
        show(out, s, true);
    },
    list: |out, s| {
        put(out, " multiport ");
        put(out, SHORT[usize::from(s.info[0]).min(2)]);
        put(out, if s.info[INVERT] == 0 { " " } else { "  !" });
        show(out, s, s.numeric);
    },
    ..Ext::MATCH
};

/// The name under which /etc/services has the ports of a protocol.
fn service(protocol: u8) -> Option<&'static [u8]> {
    Some(match protocol {
        6 => b"tcp",
        17 => b"udp",
        33 => b"dccp",
        132 => b"sctp",
        136 => b"udplite",
        _ => return None,
    })
}

fn take(f: &mut Fill<'_, '_>, value: &[u8], side: u8) -> Result {
    let service = match service(f.proto) {
        Some(name) if !f.proto_not => name,
        None if f.proto == 0 => {
            return usage(&[
                b"multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'",
            ]);
        }
        _ => return usage(&[b"multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP"]),
    };
    let too_many = || usage(&[b"too many ports specified"]);
    let one = |word: &[u8]| match ports::port(word, Some(service), f.db) {
        Some(port) => Ok(port),
        None => usage(&[b"invalid port/service `", word, b"' specified"]),
    };
    let mut count = 0;
    for word in value.split(|&b| b == b',') {
        let colon = word.iter().position(|&b| b == b':');
        if count == MAX || (count == MAX - 1 && colon.is_some()) {
            return too_many();
        }
        let low = one(&word[..colon.unwrap_or(word.len())])?;
        put_at(f.info, PORTS + count * 2, &low.to_ne_bytes());
        if let Some(colon) = colon {
            let high = one(&word[colon + 1..])?;
            if low >= high {
                return usage(&[b"invalid portrange specified"]);
            }
            f.info[BEGINS + count] = 1;
            count += 1;
            put_at(f.info, PORTS + count * 2, &high.to_ne_bytes());
        }
        count += 1;
    }
    f.info[0] = side;
    f.info[COUNT] = u8::try_from(count).unwrap_or(0);
    f.info[INVERT] = f.not.into();
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, numeric: bool) {
    let count = usize::from(s.info[COUNT]).min(MAX);
    let mut before = "";
    for i in 0..count {
        put(out, before);
        let port = u16_at(s.info, PORTS + i * 2);
        match service(s.proto).filter(|_| !numeric).and_then(|p| s.db.service(port, Some(p))) {
            Some(name) => put(out, name),
            None => put(out, port.to_string()),
        }
        before = if s.info[BEGINS + i] == 0 { "," } else { ":" };
    }
}
