//! One test binary: the simulated suites, and the suites over the real stations.

mod campaign;
mod simulated;
mod stations;
