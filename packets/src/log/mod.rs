#![doc = include_str!("../../LOG.md")]

pub mod line;
pub mod tree;

pub mod checkpoint;

mod event;
mod instant;
mod value;
