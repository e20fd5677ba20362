//! Strings in JSON, as iproute2 writes them.

use crate::sys::bytes::put;

/// Adds `v` in quotes. Bytes above ASCII are copied as they are, valid UTF-8 or not.
pub fn quoted(buf: &mut Vec<u8>, v: &[u8]) {
    put(buf, b"\"");
    let mut start = 0;
    for (at, &b) in v.iter().enumerate() {
        // Most values have nothing to escape.
        if SPECIAL[usize::from(b)] {
            put(buf, &v[start..at]);
            escaped(buf, b);
            start = at + 1;
        }
    }
    put(buf, &v[start..]);
    put(buf, b"\"");
}

/// The bytes that do not stand for themselves.
static SPECIAL: [bool; 256] = {
    let mut all = [false; 256];
    let mut b = 0;
    while b < b' ' as usize {
        all[b] = true;
        b += 1;
    }
    all[b'"' as usize] = true;
    all[b'\\' as usize] = true;
    all[0x7f] = true;
    all
};

fn escaped(buf: &mut Vec<u8>, b: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match b {
        b'\t' => b't',
        b'\n' => b'n',
        b'\r' => b'r',
        0x0c => b'f',
        0x08 => b'b',
        b'\\' | b'"' => b,
        _ => {
            put(buf, b"\\u00");
            return put(buf, &[HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
        }
    };
    put(buf, &[b'\\', short]);
}

#[cfg(test)]
mod tests {
    #[test]
    fn control_bytes_are_escaped_and_the_rest_is_copied() {
        let mut b = Vec::new();
        super::quoted(&mut b, b"a\"\\\n\x01\x7f'\xff");
        assert_eq!(b, b"\"a\\\"\\\\\\n\\u0001\\u007f'\xff\"");
    }
}
