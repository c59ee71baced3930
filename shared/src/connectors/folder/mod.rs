//! The folder connector: files dropped into a folder on one side appear in a folder on the other.

pub(crate) mod aside;
mod finished;
pub mod names;
mod put_away;
mod remove;
pub mod sink;
pub mod source;
mod status;

/// Most folders that are made durable one by one; with more, their file system is as a whole.
const SYNC_DIRS: usize = 8;
