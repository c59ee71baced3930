//! The harness of the suites in `tests/tests/suite`.

pub mod campaign;
pub mod simulated;
pub mod stations;

pub use dukou_servers as servers;
