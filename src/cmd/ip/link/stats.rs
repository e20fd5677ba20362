//! The counters of a device, as `-s` shows them.

use crate::ctx::Opts;
use crate::output::{Human, Out, human, json_only};
use crate::rtnl::link::Stats;

/// A row of counters: the heading in text, the key in JSON, the value. A heading or key of no
/// length is left out there.
type Row<'a> = [(&'a str, &'static str, u64)];

/// The narrowest the columns may be: wide enough for `RX errors:` and every heading below.
const WIDTHS: [usize; 8] = [10, 7, 6, 7, 7, 7, 10, 9];

/// Shows the counters, with line breaks between but not around them: `ip link` has one before,
/// `ip address` behind. `transitions` is IFLA_CARRIER_CHANGES, which the dump of an address family lacks.
pub fn show(out: &mut Out, opts: &Opts, s: &Stats, transitions: Option<u32>) {
    let rx = [
        ("bytes", "bytes", s.rx_bytes),
        ("packets", "packets", s.rx_packets),
        ("errors", "errors", s.rx_errors),
        ("dropped", "dropped", s.rx_dropped),
        ("missed", "", s.rx_missed_errors),
        ("", "over_errors", s.rx_over_errors),
        ("mcast", "multicast", s.multicast),
        ("compressed", "compressed", s.rx_compressed),
    ];
    let rx_errors = [
        ("length", "length_errors", s.rx_length_errors),
        ("crc", "crc_errors", s.rx_crc_errors),
        ("frame", "frame_errors", s.rx_frame_errors),
        ("fifo", "fifo_errors", s.rx_fifo_errors),
        ("overrun", "", s.rx_over_errors),
        ("", "missed_errors", s.rx_missed_errors),
        ("nohandler", "nohandler", s.rx_nohandler),
        ("otherhost", "otherhost", s.rx_otherhost_dropped),
    ];
    let tx = [
        ("bytes", "bytes", s.tx_bytes),
        ("packets", "packets", s.tx_packets),
        ("errors", "errors", s.tx_errors),
        ("dropped", "dropped", s.tx_dropped),
        ("carrier", "carrier_errors", s.tx_carrier_errors),
        ("collsns", "collisions", s.collisions),
        ("compressed", "compressed", s.tx_compressed),
    ];
    let tx_errors = [
        ("aborted", "aborted_errors", s.tx_aborted_errors),
        ("fifo", "fifo_errors", s.tx_fifo_errors),
        ("window", "window_errors", s.tx_window_errors),
        ("heartbt", "heartbeat_errors", s.tx_heartbeat_errors),
        ("transns", "carrier_changes", u64::from(transitions.unwrap_or(0))),
    ];
    let tx_errors = if transitions.is_some() { &tx_errors[..] } else { &tx_errors[..4] };
    let more = opts.stats > 1;
    if out.is_json() {
        out.open_object(if s.wide { "stats64" } else { "stats" });
        for (name, first, second) in [("rx", &rx[..], &rx_errors[..]), ("tx", &tx, tx_errors)] {
            out.open_object(name);
            keys(out, first);
            if more {
                keys(out, second);
            }
            out.close();
        }
        out.close();
        return;
    }
    let mut widths = WIDTHS;
    widen(&mut widths, 0, &rx, opts.human);
    widen(&mut widths, 0, &tx, opts.human);
    if more {
        widen(&mut widths, 1, &rx_errors, opts.human);
        widen(&mut widths, 1, tx_errors, opts.human);
    }
    for (name, first, second) in [("RX", &rx[..], &rx_errors[..]), ("TX", &tx, tx_errors)] {
        if name == "TX" {
            out.line_break();
        }
        totals(out, name, first, &widths, opts.human);
        if more {
            out.line_break();
            errors(out, name, second, &widths, opts.human);
        }
    }
}

/// Counters that are shown only when they count something.
fn is_rare(heading: &str) -> bool {
    matches!(heading, "compressed" | "nohandler" | "otherhost")
}

fn keys(out: &mut Out, row: &Row<'_>) {
    for &(_, key, value) in row {
        if !key.is_empty() && (value != 0 || !is_rare(key)) {
            out.uint(json_only(key), value);
        }
    }
}

fn columns<'a>(row: &'a Row<'a>) -> impl Iterator<Item = (&'a str, u64)> {
    row.iter().filter(|c| !c.0.is_empty()).map(|c| (c.0, c.2))
}

fn widen(widths: &mut [usize; 8], from: usize, row: &Row<'_>, how: Human) {
    for (width, (_, value)) in widths[from..].iter_mut().zip(columns(row)) {
        *width = (*width).max(human(value, how).len());
    }
}

fn totals(out: &mut Out, name: &str, row: &Row<'_>, widths: &[usize; 8], how: Human) {
    out.text(&format!("    {name}: "));
    let mut numbers = String::from("    ");
    for (i, (heading, value)) in columns(row).enumerate() {
        let shown = value != 0 || !is_rare(heading);
        let (width, gap) = if i == 0 { (widths[0] - 4, "") } else { (widths[i], " ") };
        // The column of a heading that is left out stays.
        out.text(&format!("{gap}{:>width$}", if shown { heading } else { "" }));
        if shown {
            numbers.push_str(&format!("{:>1$} ", human(value, how), widths[i]));
        }
    }
    out.line_break();
    out.text(&numbers);
}

fn errors(out: &mut Out, name: &str, row: &Row<'_>, widths: &[usize; 8], how: Human) {
    out.text(&format!("    {name} errors:{:1$}", "", widths[0] - 10));
    let mut numbers = " ".repeat(widths[0] + 5);
    for (i, (heading, value)) in columns(row).enumerate() {
        let width = widths[i + 1];
        if value != 0 || !is_rare(heading) {
            out.text(&format!(" {heading:>width$}"));
            numbers.push_str(&format!("{:>width$} ", human(value, how)));
        }
    }
    if columns(row).count() < 5 {
        // The column of the transitions stays.
        out.text(&format!(" {:1$}", "", widths[5]));
    }
    out.line_break();
    out.text(&numbers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;

    fn text(opts: &Opts, s: &Stats) -> String {
        let mut out = Out::memory(opts.style);
        out.line_break();
        show(&mut out, opts, s, Some(3));
        String::from_utf8(out.taken()).unwrap()
    }

    #[test]
    fn columns_grow_with_their_numbers() {
        let s = Stats { rx_bytes: 123_456_789_012, wide: true, ..Stats::default() };
        let opts = Opts { stats: 1, ..Opts::default() };
        assert_eq!(
            text(&opts, &s),
            "\n    RX:    bytes packets errors dropped  missed   mcast           \
             \n    123456789012       0      0       0       0       0 \
             \n    TX:    bytes packets errors dropped carrier collsns           \
             \n               0       0      0       0       0       0 "
        );
    }

    #[test]
    fn rare_counters_are_shown_when_they_count() {
        let s = Stats { rx_nohandler: 7, wide: true, ..Stats::default() };
        let opts = Opts { stats: 2, ..Opts::default() };
        assert!(text(&opts, &s).contains("overrun  nohandler\n"), "{}", text(&opts, &s));
        let style = Style { json: true, ..Style::default() };
        let opts = Opts { style, ..opts };
        assert!(text(&opts, &s).contains("\"missed_errors\":0,\"nohandler\":7}"));
        assert!(text(&opts, &s).ends_with("\"carrier_changes\":3}}"));
    }
}
