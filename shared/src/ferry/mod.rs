//! The ferry directory as the gap device sees it: [`profile`] says what the device carries, [`quota`] how much may lie there, [`placing`] puts
//! packets there in the device's form and [`reading`] takes them from there in whatever form they come; [`presumed`] ends what lies there too long,
//! [`taken_back`] what lies there for a former peer.

pub mod fault;
pub(crate) mod placing;
pub mod presumed;
pub mod profile;
#[cfg(test)]
mod profile_tests;
pub(crate) mod quota;
pub(crate) mod reading;
pub mod spool;
pub(crate) mod taken_back;
