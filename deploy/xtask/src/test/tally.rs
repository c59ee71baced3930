//! Reads how many tests passed from what the runners print.

use std::ops::AddAssign;

/// How many tests, or steps, came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Gives the number that stands before a word, as in `36 passed`.
fn before(line: &str, word: &str) -> u64 {
    let words: Vec<_> = line.split(|c: char| c.is_whitespace() || ",;:()".contains(c)).filter(|w| !w.is_empty()).collect();
    let pairs = words.windows(2).filter(|pair| pair[1] == word);
    pairs.filter_map(|pair| pair[0].parse::<u64>().ok()).sum()
}

/// Reads nextest's `Summary [   3.9s] 36 tests run: 34 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
pub(crate) fn nextest_tally(text: &str) -> Option<Tally> {
    let line = text.lines().rfind(|line| line.contains("Summary [") && line.contains(" run:"))?;
    let failed = before(line, "failed") + before(line, "timed") + before(line, "exec");
    Some(Tally { passed: before(line, "passed"), failed, skipped: before(line, "skipped") })
}

/// Adds up cargo test's `test result: ok. 13 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out` lines.
pub(crate) fn cargo_test_tally(text: &str) -> Option<Tally> {
    let mut sum = None;
    for line in text.lines().filter(|line| line.starts_with("test result:")) {
        let skipped = before(line, "ignored") + before(line, "filtered");
        *sum.get_or_insert_with(Tally::default) +=
            Tally { passed: before(line, "passed"), failed: before(line, "failed"), skipped };
    }
    sum
}

/// Reads the last line of the oracle: `9 good, 0 failed` or `80 agree, 0 disagree`.
pub(crate) fn oracle_tally(text: &str) -> Option<Tally> {
    let line = text.lines().rfind(|line| line.contains(" good, ") || line.contains(" agree, "))?;
    let passed = before(line, "good") + before(line, "agree");
    Some(Tally { passed, failed: before(line, "failed") + before(line, "disagree"), skipped: 0 })
}

/// Reads the last line of the fault campaign.
pub(super) fn campaign_tally(text: &str) -> Option<Tally> {
    let line = text.lines().rfind(|line| line.starts_with("campaign: "))?;
    Some(Tally { passed: before(line, "held"), failed: before(line, "failed"), skipped: before(line, "left") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_nextest_summary_is_read() {
        let text = "────\n     Summary [   3.928s] 36 tests run: 36 passed (2 slow), 4 skipped\n";
        assert_eq!(nextest_tally(text), Some(Tally { passed: 36, failed: 0, skipped: 4 }));
    }

    #[test]
    fn every_kind_of_nextest_failure_counts() {
        let text = "     Summary [   0.225s] 19/36 tests run: 15 passed, 1 failed, 2 timed out, 1 exec failed, 0 skipped";
        let tally = nextest_tally(text).expect("a summary");
        assert_eq!((tally.passed, tally.failed), (15, 4));
    }

    #[test]
    fn a_run_that_did_not_compile_has_no_tally() {
        assert_eq!(nextest_tally("error: could not compile `dukou-packets`"), None);
        assert_eq!(cargo_test_tally("error: could not compile `dukou-packets`"), None);
        assert_eq!(oracle_tally("Traceback (most recent call last):"), None);
    }

    #[test]
    fn the_results_of_all_test_binaries_are_added() {
        let text = "test result: ok. 13 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 2.01s\n\
                    test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        assert_eq!(cargo_test_tally(text), Some(Tally { passed: 16, failed: 2, skipped: 3 }));
    }

    #[test]
    fn the_campaign_s_last_line_is_read() {
        let text = "F1 x held\ncampaign: 61 held, 2 failed, 6 left out; 3.1 seeds per second\nto repeat it: …\n";
        assert_eq!(campaign_tally(text), Some(Tally { passed: 61, failed: 2, skipped: 6 }));
        assert_eq!(campaign_tally("thread panicked"), None);
    }

    #[test]
    fn the_oracle_s_last_line_is_read() {
        assert_eq!(oracle_tally("9 good, 1 failed\n"), Some(Tally { passed: 9, failed: 1, skipped: 0 }));
        assert_eq!(
            oracle_tally("a.json: expected ok\n80 agree, 2 disagree\n"),
            Some(Tally { passed: 80, failed: 2, skipped: 0 })
        );
    }
}
