//! Whether all register rows of a day are here, by its day mark.

use jiff::civil::{Date, DateTime};

use super::day_mark::RowsHere;
use super::facts::MarkFact;
use crate::lang::Lang;
use crate::say;

/// How the rows here stand to the day mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// No mark came yet.
    NoMark {
        /// Rows here.
        inner: u64,
    },
    /// All that the outer side showed is here, byte for byte.
    Complete {
        /// The mark's moment.
        cut: DateTime,
        /// Rows there.
        outer: u64,
        /// Rows here at that head.
        inner: u64,
        /// Rows that came since.
        later: u64,
    },
    /// Packets are under way.
    UnderWay {
        /// The mark's moment.
        cut: DateTime,
        /// Rows there.
        outer: u64,
        /// Rows here.
        inner: u64,
    },
    /// Everything arrived, and the rows are not those that the outer side showed.
    Differs {
        /// The mark's moment.
        cut: DateTime,
        /// Rows there.
        outer: u64,
        /// Rows here at that head.
        inner: u64,
    },
}

impl Completeness {
    /// Judges the rows here.
    pub fn of(mark: Option<&MarkFact>, here: RowsHere) -> Self {
        let Some(MarkFact { mark, at_head, .. }) = mark else {
            return Self::NoMark { inner: here.rows };
        };
        let (cut, outer) = (mark.cut, mark.rows.rows);
        match at_head {
            Some(at_head) if *at_head == mark.rows => {
                Self::Complete { cut, outer, inner: at_head.rows, later: here.rows.saturating_sub(at_head.rows) }
            }
            Some(at_head) => Self::Differs { cut, outer, inner: at_head.rows },
            None if here == mark.rows => Self::Complete { cut, outer, inner: here.rows, later: 0 },
            None => Self::UnderWay { cut, outer, inner: here.rows },
        }
    }

    /// Tells whether the day's log can be built without asking a person.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }

    /// Returns the code that programs read.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoMark { .. } => "no-mark",
            Self::Complete { .. } => "complete",
            Self::UnderWay { .. } => "under-way",
            Self::Differs { .. } => "differs",
        }
    }

    /// Says it.
    pub fn sentence(&self, lang: Lang, day: Date) -> String {
        match *self {
            Self::NoMark { inner } => say!(
                lang,
                "还没有收到日终标记，不知道是否齐全（内网 {inner} 条）",
                "no day mark yet: whether all is here is not known ({inner} rows on the inner side)"
            ),
            Self::Complete { cut, outer, inner, later } => {
                let cut = moment(cut, day);
                let since = match later {
                    0 => String::new(),
                    _ => say!(lang, "，此后又到 {later} 条", ", {later} more since"),
                };
                say!(
                    lang,
                    "数据齐全至 {cut}（外网 {outer} 条，内网 {inner} 条）{since}",
                    "complete up to {cut} ({outer} rows on the outer side, {inner} on the inner side){since}"
                )
            }
            Self::UnderWay { cut, outer, inner } if outer > inner => {
                let (cut, missing) = (moment(cut, day), outer - inner);
                say!(
                    lang,
                    "尚缺 {missing} 条，在途（{cut} 外网 {outer} 条，内网 {inner} 条）",
                    "{missing} rows missing, under way (at {cut} {outer} rows on the outer side, {inner} on the inner side)"
                )
            }
            Self::UnderWay { cut, outer, inner } => {
                let cut = moment(cut, day);
                say!(
                    lang,
                    "尚有改动在途（{cut} 外网 {outer} 条，内网 {inner} 条）",
                    "changes are under way (at {cut} {outer} rows on the outer side, {inner} on the inner side)"
                )
            }
            Self::Differs { cut, outer, inner } => {
                let cut = moment(cut, day);
                say!(
                    lang,
                    "已经收齐而内容不一致（{cut} 外网 {outer} 条，内网 {inner} 条）：请核对登记库的视图和内网的表",
                    "all arrived and does not agree (at {cut} {outer} rows on the outer side, {inner} on the inner side): compare the view with the table here"
                )
            }
        }
    }
}

/// Writes the time of day, with the date where it is another day's.
fn moment(cut: DateTime, day: Date) -> String {
    let (hour, minute) = (cut.hour(), cut.minute());
    match cut.date() == day {
        true => format!("{hour:02}:{minute:02}"),
        false => format!("{} {hour:02}:{minute:02}", cut.date()),
    }
}

#[cfg(test)]
mod tests {
    use dukou_packets::suite::sha256;
    use jiff::civil::date;

    use super::super::day_mark::DayMark;
    use super::*;

    fn here(rows: u64) -> RowsHere {
        RowsHere { rows, digest: sha256(&[&rows.to_le_bytes()]) }
    }

    fn mark(rows: u64, at_head: Option<RowsHere>) -> MarkFact {
        let day = date(2024, 3, 15);
        let county = "150721".parse().unwrap();
        let mark = DayMark { county, day, cut: day.at(21, 25, 0, 0), rows: here(rows), heads: Vec::new() };
        MarkFact { mark, at_head, messages_complete: true }
    }

    fn said(mark: Option<&MarkFact>, now: u64) -> String {
        Completeness::of(mark, here(now)).sentence(Lang::Zh, date(2024, 3, 15))
    }

    #[test]
    fn the_sentence_says_whether_all_rows_are_here() {
        assert_eq!(said(Some(&mark(37, None)), 37), "数据齐全至 21:25（外网 37 条，内网 37 条）");
        assert_eq!(said(Some(&mark(37, Some(here(37)))), 39), "数据齐全至 21:25（外网 37 条，内网 37 条），此后又到 2 条");
        assert_eq!(said(Some(&mark(37, None)), 34), "尚缺 3 条，在途（21:25 外网 37 条，内网 34 条）");
        assert!(said(None, 34).starts_with("还没有收到日终标记"));
        assert!(
            said(Some(&mark(37, Some(here(36)))), 37).starts_with("已经收齐而内容不一致"),
            "what changed since proves nothing"
        );
    }

    #[test]
    fn as_many_rows_with_another_digest_are_not_complete() {
        let mut one_changed = mark(37, None);
        one_changed.mark.rows.digest = here(1).digest;
        assert_eq!(Completeness::of(Some(&one_changed), here(37)).code(), "under-way");
        one_changed.at_head = Some(here(37));
        assert_eq!(Completeness::of(Some(&one_changed), here(37)).code(), "differs");
        assert!(!Completeness::of(None, here(37)).is_complete());
    }
}
