//! Metrics of a route: `mtu`, `rtt`, `congctl`, ... inside RTA_METRICS.

use crate::cli::{Args, Usage, Word, exact, prefix, value};
use crate::netlink::{Attr, Attrs, Request};
use crate::output::{Field, Out, field, json_only};
use crate::rtnl::consts::{
    RTA_METRICS, RTAX_ADVMSS, RTAX_CC_ALGO, RTAX_CWND, RTAX_FASTOPEN_NO_COOKIE, RTAX_FEATURES,
    RTAX_HOPLIMIT, RTAX_INITCWND, RTAX_INITRWND, RTAX_LOCK, RTAX_MTU, RTAX_QUICKACK,
    RTAX_REORDERING, RTAX_RTO_MIN, RTAX_RTT, RTAX_RTTVAR, RTAX_SSTHRESH, RTAX_WINDOW,
};

/// One metric: its word, its attribute, how its value is written and shown.
pub struct Metric {
    pub word: Word,
    attr: u16,
    ty: Ty,
    show: Field,
}

/// How a metric is written by users.
enum Ty {
    /// `lock` and 32 bits.
    Number,
    /// `lock` and at most 255; -1 is not shown.
    Hops,
    /// `lock` and a time; the kernel counts in parts of a millisecond, so many of them.
    Time(u32),
    /// A time in milliseconds, always locked.
    LockedTime,
    /// Names of bits.
    Features,
    /// 0 or 1.
    Bit,
    /// `lock` and a name.
    Name,
}

impl Ty {
    fn arg(&self) -> &'static str {
        match self {
            Ty::Number | Ty::Hops => "[ lock ] NUMBER",
            Ty::Time(_) => "[ lock ] TIME",
            Ty::LockedTime => "TIME",
            Ty::Features => "{ ecn | tcp_usec_ts }...",
            Ty::Bit => "{ 0 | 1 }",
            Ty::Name => "[ lock ] NAME",
        }
    }
}

const fn row(word: Word, attr: u16, ty: Ty, show: Field) -> Metric {
    Metric { word, attr, ty, show }
}

/// Every metric, in the order in which beginnings are tried: `r` is reordering.
#[rustfmt::skip] // one row, one line
pub static METRICS: &[Metric] = &[
    row(exact("mtu"), RTAX_MTU, Ty::Number, field("mtu", "{} ")),
    row(exact("hoplimit"), RTAX_HOPLIMIT, Ty::Hops, field("hoplimit", "{} ")),
    row(exact("advmss"), RTAX_ADVMSS, Ty::Number, field("advmss", "{} ")),
    row(prefix("reordering"), RTAX_REORDERING, Ty::Number, field("reordering", "{} ")),
    row(exact("rtt"), RTAX_RTT, Ty::Time(8), field("rtt", "{} ")),
    row(exact("rto_min"), RTAX_RTO_MIN, Ty::LockedTime, field("rto_min", "{} ")),
    row(prefix("window"), RTAX_WINDOW, Ty::Number, field("window", "{} ")),
    row(prefix("cwnd"), RTAX_CWND, Ty::Number, field("cwnd", "{} ")),
    row(prefix("initcwnd"), RTAX_INITCWND, Ty::Number, field("initcwnd", "{} ")),
    row(prefix("initrwnd"), RTAX_INITRWND, Ty::Number, field("initrwnd", "{} ")),
    row(prefix("features"), RTAX_FEATURES, Ty::Features, field("features", "{} ")),
    row(prefix("quickack"), RTAX_QUICKACK, Ty::Bit, field("quickack", "{} ")),
    row(prefix("congctl"), RTAX_CC_ALGO, Ty::Name, field("congestion", "{} ")),
    row(prefix("rttvar"), RTAX_RTTVAR, Ty::Time(4), field("rttvar", "{} ")),
    row(prefix("ssthresh"), RTAX_SSTHRESH, Ty::Number, field("ssthresh", "{} ")),
    row(prefix("fastopen_no_cookie"), RTAX_FASTOPEN_NO_COOKIE, Ty::Bit, field("fastopen_no_cookie", "{} ")),
];

/// RTAX_FEATURE_*: names, bits, how they are shown.
static FEATURES: &[(&str, u32, &str)] =
    &[("ecn", 1, "ecn "), ("tcp_usec_ts", 1 << 4, "tcp_usec_ts ")];

/// The metrics of a request under construction.
#[derive(Default)]
pub struct Metrics {
    /// Attributes, without a header that is ever sent.
    nest: Option<Request>,
    /// One bit for each locked metric.
    lock: u32,
}

/// More than any sensible request; an attribute ends at 65535 bytes.
const MOST: usize = 4096;

impl Metrics {
    /// Reads the value of a metric.
    ///
    /// # Errors
    ///
    /// The reference's sentence for a missing or wrong value.
    pub fn take(&mut self, m: &Metric, args: &mut Args<'_>) -> Result<(), Usage> {
        // The sentence of one has another name (observed in iproute2 6.15).
        let full = if m.attr == RTAX_ADVMSS { "mss" } else { m.word.full };
        let invalid = |args: &Args<'_>| args.wrong(&format!("\"{full}\" value is invalid\n"));
        args.need()?;
        let lockable = matches!(m.ty, Ty::Number | Ty::Hops | Ty::Time(_) | Ty::Name);
        if lockable && args.last() == b"lock" {
            self.lock |= 1 << m.attr;
            args.need()?;
        }
        let word = args.last();
        let nest = self.nest.get_or_insert_with(|| Request::new(0, 0, &[]));
        if nest.payload().len() + word.len() > MOST {
            return Err(Usage::new(255, "Error: too many metrics"));
        }
        match m.ty {
            Ty::Number => nest.u32(m.attr, value::u32(word).ok_or_else(|| invalid(args))?),
            Ty::Hops => {
                let hops = value::u32(word).filter(|&v| v <= 255);
                nest.u32(m.attr, hops.ok_or_else(|| invalid(args))?);
            }
            Ty::Time(parts) => {
                let (v, raw) = time(word).ok_or_else(|| invalid(args))?;
                nest.u32(m.attr, if raw { v } else { v.wrapping_mul(parts) });
            }
            Ty::LockedTime => {
                self.lock |= 1 << m.attr;
                nest.u32(m.attr, time(word).ok_or_else(|| invalid(args))?.0);
            }
            Ty::Features => {
                let bit = |word| FEATURES.iter().find(|f| f.0.as_bytes() == word).map(|f| f.1);
                let wrong = || args.wrong("\"features\" value not valid\n");
                let mut bits = bit(word).ok_or_else(wrong)?;
                while let Some(more) = args.peek().and_then(bit) {
                    bits |= more;
                    args.take();
                }
                nest.u32(m.attr, bits);
            }
            Ty::Bit => {
                let v = value::u32(word).ok_or_else(|| invalid(args))?;
                if v > 1 {
                    return Err(args.wrong(&format!("\"{full}\" value should be 0 or 1\n")));
                }
                nest.u32(m.attr, v);
            }
            Ty::Name => nest.attr(m.attr, word),
        }
        Ok(())
    }

    /// Adds RTA_METRICS, if there is a metric.
    pub fn finish(&mut self, request: &mut Request) {
        let Some(mut nest) = self.nest.take() else { return };
        if self.lock != 0 {
            nest.u32(RTAX_LOCK, self.lock);
        }
        request.attr(RTA_METRICS, nest.payload());
    }
}

/// A time: milliseconds, and whether it had no unit and is the kernel's own number. Fractions
/// are rounded up; what is more than 32 bits is cut, as the reference does it.
fn time(word: &[u8]) -> Option<(u32, bool)> {
    const UNITS: &[(&[u8], f64)] = &[
        (b"msecs", 1.0),
        (b"msec", 1.0),
        (b"ms", 1.0),
        (b"secs", 1000.0),
        (b"sec", 1000.0),
        (b"s", 1000.0),
    ];
    let unit = UNITS.iter().find_map(|&(unit, factor)| {
        let (number, end) = word.split_at_checked(word.len().checked_sub(unit.len())?)?;
        end.eq_ignore_ascii_case(unit).then_some((number, factor))
    });
    let (number, factor) = unit.unwrap_or((word, 1.0));
    #[allow(clippy::cast_precision_loss)] // as C's double
    let t = if number.contains(&b'.') {
        let t: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
        if !t.is_finite() || t < 0.0 {
            return None;
        }
        t * factor
    } else {
        value::u64(number)? as f64 * factor
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // wanted, see above
    let whole = if t < 9.0e18 { t as u64 as u32 } else { 0 };
    Some((whole.wrapping_add(u32::from(f64::from(whole) < t)), unit.is_none()))
}

/// Shows RTA_METRICS.
pub fn show(out: &mut Out, nest: Attrs<'_>) {
    let lock = nest.find(RTAX_LOCK).and_then(Attr::u32).unwrap_or(0);
    out.open_list("metrics");
    out.open();
    // JSON of iproute2 does not tell; the text does.
    if out.is_json() && lock != 0 {
        out.open_list("lock");
        for m in METRICS.iter().filter(|m| lock & 1 << m.attr != 0) {
            out.str(json_only(""), m.show.key);
        }
        out.close_list();
    }
    for attr in RTAX_MTU..=RTAX_FASTOPEN_NO_COOKIE {
        if let Some(a) = nest.find(attr)
            && let Some(m) = METRICS.iter().find(|m| m.attr == attr)
        {
            one(out, m, a, lock & 1 << attr != 0);
        }
    }
    out.close();
    out.close_list();
}

fn one(out: &mut Out, m: &Metric, a: Attr<'_>, locked: bool) {
    let v = a.u32().unwrap_or(0);
    if matches!(m.ty, Ty::Hops) && v == u32::MAX {
        return;
    }
    out.text(m.word.full);
    out.text(if locked { " lock " } else { " " });
    match m.ty {
        Ty::Number | Ty::Hops | Ty::Bit => out.uint(m.show, v),
        Ty::Time(parts) => milliseconds(out, m.show, v / parts),
        Ty::LockedTime => milliseconds(out, m.show, v),
        Ty::Name => out.bytes(m.show, a.bytes()),
        Ty::Features => {
            let mut rest = v;
            for &(name, bit, text) in FEATURES.iter().filter(|f| v & f.1 != 0) {
                out.null(name, text);
                rest &= !bit;
            }
            if rest != 0 {
                out.display(m.show, format_args!("{v:#x}"));
            }
        }
    }
}

fn milliseconds(out: &mut Out, f: Field, ms: u32) {
    if out.is_json() {
        out.uint(f, ms);
    } else if ms < 1000 {
        out.display(f, format_args!("{ms}ms"));
    } else {
        out.display(f, format_args!("{}s", value_g(f64::from(ms) / 1000.0)));
    }
}

/// C's `%g`, for values from 1 up: six digits, no zeros at the end.
fn value_g(v: f64) -> String {
    fn trimmed(text: &str) -> &str {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
    }
    // Five digits behind the first, rounded; the exponent is that of the rounded value.
    let scientific = format!("{v:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<usize>() {
        Ok(e @ 0..6) => trimmed(&format!("{v:.0$}", 5 - e)).to_owned(),
        Ok(e) => format!("{}e+{e:02}", trimmed(mantissa)),
        Err(_) => format!("{v}"),
    }
}

/// The words and their values, for the usage.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    METRICS.iter().map(|m| (m.word.full, m.ty.arg()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_raw() {
        for (word, want) in [
            ("100ms", Some((100, false))),
            ("1.5s", Some((1500, false))),
            ("1S", Some((1000, false))),
            ("0x10s", Some((16000, false))),
            ("10", Some((10, true))),
            ("1.5", Some((2, true))),
            (".5secs", Some((500, false))),
            ("0.0001s", Some((1, false))),
            ("-1", Some((1, true))),
            ("5x", None),
            ("1min", None),
            ("5 ms", None),
            ("s", None),
            (".", None),
            ("inf.", None),
            ("", None),
        ] {
            assert_eq!(time(word.as_bytes()), want, "{word}");
        }
    }

    #[test]
    fn seconds_are_shown_as_c_does() {
        for (ms, want) in [
            (1000u32, "1"),
            (1500, "1.5"),
            (12_345_678, "12345.7"),
            (123_456_700, "123457"),
            (1_234_567_000, "1.23457e+06"),
            (4_000_000_500, "4e+06"),
            (276_446_000, "276446"),
            (999_999_900, "1e+06"),
        ] {
            assert_eq!(value_g(f64::from(ms) / 1000.0), want);
        }
    }
}
