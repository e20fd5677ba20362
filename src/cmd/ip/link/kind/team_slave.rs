//! `team_slave`: a port of a `team`.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("team_slave", "a port of a team");
