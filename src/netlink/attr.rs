//! Attributes of a message, read where they lie.
//!
//! struct nlattr (linux/netlink.h): length u16 (header included), type u16, payload, padding to 4.

/// One attribute: its type without the flag bits, its payload without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr<'a> {
    pub kind: u16,
    pub value: &'a [u8],
}

impl<'a> Attr<'a> {
    #[inline]
    pub fn u8(self) -> Option<u8> {
        self.value.first().copied()
    }
    /// In host order; longer payloads are read by their beginning, as the reference does.
    #[inline]
    pub fn u16(self) -> Option<u16> {
        Some(u16::from_ne_bytes(*self.value.first_chunk()?))
    }
    pub fn u16_be(self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.value.first_chunk()?))
    }
    #[inline]
    pub fn u32(self) -> Option<u32> {
        Some(u32::from_ne_bytes(*self.value.first_chunk()?))
    }
    pub fn u32_be(self) -> Option<u32> {
        Some(u32::from_be_bytes(*self.value.first_chunk()?))
    }
    pub fn i32(self) -> Option<i32> {
        Some(i32::from_ne_bytes(*self.value.first_chunk()?))
    }
    pub fn u64(self) -> Option<u64> {
        Some(u64::from_ne_bytes(*self.value.first_chunk()?))
    }
    pub fn u64_be(self) -> Option<u64> {
        Some(u64::from_be_bytes(*self.value.first_chunk()?))
    }
    /// Bytes up to the first NUL: names need not be UTF-8.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        let end = self.value.iter().position(|&b| b == 0).unwrap_or(self.value.len());
        &self.value[..end]
    }
    /// The attributes inside.
    pub fn nested(self) -> Attrs<'a> {
        Attrs(self.value)
    }
}

/// A run of attributes. Iterating allocates nothing and copies nothing; a length
/// that overruns the run ends it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attrs<'a>(pub &'a [u8]);

impl<'a> Attrs<'a> {
    /// The last attribute of this type, as the reference's tables keep it.
    pub fn find(self, kind: u16) -> Option<Attr<'a>> {
        self.filter(|a| a.kind == kind).last()
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Attr<'a>;

    #[inline]
    fn next(&mut self) -> Option<Attr<'a>> {
        let &[l0, l1, k0, k1] = self.0.first_chunk()?;
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let Some(value) = self.0.get(4..len) else {
            self.0 = &[];
            return None;
        };
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Attr { kind: u16::from_ne_bytes([k0, k1]) & 0x3fff, value })
    }
}

/// The attributes of one run by type, for views that ask by name.
///
/// Types from `N` upwards are left out, and what lies behind the first 256 KiB, which is more
/// than a message has; of two of one type the last counts.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a, const N: usize> {
    run: &'a [u8],
    /// Where the attribute of this type begins, in steps of four bytes, and one; 0 for none. A
    /// table of places is a tenth of a table of attributes, and is cleared for each record.
    at: [u16; N],
    /// A bit for each type that there is, by its number modulo 64.
    present: u64,
}

impl<'a, const N: usize> Table<'a, N> {
    #[inline]
    pub fn new(attrs: Attrs<'a>) -> Self {
        const MOST: usize = 4 * (u16::MAX as usize - 1);
        let run = &attrs.0[..attrs.0.len().min(MOST)];
        let mut at = [0; N];
        let mut present = 0u64;
        let mut rest = run;
        while let Some(&[l0, l1, k0, k1]) = rest.first_chunk() {
            let len = usize::from(u16::from_ne_bytes([l0, l1]));
            if len < 4 || len > rest.len() {
                break;
            }
            let kind = u16::from_ne_bytes([k0, k1]) & 0x3fff;
            if let Some(place) = at.get_mut(usize::from(kind)) {
                present |= 1u64.wrapping_shl(kind.into());
                #[allow(clippy::cast_possible_truncation)] // the run is cut where this ends
                let steps = ((run.len() - rest.len()) / 4) as u16;
                *place = steps + 1;
            }
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or(&[]);
        }
        Table { run, at, present }
    }
    /// Whether there is any type besides these, a bit for each; for tables of at most 64.
    #[inline]
    pub fn has_others(&self, than: u64) -> bool {
        self.present & !than != 0
    }
    #[inline]
    pub fn get(&self, kind: u16) -> Option<Attr<'a>> {
        let place = usize::from(*self.at.get(usize::from(kind))?);
        if place == 0 {
            return None;
        }
        Attrs(self.run.get(4 * place - 4..)?).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_skipped_and_flag_bits_are_removed() {
        let bytes = [5, 0, 1, 0x80, 7, 0, 0, 0, 8, 0, 2, 0, 1, 2, 3, 4];
        let got: Vec<_> = Attrs(&bytes).collect();
        assert_eq!(got[0], Attr { kind: 1, value: &[7] });
        assert_eq!(got[1].value, &[1, 2, 3, 4]);
        assert_eq!(got.len(), 2);
    }

    #[test]
    fn a_length_that_overruns_ends_the_run() {
        assert_eq!(Attrs(&[9, 0, 1, 0, 1]).count(), 0);
        assert_eq!(Attrs(&[0, 0, 1, 0]).count(), 0);
        assert_eq!(Attrs(&[3, 0, 1, 0]).count(), 0);
    }

    #[test]
    fn absent_stays_absent() {
        let t = Table::<4>::new(Attrs(&[5, 0, 9, 0, 7, 0, 0, 0]));
        assert!(t.get(1).is_none() && t.get(9).is_none());
        assert_eq!(Attr { kind: 1, value: &[1] }.u32(), None);
    }
}
