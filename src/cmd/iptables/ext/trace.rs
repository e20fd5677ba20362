//! `-j TRACE`: tells whoever listens which rules the packet meets.

use super::Ext;

/// Nothing of x_tables: nf_tables marks the packet itself.
pub static TRACE: Ext = Ext {
    name: "TRACE",
    lower: |_, out| {
        out.trace();
        true
    },
    ..Ext::TARGET
};
