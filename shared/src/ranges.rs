//! Ranges of packet numbers, `(from, to)` with both ends, as lists that rise and whose ranges lie apart.

/// Ranges of packets, rising and apart.
pub(crate) type Ranges = Vec<(u64, u64)>;

/// Counts the packets of ranges.
pub(crate) fn count(ranges: &[(u64, u64)]) -> u64 {
    ranges.iter().map(|(from, to)| to - from + 1).sum()
}

/// Gathers rising numbers into ranges; one that comes twice counts once.
pub(crate) fn gathered(numbers: impl IntoIterator<Item = u64>) -> Ranges {
    joined(numbers.into_iter().map(|number| (number, number)))
}

/// Joins two lists of ranges, in whatever order, into one.
pub(crate) fn united(mut ranges: Ranges, more: impl IntoIterator<Item = (u64, u64)>) -> Ranges {
    ranges.extend(more);
    ranges.sort_unstable();
    joined(ranges)
}

/// Joins ranges that rise by their beginnings where they touch or overlap.
fn joined(rising: impl IntoIterator<Item = (u64, u64)>) -> Ranges {
    let mut apart = Ranges::new();
    for (from, to) in rising {
        match apart.last_mut().filter(|(_, end)| from <= end.saturating_add(1)) {
            Some((_, end)) => *end = (*end).max(to),
            None => apart.push((from, to)),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_numbers_become_ranges() {
        assert_eq!(gathered([1, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(gathered([4, 4, 5]), [(4, 5)]);
        assert_eq!(gathered([u64::MAX - 1, u64::MAX]), [(u64::MAX - 1, u64::MAX)]);
        assert_eq!(gathered([]), []);
    }

    #[test]
    fn ranges_that_touch_or_overlap_become_one() {
        assert_eq!(united(vec![(5, 9)], [(1, 2), (3, 3), (8, 12)]), [(1, 3), (5, 12)]);
        assert_eq!(united(Vec::new(), [(2, u64::MAX), (3, 4)]), [(2, u64::MAX)]);
        assert_eq!(count(&united(vec![(1, 3)], [(7, 7)])), 4);
    }
}
