//! MariaDB through the contract suite, its own traps, and what is left when it is killed.

mod bench;
mod kills;
mod restructuring;
mod traps;

use self::bench::bench;
use super::super::contract_tests::table_contract;

table_contract!(bench);
