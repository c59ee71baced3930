//! One test binary: the simulated suites, and the suites over the real stations.

mod campaign;
mod readers;
mod simulated;
mod stations;
