//! Tables of databases without a driver: numbered extracts in, numbered scripts out, files both.
//!
//! What an administrator types on the other side of the files is in deploy/DATABASES.md; the triggers that fill an outbox there are printed by
//! `outbox_sql`.

mod extract;
mod literal;
mod outbox;
mod progress;
mod restructure;
mod script;
mod sink;
mod source;
#[cfg(test)]
mod tests;

pub use outbox::TableFileOutbox;
pub use restructure::TableFileRestructurer;
pub(super) use script::{column, identifier};
pub use sink::TableFileSink;
pub(super) use sink::read_declared;
pub use source::TableFileSource;

use crate::connectors::tables::TableFault;
use crate::seams::{FileCause, FileFault};
use std::path::Path;

/// Tells what a fault of a file is for a connector of tables: only what a person has to mend is not tried again by itself.
fn fault(fault: FileFault) -> TableFault {
    let (place, words) = (fault.path.display().to_string(), fault.to_string());
    match fault.cause {
        FileCause::Denied | FileCause::NotRegular | FileCause::NotDirectory | FileCause::Exists => {
            TableFault::Denied { place, words }
        }
        _ => TableFault::Away { place, words },
    }
}

/// Tells that a file is not as it has to be.
fn wrong(path: &Path, zh: &str, en: &str) -> TableFault {
    TableFault::Denied { place: path.display().to_string(), words: format!("{zh} / {en}") }
}

/// Gives the number of a file called `000123` and the suffix; at least six digits, no more than a `u32`.
fn number_of(name: &str, suffix: &str) -> Option<u32> {
    let digits = name.strip_suffix(suffix)?;
    let number: u32 = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    (format!("{number:06}") == digits && number > 0).then_some(number)
}
