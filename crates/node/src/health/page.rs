//! The page for operators, made here whole: it works without a script, and its figures are there as tables too.

use super::series::Figures;
use super::words::{self, Tongue};
use super::{Series, Window};
use crate::web::{Health as Status, TestStatus};
use std::fmt::Write as _;

/// Size of a plot in its own units.
const PLOT: (f64, f64) = (600.0, 100.0);

/// HTML. Only ids of the charter and numbers are in it, and no word from outside.
#[must_use]
pub fn page(tongue: Tongue, window: Window, now_ms: u64, status: &Status, series: &[Series]) -> String {
    let say = |words| tongue.say(words);
    let (title, node) = (say(words::TITLE), &status.node);
    let mut out = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} – {node}</title><link rel=\"stylesheet\" href=\"/health.css\"><main><h1>{title}</h1><p>{} {node} · {} UTC</p>",
        tongue.code(),
        say(words::NODE),
        utc(now_ms)
    );
    links(&mut out, tongue, window);
    tests(&mut out, tongue, &status.tests);
    let _ = write!(
        out,
        "<h2>{}</h2><p>{}</p>",
        words::window(tongue, window),
        words::budget(tongue, window.budget_seconds())
    );
    if series.is_empty() {
        let _ = write!(out, "<p>{}</p>", say(words::NOTHING));
    } else {
        overview(&mut out, tongue, series);
        for one in series {
            subject(&mut out, tongue, window, now_ms, one);
        }
    }
    out.push_str("</main></html>\n");
    out
}

fn links(out: &mut String, tongue: Tongue, window: Window) {
    let code = tongue.code();
    let _ = write!(out, "<nav aria-label=\"{}\"><ul>", tongue.say(words::TIME));
    for other in Window::ALL {
        let name = words::window(tongue, other);
        let _ = match other == window {
            true => write!(out, "<li><strong aria-current=\"page\">{name}</strong>"),
            false => write!(out, "<li><a href=\"/health?window={}&amp;lang={code}\">{name}</a>", other.name()),
        };
    }
    let _ = write!(out, "</ul></nav><nav aria-label=\"{}\"><ul>", tongue.say(words::LANGUAGE));
    for other in Tongue::ALL {
        let (name, other) = (other.name(), other.code());
        let _ = write!(
            out,
            "<li><a lang=\"{other}\" href=\"/health?window={}&amp;lang={other}\">{name}</a>",
            window.name()
        );
    }
    let (export, name) = (tongue.say(words::EXPORT), window.name());
    let _ = write!(
        out,
        "</ul></nav><nav aria-label=\"{export}\"><ul><li><a href=\"/health.csv?window={name}\">{export}: CSV</a><li><a href=\"/health.json?window={name}\">{export}: JSON</a></ul></nav>"
    );
}

fn tests(out: &mut String, tongue: Tongue, tests: &[TestStatus]) {
    if tests.is_empty() {
        return;
    }
    let heads = [words::BETWEEN, words::LEVEL, words::STATE, words::LAST_GOOD];
    head(out, tongue, tongue.say(words::TESTS), true, &heads);
    for test in tests {
        let good = test.good_ms.map(|ms| format!("{} UTC", utc(ms))).unwrap_or_else(|| "–".to_owned());
        let (level, grade) = (words::level(tongue, test.level), words::grade(tongue, test.grade));
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{} – {}<td>{level}<td class=\"{}\">{grade}<td>{good}",
            test.a, test.b, test.grade
        );
    }
    out.push_str("</table></div>");
}

fn overview(out: &mut String, tongue: Tongue, series: &[Series]) {
    let heads = [
        words::SUBJECT,
        words::AVAILABLE,
        words::DOWN,
        words::BUDGET,
        words::ROUND_TRIP,
        words::JITTER,
        words::LOSS,
        words::QUALITY,
        words::WATCHED,
    ];
    head(out, tongue, "", false, &heads);
    for one in series {
        let tone = if one.budget_used >= 1.0 {
            "red"
        } else if one.budget_used >= 0.5 {
            "amber"
        } else {
            "good"
        };
        let _ = write!(out, "<tr><th scope=\"row\">{}", name(tongue, one));
        let _ = write!(out, "<td>{}", percent(one.whole.availability, 3));
        let _ = write!(out, "<td>{}<td class=\"{tone}\">{:.0} %", one.whole.down_seconds, one.budget_used * 100.0);
        cells(out, &one.whole);
        let _ = write!(out, "<td>{}", one.whole.watched_seconds / 60);
    }
    out.push_str("</table></div>");
}

fn subject(out: &mut String, tongue: Tongue, window: Window, now_ms: u64, one: &Series) {
    let _ = write!(out, "<article><h3>{}</h3><div class=\"plots\">", name(tongue, one));
    type Figure = fn(&Figures) -> Option<f64>;
    let plots: [([&'static str; 3], Figure); 4] = [
        (words::ROUND_TRIP, |f| f.round_trip_ms),
        (words::JITTER, |f| f.jitter_ms),
        (words::LOSS, |f| f.loss.map(|loss| loss * 100.0)),
        (words::QUALITY, |f| f.quality),
    ];
    for (what, figure) in plots {
        if one.points.iter().any(|point| figure(&point.figures).is_some()) {
            plot(out, tongue.say(what), window, now_ms, one, figure);
        }
    }
    plot(out, tongue.say(words::DOWN), window, now_ms, one, |f| Some(f.down_seconds as f64));
    let _ = write!(out, "</div><details><summary>{}</summary>", tongue.say(words::TABLE));
    let heads =
        [words::FROM, words::AVAILABLE, words::DOWN, words::ROUND_TRIP, words::JITTER, words::LOSS, words::QUALITY];
    head(out, tongue, "", false, &heads);
    for point in &one.points {
        let f = &point.figures;
        let _ = write!(out, "<tr><th scope=\"row\">{}", utc(point.at_ms));
        let _ = write!(out, "<td>{}<td>{}", percent(f.availability, 3), f.down_seconds);
        cells(out, f);
    }
    out.push_str("</table></div></details></article>");
}

fn cells(out: &mut String, f: &Figures) {
    let number =
        |value: Option<f64>, digits: usize| value.map_or("–".to_owned(), |value| format!("{value:.digits$}"));
    let (delay, jitter, quality) = (number(f.round_trip_ms, 1), number(f.jitter_ms, 1), number(f.quality, 2));
    let _ = write!(out, "<td>{delay}<td>{jitter}<td>{}<td>{quality}", percent(f.loss, 2));
}

fn head(out: &mut String, tongue: Tongue, title: &str, shown: bool, heads: &[[&'static str; 3]]) {
    if shown {
        let _ = write!(out, "<h2>{title}</h2>");
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    let _ = write!(out, "{}\"><table><tr>", if title.is_empty() { tongue.say(words::TABLE) } else { title });
    for words in heads {
        let _ = write!(out, "<th scope=\"col\">{}", tongue.say(*words));
    }
}

/// A line per run of steps without a gap; its table says the same in numbers.
fn plot(out: &mut String, title: &str, window: Window, now_ms: u64, one: &Series, figure: fn(&Figures) -> Option<f64>) {
    let known: Vec<(u64, f64)> =
        one.points.iter().filter_map(|point| Some((point.at_ms, figure(&point.figures)?))).collect();
    let most = known.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let (step_ms, length_ms) = (window.step() * 60_000, window.minutes() * 60_000);
    let from = now_ms.saturating_sub(length_ms);
    let x = |at: u64| at.saturating_sub(from) as f64 / length_ms as f64 * PLOT.0;
    let y = |value: f64| PLOT.1 - if most > 0.0 { value / most * (PLOT.1 - 6.0) } else { 0.0 } - 2.0;
    let _ = write!(
        out,
        "<figure><svg viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{title}: 0–{most:.1}\">",
        PLOT.0, PLOT.1
    );
    let mut runs: Vec<Vec<(u64, f64)>> = Vec::new();
    for (at, value) in known {
        match runs.last_mut().filter(|run| run.last().is_some_and(|(last, _)| at <= last + step_ms * 3 / 2)) {
            Some(run) => run.push((at, value)),
            None => runs.push(vec![(at, value)]),
        }
    }
    for run in runs {
        if let [(at, value)] = run[..] {
            let _ = write!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\"/>", x(at), y(value));
            continue;
        }
        out.push_str("<polyline points=\"");
        for (at, value) in run {
            let _ = write!(out, "{:.1},{:.1} ", x(at), y(value));
        }
        out.push_str("\"/>");
    }
    let _ = write!(out, "</svg><figcaption>{title} · 0–{most:.1}</figcaption></figure>");
}

fn name(tongue: Tongue, one: &Series) -> String {
    let id = one.subject.split_once('/').map_or(one.subject.as_str(), |(_, id)| id);
    format!("{} {id}", words::kind(tongue, &one.subject))
}

fn percent(share: Option<f64>, digits: usize) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.digits$} %", share * 100.0))
}

/// `2026-11-23 04:05`, by the calendar of ISO 8601.
fn utc(ms: u64) -> String {
    let (days, minutes) = (ms / 86_400_000, ms / 60_000 % 1_440);
    // Days since 0000-03-01, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right_on_days_that_are_easy_to_get_wrong() {
        for (ms, said) in [
            (0, "1970-01-01 00:00"),
            (951_782_400_000, "2000-02-29 00:00"),
            (1_709_251_140_000, "2024-02-29 23:59"),
            (1_790_000_000_000, "2026-09-21 14:13"),
            (4_107_542_400_000, "2100-03-01 00:00"),
        ] {
            assert_eq!(utc(ms), said);
        }
    }
}
