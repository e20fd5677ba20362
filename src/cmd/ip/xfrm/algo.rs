//! Algorithms of a state: `enc NAME KEY` and the others.

use crate::cli::{Args, Usage, value};
use crate::netlink::Request;
use crate::rtnl::xfrm::attr;

use super::words::sentence;

/// A kind of algorithm, and what follows its name.
pub struct Kind {
    pub word: &'static str,
    pub args: &'static str,
    attr: u16,
    /// The number behind the key, as it is missed and as it is wrong.
    number: Option<(&'static str, &'static str)>,
    key: bool,
}

#[rustfmt::skip] // one row, one line
pub static KINDS: &[Kind] = &[
    Kind { word: "enc", args: "NAME KEY", attr: attr::ALG_CRYPT, number: None, key: true },
    Kind { word: "auth", args: "NAME KEY", attr: attr::ALG_AUTH, number: None, key: true },
    Kind { word: "comp", args: "NAME", attr: attr::ALG_COMP, number: None, key: false },
    Kind { word: "aead", args: "NAME KEY BITS", attr: attr::ALG_AEAD, number: Some(("ALGO-ICV-LEN", "ALGO-ICV-LEN value is invalid")), key: true },
    Kind { word: "auth-trunc", args: "NAME KEY BITS", attr: attr::ALG_AUTH_TRUNC, number: Some(("ALGO-TRUNC-LEN", "ALGO-TRUNC-LEN value is invalid")), key: true },
];

/// The longest key, in bytes.
const KEY_MOST: usize = 512;

/// Which have been said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said {
    enc: bool,
    auth: bool,
    comp: bool,
    aead: bool,
}

impl Said {
    /// Whether this kind, or one that stands for it, is new; notes it.
    fn note(&mut self, kind: u16) -> bool {
        let (enc, auth, aead) = (self.enc, self.auth, self.aead);
        let (place, other) = match kind {
            attr::ALG_CRYPT => (&mut self.enc, aead),
            attr::ALG_AEAD => (&mut self.aead, enc || auth),
            attr::ALG_COMP => (&mut self.comp, false),
            _ => (&mut self.auth, aead),
        };
        !other && !std::mem::replace(place, true)
    }

    /// Whether a protocol can do with these.
    pub fn check(self, proto: u8, name: &str) -> Result<(), Usage> {
        let with = format!("with XFRM-PROTO value \"{name}\"");
        let text = match proto {
            50 if self.comp => format!("ALGO-TYPE value \"comp\" is invalid {with}"),
            50 if !self.enc && !self.aead => {
                format!("ALGO-TYPE value \"enc\" or \"aead\" is required {with}")
            }
            51 if self.enc || self.aead || self.comp => {
                format!("ALGO-TYPE values \"enc\", \"aead\", and \"comp\" are invalid {with}")
            }
            51 if !self.auth => {
                format!("ALGO-TYPE value \"auth\" or \"auth-trunc\" is required {with}")
            }
            108 if self.enc || self.auth || self.aead => format!(
                "ALGO-TYPE values \"enc\", \"auth\", \"auth-trunc\", and \"aead\" are invalid {with}"
            ),
            108 if !self.comp => format!("ALGO-TYPE value \"comp\" is required {with}"),
            50 | 51 | 108 => return Ok(()),
            _ if self.enc || self.auth || self.comp || self.aead => {
                format!("ALGO is invalid {with}")
            }
            _ => return Ok(()),
        };
        Err(sentence(text))
    }
}

/// Reads an algorithm of the kind that the word taken last names; `false` for another word.
pub fn read(args: &mut Args<'_>, said: &mut Said, req: &mut Request) -> Result<bool, Usage> {
    let word = args.last();
    let Some(kind) = KINDS.iter().find(|k| k.word.as_bytes() == word) else { return Ok(false) };
    if !said.note(kind.attr) {
        return Err(args.duplicate("ALGO-TYPE"));
    }
    let name = args.take().ok_or_else(|| args.required("ALGO-NAME"))?;
    let mut bytes = vec![0; 64];
    let len = name.len().min(63);
    bytes[..len].copy_from_slice(&name[..len]);
    let key = if kind.key {
        args.take().ok_or_else(|| args.required("ALGO-KEYMAT"))?;
        key(args)?
    } else {
        Vec::new()
    };
    let bits = u32::try_from(key.len() * 8).unwrap_or(0);
    bytes.extend_from_slice(&bits.to_ne_bytes());
    if let Some((missing, wrong)) = kind.number {
        args.take().ok_or_else(|| args.required(missing))?;
        let number = value::u32(args.last()).ok_or_else(|| args.wrong(wrong))?;
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    bytes.extend_from_slice(&key);
    req.attr(kind.attr, &bytes);
    Ok(true)
}

/// The word taken last as a key: hexadecimal behind `0x`, else its characters.
fn key(args: &Args<'_>) -> Result<Vec<u8>, Usage> {
    let word = args.last();
    let too_long = || args.wrong("ALGO-KEYMAT value makes buffer overflow\n");
    let digits = match word.strip_prefix(b"0x") {
        Some(digits) if !digits.is_empty() => digits,
        _ if word.len() > KEY_MOST => return Err(too_long()),
        _ => return Ok(word.to_vec()),
    };
    if digits.len() > 2 * KEY_MOST {
        return Err(too_long());
    }
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let digits: Option<Vec<u8>> = digits.iter().map(digit).collect();
    let digits = digits.ok_or_else(|| args.wrong("ALGO-KEYMAT value is invalid"))?;
    // Of an odd number of digits the first is a byte of its own.
    let (first, rest) = digits.split_at(digits.len() % 2);
    let pairs = rest.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low);
    Ok(first.iter().copied().chain(pairs).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(word: &str) -> Option<Vec<u8>> {
        let words: &[&[u8]] = &[word.as_bytes()];
        let mut args = Args::new(words);
        args.take();
        key(&args).ok()
    }

    #[test]
    fn keys_are_digits_or_characters() {
        assert_eq!(key_of("0x0102"), Some(vec![1, 2]));
        assert_eq!(key_of("0xabc"), Some(vec![0x0a, 0xbc]));
        assert_eq!(key_of("ab"), Some(b"ab".to_vec()));
        assert_eq!(key_of("0x"), Some(b"0x".to_vec()));
        assert_eq!(key_of("0xzz"), None);
        assert_eq!(key_of(""), Some(vec![]));
    }
}
