//! The file: rows by the minute for two days, by the hour for 90 days.

use super::{Ask, Row, Series, Sums, Window};
use crate::limits::health::{HOURS, MINUTES};
use rusqlite::{Connection, Row as Found, params};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::sync::mpsc;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS minutes (
        at INTEGER NOT NULL, subject TEXT NOT NULL,
        total INTEGER NOT NULL, up INTEGER NOT NULL, count INTEGER NOT NULL, delay INTEGER NOT NULL,
        jitter INTEGER NOT NULL, loss INTEGER NOT NULL, heard INTEGER NOT NULL, quality INTEGER NOT NULL,
        PRIMARY KEY (at, subject)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS hours (
        at INTEGER NOT NULL, subject TEXT NOT NULL,
        total INTEGER NOT NULL, up INTEGER NOT NULL, count INTEGER NOT NULL, delay INTEGER NOT NULL,
        jitter INTEGER NOT NULL, loss INTEGER NOT NULL, heard INTEGER NOT NULL, quality INTEGER NOT NULL,
        PRIMARY KEY (at, subject)
    ) WITHOUT ROWID;
";

/// Until nobody asks any more.
pub(super) fn run(path: &Path, mut asked: mpsc::Receiver<Ask>) {
    let mut db = match open(path) {
        Ok(db) => db,
        Err(error) => {
            tracing::error!(%error, "health.db in data_dir cannot be used: /health stays empty; check the disk, or remove that file");
            return;
        }
    };
    while let Some(ask) = asked.blocking_recv() {
        match ask {
            Ask::Minute { at_ms, rows } => {
                if let Err(error) = keep(&mut db, at_ms / 60_000, &rows) {
                    tracing::warn!(%error, "a minute of /health could not be written");
                }
            }
            Ask::Series { window, now_ms, reply, turn: _turn } => {
                let found = series(&db, window, now_ms / 60_000).inspect_err(|error| {
                    tracing::warn!(%error, "/health could not be read");
                });
                // Whoever asked may be gone.
                let _ = reply.send(found.unwrap_or_default());
            }
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // A minute that a power cut takes is no loss: the journal's own file is synced, this one need not be.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.execute_batch(TABLES)?;
    Ok(db)
}

fn keep(db: &mut Connection, minute: u64, rows: &[Row]) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    for Row { subject, sums } in rows {
        for (table, at) in [("minutes", minute), ("hours", minute - minute % 60)] {
            let sql = format!(
                "INSERT INTO {table} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (at, subject) DO UPDATE SET total = total + ?3, up = up + ?4, count = count + ?5,
                 delay = delay + ?6, jitter = jitter + ?7, loss = loss + ?8, heard = heard + ?9, quality = quality + ?10"
            );
            let Sums { total, up, count, delay, jitter, loss, heard, quality } = *sums;
            tx.prepare_cached(&sql)?
                .execute(params![at, subject, total, up, count, delay, jitter, loss, heard, quality])?;
        }
    }
    tx.execute("DELETE FROM minutes WHERE at < ?1", params![minute.saturating_sub(MINUTES)])?;
    tx.execute("DELETE FROM hours WHERE at < ?1", params![minute.saturating_sub(HOURS)])?;
    tx.commit()
}

fn series(db: &Connection, window: Window, now: u64) -> rusqlite::Result<Vec<Series>> {
    let table = if window == Window::Quarter { "hours" } else { "minutes" };
    let mut query = db.prepare_cached(&format!(
        "SELECT at, subject, total, up, count, delay, jitter, loss, heard, quality FROM {table} WHERE at > ?1 AND at <= ?2"
    ))?;
    let mut all: BTreeMap<String, BTreeMap<u64, Sums>> = BTreeMap::new();
    let mut rows = query.query(params![now.saturating_sub(window.minutes()), now])?;
    while let Some(row) = rows.next()? {
        let (at, subject): (u64, String) = (row.get(0)?, row.get(1)?);
        let step = at - at % window.step();
        all.entry(subject).or_default().entry(step).or_default().add(&sums(row)?);
    }
    Ok(all.into_iter().map(|(subject, steps)| Series::new(subject, window, steps.into_iter())).collect())
}

fn sums(row: &Found<'_>) -> rusqlite::Result<Sums> {
    Ok(Sums {
        total: row.get(2)?,
        up: row.get(3)?,
        count: row.get(4)?,
        delay: row.get(5)?,
        jitter: row.get(6)?,
        loss: row.get(7)?,
        heard: row.get(8)?,
        quality: row.get(9)?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(up: u64) -> Vec<Row> {
        let sums = Sums { total: 60, up, count: 60, delay: 60 * 90_000, jitter: 60 * 500, ..Sums::default() };
        vec![Row { subject: "path/jpn-1/0".into(), sums }]
    }

    #[test]
    fn ninety_days_stay_bounded_and_the_budget_is_counted() {
        let mut db = open(Path::new(":memory:")).unwrap();
        let first = 30_000_000;
        // 100 days, a look at each hour; one minute of the last day is half down.
        for minute in (first..first + 100 * 24 * 60).step_by(60) {
            keep(&mut db, minute, &row(60)).unwrap();
        }
        let now = first + 100 * 24 * 60;
        keep(&mut db, now, &row(21)).unwrap();
        let count = |table| db.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, u64>(0));
        assert!(count("minutes").unwrap() <= MINUTES + 1 && count("hours").unwrap() <= HOURS / 60 + 1);
        let [quarter] = series(&db, Window::Quarter, now).unwrap().try_into().unwrap();
        assert_eq!(quarter.whole.down_seconds, 39);
        assert!((quarter.budget_used - 39.0 / 77.76).abs() < 1e-9, "half of 77.8 s: {}", quarter.budget_used);
        assert_eq!(quarter.whole.round_trip_ms, Some(90.0));
        assert!(quarter.points.len() <= 361);
        let [hour] = series(&db, Window::Hour, now).unwrap().try_into().unwrap();
        assert_eq!(hour.points.len(), 1, "{hour:?}");
        assert!(hour.budget_used > 1.0, "one hour has 36 ms");
    }
}
