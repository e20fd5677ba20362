//! Words that are a flag of the device.

use super::Change;
use crate::cli::Args;
use crate::error::Error;
use crate::rtnl::consts::{
    IFF_ALLMULTI, IFF_DYNAMIC, IFF_MULTICAST, IFF_NOARP, IFF_NOTRAILERS, IFF_PROMISC, IFF_UP,
};

pub fn up<'a>(_: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    c.set_flag(IFF_UP, true);
    Ok(())
}
pub fn down<'a>(_: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    c.set_flag(IFF_UP, false);
    Ok(())
}
pub fn multicast<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    switch(args, c, "multicast", IFF_MULTICAST, true)
}
pub fn allmulticast<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    switch(args, c, "allmulticast", IFF_ALLMULTI, true)
}
pub fn promisc<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    switch(args, c, "promisc", IFF_PROMISC, true)
}
pub fn dynamic<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    switch(args, c, "dynamic", IFF_DYNAMIC, true)
}
/// The kernel's flag says the contrary.
pub fn trailers<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    switch(args, c, "trailers", IFF_NOTRAILERS, false)
}
/// The kernel's flag says the contrary.
pub fn arp<'a>(args: &mut Args<'a>, c: &mut Change<'_, 'a>) -> Result<(), Error> {
    switch(args, c, "arp", IFF_NOARP, false)
}

fn switch(
    args: &mut Args<'_>,
    c: &mut Change<'_, '_>,
    key: &str,
    flag: u32,
    set_by_on: bool,
) -> Result<(), Error> {
    args.need()?;
    args.back();
    let on = args.old_on_off(key).map_err(Error::returned)?;
    c.set_flag(flag, on == set_by_on);
    Ok(())
}
