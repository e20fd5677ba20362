//! POSIX extended regular expressions, by the C library (regex(3)): tests ask it whether our own
//! matcher of `sysctl -r` is right.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::mem::MaybeUninit;

/// A compiled expression. It stays where it was compiled: regex(3) promises nothing of copies.
pub struct Regex(Box<libc::regex_t>);

/// Parentheses that may be open at once. The C library goes one call deeper for each, and
/// would run out of stack behind some ten thousand.
const DEPTH: usize = 2000;

impl std::fmt::Debug for Regex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Regex")
    }
}

impl Regex {
    /// `None` when it is no regular expression, has a NUL in it, or more than 2,000 opening
    /// parentheses.
    pub fn new(pattern: &[u8]) -> Option<Regex> {
        if pattern.iter().filter(|b| **b == b'(').count() > DEPTH {
            return None;
        }
        let text = CString::new(pattern).ok()?;
        let mut regex = Box::new(MaybeUninit::<libc::regex_t>::zeroed());
        let flags = libc::REG_EXTENDED | libc::REG_NOSUB;
        // SAFETY: regcomp fills the structure it is given and only reads the string.
        let failed = unsafe { libc::regcomp(regex.as_mut_ptr(), text.as_ptr(), flags) };
        if failed != 0 {
            return None;
        }
        // SAFETY: regcomp has filled it; the box is handed on, not what is in it.
        Some(Regex(unsafe { regex.assume_init() }))
    }

    /// Whether it is found anywhere in a text without NUL.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let Ok(text) = CString::new(text) else { return false };
        // SAFETY: the expression is compiled; no places of matches are asked for.
        unsafe { libc::regexec(&raw const *self.0, text.as_ptr(), 0, std::ptr::null_mut(), 0) == 0 }
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: the expression was compiled and is not used again.
        unsafe { libc::regfree(&raw mut *self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_extended() {
        let r = Regex::new(b"conf\\.(lo|all)\\.x$").unwrap();
        assert!(r.is_in(b"net.ipv4.conf.lo.x") && !r.is_in(b"net.ipv4.conf.v0.x"));
        assert!(Regex::new(b"(").is_none());
    }

    #[test]
    fn what_would_take_all_of_the_stack_is_no_expression() {
        let nested = |n| [vec![b'('; n], vec![b')'; n]].concat();
        assert!(Regex::new(&nested(DEPTH)).is_some_and(|r| r.is_in(b"x")));
        assert!(Regex::new(&nested(100_000)).is_none());
    }
}
