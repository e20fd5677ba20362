//! What was found, as text or as data.

use super::case::{Case, Followed};
use super::rules::Finding;
use super::segment::Obstacle;
use super::spoken;
use super::trip::{Did, Step, Stop, Why};
use crate::output::{Out, Style, json_only};
use crate::rtnl::consts::{RTN_BLACKHOLE, RTN_PROHIBIT};
use crate::sys::{fd, file};

/// Whether the answer is that something is wrong.
pub fn is_wrong(case: &Case<'_>, findings: &[Finding]) -> bool {
    findings.iter().any(|f| !f.note) || case.asked().is_some_and(|f| f.trip.stop.is_some())
}

/// Shows everything; `answered` is what became of a real packet.
pub fn show(
    case: &mut Case<'_>,
    findings: &[Finding],
    answered: Option<bool>,
    json: bool,
    pretty: bool,
) {
    if json {
        return data(case, findings, answered, pretty);
    }
    let colour = fd::stdout_is_terminal() && file::env("NO_COLOR").is_none_or(|v| v.is_empty());
    let mut text = Text { out: String::new(), colour };
    if let Some(followed) = case.asked() {
        text.flow(case, followed, findings);
    }
    for finding in findings {
        text.finding(finding);
    }
    if let Some(answered) = answered {
        let sentence =
            if answered { "a real packet was answered" } else { "a real packet was not answered" };
        text.line(&format!("probe: {sentence}"));
    }
    if findings.is_empty() && case.asked().is_none() {
        let links: usize = case.net.namespaces.iter().map(|n| n.links.len()).sum();
        let spaces = case.net.namespaces.len();
        let sealed = case.net.namespaces.iter().filter(|n| !n.open).count();
        let mut line = format!("nothing wrong: {spaces} namespaces, {links} devices");
        if sealed > 0 {
            line.push_str(&format!(" ({sealed} namespaces may not be entered)"));
        }
        text.line(&line);
    }
    let _ = fd::stdout(text.out.as_bytes());
}

struct Text {
    out: String,
    colour: bool,
}

impl Text {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }
    fn painted(&mut self, code: &str, text: &str) {
        if self.colour {
            for part in ["\x1b[", code, "m", text, "\x1b[0m"] {
                self.out.push_str(part);
            }
        } else {
            self.out.push_str(text);
        }
    }

    fn flow(&mut self, case: &Case<'_>, followed: &Followed, findings: &[Finding]) {
        let (trip, stop) = (&followed.trip, followed.trip.stop.as_ref());
        let what = spoken(case, followed.flow);
        match (stop, trip.doubts.is_empty()) {
            (None, true) => self.painted("32", &format!("{what}: passes")),
            (None, false) => self.painted("33", &format!("{what}: passes, as far as can be told")),
            (Some(_), true) => self.painted("31", &format!("{what}: does not pass")),
            (Some(_), false) => {
                self.painted("33", &format!("{what}: does not pass, as far as can be told"));
            }
        }
        self.out.push('\n');
        let width = trip.steps.iter().map(|s| case.label(s.ns).len()).max().unwrap_or(0);
        let mut back = false;
        for step in &trip.steps {
            if step.back && !back {
                self.line("  and back:");
                back = true;
            }
            let label = case.label(step.ns);
            self.line(&format!("  {label:width$}  {}", station(case, step)));
        }
        if let Some(stop) = stop {
            self.out.push_str("  ");
            self.painted("31", &describe(case, stop));
            self.out.push('\n');
        }
        for doubt in &trip.doubts {
            self.line(&format!("  not certain: {doubt}"));
        }
        if !findings.is_empty() {
            self.out.push('\n');
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let code = if finding.note { "33" } else { "31" };
        self.painted(code, finding.rule);
        let title = finding.title();
        self.line(&format!("  {title}"));
        self.line(&format!("    {}", finding.why));
        for fix in &finding.fixes {
            self.out.push_str("    $ ");
            self.painted("1", fix);
            self.out.push('\n');
        }
    }
}

/// What happens at a station.
fn station(case: &Case<'_>, step: &Step) -> String {
    let dev = |index| case.dev(crate::model::End { ns: step.ns, index });
    let p = &step.packet;
    let by = |next: std::net::IpAddr| {
        if next == p.dst { String::new() } else { format!(" to the gateway {next}") }
    };
    let way = format!("{} > {}", p.src, p.dst);
    match step.what {
        Did::Sent { device, next } => format!("{way} by {}{}", dev(device), by(next)),
        Did::Forwarded { from, device, next } => {
            format!("{way} from {} to {}{}", dev(from), dev(device), by(next))
        }
        Did::Bridged { bridge } => format!("{way} through the rules on the bridge {}", dev(bridge)),
        Did::Arrived => format!("{way} has arrived"),
        Did::Left { device } => format!("{way} leaves by {}, out of sight", dev(device)),
    }
}

/// Where and why a packet stops.
pub fn describe(case: &Case<'_>, stop: &Stop) -> String {
    let place = case.place(stop.ns);
    let p = &stop.packet;
    let dev = |index: u32| case.dev(crate::model::End { ns: stop.ns, index });
    let what = if stop.back { "the answer" } else { "it" };
    match &stop.why {
        Why::NoRoute => format!("{place} has no route to {}: Network is unreachable", p.dst),
        Why::Refused(kind) => {
            let kind = match *kind {
                RTN_BLACKHOLE => "is a blackhole",
                RTN_PROHIBIT => "prohibits it",
                _ => "says unreachable",
            };
            format!("the route of {place} to {} {kind}", p.dst)
        }
        Why::NoSource { device } => {
            format!("{place} has no address to send from by {}", dev(*device))
        }
        Why::LoDown => format!("{place} cannot reach itself: lo is down"),
        Why::LoopbackSource { device } => {
            format!("{place} does not let {} out by {}", p.src, dev(*device))
        }
        Why::Unresolved { device, addr, segment } => {
            let mut text =
                format!("nobody on the link of {} in {place} answers for {addr}", dev(*device));
            if let Some(o) = segment.obstacles.first() {
                let end = o.end();
                let state = match o {
                    Obstacle::Loose(_) => "is in no bridge",
                    Obstacle::Blocked(_) => "does not forward",
                    Obstacle::Isolated(_) => "is isolated",
                    Obstacle::Vlan(_) => "is in another VLAN",
                    Obstacle::Swallowed(_) => "swallows everything",
                    Obstacle::Down(_) | Obstacle::PeerDown(_) | Obstacle::BridgeDown(_) => {
                        "is down"
                    }
                };
                text.push_str(&format!(" ({} in {} {state})", case.dev(end), case.place(end.ns)));
            }
            text
        }
        Why::AskedBySelf { addr, other } => {
            format!(
                "{} has the address {} itself, so it does not tell {place} where {addr} is",
                case.place(other.ns),
                p.src
            )
        }
        Why::WrongMac { device, addr, .. } => {
            format!("{place} remembers a wrong hardware address of {addr} on {}", dev(*device))
        }
        Why::NotForwarding { device } => {
            format!("{place} gets {what} by {} and passes nothing on", dev(*device))
        }
        Why::Martian { device } => {
            format!("{place} does not believe that {} comes by {}", p.src, dev(*device))
        }
        Why::ReversePath { device } => {
            format!("{place} drops {what}: its way to {} does not lead by {}", p.src, dev(*device))
        }
        Why::Filtered { culprit, .. } => super::rules::sentence(case, stop, culprit),
        Why::Hairpin { port } => {
            format!("the bridge in {place} does not send it back by {}", dev(*port))
        }
        Why::Circle => format!("{what} goes in circles"),
        Why::NoReturn { device } => {
            format!(
                "{what} leaves {place} by {} as {} > {}, and no answer finds back",
                dev(*device),
                p.src,
                p.dst
            )
        }
        Why::Astray { device } => {
            format!("{place} sends it out by {}, though {} is on this machine", dev(*device), p.dst)
        }
        Why::WrongAnswer => {
            format!("{place} gets the answer from {}, which it has not asked", p.src)
        }
        Why::Closed => format!("nobody listens on {}:{} in {place}", p.dst, p.dport),
        Why::Mute => format!("{place} ignores echo requests"),
    }
}

fn data(case: &Case<'_>, findings: &[Finding], answered: Option<bool>, pretty: bool) {
    let mut out = Out::new(Style { json: true, pretty, ..Style::default() });
    out.begin();
    out.open();
    if let Some(followed) = case.asked() {
        let trip = &followed.trip;
        out.str(json_key("flow"), &spoken(case, followed.flow));
        out.json_bool("passes", trip.stop.is_none());
        out.json_bool("certain", trip.doubts.is_empty());
        if let Some(stop) = &trip.stop {
            out.str(json_key("stop"), &describe(case, stop));
            out.str(json_key("where"), &case.label(stop.ns));
        }
        out.open_list("path");
        for step in &trip.steps {
            out.open();
            out.str(json_key("namespace"), &case.label(step.ns));
            out.json_bool("back", step.back);
            out.str(json_key("what"), &station(case, step));
            out.close();
        }
        out.close_list();
        list(&mut out, "doubts", &trip.doubts);
    }
    if let Some(answered) = answered {
        out.json_bool("answered", answered);
    }
    out.open_list("findings");
    for f in findings {
        out.open();
        out.str(json_key("rule"), f.rule);
        out.str(json_key("title"), f.title());
        out.str(json_key("namespace"), &case.label(f.ns));
        let devices: Vec<String> =
            f.ends.iter().map(|e| format!("{}:{}", case.label(e.ns), case.dev(*e))).collect();
        list(&mut out, "devices", &devices);
        out.str(json_key("why"), &f.why);
        list(&mut out, "fix", &f.fixes);
        out.json_bool("note", f.note);
        out.close();
    }
    out.close_list();
    out.close();
    out.end();
    let _ = out.flush();
}

fn json_key(key: &'static str) -> crate::output::Field {
    json_only(key)
}

fn list(out: &mut Out, key: &str, values: &[String]) {
    out.open_list(key);
    for value in values {
        out.str(json_only(""), value);
    }
    out.close_list();
}
