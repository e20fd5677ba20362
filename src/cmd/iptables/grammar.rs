//! The options of the program itself, as tables.

use crate::cli::getopt::{Long, Value, long};

use super::command::Verb;

/// The letters, as getopt(3) has them; those of rules come first, since they are searched in order.
pub const SHORT: &str = "A:s:d:p:m:j:i:o:g:c:C:D:R:I:L::S::M:F::Z::N:X::E:P:Vh::fvw::W:nt:x46";
/// --line-numbers has no letter.
const LINE_NUMBERS: u32 = b'0' as u32;

/// The long names.
#[rustfmt::skip] // one row, one line
pub static LONG: &[Long] = &[
    long("append", Value::Needed, b'A' as u32),
    long("delete", Value::Needed, b'D' as u32),
    long("check", Value::Needed, b'C' as u32),
    long("insert", Value::Needed, b'I' as u32),
    long("replace", Value::Needed, b'R' as u32),
    long("list", Value::Optional, b'L' as u32),
    long("list-rules", Value::Optional, b'S' as u32),
    long("flush", Value::Optional, b'F' as u32),
    long("zero", Value::Optional, b'Z' as u32),
    long("new-chain", Value::Needed, b'N' as u32),
    long("delete-chain", Value::Optional, b'X' as u32),
    long("rename-chain", Value::Needed, b'E' as u32),
    long("policy", Value::Needed, b'P' as u32),
    long("source", Value::Needed, b's' as u32),
    long("destination", Value::Needed, b'd' as u32),
    long("src", Value::Needed, b's' as u32),
    long("dst", Value::Needed, b'd' as u32),
    long("protocol", Value::Needed, b'p' as u32),
    long("in-interface", Value::Needed, b'i' as u32),
    long("jump", Value::Needed, b'j' as u32),
    long("table", Value::Needed, b't' as u32),
    long("match", Value::Needed, b'm' as u32),
    long("numeric", Value::No, b'n' as u32),
    long("out-interface", Value::Needed, b'o' as u32),
    long("verbose", Value::No, b'v' as u32),
    long("wait", Value::Optional, b'w' as u32),
    long("wait-interval", Value::Needed, b'W' as u32),
    long("exact", Value::No, b'x' as u32),
    long("fragments", Value::No, b'f' as u32),
    long("version", Value::No, b'V' as u32),
    long("help", Value::Optional, b'h' as u32),
    long("line-numbers", Value::No, LINE_NUMBERS),
    long("modprobe", Value::Needed, b'M' as u32),
    long("set-counters", Value::Needed, b'c' as u32),
    long("goto", Value::Needed, b'g' as u32),
    long("ipv4", Value::No, b'4' as u32),
    long("ipv6", Value::No, b'6' as u32),
];

/// Options of extensions: 256 and up, 64 for each extension.
pub const FIRST_EXTENSION: u32 = 256;
pub const PER_EXTENSION: u32 = 64;

/// Options that only some commands take, in the order in which they are complained about.
#[rustfmt::skip] // one row, one line
pub const LIMITED: &[(u8, &str, bool)] = &[
    // letter, long name, whether `!` may stand before it
    (b'n', "numeric", false),
    (b's', "source", true),
    (b'd', "destination", true),
    (b'p', "protocol", true),
    (b'j', "jump", false),
    (b'v', "verbose", false),
    (b'x', "exact", false),
    (b'i', "in-interface", true),
    (b'o', "out-interface", true),
    (b'0', "line-numbers", false),
    (b'c', "set-counters", false),
    (b'f', "fragments", true),
];

/// The letters of [`LIMITED`] that a command takes.
pub fn allowed(verb: Verb) -> &'static [u8] {
    match verb {
        Verb::Append | Verb::Insert | Verb::Replace => b"sdpjviocf",
        Verb::Delete | Verb::Check => b"sdpjviof",
        Verb::List => b"nvx0",
        Verb::Policy => b"vc",
        _ => b"v",
    }
}
