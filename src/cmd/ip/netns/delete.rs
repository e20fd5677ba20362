//! `ip netns delete`.

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Error, Result, strerror};
use crate::sys::{file, mount, netns};

/// One name, or with `-all` every entry of the directory; further words are ignored.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    if ctx.opts.all {
        let mut result = Ok(());
        for name in file::list(netns::DIR).unwrap_or_default() {
            if let Err(e) = delete(&name) {
                result = Err(e);
            }
        }
        return result;
    }
    let name = args.take().ok_or_else(super::no_name)?;
    super::hint_surplus(ctx, args);
    delete(name)
}

/// Takes the mount away as soon as nobody uses it, and the file at once. A namespace that is
/// still in use lives on without a name.
fn delete(name: &[u8]) -> Result {
    let path = netns::path(name);
    // A plain file is not mounted; what counts is that the name goes.
    let _ = mount::detach(&path);
    mount::unlink(&path).map_err(|e| {
        let why = strerror(&e);
        let text =
            [b"Cannot remove namespace file \"", &path[..], b"\": ", why.as_bytes()].concat();
        Error::failed(1, text).into()
    })
}
