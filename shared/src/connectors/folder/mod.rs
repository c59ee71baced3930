//! The folder connector: files dropped into a folder on one side appear in a folder on the other.

pub mod names;
pub mod sink;
pub mod source;
