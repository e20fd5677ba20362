//! The anonymous sets that rules of `nft` look values up in, read when one is met.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::netlink::{Conn, Error, Protocol};
use crate::nft::{Element, Set};
use crate::sort;

use super::family::Family;

/// From and to, both included.
pub type Range = (Vec<u8>, Vec<u8>);

/// The sets of a table.
#[derive(Default)]
pub struct Sets {
    /// The family and the table; absent where there is no kernel to ask.
    place: Option<(u8, Vec<u8>)>,
    /// Of its own: another dump may be under way.
    conn: RefCell<Option<Conn>>,
    known: RefCell<BTreeMap<Vec<u8>, Known>>,
}

/// The ranges of a set; `None` for one that may change, or is more than ranges.
type Known = Option<Rc<[Range]>>;

impl Sets {
    pub fn of(family: Family, table: &[u8]) -> Sets {
        Sets { place: Some((family as u8, table.to_vec())), ..Sets::default() }
    }

    /// The ranges of a set that belongs to one rule and stays as it is, whose keys have so many
    /// bytes; `None` for any other.
    pub fn get(&self, name: &[u8], key_len: usize) -> Option<Rc<[Range]>> {
        let mut known = self.known.borrow_mut();
        if !known.contains_key(name) {
            known.insert(name.to_vec(), self.ask(name).map(Rc::from));
        }
        let ranges = known.get(name)?.clone()?;
        ranges.iter().all(|(low, _)| low.len() == key_len).then_some(ranges)
    }

    /// Tells of a set that is not in the kernel.
    pub fn know(&self, name: &[u8], ranges: &[Range]) {
        self.known.borrow_mut().insert(name.to_vec(), Some(Rc::from(ranges.to_vec())));
    }

    fn ask(&self, name: &[u8]) -> Option<Vec<Range>> {
        let (family, table) = self.place.as_ref()?;
        let mut conn = self.conn.borrow_mut();
        if conn.is_none() {
            *conn = Some(Conn::open(Protocol::Netfilter, 1 << 18).ok()?);
        }
        let conn = conn.as_mut()?;
        let answer = conn.get(&mut Set::get(*family, table, name)).ok()?;
        let set = Set::new(answer.payload).filter(|s| s.is_plain())?;
        let mut keys = Vec::new();
        let mut dump = conn.dump(&mut Set::elements(*family, table, name)).ok()?;
        loop {
            match dump.next_message() {
                Ok(Some(msg)) => {
                    for element in Element::all(msg.payload) {
                        let element = element.filter(|e| e.key.len() == set.key_len as usize)?;
                        keys.push((element.key.to_vec(), element.is_end));
                    }
                }
                Ok(None) => break,
                Err(Error::Nack(_) | Error::Io(_) | Error::Malformed) => return None,
            }
        }
        // The set of a rule that is being listed does not change.
        Some(if set.has_ranges() { ranges(keys) } else { singles(keys) })
    }
}

fn singles(mut keys: Vec<(Vec<u8>, bool)>) -> Vec<Range> {
    sort::all(&mut keys);
    keys.into_iter().map(|(key, _)| (key.clone(), key)).collect()
}

/// Beginnings and ends become ranges; one without an end goes up to the last key.
fn ranges(mut keys: Vec<(Vec<u8>, bool)>) -> Vec<Range> {
    // Where one ends another may begin.
    sort::by(&mut keys, |a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    let mut all = Vec::new();
    let mut begun: Option<Vec<u8>> = None;
    for (key, is_end) in keys {
        match (begun.take(), is_end) {
            (None, true) => {}
            (None, false) => begun = Some(key),
            (Some(low), _) => {
                all.push((low, before(&key)));
                begun = (!is_end).then_some(key);
            }
        }
    }
    all.extend(begun.map(|low| (low.clone(), vec![255; low.len()])));
    all
}

/// The key before.
fn before(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    for byte in key.iter_mut().rev() {
        *byte = byte.wrapping_sub(1);
        if *byte != 255 {
            break;
        }
    }
    key
}

/// The prefixes that make up a range, each an address and its bits.
pub fn prefixes(low: &[u8], high: &[u8]) -> Vec<(Vec<u8>, usize)> {
    let bits = low.len() * 8;
    let number = |b: &[u8]| b.iter().fold(0u128, |n, b| n << 8 | u128::from(*b));
    let (mut at, high) = (number(low), number(high));
    let mut all = Vec::new();
    while at <= high {
        // As many low bits as are zero, and as fit into what is left.
        let mut free = at.trailing_zeros().min(u32::try_from(bits).unwrap_or(32));
        let last = |free: u32| at.checked_add(1u128.checked_shl(free).unwrap_or(0).wrapping_sub(1));
        while last(free).is_none_or(|last| last > high) {
            free -= 1;
        }
        all.push((at.to_be_bytes()[16 - low.len()..].to_vec(), bits - free as usize));
        match last(free).and_then(|last| last.checked_add(1)) {
            Some(next) => at = next,
            None => break,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_begin_and_end() {
        let key = |n: u8, end: bool| (vec![0, n], end);
        let all = ranges(vec![
            key(0, true),
            key(90, true),
            key(80, false),
            key(22, false),
            key(23, true),
            key(91, false),
        ]);
        assert_eq!(
            all,
            [(vec![0, 22], vec![0, 22]), (vec![0, 80], vec![0, 89]), (vec![0, 91], vec![255, 255])]
        );
    }

    #[test]
    fn a_range_is_made_of_prefixes() {
        let text = |low: [u8; 4], high: [u8; 4]| {
            let all = prefixes(&low, &high);
            all.iter().map(|(a, n)| format!("{}/{n}", a[3])).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text([10, 0, 0, 1], [10, 0, 0, 9]), "1/32 2/31 4/30 8/31");
        assert_eq!(text([0; 4], [255; 4]), "0/0");
        assert_eq!(text([255; 4], [255; 4]), "255/32");
        assert_eq!(text([9, 0, 0, 2], [9, 0, 0, 1]), "");
        assert_eq!(prefixes(&[0; 16], &[255; 16]), [(vec![0; 16], 0)]);
    }
}
