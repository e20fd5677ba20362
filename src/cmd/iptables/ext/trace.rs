//! `-j TRACE`: tells whoever listens which rules the packet meets.

use super::Ext;

/// Nothing is sent to x_tables: nf_tables marks the packet itself.
pub static TRACE: Ext = Ext {
    name: "TRACE",
    wire: "TRACE",
    lower: |_, out| {
        out.trace();
        true
    },
    ..Ext::TARGET
};
