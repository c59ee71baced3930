//! One test binary: the simulated suites, and the suites over the real stations.

mod simulated;
mod stations;
