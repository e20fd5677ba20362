//! `vcan`: a CAN bus within the machine.

use super::LinkKind;

pub static KIND: LinkKind = LinkKind::plain("vcan", "a CAN bus within the machine");
