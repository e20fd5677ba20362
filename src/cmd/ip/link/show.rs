//! One device as `ip link` and `ip address` show it, and `ip link show`.

use crate::cli::Args;
use crate::cli::value::AF_PACKET;
use crate::ctx::{self, Ctx, Opts};
use crate::error::{self, Error, Result};
use crate::names::{Kind, Names};
use crate::netlink;
use crate::output::{Field, Out, Paint, field, json_only, text_only};
use crate::rtnl::consts::{
    IFF_POINTOPOINT, IFF_RUNNING, IFF_UP, IFLA_ADDRESS, IFLA_ALT_IFNAME, IFLA_BROADCAST,
    IFLA_CARRIER_CHANGES, IFLA_EVENT, IFLA_LINKMODE, IFLA_NEW_IFINDEX, IFLA_NEW_NETNSID,
    IFLA_PERM_ADDRESS, IFLA_PROP_LIST, IFLA_PROTO_DOWN, IFLA_PROTO_DOWN_REASON, IFLA_QDISC,
    IFLA_TXQLEN,
};
use crate::rtnl::{self, link::Link};

use super::filter::Filter;
use super::{detail, stats, stream, vf, xdp};

/// In which form a device is shown.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// As `ip link` does: with link mode, address generation mode, alias, counters and virtual
    /// functions. `ip address` leaves out the modes, has an alias and virtual functions only with
    /// -d, and shows counters behind the addresses (with [`stats::show`]).
    pub link: bool,
    /// With the line that begins `link/`; -d shows it anyway. `ip -4 address` goes without.
    pub link_line: bool,
    /// With the length of the queue, which notifications go without.
    pub queue: bool,
    /// The device is no more: a notification says so.
    pub deleted: bool,
}

/// Shows one device, in the brief form if that is wanted.
///
/// The caller opens and closes the JSON object. In text the line is ended, except for the brief
/// form of `ip address`, where the addresses follow in the same line.
pub fn record(out: &mut Out, names: &mut Names, opts: &Opts, link: &Link<'_>, form: Form) {
    if form.deleted {
        out.flag("deleted", "Deleted ");
    }
    if opts.brief {
        return brief(out, names, link, form);
    }
    out.uint(const { field("ifindex", "{}: ") }, link.index);
    let lower_is_down = name_and_lower(out, names, link, false);
    flags(out, link.flags, lower_is_down);
    if let Some(mtu) = link.mtu() {
        out.uint(const { field("mtu", "mtu {} ") }, mtu);
    }
    xdp::show(out, link);
    if let Some(q) = link.attr(IFLA_QDISC) {
        out.bytes(const { field("qdisc", "qdisc {} ") }, q.bytes());
    }
    if let Some(master) = link.master() {
        out.bytes(field("master", "master {} "), names.name(master));
    }
    if let Some(state) = link.operstate() {
        out.text("state ");
        operstate(out, state, false);
    }
    if let (true, Some(mode)) = (form.link, link.attr(IFLA_LINKMODE).and_then(|a| a.u8())) {
        match mode {
            0 => out.str(const { field("linkmode", "mode {} ") }, "DEFAULT"),
            1 => out.str(const { field("linkmode", "mode {} ") }, "DORMANT"),
            n => out.uint(field("linkmode_index", "mode {} "), n),
        }
    }
    if let Some(group) = link.group() {
        out.str(const { field("group", "group {} ") }, &names.show(Kind::Group, group));
    }
    if form.queue {
        // The dump of an address family does not tell it.
        let len = link.attr(IFLA_TXQLEN).and_then(|a| a.i32());
        if let Some(len) = len.or_else(|| names.queue_len(link.index)).filter(|n| *n != 0) {
            out.int(const { field("txqlen", "qlen {}") }, len);
        }
    }
    if let Some(event) = link.attr(IFLA_EVENT).and_then(|a| a.u32()) {
        match EVENTS.get(event as usize) {
            Some(name) => out.str(field("event", "event {} "), name),
            None => out.uint(field("event", "event {} "), event),
        }
    }
    if form.link_line || opts.details > 0 {
        addresses(out, names, link);
    }
    elsewhere(out, names, link);
    proto_down(out, names, link);
    if opts.details > 0 {
        detail::show(out, names, opts, link, form);
    }
    let whole = form.link || opts.details > 0;
    if let (true, Some(alias)) = (whole, link.alias()) {
        out.line_break();
        out.bytes(field("ifalias", "    alias {}"), alias);
    }
    if form.link
        && opts.stats > 0
        && let Some(s) = link.stats()
    {
        out.line_break();
        stats::show(out, opts, &s, carrier_changes(link));
    }
    if whole {
        vf::show(out, names, opts, link);
    }
    alternative_names(out, link);
    out.newline();
}

/// How often the carrier came and went.
pub fn carrier_changes(link: &Link<'_>) -> Option<u32> {
    link.attr(IFLA_CARRIER_CHANGES)?.u32()
}

fn brief(out: &mut Out, names: &mut Names, link: &Link<'_>, form: Form) {
    let lower_is_down = name_and_lower(out, names, link, true);
    if let Some(state) = link.operstate() {
        operstate(out, state, true);
    }
    if !form.link {
        return;
    }
    if let Some(a) = link.attr(IFLA_ADDRESS) {
        out.lladdr(const { field("address", "{} ") }, a.value, link.arphrd);
    }
    flags(out, link.flags, lower_is_down);
    out.newline();
}

/// IFLA_EVENT_* (linux/if_link.h).
const EVENTS: &[&str] = &[
    "NONE",
    "REBOOT",
    "FEATURE CHANGE",
    "BONDING FAILOVER",
    "NOTIFY PEERS",
    "RESEND IGMP",
    "BONDING OPTION",
];

/// `NAME@LOWER`, and whether the lower device is here and down.
fn name_and_lower(out: &mut Out, names: &mut Names, link: &Link<'_>, brief: bool) -> bool {
    let name = link.name().unwrap_or(b"");
    // Two names and what is between.
    let mut text = Vec::with_capacity(40);
    text.extend_from_slice(name);
    let mut is_down = false;
    match (link.lower(), link.lower_netnsid()) {
        (None, _) => {}
        (Some(0), _) => {
            out.null("link", "");
            text.extend_from_slice(b"@NONE");
        }
        (Some(index), Some(_)) => {
            out.uint(json_only("link_index"), index);
            text.extend_from_slice(format!("@if{index}").as_bytes());
        }
        (Some(index), None) => {
            is_down = names.link_type_and_flags(index).is_none_or(|(_, f)| f & IFF_UP == 0);
            let lower = names.name(index);
            out.bytes(json_only("link"), lower);
            text.push(b'@');
            text.extend_from_slice(lower);
        }
    }
    if out.is_json() {
        text.truncate(name.len());
    } else if brief && text.len() < 16 {
        text.resize(16, b' ');
    }
    let shape =
        if brief { const { field("ifname", "{} ") } } else { const { field("ifname", "{}: ") } };
    out.painted(Paint::IfName, shape, &text);
    is_down
}

/// The flags, from NO-CARRIER to M-DOWN, without RUNNING; bits without a name in hexadecimal.
fn flags(out: &mut Out, flags: u32, lower_is_down: bool) {
    // In the order in which the reference tests the bits.
    const FLAGS: &[(u32, &str)] = &[
        (0x8, "LOOPBACK"),
        (0x2, "BROADCAST"),
        (0x10, "POINTOPOINT"),
        (0x1000, "MULTICAST"),
        (0x80, "NOARP"),
        (0x200, "ALLMULTI"),
        (0x100, "PROMISC"),
        (0x400, "MASTER"),
        (0x800, "SLAVE"),
        (0x4, "DEBUG"),
        (0x8000, "DYNAMIC"),
        (0x4000, "AUTOMEDIA"),
        (0x2000, "PORTSEL"),
        (0x20, "NOTRAILERS"),
        (0x1, "UP"),
        (0x10000, "LOWER_UP"),
        (0x20000, "DORMANT"),
        (0x40000, "ECHO"),
    ];
    const FIRST: Field = field("", "{}");
    const NEXT: Field = field("", ",{}");
    out.open_list("flags");
    out.text("<");
    let mut shape = FIRST;
    let mut one = |out: &mut Out, name: &str| {
        out.str(shape, name);
        shape = NEXT;
    };
    if flags & IFF_UP != 0 && flags & IFF_RUNNING == 0 {
        one(out, "NO-CARRIER");
    }
    let mut rest = flags & !IFF_RUNNING;
    for (bit, name) in FLAGS {
        if rest & bit != 0 {
            rest &= !bit;
            one(out, name);
        }
    }
    if rest != 0 {
        one(out, &format!("{rest:x}"));
    }
    if lower_is_down {
        // The comma comes also when nothing stands before it (observed in iproute2 6.15).
        out.str(NEXT, "M-DOWN");
    }
    out.close_list();
    out.text("> ");
}

/// IF_OPER_* (linux/if.h).
pub const OPERSTATES: &[&str] =
    &["UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"];

/// The number of a state, by its name in any case.
pub fn operstate_number(word: &[u8]) -> Option<u8> {
    u8::try_from(OPERSTATES.iter().position(|s| s.as_bytes().eq_ignore_ascii_case(word))?).ok()
}

fn operstate(out: &mut Out, state: u8, brief: bool) {
    let Some(name) = OPERSTATES.get(usize::from(state)) else {
        out.uint(json_only("operstate_index"), state);
        let text = format!("{state:#x}");
        let text = if brief { format!("{text:<14}") } else { text };
        return out.str(text_only("{} "), &text);
    };
    let paint = match state {
        6 => Paint::Up,
        2 => Paint::Down,
        _ => Paint::Plain,
    };
    let width = if brief { 14 } else { 0 };
    out.left(paint, const { field("operstate", "{} ") }, name.as_bytes(), width);
}

/// `link/TYPE ADDRESS brd|peer ADDRESS permaddr ADDRESS`, on a line of its own.
fn addresses(out: &mut Out, names: &mut Names, link: &Link<'_>) {
    out.line_break();
    out.str(const { field("link_type", "    link/{} ") }, &names.link_type(link.arphrd));
    let show = |out: &mut Out, key: Field, value| out.lladdr(key, value, link.arphrd);
    let address = link.attr(IFLA_ADDRESS);
    if let Some(a) = address {
        show(out, const { field("address", "{}") }, a.value);
    }
    if let Some(a) = link.attr(IFLA_BROADCAST) {
        if link.flags & IFF_POINTOPOINT != 0 {
            out.flag("link_pointtopoint", " peer ");
        } else {
            out.text(" brd ");
        }
        show(out, const { field("broadcast", "{}") }, a.value);
    }
    if let Some(a) = link.attr(IFLA_PERM_ADDRESS)
        && address.is_none_or(|now| now.value != a.value)
    {
        out.text(" permaddr ");
        show(out, field("permaddr", "{}"), a.value);
    }
}

/// Where the other end is, and where the device went.
fn elsewhere(out: &mut Out, names: &mut Names, link: &Link<'_>) {
    if let Some(id) = link.lower_netnsid() {
        // The name is not in the JSON (observed in iproute2 7.2).
        out.int(json_only("link_netnsid"), id);
        if id < 0 {
            out.text(" link-netnsid unknown");
        } else if let Some(name) = names.namespace(id) {
            out.bytes(text_only(" link-netns {}"), name);
        } else {
            out.int(text_only(" link-netnsid {}"), id);
        }
    }
    if let Some(id) = link.attr(IFLA_NEW_NETNSID).and_then(|a| a.i32()) {
        if id < 0 {
            out.text(" new-netnsid unknown");
        } else if let Some(name) = names.namespace(id) {
            out.bytes(text_only(" new-netns {}"), name);
        } else {
            out.int(text_only(" new-netnsid {}"), id);
        }
    }
    if let Some(index) = link.attr(IFLA_NEW_IFINDEX).and_then(|a| a.i32()) {
        out.int(text_only(" new-ifindex {}"), index);
    }
}

/// Whether the device is held down, and by whom.
fn proto_down(out: &mut Out, names: &mut Names, link: &Link<'_>) {
    const IFLA_PROTO_DOWN_REASON_VALUE: u16 = 2;
    if link.attr(IFLA_PROTO_DOWN).and_then(|a| a.u8()).is_some_and(|v| v != 0) {
        out.flag("proto_down", " protodown on ");
    }
    let reasons = link
        .attr(IFLA_PROTO_DOWN_REASON)
        .and_then(|a| a.nested().find(IFLA_PROTO_DOWN_REASON_VALUE))
        .and_then(|a| a.u32())
        .filter(|v| *v != 0);
    let Some(reasons) = reasons else { return };
    out.open_list("proto_down_reason");
    out.text("protodown_reason <");
    let mut shape = field("", "{}");
    for bit in (0..32).filter(|bit| reasons & (1 << bit) != 0) {
        out.str(shape, &names.show(Kind::ProtodownReason, bit));
        shape = field("", ",{}");
    }
    out.close_list();
    out.text("> ");
}

fn alternative_names(out: &mut Out, link: &Link<'_>) {
    let Some(list) = link.attr(IFLA_PROP_LIST) else { return };
    out.open_list("altnames");
    for name in list.nested().filter(|a| a.kind == IFLA_ALT_IFNAME) {
        out.line_break();
        out.bytes(field("", "    altname {}"), name.bytes());
    }
    out.close_list();
}

/// What is said where the kernel does not tell of one device: its reason, and once more by its number.
pub fn not_got(nack: &netlink::Nack, what: &str) -> Vec<u8> {
    let why = error::errno(nack.errno);
    [error::refusal(nack), format!("\nCannot send {what} request: {why}").into_bytes()].concat()
}

/// `ip link show`.
pub fn run(ctx: &mut Ctx, args: &mut Args<'_>) -> Result {
    // Prefixes of addresses have no place here, whatever -family says.
    let mut family = AF_PACKET;
    let filter = Filter::parse(args, &mut ctx.names, &mut family, super::usage)?;
    let form = Form { link: true, link_line: true, queue: true, deleted: false };
    let stats = ctx.opts.stats > 0;
    let dev = filter.dev.as_deref();
    if let (Some(name), None) = (dev, filter.group) {
        let (conn, out, names, opts) = ctx.parts()?;
        let msg = match conn.get(&mut filter.request_one(name, stats)) {
            Ok(msg) => msg,
            Err(netlink::Error::Nack(nack)) => {
                names.index(name).ok_or_else(|| no_device(name))?;
                // `ifN` and `eth0:` are known, but not to this question (observed in iproute2 7.2).
                out.begin();
                out.end();
                return Err(Error::failed(1, not_got(&nack, "link get")).into());
            }
            Err(e) => return Err(Error::from(e).into()),
        };
        let link = Link::parse(msg.payload).ok_or(netlink::Error::Malformed)?;
        out.begin();
        show_if(out, names, opts, &link, &filter, form);
        out.end();
        return Ok(());
    }
    let index = match dev {
        Some(name) => Some(ctx.names.index(name).ok_or_else(|| no_device(name))?),
        None => None,
    };
    let (conn, out, names, opts) = ctx.parts()?;
    out.begin();
    let answer = stream::each(conn, &mut filter.request(stats), names, &mut |names, link| {
        if index.is_none_or(|i| i == link.index) {
            show_if(out, names, opts, link, &filter, form);
        }
    });
    out.end();
    match answer {
        Ok(interrupted) => ctx.told_interruption(interrupted),
        Err(e) => ctx::dump_failed(e, 1)?,
    }
    Ok(())
}

/// Keeps the names of devices in a dump, so that `@LOWER` and `master` come from the same moment.
pub fn learn<'a>(names: &mut Names, payloads: impl Iterator<Item = &'a [u8]>) {
    for (index, arphrd, flags, name) in payloads.filter_map(rtnl::link::essence) {
        names.learn_link(index, name, arphrd, flags);
    }
}

fn show_if(
    out: &mut Out,
    names: &mut Names,
    opts: &Opts,
    link: &Link<'_>,
    filter: &Filter,
    form: Form,
) {
    // Labels are of addresses: with one, no device is shown (observed in iproute2 7.2).
    if filter.accepts(link) && filter.label.is_none() {
        out.open();
        record(out, names, opts, link, form);
        out.close();
    }
}

/// `Device "X" does not exist.`, 1.
pub fn no_device(name: &[u8]) -> Error {
    Error::failed(1, [b"Device \"", name, b"\" does not exist."].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Request;
    use crate::output::Style;
    use crate::rtnl::consts::{IFLA_IFNAME, IFLA_OPERSTATE, IFLA_XDP, RTM_NEWLINK};
    use crate::rtnl::link::header;

    /// What the kernels of the tests do not send.
    fn shown(style: Style, brief: bool) -> String {
        let mut r = Request::new(RTM_NEWLINK, 0, &header(0, 7));
        r.header()[2..4].copy_from_slice(&512u16.to_ne_bytes()); // ARPHRD_PPP
        r.header()[8..12].copy_from_slice(&0x8000_0051u32.to_ne_bytes());
        r.strz(IFLA_IFNAME, b"ppp0");
        r.u8(IFLA_OPERSTATE, 9);
        r.u8(IFLA_LINKMODE, 7);
        r.u32(IFLA_EVENT, 2);
        r.attr(IFLA_ADDRESS, &[]);
        r.attr(IFLA_BROADCAST, &[1, 2]);
        r.attr(IFLA_PERM_ADDRESS, &[3, 4]);
        let xdp = r.nest(IFLA_XDP);
        r.u8(2, 2);
        r.u32(4, 33);
        r.u32(6, 33);
        r.end(xdp);
        r.attr(crate::rtnl::consts::IFLA_LINK_NETNSID, &(-1i32).to_ne_bytes());
        r.u8(IFLA_PROTO_DOWN, 1);
        let reason = r.nest(IFLA_PROTO_DOWN_REASON);
        r.u32(2, 0x8000_0010);
        r.end(reason);
        let link = Link::parse(r.payload()).unwrap();
        let form = Form { link: true, link_line: true, queue: false, deleted: true };
        let mut out = Out::memory(style);
        let opts = Opts { style, brief, ..Opts::default() };
        let mut names = Names::default();
        out.open();
        record(&mut out, &mut names, &opts, &link, form);
        out.close();
        String::from_utf8(out.taken()).unwrap()
    }

    #[test]
    fn rare_things_have_their_text() {
        assert_eq!(
            shown(Style::default(), false),
            "Deleted 7: ppp0: <POINTOPOINT,UP,80000000> xdpgeneric/id:33 state 0x9 mode 7 \
             event FEATURE CHANGE \n    link/ppp  peer 01:02 permaddr 03:04 link-netnsid unknown \
             protodown on protodown_reason <4,31> \n"
        );
        assert_eq!(
            shown(Style::default(), true),
            "Deleted ppp0             0x9             <POINTOPOINT,UP,80000000> \n"
        );
    }

    #[test]
    fn rare_things_have_their_keys() {
        assert_eq!(
            shown(Style { json: true, ..Style::default() }, false),
            "{\"deleted\":true,\"ifindex\":7,\"ifname\":\"ppp0\",\
             \"flags\":[\"POINTOPOINT\",\"UP\",\"80000000\"],\
             \"xdp\":{\"mode\":2,\"prog\":{\"id\":33},\"attached\":[{\"mode\":2,\"prog\":{\"id\":33}}]},\
             \"operstate_index\":9,\"linkmode_index\":7,\"event\":\"FEATURE CHANGE\",\
             \"link_type\":\"ppp\",\"address\":\"\",\"link_pointtopoint\":true,\"broadcast\":\"01:02\",\
             \"permaddr\":\"03:04\",\"link_netnsid\":-1,\"proto_down\":true,\
             \"proto_down_reason\":[\"4\",\"31\"]}"
        );
    }
}
