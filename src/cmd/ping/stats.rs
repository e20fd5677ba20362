//! What `ping` counts, and how it is told.

/// Sequence numbers have 16 bits; answers are remembered by them.
const SEQUENCES: usize = 1 << 16;

/// Counters and times; times in microseconds.
#[derive(Clone, Debug)]
pub struct Stats {
    pub transmitted: u64,
    pub received: u64,
    pub repeats: u64,
    pub corrupted: u64,
    pub errors: u64,
    min: i64,
    max: i64,
    sum: i128,
    squares: i128,
    /// The smoothed time, times eight.
    ewma8: i64,
    /// The last sequence number that was answered, and the most that were under way.
    acked: u16,
    pipe: u16,
    seen: Vec<u64>,
}

/// What the summary depends on besides the counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// From the first to the last request, in microseconds.
    pub elapsed_us: u64,
    /// Whether requests carry a time.
    pub timing: bool,
    /// Whether the time between packets is of interest: -f, -A or -i 0.
    pub pace: bool,
}

impl Default for Stats {
    fn default() -> Self {
        Stats {
            transmitted: 0,
            received: 0,
            repeats: 0,
            corrupted: 0,
            errors: 0,
            min: i64::MAX,
            max: 0,
            sum: 0,
            squares: 0,
            ewma8: 0,
            acked: 0,
            pipe: 0,
            seen: vec![0; SEQUENCES / 64],
        }
    }
}

impl Stats {
    /// The low bits of a counter, as they are sent.
    #[allow(clippy::cast_possible_truncation)] // that is what a sequence number is
    pub fn sequence(n: u64) -> u16 {
        n as u16
    }
    fn last(&self) -> u16 {
        Stats::sequence(self.transmitted)
    }

    /// One more request was sent; its number may be answered again.
    pub fn sent(&mut self) {
        self.transmitted += 1;
        let n = usize::from(self.last());
        self.seen[n / 64] &= !(1 << (n % 64));
    }
    /// Whether a request was answered.
    pub fn answered(&self, seq: u16) -> bool {
        let n = usize::from(seq);
        self.seen[n / 64] & (1 << (n % 64)) != 0
    }
    /// The longest time so far, in microseconds.
    pub fn longest_us(&self) -> i64 {
        self.max
    }
    /// The smoothed time, in microseconds; 0 before the first answer.
    pub fn smoothed_us(&self) -> i64 {
        self.ewma8 / 8
    }

    /// An answer or an error for a request has come.
    pub fn acknowledge(&mut self, seq: u16) {
        let behind = self.last().wrapping_sub(seq);
        if behind <= 0x7fff {
            self.pipe = self.pipe.max(behind.saturating_add(1));
            let newer = seq.wrapping_sub(self.acked);
            if (newer != 0 && newer <= 0x7fff) || self.last().wrapping_sub(self.acked) > 0x7fff {
                self.acked = seq;
            }
        }
    }
    /// Requests without an answer yet.
    pub fn in_flight(&self) -> u64 {
        let n = self.last().wrapping_sub(self.acked);
        if n <= 0x7fff {
            return n.into();
        }
        self.transmitted.saturating_sub(self.received + self.errors)
    }

    /// Counts an answer; says whether it came before.
    pub fn reply(&mut self, seq: u16, time_us: Option<i64>, corrupt: bool) -> bool {
        self.received += 1;
        if !corrupt {
            self.acknowledge(seq);
        }
        if let Some(t) = time_us {
            self.sum += i128::from(t);
            self.squares += i128::from(t) * i128::from(t);
            self.min = self.min.min(t);
            self.max = self.max.max(t);
            self.ewma8 = if self.ewma8 == 0 { t * 8 } else { self.ewma8 + t - self.ewma8 / 8 };
        }
        if corrupt {
            self.corrupted += 1;
            self.received -= 1;
            return false;
        }
        if self.answered(seq) {
            self.repeats += 1;
            self.received -= 1;
            return true;
        }
        let n = usize::from(seq);
        self.seen[n / 64] |= 1 << (n % 64);
        false
    }

    fn average(&self) -> i128 {
        let n = i128::from(self.received + self.repeats);
        if n == 0 { 0 } else { self.sum / n }
    }
    fn deviation(&self) -> i64 {
        let n = i128::from(self.received + self.repeats).max(1);
        let average = self.sum / n;
        root(self.squares / n - average * average)
    }
    #[allow(clippy::cast_precision_loss)] // %g shows six digits
    fn loss(&self) -> f64 {
        let lost = i128::from(self.transmitted) - i128::from(self.received);
        (lost as f64 * 100.0) / self.transmitted as f64
    }

    /// The lines behind `--- HOST ping statistics ---`.
    pub fn summary(&self, s: Summary) -> String {
        let mut t = format!("{} packets transmitted, {} received", self.transmitted, self.received);
        for (n, what) in
            [(self.repeats, "duplicates"), (self.corrupted, "corrupted"), (self.errors, "errors")]
        {
            if n > 0 {
                t += &format!(", +{n} {what}");
            }
        }
        if self.transmitted > 0 {
            t +=
                &format!(", {}% packet loss, time {}ms", general(self.loss()), s.elapsed_us / 1000);
        }
        t.push('\n');
        let mut comma = "";
        if self.received > 0 && s.timing {
            t += &format!(
                "rtt min/avg/max/mdev = {}/{}/{}/{} ms",
                ms(self.min.into()),
                ms(self.average()),
                ms(self.max.into()),
                ms(self.deviation().into())
            );
            comma = ", ";
        }
        if self.pipe > 1 {
            t += &format!("{comma}pipe {}", self.pipe);
            comma = ", ";
        }
        if self.received > 0 && s.pace && self.transmitted > 1 {
            let gap = i128::from(s.elapsed_us) / i128::from(self.transmitted - 1);
            t += &format!("{comma}ipg/ewma {}/{} ms", ms(gap), ms((self.ewma8 / 8).into()));
        }
        t.push('\n');
        t
    }

    /// The line that SIGQUIT asks for.
    pub fn snapshot(&self, timing: bool) -> String {
        let lost = self.transmitted.saturating_sub(self.received) * 100;
        let loss = lost.checked_div(self.transmitted).unwrap_or(0);
        let mut t = format!("\r{}/{} packets, {loss}% loss", self.received, self.transmitted);
        if self.received > 0 && timing {
            t += &format!(
                ", min/avg/ewma/max = {}/{}/{}/{} ms",
                ms(self.min.into()),
                ms(self.average()),
                ms((self.ewma8 / 8).into()),
                ms(self.max.into())
            );
        }
        t.push('\n');
        t
    }
}

/// Microseconds as milliseconds with three decimals.
fn ms(us: i128) -> String {
    format!("{}.{:03}", us / 1000, us % 1000)
}

/// The integral square root.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // corrected below
fn root(n: i128) -> i64 {
    if n <= 0 {
        return 0;
    }
    let mut r = (n as f64).sqrt() as i64;
    while i128::from(r) * i128::from(r) > n {
        r -= 1;
    }
    while i128::from(r + 1) * i128::from(r + 1) <= n {
        r += 1;
    }
    r
}

/// A number as C's `%g` writes percentages: six significant digits, no zeros at the end.
fn general(v: f64) -> String {
    let whole = v.abs().log10().floor();
    let decimals = if v == 0.0 {
        0
    } else if whole < 0.0 {
        6
    } else if whole < 1.0 {
        5
    } else if whole < 2.0 {
        4
    } else {
        3
    };
    let t = format!("{v:.decimals$}");
    if t.contains('.') { t.trim_end_matches('0').trim_end_matches('.').to_owned() } else { t }
}

/// ` time=…` behind an answer: fewer decimals for longer times, unless all are wanted.
pub fn time(us: i64, precise: bool) -> String {
    if precise {
        format!(" time={} ms", ms(us.into()))
    } else if us >= 100_000 - 50 {
        format!(" time={} ms", (us + 500) / 1000)
    } else if us >= 10_000 - 5 {
        format!(" time={}.{} ms", (us + 50) / 1000, (us + 50) % 1000 / 100)
    } else if us >= 1000 {
        format!(" time={}.{:02} ms", (us + 5) / 1000, (us + 5) % 1000 / 10)
    } else {
        format!(" time={} ms", ms(us.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Summary = Summary { elapsed_us: 202_400, timing: true, pace: false };

    #[test]
    fn a_summary_of_two() {
        let mut s = Stats::default();
        for (seq, t) in [(1, 8), (2, 32)] {
            s.sent();
            assert!(!s.reply(seq, Some(t), false));
        }
        assert_eq!(
            s.summary(PLAIN),
            "2 packets transmitted, 2 received, 0% packet loss, time 202ms\n\
             rtt min/avg/max/mdev = 0.008/0.020/0.032/0.012 ms\n"
        );
        assert!(s.reply(2, Some(40), false));
        assert!(
            s.summary(PLAIN).starts_with("2 packets transmitted, 2 received, +1 duplicates, 0%")
        );
    }

    #[test]
    fn errors_and_the_pipe() {
        let mut s = Stats::default();
        for _ in 0..3 {
            s.sent();
        }
        for seq in 1..4 {
            s.errors += 1;
            s.acknowledge(seq);
        }
        assert_eq!(
            s.summary(PLAIN),
            "3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 202ms\npipe 3\n"
        );
        let mut one = Stats::default();
        one.sent();
        assert!(one.summary(PLAIN).ends_with("100% packet loss, time 202ms\n\n"));
    }

    #[test]
    fn losses_have_six_digits() {
        assert_eq!(general(100.0), "100");
        assert_eq!(general(200.0 / 3.0), "66.6667");
        assert_eq!(general(100.0 / 3.0), "33.3333");
        assert_eq!(general(0.1), "0.1");
        assert_eq!(general(12.5), "12.5");
        assert_eq!(general(0.0), "0");
    }

    #[test]
    fn long_times_lose_decimals() {
        let t = |us| time(us, false);
        assert_eq!(t(34), " time=0.034 ms");
        assert_eq!(t(1_234), " time=1.23 ms");
        assert_eq!(t(9_999), " time=10.0 ms");
        assert_eq!(t(12_345), " time=12.3 ms");
        assert_eq!(t(123_456), " time=123 ms");
        assert_eq!(time(123_456, true), " time=123.456 ms");
    }

    #[test]
    fn sequence_numbers_wrap() {
        let mut s = Stats::default();
        for _ in 0..65_537 {
            s.sent();
            s.reply(Stats::sequence(s.transmitted), None, false);
        }
        assert_eq!((s.received, s.repeats, s.in_flight()), (65_537, 0, 0));
    }

    #[test]
    fn roots_are_whole() {
        assert_eq!([root(-4), root(0), root(144), root(143)], [0, 0, 12, 11]);
    }
}
