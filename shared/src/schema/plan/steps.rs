//! The steps of an operation.

use super::speaker::{self, Speaker, delete_row, has_no_others, has_rows, new_row, set_row, sum, table_of};
use super::{Cannot, Check, Cost, Statement, Step};
use crate::schema::document::{Change, Operation, SqlText};
use crate::schema::loss::{Loss, Lost};
use crate::schema::structure::{Column, Row, Structure, Table};
use crate::schema::types::Survival;
use std::collections::BTreeMap;

/// Gives the SQL that makes a whole structure: tables in their order, then the rows of dictionaries.
pub(super) fn create(speaker: &dyn Speaker, structure: &Structure) -> Result<Vec<String>, Cannot> {
    let mut made = Vec::new();
    for table in &structure.tables {
        made.extend(speaker::create(speaker, table)?);
    }
    for table in &structure.tables {
        made.extend(table.rows.iter().flatten().map(|row| new_row(speaker, table, row)));
    }
    Ok(made.into_iter().map(|statement| statement.sql).collect())
}

/// Gives the steps of an operation between two structures: one, and one more for the rows of a new table.
pub(super) fn of(speaker: &dyn Speaker, change: &Change, now: &Structure, then: &Structure) -> Result<Vec<Step>, Cannot> {
    let making = Making { speaker, change, now, then };
    let mut steps = vec![making.first()?];
    if let Operation::AddTable(Table { name, rows: Some(rows), .. }) = &change.operation
        && !rows.is_empty()
    {
        steps.push(making.new_rows(name, rows));
    }
    Ok(steps)
}

struct Making<'a> {
    speaker: &'a dyn Speaker,
    change: &'a Change,
    now: &'a Structure,
    then: &'a Structure,
}

/// What a structure that took the operation has.
const HAS: &str = "the operation was applied to these structures";

impl<'a> Making<'a> {
    fn first(&self) -> Result<Step, Cannot> {
        match &self.change.operation {
            Operation::AddColumn { table, column } => self.add(table, &column.name),
            Operation::Widen { table, column, .. } | Operation::Retype { table, column, .. } => self.retype(table, column),
            Operation::RenameColumn { table, column, to } => self.rename(table, column, to),
            Operation::DropColumn { table, column } => self.drop(table, column),
            Operation::AddTable(table) => self.add_table(table),
            Operation::DictionaryRows { table, rows } => self.set_rows(table, rows),
            Operation::RenameElement { .. } | Operation::Reference(_) => {
                Ok(self.step(Vec::new(), None, Vec::new(), Cost::Instant))
            }
            Operation::Sql { texts, .. } => {
                let text = texts.get(&self.speaker.dialect()).ok_or(Cannot::NoText(self.speaker.dialect()))?;
                Ok(self.sql(text))
            }
        }
    }

    fn step(&self, statements: Vec<Statement>, check: Option<Check>, rollback: Vec<Statement>, cost: Cost) -> Step {
        Step {
            line: self.change.line,
            operation: self.change.operation.name(),
            subject: self.change.operation.subject(),
            tables: self.change.operation.tables().into_iter().map(str::to_owned).collect(),
            requires: Vec::new(),
            statements,
            check,
            rollback,
            losses: Vec::new(),
            cost,
        }
    }

    fn before(&self, table: &str) -> &'a Table {
        self.now.table(table).expect(HAS)
    }

    fn after(&self, table: &str) -> &'a Table {
        self.then.table(table).expect(HAS)
    }

    fn loss(&self, table: &Table, what: Lost, count: String) -> Loss {
        Loss { line: self.change.line, table: table.name.clone(), what, count }
    }

    fn add(&self, table: &str, column: &str) -> Result<Step, Cannot> {
        let table = self.after(table);
        let column = table.column(column).expect(HAS);
        let (done, back) = (self.speaker.add(table, column)?, self.speaker.drop(table, column));
        let check = self.speaker.has_column(table, column)?;
        Ok(self.step(done, Some(check), back, Cost::Instant))
    }

    fn drop(&self, table: &str, column: &str) -> Result<Step, Cannot> {
        let table = self.before(table);
        let column = table.column(column).expect(HAS);
        // Rows that are there would need a value: it comes back without one.
        let empty = Column { nullable: true, ..column.clone() };
        let back = self.speaker.add(table, &empty)?;
        let check = self.speaker.lacks_column(table, &column.name);
        let mut step = self.step(self.speaker.drop(table, column), Some(check), back, Cost::Instant);
        let (name, held) = (self.speaker.ident(&column.name), table_of(self.speaker, &table.name));
        let count = format!("SELECT COUNT(*) FROM {held} WHERE {name} IS NOT NULL");
        step.losses = vec![self.loss(table, Lost::Column(column.name.clone()), count)];
        step.requires = self.speaker.requires_drop(table, &column.name);
        Ok(step)
    }

    fn rename(&self, table: &str, column: &str, to: &str) -> Result<Step, Cannot> {
        let (before, after) = (self.before(table), self.after(table));
        let (old, new) = (before.column(column).expect(HAS), after.column(to).expect(HAS));
        let done = self.speaker.rename(before, after, old, new)?;
        let back = self.speaker.rename(after, before, new, old)?;
        // A column of the new name may be there beside the old one: somebody's own.
        let (has, had) = (self.speaker.has_column(after, new)?, self.speaker.lacks_column(after, &old.name));
        let query = format!("SELECT ({})\n  - ({}){}", has.query, had.query, self.speaker.dual());
        let mut step = self.step(done, Some(Check { query, expect: has.expect }), back, Cost::Instant);
        step.requires = self.speaker.requires(before, old, true)?;
        Ok(step)
    }

    fn retype(&self, table: &str, column: &str) -> Result<Step, Cannot> {
        let (before, after) = (self.before(table), self.after(table));
        let (old, new) = (before.column(column).expect(HAS), after.column(column).expect(HAS));
        let done = self.speaker.retype(before, after, old, new)?;
        // A way back that the database does not have exactly is none.
        let back = self.speaker.retype(after, before, new, old).unwrap_or_default();
        let cost = self.speaker.retype_cost(old.kind, new.kind);
        let mut step = self.step(done, Some(self.speaker.has_column(after, new)?), back, cost);
        step.requires = self.speaker.requires(before, old, false)?;
        if self.speaker.replaces(old.kind, new.kind) {
            step.requires.extend(self.speaker.requires_drop(before, column));
        }
        step.requires.extend(self.speaker.strangers(before, old, new.kind));
        if new.kind.survival(old.kind) != Some(Survival::All) {
            let count = self.speaker.misfits(before, old, new.kind)?;
            step.requires.push(Check { query: count.clone(), expect: "0".to_owned() });
            let what = Lost::Misfits { column: column.to_owned(), from: old.kind, to: new.kind };
            step.losses = vec![self.loss(before, what, count)];
        }
        Ok(step)
    }

    fn add_table(&self, table: &Table) -> Result<Step, Cannot> {
        let done = speaker::create(self.speaker, table)?;
        let back = speaker::drop_table(self.speaker, table);
        // One that is there already may be another.
        let mut parts = vec![self.speaker.has_table(table).query];
        for column in &table.columns {
            parts.push(self.speaker.has_column(table, column)?.query);
        }
        let expect = parts.len().to_string();
        Ok(self.step(done, Some(Check { query: sum(self.speaker, parts), expect }), back, Cost::Instant))
    }

    /// The rows of a new table: its check is asked when the table is there.
    fn new_rows(&self, table: &str, rows: &[Row]) -> Step {
        let table = self.after(table);
        let done = rows.iter().map(|row| new_row(self.speaker, table, row)).collect();
        let back = rows.iter().map(|row| delete_row(self.speaker, table, row)).collect();
        let all: Vec<&Row> = rows.iter().collect();
        self.step(done, Some(has_rows(self.speaker, table, &all)), back, Cost::Rows(rows.len()))
    }

    fn set_rows(&self, table: &str, rows: &[Row]) -> Result<Step, Cannot> {
        let (before, after) = (self.before(table), self.after(table));
        let known: BTreeMap<Vec<&str>, &Row> = before.rows.iter().flatten().map(|row| (before.key_of(row), row)).collect();
        let had = |row: &Row| known.get(&before.key_of(row)).copied();
        let done = rows.iter().flat_map(|row| set_row(self.speaker, after, row)).collect();
        let back = |row: &Row| match had(row) {
            Some(old) => set_row(self.speaker, before, old),
            None => vec![delete_row(self.speaker, before, row)],
        };
        let back = rows.iter().flat_map(back).collect();
        let all: Vec<&Row> = rows.iter().collect();
        let mut step = self.step(done, Some(has_rows(self.speaker, after, &all)), back, Cost::Rows(rows.len()));
        let says_else =
            |row: &&Row| had(row).is_some_and(|old| row.iter().any(|(column, value)| old.get(column) != Some(value)));
        let changed: Vec<&Row> = rows.iter().filter(says_else).filter_map(had).collect();
        let new: Vec<&Row> = rows.iter().filter(|row| had(row).is_none()).collect();
        if !new.is_empty() {
            step.requires = vec![has_no_others(self.speaker, after, &new)];
        }
        if !changed.is_empty() {
            let count = has_rows(self.speaker, before, &changed).query;
            step.losses = vec![self.loss(before, Lost::Words { rows: changed.len() }, count)];
        }
        Ok(step)
    }

    fn sql(&self, text: &SqlText) -> Step {
        let check = Check { query: text.check.clone(), expect: text.expect.clone() };
        let back = text.rollback.clone().into();
        // A check that tells yes from no keeps a script that is run again from doing it twice.
        let done = match check.expect.as_str() {
            "0" | "1" => self.speaker.once(text.forward.clone(), &check),
            _ => text.forward.clone().into(),
        };
        self.step(vec![done], Some(check), vec![back], Cost::Table)
    }
}
