//! What the ferry understands of its cargo: reporting messages, responses, registration logs and their replies, in both editions.
//!
//! Bytes go through one reader ([`xml`]) and become a [`cargo::Cargo`]; the tables, columns, codes and rules they are held against are data
//! ([`catalogue`], `deploy/standard/`), and each family of checks is a file ([`checks`]). Nothing here changes the carried bytes, touches a
//! disk or asks a clock.

pub mod cargo;
pub mod catalogue;
pub mod certificate;
pub mod checks;
pub mod civil;
pub mod day;
pub mod edition;
pub mod finding;
pub mod identifiers;
pub mod joint_test;
pub mod kept;
pub mod log;
pub mod log_reply;
mod made;
pub mod message;
pub mod nothing;
pub mod official;
pub mod reference;
pub mod response;
pub mod upgrade;
pub mod write_off;
pub mod xml;
