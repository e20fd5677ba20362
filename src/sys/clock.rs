//! The time of day.
#![allow(unsafe_code)]

/// Seconds since 1970, and microseconds.
pub fn now() -> (i64, u32) {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or((0, 0), |d| (i64::try_from(d.as_secs()).unwrap_or(i64::MAX), d.subsec_micros()))
}

/// Now, in the local time zone, as asctime(3) writes it: `Tue Nov 24 11:38:24 2026`.
pub fn now_as_text() -> String {
    as_text(now().0)
}

/// A time in the local zone.
fn local(seconds: i64) -> Option<libc::tm> {
    // SAFETY: all zeros are a valid struct tm: numbers, and a pointer that may be null.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values that outlive the call; nothing is kept.
    let done = unsafe { libc::localtime_r(&raw const seconds, &raw mut tm) };
    (!done.is_null()).then_some(tm)
}

/// Seconds since 1970, in the local time zone: `2026-11-24T11:38:24`; empty where there is none.
pub fn as_iso(seconds: i64) -> String {
    let Some(tm) = local(seconds) else { return String::new() };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        1900 + tm.tm_year,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec
    )
}

/// Seconds since 1970, in the local time zone, as asctime(3) writes them; empty where there is
/// no such time.
pub fn as_text(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(tm) = local(seconds) else { return String::new() };
    let name = |names: &[&'static str], at: i32| {
        usize::try_from(at).ok().and_then(|i| names.get(i).copied()).unwrap_or("???")
    };
    format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        name(&DAYS, tm.tm_wday),
        name(&MONTHS, tm.tm_mon),
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        1900 + tm.tm_year
    )
}
