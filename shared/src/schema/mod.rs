//! Changes of a structure: the document, what it makes of a structure, the exact SQL of each database, and what differs from a live one.
//!
//! Given: a structure at version N and a document N → N + 1. Gives: version N + 1, or the operation that cannot be; the plan for each dialect; the
//! differences between a structure and a live database. Everything here is a pure function: nothing asks a database, and nothing is applied. What it is
//! for, and how a change will cross, stands in `DESIGN.md` beside this file.
//!
//! | file | what |
//! |---|---|
//! | `document.rs`, `document/` | `schema-change.toml`: its operations, and what `lint` says of it |
//! | `structure.rs`, `structure/` | a structure, read from `structure.toml`; applying a document |
//! | `types.rs`, `name.rs`, `value.rs` | portable types; which names and values are let through |
//! | `naming.rs` | a structure and a document under the names of one database |
//! | `pending.rs` | what may cross before the other side has applied a change |
//! | `plan/` | steps with SQL, check and rollback, one file a dialect |
//! | `bundle.rs` | reference data: files, packed into a document |
//! | `loss.rs` | what a step may lose |
//! | `approval.rs` | who may approve, and whether it still holds |
//! | `answers.rs` | what a script printed that an administrator ran where no driver goes |
//! | `here.rs` | what a change comes to at a station: its databases and channels |
//! | `drift.rs` | how a live database differs from a structure |

pub mod answers;
pub mod approval;
pub mod bundle;
pub mod document;
pub mod drift;
pub mod here;
pub mod loss;
pub mod name;
pub mod naming;
pub mod pending;
pub mod plan;
pub mod structure;
pub mod types;
pub mod value;
pub mod versions;

pub use document::Document;
pub use plan::{Dialect, Plan};
pub use structure::Structure;

/// Largest document or description in bytes: 256 KiB.
pub const DOCUMENT_MAX: u64 = 256 << 10;
