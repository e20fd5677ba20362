//! `-m state`: the short form of `-m conntrack --ctstate`.

use super::conntrack::{self, STATE_ALIAS};
use super::{Ext, Opt};

/// The structure is that of conntrack; one bit remembers how it was written.
pub static STATE: Ext = Ext {
    name: "state",
    wire: "conntrack",
    revision: 3,
    size: conntrack::SIZE,
    user: conntrack::SIZE,
    opts: &[Opt {
        name: "state",
        arg: "INVALID|ESTABLISHED|NEW|RELATED|UNTRACKED[,...]",
        not: true,
        required: true,
        take: |f, value| conntrack::take_state(f, value, true),
        ..Opt::NONE
    }],
    claims: |info| conntrack::flags(info) & STATE_ALIAS != 0,
    save: |out, s| conntrack::state(out, s.info, "--state"),
    list: |out, s| conntrack::state(out, s.info, "state"),
    ..Ext::MATCH
};
