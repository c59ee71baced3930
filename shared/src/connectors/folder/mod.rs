//! The folder connector: files dropped into a folder on one side appear in a folder on the other.

mod aside;
mod finished;
pub mod names;
mod put_away;
mod remove;
pub mod sink;
pub mod source;
mod status;
