//! Which entries of an outbox.
//!
//! Given: ids with their times. Gives: ranges without gaps, and their text for the store. Never: a range over an id that is not known: its transaction may
//! not have ended.

/// Which entry of an outbox: an id may come again, when the database is restored or the outbox is made anew, and then it is another entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId {
    /// Its id in the outbox.
    pub id: i64,
    /// When it was written, as it was offered ([`Offered::at_ms`](super::Offered::at_ms)); 0 where that is not known, and then the id alone counts.
    pub at_ms: i64,
}

/// Entries whose ids follow one another without a gap, and between which times (ms) they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRange {
    /// The lowest id.
    pub first: i64,
    /// The highest id.
    pub last: i64,
    /// When the earliest of them was written.
    pub from_ms: i64,
    /// When the latest of them was written.
    pub to_ms: i64,
}

impl EntryRange {
    /// Makes the range of one entry.
    pub const fn of(entry: EntryId) -> Self {
        Self { first: entry.id, last: entry.id, from_ms: entry.at_ms, to_ms: entry.at_ms }
    }

    /// Gathers entries into ranges by rising id.
    pub fn gather(entries: &[EntryId]) -> Vec<Self> {
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        let mut ranges: Vec<Self> = Vec::new();
        for entry in entries {
            match ranges.last_mut().filter(|range| range.last.checked_add(1) == Some(entry.id)) {
                Some(range) => {
                    range.last = entry.id;
                    (range.from_ms, range.to_ms) = (range.from_ms.min(entry.at_ms), range.to_ms.max(entry.at_ms));
                }
                None => ranges.push(Self::of(entry)),
            }
        }
        ranges
    }

    /// Gives how many entries there are.
    pub const fn count(&self) -> u64 {
        self.last.abs_diff(self.first) + 1
    }

    /// Writes ranges as [`read`](Self::read) reads them: `first+more@from+span`, commas between.
    pub fn written(ranges: &[Self]) -> String {
        let one = |range: &Self| {
            let (more, span) = (range.last.abs_diff(range.first), range.to_ms.abs_diff(range.from_ms));
            format!("{}+{more}@{}+{span}", range.first, range.from_ms)
        };
        ranges.iter().map(one).collect::<Vec<_>>().join(",")
    }

    /// Reads what [`written`](Self::written) wrote; `None` for anything else.
    pub fn read(text: &str) -> Option<Vec<Self>> {
        let pair = |text: &str| {
            let (first, more) = text.split_once('+')?;
            let first: i64 = first.parse().ok()?;
            Some((first, first.checked_add_unsigned(more.parse().ok()?)?))
        };
        let one = |text: &str| {
            let (ids, times) = text.split_once('@')?;
            let ((first, last), (from_ms, to_ms)) = (pair(ids)?, pair(times)?);
            Some(Self { first, last, from_ms, to_ms })
        };
        text.split(',').map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: i64, at_ms: i64) -> EntryId {
        EntryId { id, at_ms }
    }

    #[test]
    fn a_range_ends_at_the_first_id_that_is_not_known() {
        let ranges = EntryRange::gather(&[entry(5, 70), entry(3, 90), entry(4, 60), entry(7, 80), entry(-1, 0), entry(0, 1)]);
        let range = |first, last, from_ms, to_ms| EntryRange { first, last, from_ms, to_ms };
        assert_eq!(ranges, [range(-1, 0, 0, 1), range(3, 5, 60, 90), range(7, 7, 80, 80)]);
        assert_eq!(ranges.iter().map(EntryRange::count).collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!(EntryRange::written(&ranges), "-1+1@0+1,3+2@60+30,7+0@80+0");
        assert_eq!(EntryRange::read(&EntryRange::written(&ranges)), Some(ranges));
        for wrong in ["", "1", "1+1", "1@1", "1+-1@0+0", "a+1@0+0", "1+1@0+0,"] {
            assert_eq!(EntryRange::read(wrong), None, "{wrong}");
        }
    }
}
