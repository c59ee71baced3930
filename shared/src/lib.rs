//! The engine both Dukou stations run.
//!
//! The modules stand in the data's order. A record's way out: [`connectors`] (source) → [`send`] → [`log`]; its way in:
//! [`receive`] → [`log`] → [`connectors`] (sink). [`engine`] drives both over the four [`seams`]; [`daemon`] and
//! [`command`] are the shell around it.

pub mod lang;
pub mod error;
pub mod station;
pub mod channel;
pub mod keys;
pub mod seams;
pub mod store;
pub mod log;
pub mod connectors;
pub mod send;
pub mod receive;
pub mod engine;
mod retention;
pub mod requests;
pub mod report;
pub mod daemon;
pub mod command;
