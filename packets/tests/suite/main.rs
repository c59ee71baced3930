//! The tests of the packets crate: one binary, one module for each promise.

#[path = "../../examples/make_vectors/keys.rs"]
mod keys;
mod world;

mod disc_vectors;
mod keyring_vectors;
mod log_vectors;
mod packet_vectors;
mod receive;
mod repair_vectors;

mod approvals;
mod audit_command;
mod damaged_logs;
mod gap_reports;
mod gap_rows;
mod golden_bytes;
mod opening;
mod properties;
mod signature_kinds;
mod tampering;
