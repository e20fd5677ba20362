//! `-j TCPOPTSTRIP`: takes options out of the header of TCP.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;

use super::{Ext, Fill, Opt, dec, put, put_at, u32_at};

/// Names of options, by number.
const NAMES: &[(&str, u8)] =
    &[("wscale", 3), ("mss", 2), ("sack-permitted", 4), ("sack", 5), ("timestamp", 8), ("md5", 19)];

/// struct xt_tcpoptstrip_target_info: 256 bits.
pub static TCPOPTSTRIP: Ext = Ext {
    name: "TCPOPTSTRIP",
    wire: "TCPOPTSTRIP",
    size: 32,
    user: 32,
    opts: &[Opt { name: "strip-options", arg: "OPTION[,...]", take, ..Opt::NONE }],
    save: |out, s| show(out, s.info, true, " --strip-options "),
    list: |out, s| show(out, s.info, s.numeric, " TCPOPTSTRIP options "),
    ..Ext::TARGET
};

/// The word of a set of bits that a number is in, and its bit there.
fn place(info: &[u8], n: u8) -> (usize, u32, u32) {
    let at = usize::from(n / 32) * 4;
    (at, u32_at(info, at), 1 << (n % 32))
}

fn take(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    for word in value.split(|&b| b == b',') {
        let named = NAMES.iter().find(|(name, _)| name.as_bytes() == word);
        let number = || number(word, 255).and_then(|n| u8::try_from(n).ok());
        match named.map(|(_, n)| *n).or_else(number) {
            Some(0 | 1) => return usage(&[b"Option value may not be 0 or 1"]),
            Some(n) => {
                let (at, bits, bit) = place(f.info, n);
                put_at(f.info, at, &(bits | bit).to_ne_bytes());
            }
            None => return usage(&[b"Bad TCP option value \"", word, b"\""]),
        }
    }
    Ok(())
}

fn show(out: &mut Vec<u8>, info: &[u8], numeric: bool, before: &str) {
    let mut before = before;
    for n in 0..=255 {
        let (_, bits, bit) = place(info, n);
        if bits & bit == 0 {
            continue;
        }
        put(out, before);
        before = ",";
        match NAMES.iter().find(|(_, number)| !numeric && *number == n) {
            Some((name, _)) => put(out, name),
            None => dec(out, n),
        }
    }
}
