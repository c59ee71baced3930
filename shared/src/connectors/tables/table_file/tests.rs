mod changing;
mod scripts;
mod sinking;
mod sourcing;

use super::*;
use crate::connectors::tables::declared::Dialect;
use crate::connectors::tables::{Cells, Op, RowChange, Value};
use crate::seams::sim_files::SimFiles;

/// Texts that have broken something somewhere.
const TRAPS: [&str; 16] = [
    "NULL",
    "'",
    "''; DROP TABLE zd; --",
    "a'b\"c\\d",
    "&name",
    "行一\n行二\r\n",
    "\n/\n",
    ";\n",
    "-",
    "#x\n@y",
    "\u{1}\u{7f}",
    "𬭚䶮㛃",
    "\u{e000}",
    "ᠮᠣᠩ",
    " 前后 ",
    "\\4E2D UNISTR('",
];

const COLUMNS: &str = "main.zd\tbsm\tINT\t4\t\t\t10\t0\tN\t1
main.zd\tmc\tCLOB\t\t\t\t\t\tY\t
main.zd\ttx\tBLOB\t\t\t\t\t\tY\t
main.h\tzd\tINT\t4\t\t\t10\t0\tN\t1
main.h\txh\tVARCHAR\t8\t\t\t\t\tN\t2
main.h\tmj\tDECIMAL\t\t\t\t10\t2\tY\t
";

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn cells(cells: &[(&str, Value)]) -> Cells {
    cells.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
}

fn zd(op: Op, bsm: u32, mc: Value, tx: Value) -> RowChange {
    let key = cells(&[("bsm", text(bsm))]);
    let row = if op == Op::Delete { vec![] } else { cells(&[("bsm", text(bsm)), ("mc", mc), ("tx", tx)]) };
    let changed = if op == Op::Update { vec!["mc".to_string()] } else { vec![] };
    RowChange { table: "main.zd".into(), op, key, row, changed, transaction: None, goes_on: false }
}

fn of_transaction(change: RowChange, transaction: u64, goes_on: bool) -> RowChange {
    RowChange { transaction: Some(transaction), goes_on, ..change }
}

/// A folder of a simulated file system.
fn folder() -> (SimFiles, &'static Path) {
    let files = SimFiles::new(7);
    let folder = Path::new("/tables");
    Files::make_dirs(&files, folder).unwrap();
    files.put(folder.join("columns.tsv"), format!("# sqlite UTF-8\n{COLUMNS}"));
    (files, folder)
}

use crate::seams::Files;
