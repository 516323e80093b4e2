//! The local time that stands beside UTC.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use std::str::FromStr;
use trialogue_record::utc::Utc;

/// A zone by its name in the system's database (IANA), or a distance from UTC.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let zone = offset(name).map_or_else(|| TimeZone::get(name).ok(), |offset| Some(TimeZone::fixed(offset)));
        zone.map(|zone| Self { name: name.to_owned(), zone }).ok_or_else(|| {
            "give a distance from UTC, as +09:00, or a name of this system's database of time zones (package tzdata), \
             as Asia/Tokyo"
                .to_owned()
        })
    }
}

/// `+09:00`, `-04:30`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two =
        |digits: &str| (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok());
    let (hours, minutes): (i32, i32) = (two(hours)??, two(minutes)??);
    (hours <= 14 && minutes < 60).then(|| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok())?
}

impl Zone {
    /// As it was asked for.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// As RFC 3339 has it.
    pub(super) fn rfc3339(&self, time: Utc) -> Option<String> {
        self.format(time, "%Y-%m-%dT%H:%M:%S%.3f%:z")
    }

    /// `14:12:03 +09:00`, with the date where it is another one than in UTC.
    fn beside(&self, time: Utc) -> Option<String> {
        let date = self.format(time, "%Y-%m-%d")?;
        let local = self.format(time, "%H:%M:%S %:z")?;
        Some(if time.to_string().starts_with(&date) { local } else { format!("{date} {local}") })
    }

    fn format(&self, time: Utc, how: &str) -> Option<String> {
        // Times are claims: one that no calendar has stays in UTC.
        let at = Timestamp::from_millisecond(i64::try_from(time.0).ok()?).ok()?;
        jiff::fmt::strtime::format(how, &at.to_zoned_datetime(self.zone.clone())).ok()
    }
}

/// A time in UTC, with the local one in brackets where that is wanted.
pub(super) fn shown(time: Utc, zone: Option<&Zone>) -> String {
    match zone.and_then(|zone| zone.beside(time)) {
        Some(local) => format!("{time} ({local})"),
        None => time.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TIME: Utc = Utc(1_795_411_923_120);

    #[test]
    fn local_time_stands_beside_utc_with_its_date_where_that_differs() {
        for (zone, local) in [
            ("+09:00", "2026-11-23 05:32:03.120 UTC (14:32:03 +09:00)"),
            ("-05:30", "2026-11-23 05:32:03.120 UTC (00:02:03 -05:30)"),
            ("-10:00", "2026-11-23 05:32:03.120 UTC (2026-11-22 19:32:03 -10:00)"),
            ("UTC", "2026-11-23 05:32:03.120 UTC (05:32:03 +00:00)"),
        ] {
            assert_eq!(shown(TIME, Some(&zone.parse().unwrap())), local);
        }
        assert_eq!(shown(TIME, None), "2026-11-23 05:32:03.120 UTC");
        let zone: Zone = "+09:00".parse().unwrap();
        assert_eq!(zone.rfc3339(TIME).unwrap(), "2026-11-23T14:32:03.120+09:00");
        assert_eq!(shown(Utc(u64::MAX), Some(&zone)), Utc(u64::MAX).to_string());
    }

    #[test]
    fn what_is_no_zone_is_refused_with_the_remedy() {
        for bad in ["", "+", "+9:00", "+15:00", "+09:60", "+0900", "Atlantis", "+aa:bb", "-１:00", "../etc/passwd"] {
            assert!(bad.parse::<Zone>().unwrap_err().contains("Asia/Tokyo"), "{bad}");
        }
    }
}
