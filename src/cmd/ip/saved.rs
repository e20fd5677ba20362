//! What `save` writes and `restore` and `showdump` read: a number that tells what follows, then
//! netlink messages, all in the machine's byte order.

use crate::ctx::Ctx;
use crate::error::{Error, Result, refusal};
use crate::netlink::{self, HEADER_LEN, Msg, Msgs, NLM_F_CREATE, Request};
use crate::sys::fd;

/// All of standard input behind the number that begins it.
///
/// # Errors
///
/// The reference's sentence when it is a terminal, cannot be read, or begins otherwise.
pub fn read(magic: u32, terminal: &str) -> Result<Vec<u8>, String> {
    if fd::stdin_is_terminal() {
        return Err(terminal.to_owned());
    }
    let mut all = fd::stdin().map_err(|e| format!("read: {}", crate::error::strerror(&e)))?;
    let given = all.first_chunk().map(|b| u32::from_ne_bytes(*b));
    if given != Some(magic) {
        let mut begin = [0; 4];
        let len = all.len().min(4);
        begin[..len].copy_from_slice(&all[..len]);
        let whole = u8::from(given.is_some());
        let number = u32::from_ne_bytes(begin);
        return Err(format!("Magic mismatch ({whole} elems, {number:x} magic)"));
    }
    all.drain(..4);
    Ok(all)
}

/// Hands over message by message; `broken` makes an error of the sentence about a bad one.
///
/// # Errors
///
/// What `take` says, and a message that is cut or shorter than its header.
pub fn messages(
    mut rest: &[u8],
    broken: impl Fn(String) -> Error,
    mut take: impl FnMut(Msg<'_>) -> Result,
) -> Result {
    let truncated = || broken("rtnl-from_file: truncated message".to_owned());
    while !rest.is_empty() {
        let len = rest.get(..HEADER_LEN).and_then(|h| h.first_chunk());
        let len = u32::from_ne_bytes(*len.ok_or_else(truncated)?) as usize;
        if len < HEADER_LEN {
            return Err(broken(format!("!!!malformed message: len={len}")).into());
        }
        let span = len.next_multiple_of(4);
        let msg = Msgs(rest).next().filter(|_| span <= rest.len()).ok_or_else(truncated)?;
        take(msg)?;
        rest = &rest[span..];
    }
    Ok(())
}

/// Makes anew what a message has saved; what is there already is told, and is no failure.
///
/// # Errors
///
/// What `failed` makes of any other refusal.
pub fn again(ctx: &mut Ctx, msg: &Msg<'_>, failed: fn(netlink::Error) -> Error) -> Result {
    let mut request = Request::new(msg.kind, NLM_F_CREATE, msg.payload);
    match ctx.route()?.change(&mut request) {
        Ok(_) => Ok(()),
        Err(netlink::Error::Nack(nack)) if nack.errno == libc::EEXIST => {
            let mut text = refusal(&nack);
            text.push(b'\n');
            ctx.complain(&text);
            Ok(())
        }
        Err(e) => Err(failed(e).into()),
    }
}

/// A refusal that ends the program, also in a batch.
pub fn fatal(e: netlink::Error) -> Error {
    match e {
        netlink::Error::Nack(nack) => Error::fatal(255, refusal(&nack)),
        e => e.into(),
    }
}
