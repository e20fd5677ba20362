//! Encapsulations of a route (`encap TYPE ...`): recognized, not built yet.

use crate::cli::{Args, Usage};
use crate::error::Error;
use crate::output::{Field, Out, field};

/// LWTUNNEL_ENCAP_* (linux/lwtunnel.h): the place is the number.
static TYPES: &[&str] =
    &["", "mpls", "ip", "ila", "ip6", "seg6", "bpf", "seg6local", "rpl", "ioam6", "xfrm"];

/// Reads the type and says that it is not there yet.
///
/// # Errors
///
/// Always.
pub fn send(args: &mut Args<'_>) -> Result<(), Error> {
    let word = args.need()?;
    if word == b"help" {
        return Err(Error::fatal(
            255,
            format!("Usage: ip route ... encap ENCAP [ OPTIONS ]\n{}", types()),
        ));
    }
    if word.is_empty() || !TYPES.iter().any(|t| t.as_bytes() == word) {
        return Err(args.wrong("\"encap type\" value is invalid\n").into());
    }
    let text = [b"Error: encap \"", word, b"\" is not part of ipbox yet."].concat();
    Err(Usage::new(255, text).at(args.at()).into())
}

/// `ENCAP := { mpls | ip | ... }`, for the usage.
pub fn types() -> String {
    format!("ENCAP := {{ {} }}", TYPES[1..].join(" | "))
}

const TYPE: Field = field("encap_type", "{} ");

/// Shows the type of an encapsulation; what is in it is not shown yet.
pub fn show(out: &mut Out, kind: u16) {
    out.open_object("encap");
    out.text(" encap ");
    match TYPES.get(usize::from(kind)) {
        Some(name) => out.str(TYPE, name),
        None => out.display(TYPE, kind),
    }
    out.close();
}
