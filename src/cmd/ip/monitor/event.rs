//! One message of the kernel as a line, or as a JSON object in a line.

use crate::cli::value::AF_UNSPEC;
use crate::cmd::ip::addr::line::{self, Before};
use crate::cmd::ip::link::show::{Form, learn, record};
use crate::cmd::ip::netns::nsid;
use crate::cmd::ip::route::filter::Filter;
use crate::cmd::ip::route::show::{Level, fields};
use crate::cmd::ip::{addrlabel, mroute, neigh, netconf, nexthop, rule, stats};
use crate::ctx::{Ctx, Opts};
use crate::names::Names;
use crate::netlink::Msg;
use crate::output::{Field, Out, field, json_only};
use crate::rtnl::addr::Addr;
use crate::rtnl::consts::{
    RTM_DELADDR, RTM_DELADDRLABEL, RTM_DELANYCAST, RTM_DELLINK, RTM_DELMULTICAST, RTM_DELNEIGH,
    RTM_DELNETCONF, RTM_DELNSID, RTM_DELROUTE, RTM_GETNEIGH, RTM_NEWADDR, RTM_NEWADDRLABEL,
    RTM_NEWANYCAST, RTM_NEWLINK, RTM_NEWMULTICAST, RTM_NEWNEIGH, RTM_NEWNETCONF, RTM_NEWNSID,
    RTM_NEWPREFIX, RTM_NEWROUTE, RTM_NEWSTATS,
};
use crate::rtnl::link::Link;
use crate::rtnl::neigh::Neigh;
use crate::rtnl::nexthop::{
    Nexthop, RTM_DELNEXTHOP, RTM_DELNEXTHOPBUCKET, RTM_NEWNEXTHOP, RTM_NEWNEXTHOPBUCKET,
};
use crate::rtnl::nsid::NsId;
use crate::rtnl::route::Route;
use crate::rtnl::rule::{RTM_DELRULE, RTM_NEWRULE, Rule};
use crate::sys::clock;

use super::prefix;

/// What is shown, and with what before it.
pub struct Shown {
    labels: bool,
    pub all_namespaces: bool,
    dev: Option<u32>,
    routes: Filter,
    multicast: mroute::Filter,
}

impl Shown {
    /// `dev` is the index of the only device that counts.
    pub fn new(labels: bool, all_namespaces: bool, dev: Option<u32>) -> Shown {
        let mut routes = Filter::default();
        routes.oif = dev;
        let mut multicast = mroute::Filter::default();
        multicast.iif = dev;
        Shown { labels, all_namespaces, dev, routes, multicast }
    }

    fn is_of(&self, index: u32) -> bool {
        self.dev.is_none_or(|dev| dev == index)
    }
}

/// A recorded stamp of time (linux/netlink.h has no name for it).
const NLMSG_TSTAMP: u16 = 15;
/// Kinds below are of the transport.
const FIRST_OF_ROUTE: u16 = 16;

const EVENT: Field = json_only("event");
const ACTION: Field = json_only("action");
const TIME: Field = json_only("timestamp");
const TIME_LONG: Field = field("timestamp", "Timestamp: {} us\n");
const NSID: Field = json_only("netns-id");

/// Shows one message, if it is wanted; `nsid` is the namespace it comes from, where that is
/// another one.
pub fn show(ctx: &mut Ctx, shown: &Shown, msg: Msg<'_>, nsid: Option<i32>) {
    let Ctx { out, names, opts, .. } = ctx;
    names.forget_missing();
    let mut view = View { out, names, opts, shown, msg, nsid };
    if view.message().is_none() && msg.kind >= FIRST_OF_ROUTE {
        let span = 16 + msg.payload.len();
        let text = format!(
            "Unknown message: type=0x{0:08x}({0}) flags=0x{1:08x}({1}) len=0x{2:08x}({2})\n",
            msg.kind, msg.flags, span
        );
        ctx.complain(text.as_bytes());
    }
}

/// The time before an event, with -t or -ts.
pub fn stamp(out: &mut Out, opts: &Opts) {
    if opts.timestamp || opts.timestamp_short {
        let (seconds, micros) = clock::now();
        out.str(TIME, &format!("{}.{micros:06}", clock::as_iso(seconds)));
        let text = if opts.timestamp_short {
            format!("[{}.{micros:06}] ", clock::as_iso(seconds))
        } else {
            format!("Timestamp: {} {micros} usec\n", clock::as_text(seconds))
        };
        out.text(&text);
    }
}

/// A message and what is needed to show it.
struct View<'a> {
    out: &'a mut Out,
    names: &'a mut Names,
    opts: &'a Opts,
    shown: &'a Shown,
    msg: Msg<'a>,
    nsid: Option<i32>,
}

impl View<'_> {
    /// `None` for a message that nobody understands.
    fn message(&mut self) -> Option<()> {
        match self.msg.kind {
            RTM_NEWLINK | RTM_DELLINK => self.link(),
            RTM_NEWADDR | RTM_DELADDR => self.address("address"),
            RTM_NEWMULTICAST | RTM_DELMULTICAST => self.address("maddress"),
            RTM_NEWANYCAST | RTM_DELANYCAST => self.address("acaddress"),
            RTM_NEWROUTE | RTM_DELROUTE => self.route(),
            RTM_NEWNEIGH | RTM_DELNEIGH | RTM_GETNEIGH => self.neigh(),
            RTM_NEWRULE | RTM_DELRULE => self.rule(),
            RTM_NEWNSID | RTM_DELNSID => self.nsid(),
            RTM_NEWNEXTHOP | RTM_DELNEXTHOP => self.nexthop(),
            RTM_NEWNEXTHOPBUCKET | RTM_DELNEXTHOPBUCKET => self.bucket(),
            RTM_NEWNETCONF | RTM_DELNETCONF => {
                let conf = netconf::parse(self.msg.payload)?;
                if self.shown.dev.is_none() || self.shown.dev == conf.index {
                    self.begin("netconf", "[NETCONF]");
                    self.deleted(RTM_DELNETCONF);
                    netconf::show(self.out, self.names, &conf);
                    self.end();
                }
                Some(())
            }
            RTM_NEWPREFIX => {
                let payload = self.msg.payload;
                prefix::check(payload)?;
                self.begin("prefix", "[PREFIX]");
                prefix::show(self.out, self.names, payload);
                self.end();
                Some(())
            }
            RTM_NEWADDRLABEL | RTM_DELADDRLABEL => {
                let payload = self.msg.payload;
                prefix::check(payload)?;
                self.begin("addrlabel", "[ADDRLABEL]");
                self.deleted(RTM_DELADDRLABEL);
                addrlabel::line(self.out, self.names, payload);
                self.end();
                Some(())
            }
            RTM_NEWSTATS => {
                let payload = self.msg.payload;
                stats::check(payload)?;
                self.begin("stats", "[STATS]");
                stats::event(self.out, self.names, self.opts, payload);
                self.end();
                Some(())
            }
            NLMSG_TSTAMP => self.stamp(),
            _ => None,
        }
    }

    fn link(&mut self) -> Option<()> {
        let link = Link::parse(self.msg.payload)?;
        let deleted = self.msg.kind == RTM_DELLINK;
        // A device of another namespace may have an index that means something else here.
        if self.nsid.is_none() {
            if deleted {
                self.names.forget_link(link.index);
            } else {
                learn(self.names, std::iter::once(self.msg.payload));
            }
        }
        if self.shown.is_of(link.index) {
            self.begin("link", "[LINK]");
            let form = Form { link: false, link_line: true, queue: false, deleted };
            record(self.out, self.names, self.opts, &link, form);
            self.end();
        }
        Some(())
    }

    fn address(&mut self, event: &str) -> Option<()> {
        let addr = Addr::parse(self.msg.payload)?;
        if self.shown.is_of(addr.index) {
            self.begin(event, "[ADDR]");
            if matches!(self.msg.kind, RTM_DELADDR | RTM_DELMULTICAST | RTM_DELANYCAST) {
                line::deleted(self.out);
            }
            line::show(self.out, self.names, self.opts, &addr, Before::Dev);
            self.end();
        }
        Some(())
    }

    /// Routes of multicast packets have families of their own.
    fn route(&mut self) -> Option<()> {
        let payload = self.msg.payload;
        if mroute::is_one(payload) {
            if self.shown.multicast.accepts(payload) {
                self.begin("mroute", "[MROUTE]");
                self.deleted(RTM_DELROUTE);
                mroute::line(self.out, self.names, self.opts, &self.shown.multicast, payload);
                self.end();
            }
            return Some(());
        }
        let route = Route::parse(payload)?;
        if self.shown.routes.accepts(&route) {
            self.begin("route", "[ROUTE]");
            self.deleted(RTM_DELROUTE);
            let level = Level::of(self.opts);
            fields(self.out, self.names, &self.shown.routes, level, &route);
            self.end();
        }
        Some(())
    }

    fn neigh(&mut self) -> Option<()> {
        let entry = Neigh::parse(self.msg.payload)?;
        let family = self.opts.family;
        if self.shown.is_of(entry.index) && (family == AF_UNSPEC || family == entry.family) {
            self.begin("neigh", "[NEIGH]");
            self.deleted(RTM_DELNEIGH);
            if self.msg.kind == RTM_GETNEIGH {
                self.out.null("miss", "miss ");
            }
            let one_dev = self.shown.dev.is_some();
            neigh::show::entry(self.out, self.names, self.opts, &entry, one_dev);
            self.end();
        }
        Some(())
    }

    fn rule(&mut self) -> Option<()> {
        let payload = self.msg.payload;
        Rule::parse(payload)?;
        self.begin("rule", "[RULE]");
        self.deleted(RTM_DELRULE);
        let details = self.opts.details > 0;
        if let Some(rule) = Rule::parse(payload) {
            rule::show::line(self.out, self.names, details, &rule);
        }
        self.end();
        Some(())
    }

    fn nsid(&mut self) -> Option<()> {
        let ns = NsId::parse(self.msg.payload)?;
        let here = ns.current().or(ns.id())?;
        let new = self.msg.kind == RTM_NEWNSID;
        if new && self.names.namespace(here).is_none() {
            self.names.forget_namespaces();
        }
        self.begin("nsid", "[NSID]");
        self.deleted(RTM_DELNSID);
        nsid::line(self.out, &ns, self.names.namespace(here));
        self.end();
        if !new {
            self.names.forget_namespaces();
        }
        Some(())
    }

    fn nexthop(&mut self) -> Option<()> {
        let n = Nexthop::parse(self.msg.payload)?;
        self.begin("nexthop", "[NEXTHOP]");
        self.deleted(RTM_DELNEXTHOP);
        nexthop::show::line(self.out, self.names, Level::of(self.opts), &n);
        self.end();
        Some(())
    }

    fn bucket(&mut self) -> Option<()> {
        let n = Nexthop::parse(self.msg.payload)?;
        self.begin("nexthop-bucket", "[NEXTHOPBUCKET]");
        self.deleted(RTM_DELNEXTHOPBUCKET);
        nexthop::bucket::line(self.out, &n);
        self.end();
        Some(())
    }

    /// A stamp of time between recorded messages.
    fn stamp(&mut self) -> Option<()> {
        let b: &[u8; 8] = self.msg.payload.first_chunk()?;
        let seconds = u32::from_ne_bytes([b[0], b[1], b[2], b[3]]).into();
        let micros = u32::from_ne_bytes([b[4], b[5], b[6], b[7]]);
        if self.out.is_json() {
            self.out.open();
            self.out.str(EVENT, "timestamp");
            self.out.str(TIME, &format!("{}.{micros:06}", clock::as_iso(seconds)));
            self.end();
        } else {
            self.out.str(TIME_LONG, &format!("{} {micros}", clock::as_text(seconds)));
        }
        Some(())
    }

    /// What stands before an event: when, where and what.
    fn begin(&mut self, event: &str, label: &str) {
        let out = &mut *self.out;
        out.open();
        out.str(EVENT, event);
        let action = match self.msg.kind {
            RTM_GETNEIGH => "miss",
            // Of NEW, DEL, GET and SET the lowest two bits are 0, 1, 2 and 3.
            kind if kind & 3 == 1 => "del",
            _ => "new",
        };
        out.str(ACTION, action);
        stamp(out, self.opts);
        if self.shown.all_namespaces {
            match self.nsid {
                Some(id) => {
                    out.int(NSID, id);
                    out.text(&format!("[nsid {id}]"));
                }
                None => out.text("[nsid current]"),
            }
        }
        if self.shown.labels {
            out.text(label);
        }
    }

    fn deleted(&mut self, kind: u16) {
        if self.msg.kind == kind {
            self.out.flag("deleted", "Deleted ");
        }
    }

    fn end(&mut self) {
        self.out.close();
        if self.out.is_json() {
            self.out.raw(b"\n");
            self.out.separate_documents();
        }
    }
}
