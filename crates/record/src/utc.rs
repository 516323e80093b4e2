//! Times as an auditor reads them.

use std::fmt;

/// An instant, milliseconds since 1970 UTC, shown as `2026-11-23 05:12:03.120 UTC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Utc(pub u64);

impl Utc {
    /// The same as RFC 3339 has it: `2026-11-23T05:12:03.120Z`.
    pub fn rfc3339(self) -> String {
        self.to_string().replacen(' ', "T", 1).replace(" UTC", "Z")
    }

    /// Reads a date, or a date and a time, in UTC: `2026-11-23`, `2026-11-23 05:12`, `2026-11-23T05:12:03Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('Z').trim_end_matches(" UTC");
        let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
        let numbers =
            |text: &str, by: char| text.split(by).map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
        let [year, month, day] = numbers(date, '-')?.try_into().ok()?;
        let time = numbers(time.split_once('.').map_or(time, |(time, _)| time), ':')?;
        let (hour, minute, second) = (*time.first()?, time.get(1).copied()?, time.get(2).copied().unwrap_or(0));
        let ok = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        if !ok || hour > 23 || minute > 59 || second > 60 || time.len() > 3 {
            return None;
        }
        Some(Self(((days(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000))
    }
}

/// Days from 1970 to a date of the Gregorian calendar. Years begin in March, so that a leap day is the last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1_000, self.0 % 1_000);
        let (days, clock) = (seconds / 86_400 + 719_468, seconds % 86_400);
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03} UTC")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_and_read() {
        for (ms, text) in [
            (0, "1970-01-01 00:00:00.000 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00.000 UTC"),
            (1_709_251_199_000, "2024-02-29 23:59:59.000 UTC"),
            (1_795_411_923_000, "2026-11-23 05:32:03.000 UTC"),
        ] {
            assert_eq!(Utc(ms).to_string(), text);
            assert_eq!(Utc::parse(text), Some(Utc(ms)));
            assert_eq!(Utc::parse(&Utc(ms).rfc3339()), Some(Utc(ms)));
        }
        assert_eq!(Utc::parse("2026-11-23"), Utc::parse("2026-11-23 00:00"));
        assert_eq!((Utc::parse("2026-13-23"), Utc::parse("x"), Utc::parse("2026-11-23 05")), (None, None, None));
    }
}
