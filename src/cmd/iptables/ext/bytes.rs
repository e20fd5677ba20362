//! Numbers and texts in a structure, and in what is printed of it.

use super::super::family::Addr;

/// Adds text.
pub(super) fn put(out: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    out.extend_from_slice(text.as_ref());
}

/// Adds a decimal number.
pub(super) fn dec(out: &mut Vec<u8>, n: impl Into<u64>) {
    decimal(out, n.into());
}
pub(super) fn decimal(out: &mut Vec<u8>, n: u64) {
    put(out, n.to_string());
}
/// Adds a hexadecimal number of at least so many digits, without `0x`.
pub(super) fn hex(out: &mut Vec<u8>, n: u32, digits: u32) {
    let needed = (32 - n.leading_zeros()).div_ceil(4);
    for i in (0..needed.max(digits).max(1)).rev() {
        let digit = n.checked_shr(4 * i).unwrap_or(0) & 15;
        out.push(b"0123456789abcdef"[digit as usize]);
    }
}
/// Adds the same with `0x`.
pub(super) fn hex0x(out: &mut Vec<u8>, n: u32, digits: u32) {
    put(out, "0x");
    hex(out, n, digits);
}
/// The text in a structure: `len` bytes from `at`, up to a NUL.
pub(super) fn text(info: &[u8], at: usize, len: usize) -> &[u8] {
    let bytes = info.get(at..at + len).unwrap_or(b"");
    bytes.split(|&b| b == 0).next().unwrap_or(b"")
}
/// An address in a structure.
pub(super) fn addr_at(info: &[u8], at: usize) -> Addr {
    let mut addr: Addr = [0; 16];
    addr.copy_from_slice(info.get(at..at + 16).unwrap_or(&[0; 16]));
    addr
}

/// A u16 in host order at an offset.
pub fn u16_at(info: &[u8], at: usize) -> u16 {
    info.get(at..at + 2).map_or(0, |b| u16::from_ne_bytes([b[0], b[1]]))
}
/// A u32 in host order at an offset.
pub fn u32_at(info: &[u8], at: usize) -> u32 {
    info.get(at..at + 4).map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
}
/// A u64 in host order at an offset.
pub(super) fn u64_at(info: &[u8], at: usize) -> u64 {
    info.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u64::from_ne_bytes(*b))
}
/// Writes bytes at an offset.
pub(super) fn put_at(info: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = info.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// A text as iptables-save quotes it.
pub fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    out.push(b' ');
    if !text.is_empty() && text.iter().all(plain) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &b in text {
        if matches!(b, b'"' | b'\\' | b'\'') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_stay_unquoted() {
        let text = |t: &str| {
            let mut out = Vec::new();
            quoted(&mut out, t.as_bytes());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text("a_b-C9"), " a_b-C9");
        assert_eq!(text(""), " \"\"");
        assert_eq!(text("a\\b'c\" d"), " \"a\\\\b\\'c\\\" d\"");
    }
}
