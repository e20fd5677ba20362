//! Asks whether the kernel has an extension of x_tables (NFNL_SUBSYS_NFT_COMPAT).

use crate::netlink::Request;

const NFNL_SUBSYS_NFT_COMPAT: u16 = 11;
const NFNL_MSG_COMPAT_GET: u16 = 0;

const NFTA_COMPAT_NAME: u16 = 1;
const NFTA_COMPAT_REV: u16 = 2;
const NFTA_COMPAT_TYPE: u16 = 3;

/// The answer is a message when there is such an extension, and a refusal when there is none, or
/// when nothing answers at all.
pub fn query(family: u8, name: &str, revision: u8, is_target: bool) -> Request {
    let kind = NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET;
    let mut r = Request::new(kind, 0, &[family, 0, 0, 0]);
    r.strz(NFTA_COMPAT_NAME, name.as_bytes());
    r.u32_be(NFTA_COMPAT_REV, revision.into());
    r.u32_be(NFTA_COMPAT_TYPE, is_target.into());
    r
}
