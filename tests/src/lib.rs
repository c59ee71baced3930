//! The harness of the suites in `tests/tests/suite`.

pub mod campaign;
pub mod readers;
pub mod simulated;
pub mod stations;
pub mod tables;

pub use dukou_servers as servers;
