//! `-j CHECKSUM`: fills in the checksum of a packet.

use super::{Ext, Opt, put};

/// struct xt_CHECKSUM_info: what to do, one byte.
pub static CHECKSUM: Ext = Ext {
    name: "CHECKSUM",
    wire: "CHECKSUM",
    size: 8,
    user: 8,
    opts: &[Opt {
        name: "checksum-fill",
        required: true,
        take: |f, _| {
            f.info[0] = FILL;
            Ok(())
        },
        ..Opt::NONE
    }],
    save: |out, s| put(out, if s.info[0] & FILL != 0 { " --checksum-fill" } else { "" }),
    list: |out, s| put(out, if s.info[0] & FILL != 0 { " CHECKSUM fill" } else { " CHECKSUM" }),
    ..Ext::TARGET
};

/// XT_CHECKSUM_OP_FILL.
const FILL: u8 = 1;
