//! The harness of the suites in `tests/tests/suite`.
