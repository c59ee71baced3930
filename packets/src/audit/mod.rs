//! What an auditor can check with public keys alone: a log directory, and what single files say.

pub mod report;
pub mod verify;

pub mod show;
pub mod text;

mod chain;
mod coverage;
mod directory;
mod heads;
mod keys;
mod ranges;

pub use keys::Anchor;
pub use report::{Coverage, Direction, Fault, FaultCode, Report, Span, Verdict, Waiver};
pub use verify::{Unreadable, verify};
