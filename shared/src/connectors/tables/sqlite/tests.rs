//! SQLite through the contract suite, and its own traps.

mod bench;
mod restructuring;
mod traps;

use self::bench::bench;
use super::super::contract_tests::table_contract;

table_contract!(bench);
