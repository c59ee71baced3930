//! The engine both Dukou stations run.
//!
//! The modules stand in the data's order. A record's way out: [`connectors`] (source) → [`send`] → [`log`]; its way in:
//! [`receive`] → [`log`] → [`connectors`] (sink). [`engine`] drives both over the four [`seams`]; [`daemon`] and
//! [`command`] are the shell around it.

pub mod accounts;
pub mod channel;
pub mod command;
pub mod connectors;
pub mod daemon;
pub mod engine;
pub mod error;
mod group;
pub mod keys;
pub mod lang;
pub mod log;
mod reason;
pub mod receive;
pub mod repair;
pub mod report;
pub mod requests;
mod retention;
pub mod seams;
pub mod send;
pub mod station;
pub mod store;
pub mod trouble;
