//! `-m time`: dates, days and hours.

use crate::cmd::iptables::fail::{Result, usage};
use crate::cmd::iptables::family::number;
use crate::sys::fd;

use super::{Ext, Fill, Opt, Shown, put, put_at, u32_at};

/// Seconds since 1970.
const DATE_START: usize = 0;
const DATE_STOP: usize = 4;
/// Seconds of the day.
const START: usize = 8;
const STOP: usize = 12;
/// The days as bits from 1 on; of the week from Monday.
const MONTHDAYS: usize = 16;
const WEEKDAYS: usize = 20;
const FLAGS: usize = 21;
/// XT_TIME_LOCAL_TZ, XT_TIME_CONTIGUOUS.
const LOCAL: u8 = 1;
const CONTIGUOUS: u8 = 2;

const LAST_DATE: u32 = i32::MAX.unsigned_abs();
const DAY: u32 = 86_400;
const ALL_MONTHDAYS: u32 = 0xffff_fffe;
const ALL_WEEKDAYS: u8 = 0xfe;
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The options for the zone, by their places.
const UTC_BIT: u32 = 0x100;
const LOCAL_BITS: u32 = 0x280;

/// struct xt_time_info.
pub static TIME: Ext = Ext {
    name: "time",
    wire: "time",
    size: 24,
    user: 24,
    opts: OPTS,
    init: |info| {
        put_at(info, DATE_STOP, &LAST_DATE.to_ne_bytes());
        put_at(info, STOP, &(DAY - 1).to_ne_bytes());
        put_at(info, MONTHDAYS, &ALL_MONTHDAYS.to_ne_bytes());
        info[WEEKDAYS] = ALL_WEEKDAYS;
    },
    complete: |info, _| {
        if info[FLAGS] & CONTIGUOUS != 0 && u32_at(info, START) < u32_at(info, STOP) {
            return usage(&[
                b"time: --contiguous only makes sense when stoptime is smaller than starttime",
            ]);
        }
        Ok(())
    },
    save: |out, s| {
        hours(out, s, [" --timestart ", " --timestop "]);
        monthdays(out, s, " --monthdays ", false);
        weekdays(out, s, " --weekdays ");
        date(out, u32_at(s.info, DATE_START), " --datestart ", 'T', 0);
        // The reference prints it always.
        date(out, u32_at(s.info, DATE_STOP), " --datestop ", 'T', u32::MAX);
        put(out, if s.info[FLAGS] & LOCAL != 0 { " --kerneltz" } else { "" });
        put(out, if s.info[FLAGS] & CONTIGUOUS != 0 { " --contiguous" } else { "" });
    },
    list: |out, s| {
        put(out, " TIME");
        hours(out, s, [" from ", " to "]);
        weekdays(out, s, " on ");
        monthdays(out, s, " on ", true);
        date(out, u32_at(s.info, DATE_START), " starting from ", ' ', 0);
        date(out, u32_at(s.info, DATE_STOP), " until date ", ' ', LAST_DATE);
        put(out, if s.info[FLAGS] & LOCAL != 0 { "" } else { " UTC" });
        put(out, if s.info[FLAGS] & CONTIGUOUS != 0 { " contiguous" } else { "" });
    },
    ..Ext::MATCH
};

macro_rules! value {
    ($name:literal, $arg:literal, $at:expr, $parse:expr) => {
        Opt {
            name: $name,
            arg: $arg,
            take: |f, value| {
                put_at(f.info, $at, &$parse(value)?.to_ne_bytes());
                Ok(())
            },
            ..Opt::NONE
        }
    };
}

static OPTS: &[Opt] = &[
    value!("datestart", "YYYY[-MM[-DD[THH[:MM[:SS]]]]]", DATE_START, parse_date),
    value!("datestop", "YYYY[-MM[-DD[THH[:MM[:SS]]]]]", DATE_STOP, parse_date),
    value!("timestart", "HH:MM[:SS]", START, parse_time),
    value!("timestop", "HH:MM[:SS]", STOP, parse_time),
    bits!("contiguous", FLAGS, CONTIGUOUS),
    Opt { name: "weekdays", arg: "DAY[,...]", not: true, take: take_weekdays, ..Opt::NONE },
    Opt { name: "monthdays", arg: "DAY[,...]", not: true, take: take_monthdays, ..Opt::NONE },
    Opt {
        name: "localtz",
        excludes: UTC_BIT,
        take: |f, _| {
            fd::stderr(b"WARNING: --localtz is being replaced by --kerneltz, since \"local\" is ambiguous. Note the kernel timezone has caveats - see manpage for details.\n");
            f.info[FLAGS] |= LOCAL;
            Ok(())
        },
        ..Opt::NONE
    },
    Opt { name: "utc", excludes: LOCAL_BITS, ..Opt::NONE },
    Opt { excludes: UTC_BIT, ..bits!("kerneltz", FLAGS, LOCAL) },
];

/// The decimal number that a word begins with, 0 for none; absent when it is above `most`.
fn leading(word: &[u8], most: u32) -> Option<(u32, &[u8])> {
    let word = word.trim_ascii_start();
    let word = word.strip_prefix(b"+").unwrap_or(word);
    let end = word.iter().take_while(|b| b.is_ascii_digit()).count();
    let value = word[..end].iter().try_fold(0u32, |n, b| {
        n.checked_mul(10)?.checked_add(u32::from(b - b'0')).filter(|n| *n <= most)
    });
    Some((value?, &word[end..]))
}

fn parse_time(word: &[u8]) -> Result<u32> {
    let bad = |word: &[u8]| {
        let behind = b"\" specified, should be hh:mm[:ss] format and within the boundaries";
        usage(&[b"invalid time \"", word, behind])
    };
    let Some((hour, [b':', rest @ ..])) = leading(word, 23) else { return bad(word) };
    let (minute, seconds) = match leading(rest, 59) {
        Some((minute, [])) => (minute, &b""[..]),
        Some((minute, [b':', seconds @ ..])) => (minute, seconds),
        _ => return bad(rest),
    };
    let Some((second, [])) = leading(seconds, 59) else { return bad(seconds) };
    Ok(hour * 3600 + minute * 60 + second)
}

/// What is not said is the first; month 0 and day 0 are the last ones before.
fn parse_date(word: &[u8]) -> Result<u32> {
    // Year, month, day, hour, minute, second: the least said, the most, what follows.
    const PARTS: [(u32, u32, u8); 6] = [
        (1970, 2038, b'-'),
        (1, 12, b'-'),
        (1, 31, b'T'),
        (0, 23, b':'),
        (0, 59, b':'),
        (0, 59, 0),
    ];
    let bad = || {
        let behind = b"\" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]";
        usage(&[b"Invalid date \"", word, behind])
    };
    let mut values = PARTS.map(|(least, ..)| least);
    let mut rest = Some(word);
    for (value, (least, most, separator)) in values.iter_mut().zip(PARTS) {
        let Some(text) = rest else { break };
        let Some((n, behind)) = leading(text, most) else { return bad() };
        if least == PARTS[0].0 && n < least {
            return bad();
        }
        *value = n;
        rest = match behind {
            [] => None,
            [b, behind @ ..] if *b == separator && separator != 0 => Some(behind),
            _ => return bad(),
        };
    }
    let [year, month, day, hour, minute, second] = values.map(i64::from);
    let days = days_before(year, month) + day - 1;
    match u32::try_from(days * i64::from(DAY) + hour * 3600 + minute * 60 + second) {
        Ok(seconds) => Ok(seconds),
        Err(_) => bad(),
    }
}

/// Days from 1970 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    // Counted from March, leap days come last in a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year / 4 - year / 100 + year / 400;
    year * 365 + leap + (month * 306 + 5) / 10 - 719_468
}

/// Each word of a list, cut off behind `most` bytes as the reference does.
fn take_weekdays(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let mut days = 0;
    for word in value.strip_suffix(b",").unwrap_or(value).split(|&b| b == b',') {
        if value.is_empty() {
            break;
        }
        let short = &word[..word.len().min(3)];
        let named = |name: &&str| word.starts_with(&name.as_bytes()[..2]);
        let digits = short.strip_prefix(b"+").unwrap_or(short);
        let day = match number(digits, 7) {
            Some(n) => usize::try_from(n).ok(),
            None if word.is_empty() => Some(0),
            None => NAMES.iter().position(named).map(|n| n + 1),
        };
        match day {
            Some(0) => return usage(&[b"No, the week does NOT begin with Sunday."]),
            Some(day) => days |= 1 << day,
            None => return usage(&[short, b" is not a valid day specifier"]),
        }
    }
    f.info[WEEKDAYS] = if f.not { days ^ ALL_WEEKDAYS } else { days };
    Ok(())
}

fn take_monthdays(f: &mut Fill<'_, '_>, value: &[u8]) -> Result {
    let mut days = 0u32;
    for word in value.split(|&b| b == b',').filter(|w| !w.is_empty()) {
        let short = &word[..word.len().min(2)];
        match number(word, 31).filter(|n| *n != 0) {
            Some(day) => days |= 1 << day,
            None => return usage(&[short, b" is not a valid day for --monthdays"]),
        }
    }
    let days = if f.not { days ^ ALL_MONTHDAYS } else { days };
    put_at(f.info, MONTHDAYS, &days.to_ne_bytes());
    Ok(())
}

fn hours(out: &mut Vec<u8>, s: &Shown<'_>, [from, to]: [&str; 2]) {
    let (start, stop) = (u32_at(s.info, START), u32_at(s.info, STOP));
    if (start, stop) == (0, DAY - 1) {
        return;
    }
    for (word, time) in [(from, start), (to, stop)] {
        put(out, word);
        clock(out, time);
    }
}

fn clock(out: &mut Vec<u8>, time: u32) {
    put(out, format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60));
}

fn weekdays(out: &mut Vec<u8>, s: &Shown<'_>, word: &str) {
    let days = s.info[WEEKDAYS];
    if days == ALL_WEEKDAYS {
        return;
    }
    put(out, word);
    let names = NAMES.iter().zip(1..).filter(|(_, bit)| days & 1 << bit != 0);
    let names: Vec<&str> = names.map(|(name, _)| *name).collect();
    put(out, names.join(","));
}

fn monthdays(out: &mut Vec<u8>, s: &Shown<'_>, word: &str, ordinal: bool) {
    let days = u32_at(s.info, MONTHDAYS);
    if days == ALL_MONTHDAYS {
        return;
    }
    put(out, word);
    let mut comma = "";
    for day in (1..32).filter(|day| days & 1 << day != 0) {
        // 11st is what the reference writes.
        let ending = match day % 10 {
            _ if !ordinal => "",
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        };
        put(out, format!("{comma}{day}{ending}"));
        comma = ",";
    }
}

fn date(out: &mut Vec<u8>, seconds: u32, word: &str, between: char, usual: u32) {
    if seconds == usual {
        return;
    }
    let days = i64::from(seconds / DAY);
    // At most one month too late, as no month has more than 31 days.
    let mut year = 1970 + days / 366;
    while days_before(year + 1, 1) <= days {
        year += 1;
    }
    let month = (2..=12).take_while(|m| days_before(year, *m) <= days).last().unwrap_or(1);
    let day = days - days_before(year, month) + 1;
    put(out, format!("{word}{year:04}-{month:02}-{day:02}{between}"));
    clock(out, seconds % DAY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970_and_back() {
        let back = |seconds| {
            let mut out = Vec::new();
            date(&mut out, seconds, "", 'T', u32::MAX);
            String::from_utf8(out).unwrap()
        };
        for (word, seconds, full) in [
            ("1970", 0, "1970-01-01T00:00:00"),
            ("2000-02-29T23:59:59", 951_868_799, "2000-02-29T23:59:59"),
            ("2023-02-30", 1_677_715_200, "2023-03-02T00:00:00"),
            ("2024-00", 1_701_388_800, "2023-12-01T00:00:00"),
            ("2024-01-", 1_703_980_800, "2023-12-31T00:00:00"),
            ("2038-12-31T23:59:59", 2_177_452_799, "2038-12-31T23:59:59"),
        ] {
            assert_eq!(parse_date(word.as_bytes()), Ok(seconds), "{word}");
            assert_eq!(back(seconds), full);
        }
        for word in ["", "x", "1969", "2039", "1970-00", "2024-13", "2024-1-32", "2024-1-1T0:0:0:0"]
        {
            assert!(parse_date(word.as_bytes()).is_err(), "{word}");
        }
    }
}
