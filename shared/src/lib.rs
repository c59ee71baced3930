//! The engine both Dukou stations run.
//!
//! The modules stand in the data's order. A record's way out: [`connectors`] (source) → [`send`] → [`log`]; its way in:
//! [`receive`] → [`log`] → [`connectors`] (sink). [`engine`] drives both over the four [`seams`]; [`daemon`] and
//! [`command`] are the shell around it.

pub mod accounts;
pub mod alarm;
pub mod channel;
pub mod command;
pub mod connectors;
pub mod daemon;
pub mod engine;
pub mod epoch;
pub mod error;
pub mod ferry;
pub mod gaps;
mod given;
mod group;
mod intake;
pub mod keys;
pub mod lang;
pub mod link;
pub mod log;
pub mod media;
mod ranges;
mod reason;
pub mod receive;
pub mod registration;
pub mod repair;
pub mod report;
pub mod reporting;
pub mod requests;
mod retention;
pub mod schema;
pub mod seams;
pub mod send;
pub mod standby;
pub mod station;
pub mod store;
mod tls;
pub mod trouble;
