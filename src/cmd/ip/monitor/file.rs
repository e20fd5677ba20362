//! Messages that were recorded: as the kernel has sent them, one behind the other, with stamps
//! of time between them.

use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::netlink::{HEADER_LEN, Msg, Msgs};
use crate::sys;

use super::event::{self, Shown};

/// Shows the messages of a file.
///
/// # Errors
///
/// A file that cannot be read, and one that ends in the middle of a message.
pub fn replay(ctx: &mut Ctx, shown: &Shown, path: &[u8]) -> Result {
    each(path, &mut |msg| event::show(ctx, shown, msg, None))
}

/// Reads the messages of a file.
///
/// # Errors
///
/// As [`replay`].
pub fn each(path: &[u8], show: &mut dyn FnMut(Msg<'_>)) -> Result {
    let bytes = sys::file::read(path)
        .map_err(|e| Error::fatal(255, format!("Cannot fopen: {}", strerror(&e))))?;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let truncated = || Error::failed(1, "rtnl-from_file: truncated message");
        let Some(header) = rest.first_chunk::<HEADER_LEN>() else { return Err(truncated().into()) };
        let len = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]);
        if (len as usize) < HEADER_LEN {
            let text = format!("!!!malformed message: len={len} @{}", at + HEADER_LEN);
            return Err(Error::failed(1, text).into());
        }
        let padded = (len as usize).next_multiple_of(4);
        let Some(msg) = rest.get(..padded).and_then(|whole| Msgs(whole).next()) else {
            return Err(truncated().into());
        };
        show(msg);
        at += padded;
    }
    Ok(())
}
