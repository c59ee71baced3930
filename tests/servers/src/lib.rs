//! Real servers for tests, of databases and of SSH: started in a temporary directory, gone with the test that started them or with the test run.
//!
//! A crate of its own, since the tests inside `shared` need it as the suites do, and a cycle of crates would be built twice. A server
//! that cannot be started fails the test that asked for it, with a sentence; nothing is ever skipped.

mod account;
pub mod certificates;
pub mod mariadb;
pub mod postgres;
pub mod proxy;
pub mod ssh;
