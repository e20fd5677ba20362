//! Words whose value is one attribute of the device.

use super::{Change, device};
use crate::cli::{Args, value};
use crate::error::Error;
use crate::names::Kind;
use crate::rtnl::consts::{
    IFLA_ADDRESS, IFLA_AF_SPEC, IFLA_BROADCAST, IFLA_CARRIER, IFLA_GRO_IPV4_MAX_SIZE,
    IFLA_GRO_MAX_SIZE, IFLA_GSO_IPV4_MAX_SIZE, IFLA_GSO_MAX_SEGS, IFLA_GSO_MAX_SIZE, IFLA_IFALIAS,
    IFLA_INET6_ADDR_GEN_MODE, IFLA_LINKMODE, IFLA_MTU, IFLA_NUM_RX_QUEUES, IFLA_NUM_TX_QUEUES,
    IFLA_OPERSTATE, IFLA_PARENT_DEV_NAME, IFLA_PROTO_DOWN, IFLA_PROTO_DOWN_REASON, IFLA_TXQLEN,
};

use super::super::{detail, show};

/// The longest alias, in bytes.
const ALIAS_MAX: usize = 255;

pub fn address<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let address = device::lladdr(args)?;
    c.address_len = Some(address.len());
    c.req.attr(IFLA_ADDRESS, &address);
    Ok(())
}
pub fn broadcast<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let address = device::lladdr(args)?;
    c.req.attr(IFLA_BROADCAST, &address);
    Ok(())
}

/// A signed number, as the reference reads and sends it.
fn integer(args: &mut Args<'_>, c: &mut Change<'_, '_>, key: &str, attr: u16) -> Result<(), Error> {
    let n = args.value(value::i32, &format!("Invalid \"{key}\" value\n"))?;
    c.req.attr(attr, &n.to_ne_bytes());
    Ok(())
}

pub fn txqueuelen<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    integer(args, c, "txqueuelen", IFLA_TXQLEN)
}
pub fn mtu<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    integer(args, c, "mtu", IFLA_MTU)
}
pub fn numtxqueues<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    integer(args, c, "numtxqueues", IFLA_NUM_TX_QUEUES)
}
pub fn numrxqueues<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    integer(args, c, "numrxqueues", IFLA_NUM_RX_QUEUES)
}

fn size(args: &mut Args<'_>, c: &mut Change<'_, '_>, key: &str, attr: u16) -> Result<(), Error> {
    let n = args.value(value::u32, &format!("Invalid \"{key}\" value\n"))?;
    c.req.u32(attr, n);
    Ok(())
}

pub fn gso_max_size<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    size(args, c, "gso_max_size", IFLA_GSO_MAX_SIZE)
}
pub fn gro_max_size<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    size(args, c, "gro_max_size", IFLA_GRO_MAX_SIZE)
}
pub fn gso_ipv4_max_size<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    size(args, c, "gso_ipv4_max_size", IFLA_GSO_IPV4_MAX_SIZE)
}
pub fn gro_ipv4_max_size<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    size(args, c, "gro_ipv4_max_size", IFLA_GRO_IPV4_MAX_SIZE)
}
pub fn gso_max_segs<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let n = args.value(value::u16, "Invalid \"gso_max_segs\" value\n")?;
    c.req.u32(IFLA_GSO_MAX_SEGS, n.into());
    Ok(())
}

pub fn carrier<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let on = on_off(args, "carrier")?;
    c.req.u8(IFLA_CARRIER, on.into());
    Ok(())
}
pub fn protodown<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let on = on_off(args, "protodown")?;
    c.req.u8(IFLA_PROTO_DOWN, on.into());
    Ok(())
}

/// The newer wording; the reference leaves with -EINVAL.
fn on_off(args: &mut Args<'_>, key: &str) -> Result<bool, Error> {
    args.need()?;
    args.back();
    args.on_off(key, 22).map_err(Error::returned)
}

pub fn protodown_reason<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    const IFLA_PROTO_DOWN_REASON_MASK: u16 = 1;
    const IFLA_PROTO_DOWN_REASON_VALUE: u16 = 2;
    let reason = c.names.number(Kind::ProtodownReason, args.need()?);
    let bit = 1u32 << reason.ok_or_else(|| args.wrong("invalid protodown reason\n"))?;
    args.need()?;
    args.back();
    let on = args.old_on_off("protodown_reason").map_err(Error::returned)?;
    let nest = c.req.nest(IFLA_PROTO_DOWN_REASON | crate::netlink::NLA_F_NESTED);
    c.req.u32(IFLA_PROTO_DOWN_REASON_MASK, bit);
    c.req.u32(IFLA_PROTO_DOWN_REASON_VALUE, if on { bit } else { 0 });
    c.req.end(nest);
    Ok(())
}

pub fn alias<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let alias = args.need()?;
    if alias.len() > ALIAS_MAX {
        return Err(args.wrong("alias too long\n").into());
    }
    c.req.attr(IFLA_IFALIAS, alias);
    Ok(())
}
pub fn parentdev<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let name = args.need()?;
    c.req.strz(IFLA_PARENT_DEV_NAME, name.get(..1024).unwrap_or(name));
    Ok(())
}

/// The place of a word in a list, in any case.
fn place(word: &[u8], list: &[&str]) -> Option<u8> {
    u8::try_from(list.iter().position(|w| w.as_bytes().eq_ignore_ascii_case(word))?).ok()
}

pub fn mode<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let mode = args.value(|w| place(w, &["default", "dormant"]), "Invalid link mode\n")?;
    c.req.u8(IFLA_LINKMODE, mode);
    Ok(())
}
pub fn state<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let state = args.value(show::operstate_number, "Invalid operstate\n")?;
    c.req.u8(IFLA_OPERSTATE, state);
    Ok(())
}
pub fn addrgenmode<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    let mode =
        args.value(|w| place(w, detail::ADDRESS_MODES), "Invalid address generation mode\n")?;
    let spec = c.req.nest(IFLA_AF_SPEC);
    let inet6 = c.req.nest(value::AF_INET6.into());
    c.req.u8(IFLA_INET6_ADDR_GEN_MODE, mode);
    c.req.end(inet6);
    c.req.end(spec);
    Ok(())
}
