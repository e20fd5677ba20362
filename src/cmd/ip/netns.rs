//! `ip netns`.

use crate::cli::Args;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub fn run(_ctx: &mut Ctx, _args: &mut Args<'_>) -> Result {
    Err(Error::failed(1, "ip netns is being built").into())
}

pub fn enter(_ctx: &mut Ctx, _name: &[u8]) -> Result {
    Err(Error::failed(1, "-netns is being built").into())
}
