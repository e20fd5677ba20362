//! `ip address show`: devices, each with its addresses.

use super::super::link::filter::Filter;
use super::super::link::show::{Form, carrier_changes, learn, no_device, not_got, record};
use super::super::link::{stats, stream};
use super::line::{self, Before};
use super::select;
use crate::cli::Args;
use crate::cli::value::{AF_PACKET, AF_UNSPEC};
use crate::ctx::{Ctx, Opts, dump_failed};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::netlink::{self, Msgs, Request};
use crate::output::Out;
use crate::rtnl::addr::{Addr, query};
use crate::rtnl::link::{self, Link};
use crate::sort;

pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    // What -family says chooses the dump of devices; `to` may narrow the addresses further.
    let wanted = ctx.opts.family;
    let mut family = wanted;
    let filter = Filter::parse(args, &mut ctx.names, &mut family, super::usage)?;
    let index = match &filter.dev {
        Some(name) => ctx.names.index(name).ok_or_else(|| no_device(name))?,
        None => 0,
    };
    let mut one = None;
    if index != 0 {
        one = one_device(ctx, &filter, index)?;
        if one.is_none() {
            ctx.out.begin();
            ctx.out.end();
            return Ok(());
        }
    }
    // The addresses come first, so that devices are shown as they come.
    let mut addrs = Vec::new();
    if family != AF_PACKET {
        addrs = table(ctx, &mut query(family, index))?;
    }
    let shown = Shown { filter: &filter, family, addrs: by_device(&addrs) };
    let stats = ctx.opts.stats > 0;
    let (conn, out, names, opts) = ctx.parts()?;
    let mut begun = false;
    let mut show = |names: &mut Names, link: &Link<'_>| {
        if !begun {
            out.begin();
            begun = true;
        }
        if (index == 0 || link.index == index) && shown.is_wanted(names, link) {
            out.open();
            shown.device(out, names, opts, link);
            out.close();
        }
    };
    let mut interrupted = false;
    if let Some(payload) = one {
        learn(names, std::iter::once(&payload[..]));
        if let Some(link) = Link::parse(&payload) {
            show(names, &link);
        }
    } else {
        match stream::each(conn, &mut all_devices(&filter, wanted, stats), names, &mut show) {
            Ok(changed) => interrupted = changed,
            Err(e) => dump_failed(e, 1)?,
        }
    }
    if !begun {
        out.begin();
    }
    out.end();
    ctx.told_interruption(interrupted);
    Ok(())
}

/// One device, by index. That there is none is said, and is no failure (observed in iproute2 6.15
/// and 7.2).
fn one_device(ctx: &mut Ctx, filter: &Filter, index: u32) -> Result<Option<Vec<u8>>> {
    let mut request = link::query(index, ctx.opts.stats > 0, !filter.no_vf);
    match ctx.route()?.get(&mut request) {
        Ok(msg) => Ok(Some(msg.payload.to_vec())),
        Err(netlink::Error::Nack(nack)) => {
            ctx.complain(&[&not_got(&nack, "link")[..], b"\n"].concat());
            Ok(None)
        }
        Err(e) => Err(Error::from(e).into()),
    }
}

/// All devices. Only a request without a family carries selectors, as in the reference: that of
/// IPv6 is answered by its own, shorter description of devices.
fn all_devices(filter: &Filter, family: u8, stats: bool) -> Request {
    if matches!(family, AF_UNSPEC | AF_PACKET) {
        let mut request = filter.request(stats);
        request.header()[0] = family;
        return request;
    }
    link::query_family(family)
}

/// A whole table; what a failed dump leaves is empty.
fn table(ctx: &mut Ctx, request: &mut Request) -> Result<Vec<u8>> {
    match ctx.route()?.snapshot(request) {
        Ok((all, interrupted)) => {
            ctx.told_interruption(interrupted);
            Ok(all)
        }
        Err(e) => {
            dump_failed(e, 1)?;
            Ok(Vec::new())
        }
    }
}

/// The addresses sorted by device; those of one device keep their order.
fn by_device(all: &[u8]) -> Vec<Addr<'_>> {
    let mut addrs: Vec<_> = Msgs(all).filter_map(|m| Addr::parse(m.payload)).collect();
    sort::by_key(&mut addrs, |a| a.index);
    addrs
}

/// What is shown of the devices.
struct Shown<'a> {
    filter: &'a Filter,
    family: u8,
    /// Sorted by device.
    addrs: Vec<Addr<'a>>,
}

impl Shown<'_> {
    /// The addresses of a device.
    fn of(&self, index: u32) -> &[Addr<'_>] {
        let start = self.addrs.partition_point(|a| a.index < index);
        let len = self.addrs[start..].partition_point(|a| a.index == index);
        &self.addrs[start..start + len]
    }

    /// Whether one of its addresses is meant; a device without any is shown where no family is
    /// asked for.
    fn is_wanted(&self, names: &mut Names, link: &Link<'_>) -> bool {
        if self.family == AF_PACKET {
            return true;
        }
        let addrs = self.of(link.index);
        (addrs.is_empty() && self.family == AF_UNSPEC)
            || addrs.iter().any(|a| select::counts(self.filter, self.family, a, names))
    }

    /// The device and its addresses, inside a JSON object.
    fn device(&self, out: &mut Out, names: &mut Names, opts: &Opts, link: &Link<'_>) {
        let packet = self.family == AF_PACKET;
        // One line for each address has no line for the device, and so its selectors rest. Nor has
        // what was asked for by its label, but a device that is down is left out there.
        let form = packet || opts.brief || !out.is_oneline();
        if form && self.filter.is_off(link) {
            return;
        }
        let line = form && self.filter.label.is_none();
        if line && !self.filter.accepts(link) {
            return;
        }
        if line {
            let whole = packet || self.family == AF_UNSPEC;
            let form =
                Form { link: packet && opts.brief, link_line: whole, queue: true, deleted: false };
            record(out, names, opts, link, form);
        }
        if !packet {
            self.addresses(out, names, opts, link);
        }
        if line
            && !opts.brief
            && opts.stats > 0
            && let Some(s) = link.stats()
        {
            stats::show(out, opts, &s, carrier_changes(link));
            out.line_break();
        }
    }

    fn addresses(&self, out: &mut Out, names: &mut Names, opts: &Opts, link: &Link<'_>) {
        let dev = out.is_oneline() || opts.echo;
        let before = if dev { Before::Dev } else { Before::Blanks };
        out.open_list("addr_info");
        for a in self.of(link.index) {
            if (self.family != AF_UNSPEC && self.family != a.family) || self.filter.is_off(link) {
                continue;
            }
            // An address that is not meant leaves an empty object (observed in iproute2 6.15).
            out.open();
            if select::accepts(self.filter, self.family, a, names) {
                line::show(out, names, opts, a, before);
            }
            out.close();
        }
        out.close_list();
        if opts.brief {
            out.newline();
        }
    }
}
