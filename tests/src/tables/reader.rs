//! A reader of the sink that looks, in one snapshot each time, for children without a parent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::land::ORPHANS;
use super::session::{Address, Refusal, Session};

/// What a reader saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often it looked.
    pub looks: u64,
    /// How often there were other rows than at the look before.
    pub changes: u64,
    /// The most children without a parent.
    pub orphans: u64,
    /// At which look they were seen first.
    pub first: Option<u64>,
}

/// Looks until it is told to stop; a server that is away is asked again.
pub fn watch(at: &Address, stop: &AtomicBool) -> Seen {
    let (mut seen, mut session, mut rows) = (Seen::default(), None, None);
    while !stop.load(Ordering::SeqCst) {
        let line = match session.take().map_or_else(|| Session::begin(at), Ok) {
            Ok(line) => line,
            Err(_) => {
                thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        session = look(line, &mut seen, &mut rows);
        thread::sleep(Duration::from_millis(5));
    }
    seen
}

/// Looks once; gives the session back while it is good.
fn look(mut session: Session, seen: &mut Seen, rows: &mut Option<u64>) -> Option<Session> {
    let count = "(SELECT count(*) FROM zd) + (SELECT count(*) FROM h) + (SELECT count(*) FROM qlr)";
    let ask = |session: &mut Session, sql: &str| -> Result<u64, Refusal> {
        let rows = session.rows(sql)?;
        Ok(rows.first().and_then(|row| row.first()?.as_ref()?.trim().parse().ok()).unwrap_or(u64::MAX))
    };
    let orphans = ask(&mut session, ORPHANS).ok()?;
    seen.looks += 1;
    if orphans > 0 {
        seen.first.get_or_insert(seen.looks);
    }
    seen.orphans = seen.orphans.max(orphans);
    let now = ask(&mut session, &format!("SELECT CAST({count} AS CHAR(20))")).ok()?;
    if rows.replace(now) != Some(now) {
        seen.changes += 1;
    }
    Some(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stations::beside::Beside;
    use crate::tables::end::End;
    use crate::tables::land::{References, schema};
    use crate::tables::session::Dialect;

    #[test]
    fn a_child_without_its_parent_is_seen_in_each_database() {
        for dialect in [Dialect::Postgres, Dialect::Mariadb, Dialect::Sqlite] {
            let end = End::shared(dialect);
            end.run(&schema(dialect, References::Undeclared));
            end.run("INSERT INTO zd (dm, cs) VALUES ('z', 1); INSERT INTO h (bm, xh, zd, cs) VALUES ('b', 1, 'z', 1)");
            let address = end.address();
            let reader = Beside::run(move |stop| watch(&address, stop));
            thread::sleep(Duration::from_millis(300));
            end.run("INSERT INTO qlr (id, h_bm, h_xh) VALUES (1, 'b', 2)");
            thread::sleep(Duration::from_millis(500));
            let seen = reader.finish();
            assert_eq!(seen.orphans, 1, "{dialect:?}: {seen:?}");
            assert!(seen.first > Some(1) && seen.changes >= 2, "{dialect:?}: {seen:?}");
        }
    }
}
