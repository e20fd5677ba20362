//! What chains and targets may be called.

use super::super::ext;
use super::super::fail::{Result, usage};
use super::super::family::Family;

/// The longest name of a chain or a target.
pub(super) const MAX_NAME: usize = 28;

pub(super) fn too_long<T>(name: &[u8]) -> Result<T> {
    usage(&[b"chain name `", name, b"' too long (must be under 29 chars)"])
}

/// What a new chain may be called.
pub fn chain_name(name: &[u8], family: Family) -> Result {
    if name.len() > MAX_NAME {
        return too_long(name);
    }
    if let Some(first @ (b'-' | b'!')) = name.first() {
        return usage(&[b"chain name not allowed to start with `", &[*first], b"'"]);
    }
    if matches!(name, b"" | b"ACCEPT" | b"DROP" | b"RETURN" | b"QUEUE")
        || ext::is_target(name, family)
    {
        return usage(&[b"chain name may not clash with target name"]);
    }
    if name.iter().any(u8::is_ascii_whitespace) {
        return usage(&[b"Invalid chain name `", name, b"'"]);
    }
    Ok(())
}

pub(super) fn target_name(name: &[u8]) -> Result {
    if name.is_empty() {
        return usage(&[b"Invalid target name (too short)"]);
    }
    if name.len() > MAX_NAME {
        return usage(&[b"Invalid target name `", name, b"' (28 chars max)"]);
    }
    if name.iter().any(u8::is_ascii_whitespace) {
        return usage(&[b"Invalid target name `", name, b"'"]);
    }
    Ok(())
}
