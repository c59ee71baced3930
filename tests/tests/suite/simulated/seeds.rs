//! How many seeds the random suites try: `DUKOU_SEEDS` says how many, `DUKOU_SEED` with which to begin.

const DEFAULT_COUNT: u64 = 12;

/// Gives the number of seeds to try.
pub(super) fn count() -> u64 {
    number("DUKOU_SEEDS").unwrap_or(DEFAULT_COUNT)
}

/// Gives the first seed.
pub(super) fn first() -> u64 {
    number("DUKOU_SEED").unwrap_or(1)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
