//! Tables that follow one another through two real stations: databases, what writes into them, what watches them, and what goes wrong meanwhile.
//!
//! | file | what |
//! |---|---|
//! | `session.rs` | one session with one database |
//! | `end.rs` | a database of a test: PostgreSQL, MariaDB or a SQLite file, which can be killed |
//! | `land.rs` | the tables, the values that are hard to carry, and how a row is read alike everywhere |
//! | `writer.rs`, `statement.rs` | applications: random transactions, and their statements |
//! | `reader.rs` | a reader of the sink that looks for children without a parent |
//! | `weather.rs` | the gap devices, both ways |
//! | `route.rs` | two stations with a channel between two databases |
//! | `structure.rs`, `structure/` | the tables with a structure: three changes of it, who approves them, which version met which |
//! | `differential.rs` | the run: all of it at once, and what has to hold in the end; `differential/changes.rs`: three structure changes amid it |

pub mod differential;
pub mod end;
pub mod land;
pub mod reader;
pub mod route;
pub mod session;
mod statement;
pub mod structure;
pub mod tally;
pub mod weather;
pub mod writer;
