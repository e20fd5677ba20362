//! `-m socket`: whether a socket of this machine waits for the packet.

use super::Opt;
use super::rpfilter::words;
use super::{Ext, put};

/// XT_SOCKET_*, in the order of their bits.
const WORDS: [&str; 3] = ["transparent", "nowildcard", "restore-skmark"];

/// struct xt_socket_mtinfo3: flags.
pub static SOCKET: Ext = Ext {
    name: "socket",
    wire: "socket",
    revision: 3,
    size: 8,
    user: 1,
    opts: &[bits!("transparent", 0, 1), bits!("nowildcard", 0, 2), bits!("restore-skmark", 0, 4)],
    save: |out, s| words(out, s.info[0], &WORDS, " --"),
    list: |out, s| {
        put(out, " socket");
        words(out, s.info[0], &WORDS, " --");
    },
    ..Ext::MATCH
};
