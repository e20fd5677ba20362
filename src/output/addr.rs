//! Addresses as text: IPv4, IPv6, link-layer.
//!
//! Written straight into the buffer: a dump of routes is mostly addresses.

use super::{Field, Out, Paint, digits};
use crate::sys::bytes::put;

impl Out {
    /// An IPv4 (4 bytes) or IPv6 (16 bytes) address; `???` for any other length.
    #[inline]
    pub fn ip(&mut self, paint: Paint, f: Field, addr: &[u8]) {
        self.ip_with(paint, f, addr, None);
    }

    /// An address with `/LEN` behind it.
    #[inline]
    pub fn ip_prefix(&mut self, paint: Paint, f: Field, addr: &[u8], len: u8) {
        self.ip_with(paint, f, addr, Some(len));
    }

    fn ip_with(&mut self, paint: Paint, f: Field, addr: &[u8], len: Option<u8>) {
        if self.before_address(paint, &f) {
            ip(&mut self.buf, addr);
            if let Some(len) = len {
                self.buf.push(b'/');
                byte(&mut self.buf, len, 0);
            }
            self.after_address(paint, &f);
        }
    }

    /// A link-layer address; `kind` is the ARPHRD_* of its device.
    pub fn lladdr(&mut self, f: Field, addr: &[u8], kind: u16) {
        let paint = Paint::LinkAddr;
        if self.before_address(paint, &f) {
            put_lladdr(&mut self.buf, addr, kind);
            self.after_address(paint, &f);
        }
    }

    /// Before what is written in letters, digits, dots and colons: in JSON it needs quotes and no
    /// more. Whether it is shown at all.
    #[inline]
    fn before_address(&mut self, paint: Paint, f: &Field) -> bool {
        if self.style.json {
            let shown = self.before_json(f);
            if shown {
                self.buf.push(b'"');
            }
            return shown;
        }
        if f.text {
            put(&mut self.buf, self.style.palette.code(paint).as_bytes());
        }
        self.before(f)
    }
    #[inline]
    fn after_address(&mut self, paint: Paint, f: &Field) {
        if self.style.json {
            return self.buf.push(b'"');
        }
        self.after(f);
        if !self.style.palette.code(paint).is_empty() {
            put(&mut self.buf, b"\x1b[0m");
        }
    }
}

/// The colour of an address, by its length.
#[inline]
pub fn paint_of(addr: &[u8]) -> Paint {
    match addr.len() {
        4 => Paint::Inet,
        16 => Paint::Inet6,
        _ => Paint::Plain,
    }
}

/// Adds an address of 4 or 16 bytes; `???` for any other length.
#[inline]
pub fn ip(buf: &mut Vec<u8>, addr: &[u8]) {
    if let Ok(a) = <&[u8; 4]>::try_from(addr) {
        ipv4(buf, a);
    } else if let Ok(a) = <&[u8; 16]>::try_from(addr) {
        ipv6(buf, a);
    } else {
        put(buf, b"???");
    }
}

/// Each byte in decimal with a dot behind it, and the length of both.
#[allow(clippy::cast_possible_truncation)] // digits
static DECIMAL: [([u8; 4], u8); 256] = {
    let mut table = [([b'.'; 4], 2); 256];
    let mut n = 0;
    while n < 256 {
        let (text, len) = &mut table[n];
        let mut at = 0;
        if n >= 100 {
            text[at] = b'0' + (n / 100) as u8;
            at += 1;
        }
        if n >= 10 {
            text[at] = b'0' + (n / 10 % 10) as u8;
            at += 1;
        }
        text[at] = b'0' + (n % 10) as u8;
        *len = at as u8 + 2;
        n += 1;
    }
    table
};

/// Adds a byte in decimal; with `dot` 1, a dot behind it.
#[inline]
pub(super) fn byte(buf: &mut Vec<u8>, n: u8, dot: usize) {
    // Four bytes are copied each time, whatever their number: that needs no call.
    let (digits, len) = &DECIMAL[usize::from(n)];
    let end = buf.len() + usize::from(*len) - 1 + dot;
    put(buf, digits);
    buf.truncate(end);
}

/// Adds `192.168.15.1`.
#[inline]
pub fn ipv4(buf: &mut Vec<u8>, addr: &[u8; 4]) {
    // Sixteen bytes are added at once, and those that are too many are cut off.
    let mut text = [0; 16];
    let mut at = 0;
    for &n in addr {
        let (digits, len) = &DECIMAL[usize::from(n)];
        // Three bytes and their dots are at most twelve.
        if let Some(place) = text.get_mut(at..at + 4) {
            place.copy_from_slice(digits);
        }
        at += usize::from(*len);
    }
    let end = buf.len() + at - 1;
    put(buf, &text);
    buf.truncate(end);
}

/// Adds an IPv6 address as inet_ntop(3) of the C library writes it: the longest run of two or more
/// zero groups is `::`, and mapped and compatible addresses end in dotted form.
pub fn ipv6(buf: &mut Vec<u8>, addr: &[u8; 16]) {
    let mut groups = [0u16; 8];
    for (g, pair) in groups.iter_mut().zip(addr.chunks_exact(2)) {
        *g = u16::from_be_bytes([pair[0], pair[1]]);
    }
    let run = zeros(&groups);
    let dotted = run.start == 0 && (run.end == 6 || (run.end == 5 && groups[5] == 0xffff));
    let mut at = 0;
    while at < 8 {
        if at == run.start && !run.is_empty() {
            put(buf, b"::");
            at = run.end;
            continue;
        }
        if at > 0 && at != run.end {
            buf.push(b':');
        }
        if dotted && at == 6 {
            return ipv4(buf, &[addr[12], addr[13], addr[14], addr[15]]);
        }
        group(buf, groups[at]);
        at += 1;
    }
}

/// The first longest run of two or more zero groups; empty without one.
fn zeros(groups: &[u16; 8]) -> std::ops::Range<usize> {
    let mut best = 8..8;
    let mut at = 0;
    while at < 8 {
        let len = groups[at..].iter().take_while(|g| **g == 0).count();
        if len >= 2 && len > best.len() {
            best = at..at + len;
        }
        at += len.max(1);
    }
    best
}

fn group(buf: &mut Vec<u8>, g: u16) {
    let digits = (16 - g.leading_zeros()).div_ceil(4).max(1);
    for shift in (0..digits).rev() {
        buf.push(HEX[usize::from(g >> (4 * shift) & 15)]);
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Adds bytes in hexadecimal, joined by `:`.
pub fn hex(buf: &mut Vec<u8>, bytes: &[u8]) {
    // Eight at a time, which is enough for most.
    for (i, chunk) in bytes.chunks(8).enumerate() {
        if i > 0 {
            buf.push(b':');
        }
        let mut text = [b':'; 24];
        let mut at = 0;
        for &b in chunk {
            // There is always room for three; asking once costs less than asking for each.
            if let Some([high, low, _]) = text.get_mut(at..at + 3) {
                *high = HEX[usize::from(b >> 4)];
                *low = HEX[usize::from(b & 15)];
            }
            at += 3;
        }
        let end = buf.len() + at - 1;
        put(buf, &text);
        buf.truncate(end);
    }
}

/// Labels of MPLS as text, `100/200`, up to the one that is marked as the last.
pub fn labels(stack: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for entry in stack.chunks_exact(4) {
        let entry = u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]);
        if !text.is_empty() {
            text.push(b'/');
        }
        digits(&mut text, u64::from(entry >> 12));
        if entry & 1 << 8 != 0 {
            break;
        }
    }
    text
}

/// Adds a link-layer address: an IP address for tunnels (`kind` is ARPHRD_*), else hexadecimal.
fn put_lladdr(text: &mut Vec<u8>, addr: &[u8], kind: u16) {
    const TUNNEL: u16 = 768;
    const TUNNEL6: u16 = 769;
    const SIT: u16 = 776;
    const IPGRE: u16 = 778;
    const IP6GRE: u16 = 823;
    match (kind, addr.len()) {
        (TUNNEL | SIT | IPGRE, 4) | (TUNNEL6 | IP6GRE, 16) => ip(text, addr),
        _ => hex(text, addr),
    }
}

/// A link-layer address as text.
pub fn lladdr(addr: &[u8], kind: u16) -> Vec<u8> {
    let mut text = Vec::with_capacity(3 * addr.len());
    put_lladdr(&mut text, addr, kind);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(addr: &[u8]) -> String {
        let mut b = Vec::new();
        ip(&mut b, addr);
        String::from_utf8(b).unwrap()
    }

    #[test]
    fn addresses_are_written_as_the_c_library_does() {
        assert_eq!(text(&[192, 168, 0, 10]), "192.168.0.10");
        for a in [
            "::",
            "::1",
            "1::",
            "fe80::1",
            "2001:db8:0:1::",
            "1:0:2:3:4:5:6:7",
            "1:0:0:2::3",
            "::ffff:10.0.0.1",
            "1:2:3:4:5:6:7:8",
            "0:1:2:3:4:5:6:7",
            "1:0:0:2:0:0:3:4",
            "ff02::1:ff00:1",
            "::1:0:0:0",
            "abcd:0:0:1::ff",
        ] {
            let bytes = a.parse::<std::net::Ipv6Addr>().unwrap().octets();
            let want = if a == "1:0:0:2:0:0:3:4" { "1::2:0:0:3:4" } else { a };
            assert_eq!(text(&bytes), want);
        }
        let compatible = "::102:304".parse::<std::net::Ipv6Addr>().unwrap().octets();
        assert_eq!(text(&compatible), "::1.2.3.4");
        assert_eq!(text(&[1]), "???");
    }

    #[test]
    fn link_layer_addresses_depend_on_the_type_of_device() {
        assert_eq!(lladdr(&[2, 0, 0, 0, 0, 0xa7], 1), b"02:00:00:00:00:a7");
        assert_eq!(lladdr(&[10, 0, 0, 1], 768), b"10.0.0.1");
        assert_eq!(lladdr(&[10, 0, 0, 1], 1), b"0a:00:00:01");
        assert_eq!(lladdr(&[], 1), b"");
        assert_eq!(lladdr(&[7; 8], 1), b"07:07:07:07:07:07:07:07");
        assert_eq!(lladdr(&[7; 9], 1), b"07:07:07:07:07:07:07:07:07");
    }
}
