//! The bytes of Dukou and their verification: the packet, the packet log and the keyring.
//!
//! Everything here is a pure function of its arguments: no database, no network, no thread. What an auditor has to trust
//! is this crate and its binary `dukou-audit`. The four normative specs are the documentation of [`packet`], [`log`], [`keyring`] and
//! [`gap_report`]. The modules stand in the order in which data meets them.

pub mod limits;
pub mod suite;

pub mod keyring;
pub mod packet;

pub mod gap_report;

pub mod log;

pub mod audit;
