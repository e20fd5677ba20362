//! `ip link`.

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub fn run(_ctx: &mut Ctx, _args: &mut Args<'_>) -> Result {
    Err(Error::failed(1, "ip link is being built").into())
}
