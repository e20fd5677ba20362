//! Strings in JSON, as iproute2 writes them.

/// Adds `v` in quotes. Bytes above ASCII are copied as they are, valid UTF-8 or not.
pub fn quoted(buf: &mut Vec<u8>, v: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    buf.push(b'"');
    for &b in v {
        match b {
            b'\t' => buf.extend_from_slice(b"\\t"),
            b'\n' => buf.extend_from_slice(b"\\n"),
            b'\r' => buf.extend_from_slice(b"\\r"),
            0x0c => buf.extend_from_slice(b"\\f"),
            0x08 => buf.extend_from_slice(b"\\b"),
            b'\\' => buf.extend_from_slice(b"\\\\"),
            b'"' => buf.extend_from_slice(b"\\\""),
            0..0x20 | 0x7f => {
                buf.extend_from_slice(b"\\u00");
                buf.push(HEX[usize::from(b >> 4)]);
                buf.push(HEX[usize::from(b & 15)]);
            }
            _ => buf.push(b),
        }
    }
    buf.push(b'"');
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
