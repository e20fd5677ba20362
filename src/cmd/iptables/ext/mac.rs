//! `-m mac`: the address of the card that has sent the packet.

use crate::cmd::iptables::fail::usage;

use super::{Ext, Opt, Shown, put, put_at};

const INVERT: usize = 8;

/// struct xt_mac_info: the address, and an int that says whether it is inverted.
pub static MAC: Ext = Ext {
    name: "mac",
    wire: "mac",
    size: 16,
    user: 16,
    opts: &[Opt {
        name: "mac-source",
        arg: "XX:XX:XX:XX:XX:XX",
        not: true,
        required: true,
        take: |f, value| {
            let Some(address) = parse(value) else {
                return usage(&[b"Invalid MAC address specified."]);
            };
            put_at(f.info, 0, &address);
            f.info[INVERT] = u8::from(f.not);
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| {
        put(out, if s.info[INVERT] != 0 { " !" } else { "" });
        put(out, " --mac-source");
        address(out, s);
    },
    list: |out, s| {
        put(out, " MAC");
        put(out, if s.info[INVERT] != 0 { " !" } else { "" });
        address(out, s);
    },
    ..Ext::MATCH
};

/// Six numbers in hexadecimal, none of which needs to be there, as the reference reads them.
fn parse(word: &[u8]) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = word.split(|&b| b == b':');
    for byte in &mut bytes {
        let part = parts.next()?;
        if !part.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let digits = std::str::from_utf8(part).ok()?;
        *byte = if digits.is_empty() { 0 } else { u8::from_str_radix(digits, 16).ok()? };
    }
    parts.next().is_none().then_some(bytes)
}

fn address(out: &mut Vec<u8>, s: &Shown<'_>) {
    for (i, byte) in s.info[..6].iter().enumerate() {
        put(out, if i > 0 { ":" } else { " " });
        put(out, format!("{byte:02x}"));
    }
}
