//! The time of day.

use tz::{DateTime, TimeZone};

/// Seconds since 1970, and microseconds.
pub fn now() -> (i64, u32) {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or((0, 0), |d| (i64::try_from(d.as_secs()).unwrap_or(i64::MAX), d.subsec_micros()))
}

/// Now, in the local time zone, as asctime(3) writes it: `Tue Nov 24 11:38:24 2026`.
pub fn now_as_text() -> String {
    as_text(now().0)
}

/// A time in the local zone: that of TZ, as tzset(3) reads it, else that of /etc/localtime, else UTC.
///
/// Not by localtime(3): the C library's brings 90 KB of stdio and locales into a static program.
fn local(seconds: i64) -> Option<DateTime> {
    let named = std::env::var("TZ").ok();
    let zone = match named.as_deref() {
        Some("") => Ok(TimeZone::utc()),
        Some(name) => TimeZone::from_posix_tz(name),
        None => TimeZone::local(),
    };
    let zone = zone.unwrap_or_else(|_| TimeZone::utc());
    DateTime::from_timespec(seconds, 0, zone.as_ref()).ok()
}

/// Seconds since 1970, in the local time zone: `2026-11-24T11:38:24`; empty where there is none.
pub fn as_iso(seconds: i64) -> String {
    let Some(time) = local(seconds) else { return String::new() };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        time.year(),
        time.month(),
        time.month_day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Seconds since 1970, in the local time zone, as asctime(3) writes them; empty where there is
/// no such time.
pub fn as_text(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(time) = local(seconds) else { return String::new() };
    let name =
        |names: &[&'static str], at: u8| names.get(usize::from(at)).copied().unwrap_or("???");
    format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        name(&DAYS, time.week_day()),
        name(&MONTHS, time.month() - 1),
        time.month_day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.year()
    )
}
