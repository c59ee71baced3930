//! A county's day: what was entered in the register, what was reported, and what the daily registration log (登簿日志) says, held against each other.
//!
//! - **Given** plain facts ([`facts`]): register rows, messages, responses, a log, a day mark, the county's [`settings`].
//! - **Gives** the [`Day`](reconcile::Day) and its printed forms ([`report`]), the log and what is wrong with one ([`log`]), the digest by which both sides know that
//!   they speak of the same rows ([`day_mark`]), and what a re-report needs ([`resubmit`]).
//! - **After a crash** nothing is left: these are functions of what they are given.
//! - **Never** reads a clock, a file or a store. Times are civil times as written; no time zone is looked up.
//!
//! The rules, where they come from and what must be fed are in packets/REGISTRATION.md.

mod access;
pub(crate) mod as_text;
pub mod completeness;
pub mod counters;
pub mod day_mark;
pub mod differences;
pub mod facts;
pub mod ids;
pub mod log;
mod matching;
pub mod reconcile;
pub mod report;
pub mod resubmit;
pub mod settings;
pub mod standing;
#[cfg(test)]
mod tests;
pub mod text;
