//! The harness of the suites in `tests/tests/suite`.

pub mod simulated;
pub mod stations;
