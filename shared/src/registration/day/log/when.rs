//! When a day's log is built: once the register rows are all here, or a person says so.

use super::super::completeness::Completeness;

/// How long a log waits for its day mark unless set otherwise (`wait_for_day_mark`), in milliseconds of the station's running time.
pub const WAIT_MS: u64 = 20 * 60_000;

/// What is to be done about a day's log now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Build it.
    Now,
    /// Wait so much longer, in milliseconds of running time.
    In(u64),
    /// Ask a person whether to build it from what is here, or to go on waiting.
    AsksAPerson,
}

/// Tells when a log is built, from how its rows stand and how long it was waited for them. Rows that arrived and differ from the mark ask at once: nothing more is coming.
pub fn when(completeness: Completeness, waited_ms: u64, wait_ms: u64) -> When {
    match completeness {
        Completeness::Complete { .. } => When::Now,
        Completeness::Differs { .. } => When::AsksAPerson,
        Completeness::NoMark { .. } | Completeness::UnderWay { .. } if waited_ms < wait_ms => When::In(wait_ms - waited_ms),
        Completeness::NoMark { .. } | Completeness::UnderWay { .. } => When::AsksAPerson,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_log_waits_for_its_mark_and_then_asks() {
        let cut = date(2024, 3, 15).at(21, 25, 0, 0);
        let under_way = Completeness::UnderWay { cut, outer: 37, inner: 34 };
        for waits in [under_way, Completeness::NoMark { inner: 34 }] {
            assert_eq!(when(waits, 60_000, WAIT_MS), When::In(WAIT_MS - 60_000));
            assert_eq!(when(waits, WAIT_MS, WAIT_MS), When::AsksAPerson);
        }
        assert_eq!(when(Completeness::Complete { cut, outer: 37, inner: 37, later: 0 }, 0, WAIT_MS), When::Now);
        assert_eq!(when(Completeness::Differs { cut, outer: 37, inner: 36 }, 0, WAIT_MS), When::AsksAPerson);
    }
}
