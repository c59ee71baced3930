#![doc = include_str!("../../FORMAT.md")]

pub mod armor;
pub mod epoch;
pub mod header;
pub mod name;
pub mod records;

mod compress;

pub mod seal;

pub mod open;
pub mod signal;
