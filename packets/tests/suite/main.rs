//! The tests of the packets crate: one binary, one module for each promise.

#[path = "../../examples/make_vectors/forge.rs"]
mod forge;
mod world;

mod keyring_vectors;
mod log_vectors;
mod packet_vectors;
