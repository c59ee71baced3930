#![doc = include_str!("../../FORMAT.md")]

pub mod armor;
pub mod epoch;
pub mod header;
pub mod marker;
pub mod name;
pub mod records;
pub mod repair;

mod compress;

pub mod seal;

pub mod open;
pub mod signal;
