//! What a dialect has to be able to say, and what all of them share.

use super::{Cannot, Check, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Row, Table};
use crate::schema::types::ColumnType;
use crate::schema::value;

/// A dialect.
pub(super) trait Speaker: Sync {
    /// Which one.
    fn dialect(&self) -> Dialect;

    /// A type in a definition.
    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot>;

    /// A column's type as the catalog prints it.
    fn catalog_type(&self, _table: &Table, column: &Column) -> Result<String, Cannot> {
        self.type_name(column.kind)
    }

    /// A name as the catalog has it.
    fn fold(&self, name: &str) -> String {
        name.to_owned()
    }

    /// A name in quotes.
    fn ident(&self, name: &str) -> String {
        format!("\"{}\"", self.fold(name).replace('"', "\"\""))
    }

    /// A text constant.
    fn text(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    /// A column, as `CREATE TABLE` and `ADD COLUMN` define it.
    fn definition(&self, _table: &Table, column: &Column) -> Result<String, Cannot> {
        let null = if column.nullable { "" } else { " NOT NULL" };
        Ok(format!("{} {}{null}{}", self.ident(&column.name), self.type_name(column.kind)?, default_of(self, column)))
    }

    /// What stands behind the bracket of `CREATE TABLE`.
    fn table_options(&self, _table: &Table) -> String {
        String::new()
    }

    /// Labels of a table, where they are statements of their own.
    fn label_table(&self, _table: &Table) -> Vec<Statement> {
        Vec::new()
    }

    /// The label of a column, where it is a statement of its own.
    fn label_column(&self, _table: &Table, _column: &Column) -> Vec<Statement> {
        Vec::new()
    }

    /// A statement that is done once, though the script is run again; `is_done` tells of its effect.
    fn once(&self, sql: String, _is_done: &Check) -> Statement {
        sql.into()
    }

    /// Adds a column; `table` has it already.
    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot>;

    /// Drops a column; `table` has it still.
    fn drop(&self, table: &Table, column: &Column) -> Vec<Statement> {
        vec![format!("ALTER TABLE {} DROP COLUMN {}", table_of(self, &table.name), self.ident(&column.name)).into()]
    }

    /// Renames a column from one table to the other.
    fn rename(&self, before: &Table, _after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        let (old, new) = (self.ident(&old.name), self.ident(&new.name));
        Ok(vec![format!("ALTER TABLE {} RENAME COLUMN {old} TO {new}", table_of(self, &before.name)).into()])
    }

    /// Gives a column another type.
    fn retype(&self, before: &Table, after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot>;

    /// What a retype costs.
    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost;

    /// What must hold before a column of a table is changed in place.
    fn requires(&self, _before: &Table, _old: &Column, _renames: bool) -> Result<Vec<Check>, Cannot> {
        Ok(Vec::new())
    }

    /// What must hold before a column goes: what stands on it and nobody described would go with it.
    fn requires_drop(&self, _before: &Table, _column: &str) -> Vec<Check> {
        Vec::new()
    }

    /// Tells whether a retype puts a new column in the place of the old one, which is dropped.
    fn replaces(&self, _old: ColumnType, _new: ColumnType) -> bool {
        false
    }

    /// Counts the values that are not of a column's own type and that a conversion would not carry over; `None` where the database takes no such values.
    fn strangers(&self, _before: &Table, _old: &Column, _new: ColumnType) -> Option<Check> {
        None
    }

    /// The condition that a column which is of no key has a value, word for word.
    fn says(&self, column: &Column, value: &str) -> String {
        format!("{} = {}", self.ident(&column.name), constant(self, column, value))
    }

    /// Counts the values of a column that a type does not take.
    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot>;

    /// Tells whether a table is there.
    fn has_table(&self, table: &Table) -> Check;

    /// Tells whether a column is there, with this type.
    fn has_column(&self, table: &Table, column: &Column) -> Result<Check, Cannot>;

    /// Tells whether a column of this name is not there.
    fn lacks_column(&self, table: &Table, column: &str) -> Check;

    /// What stands between `SELECT 1` and `WHERE` where there is no table to select from.
    fn dual(&self) -> &'static str {
        ""
    }
}

/// Makes a table, with its labels.
pub(super) fn create(speaker: &dyn Speaker, table: &Table) -> Result<Vec<Statement>, Cannot> {
    let create = create_table(speaker, table, &table.name)?;
    let mut made = vec![speaker.once(create, &speaker.has_table(table))];
    made.extend(speaker.label_table(table));
    for column in &table.columns {
        made.extend(speaker.label_column(table, column));
    }
    Ok(made)
}

/// Takes a table away.
pub(super) fn drop_table(speaker: &dyn Speaker, table: &Table) -> Vec<Statement> {
    let gone = negated(speaker.has_table(table));
    vec![speaker.once(format!("DROP TABLE {}", table_of(speaker, &table.name)), &gone)]
}

/// A table's name in quotes, its schema apart.
pub(super) fn table_of(speaker: &(impl Speaker + ?Sized), name: &str) -> String {
    name.split('.').map(|part| speaker.ident(part)).collect::<Vec<_>>().join(".")
}

/// The schema and the name of a table.
pub(super) fn parts(name: &str) -> (Option<&str>, &str) {
    name.split_once('.').map_or((None, name), |(schema, name)| (Some(schema), name))
}

/// Names in quotes with commas between.
pub(super) fn idents(speaker: &(impl Speaker + ?Sized), names: &[String]) -> String {
    names.iter().map(|name| speaker.ident(name)).collect::<Vec<_>>().join(", ")
}

/// `CREATE TABLE` under a name that may be another than the table's own.
pub(super) fn create_table(speaker: &dyn Speaker, table: &Table, name: &str) -> Result<String, Cannot> {
    let mut lines: Vec<String> =
        table.columns.iter().map(|column| speaker.definition(table, column)).collect::<Result<_, _>>()?;
    lines.push(format!("PRIMARY KEY ({})", idents(speaker, &table.key)));
    lines.extend(table.unique.iter().map(|set| format!("UNIQUE ({})", idents(speaker, set))));
    lines.extend(table.references.iter().map(|reference| {
        let (own, other) = (idents(speaker, &reference.columns), idents(speaker, &reference.to));
        format!("FOREIGN KEY ({own}) REFERENCES {} ({other})", table_of(speaker, &reference.table))
    }));
    let options = speaker.table_options(table);
    Ok(format!("CREATE TABLE {} (\n  {}\n){options}", table_of(speaker, name), lines.join(",\n  ")))
}

/// A value as a constant of its column.
pub(super) fn constant(speaker: &(impl Speaker + ?Sized), column: &Column, value: &str) -> String {
    match value::is_quoted(column.kind) {
        true => speaker.text(value),
        false => value.to_owned(),
    }
}

/// ` DEFAULT …`, or nothing.
pub(super) fn default_of(speaker: &(impl Speaker + ?Sized), column: &Column) -> String {
    column.default.as_deref().map(|value| format!(" DEFAULT {}", constant(speaker, column, value))).unwrap_or_default()
}

/// The check that answers 1 the other way round: 0.
pub(super) fn negated(check: Check) -> Check {
    let expect = if check.expect == "0" { "1" } else { "0" };
    Check { query: check.query, expect: expect.to_owned() }
}

/// Writes a row of a dictionary: new, or with these words where its key is there.
pub(super) fn set_row(speaker: &dyn Speaker, table: &Table, row: &Row) -> Vec<Statement> {
    let name = table_of(speaker, &table.name);
    let rest = table.columns.iter().filter(|column| !table.is_key(&column.name)).filter_map(|column| {
        let value = constant(speaker, column, row.get(&column.name)?);
        Some(format!("{} = {value}", speaker.ident(&column.name)))
    });
    let (words, mut done) = (rest.collect::<Vec<_>>().join(", "), Vec::new());
    if !words.is_empty() {
        done.push(format!("UPDATE {name} SET {words} WHERE {}", key_is(speaker, table, row)).into());
    }
    done.push(new_row(speaker, table, row));
    done
}

/// Writes a row of a dictionary where its key is not there.
pub(super) fn new_row(speaker: &dyn Speaker, table: &Table, row: &Row) -> Statement {
    let name = table_of(speaker, &table.name);
    let given = || table.columns.iter().filter_map(|column| Some((column, constant(speaker, column, row.get(&column.name)?))));
    let columns = given().map(|(column, _)| speaker.ident(&column.name)).collect::<Vec<_>>().join(", ");
    let values = given().map(|(_, value)| value).collect::<Vec<_>>().join(", ");
    let (key, from) = (key_is(speaker, table, row), speaker.dual());
    format!("INSERT INTO {name} ({columns}) SELECT {values}{from} WHERE NOT EXISTS (SELECT 1 FROM {name} WHERE {key})").into()
}

/// The condition that a row has this row's key.
fn key_is(speaker: &dyn Speaker, table: &Table, row: &Row) -> String {
    let of_key = table.columns.iter().filter(|column| table.is_key(&column.name));
    let pairs = of_key.filter_map(|column| {
        let value = constant(speaker, column, row.get(&column.name)?);
        Some(format!("{} = {value}", speaker.ident(&column.name)))
    });
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// Deletes a row of a dictionary.
pub(super) fn delete_row(speaker: &dyn Speaker, table: &Table, row: &Row) -> Statement {
    format!("DELETE FROM {} WHERE {}", table_of(speaker, &table.name), key_is(speaker, table, row)).into()
}

/// Most terms of one condition or sum: databases end what is nested deeper than they like, SQLite at 1000.
const TERMS_MAX: usize = 200;

/// Tells whether a dictionary has rows, word for word.
pub(super) fn has_rows(speaker: &dyn Speaker, table: &Table, rows: &[&Row]) -> Check {
    let says = |row: &Row, column: &Column| {
        let value = row.get(&column.name)?;
        Some(match table.is_key(&column.name) {
            true => format!("{} = {}", speaker.ident(&column.name), constant(speaker, column, value)),
            false => speaker.says(column, value),
        })
    };
    let one = |row: &Row| table.columns.iter().filter_map(|column| says(row, column)).collect::<Vec<_>>().join(" AND ");
    Check { query: rows_where(speaker, table, rows, &one), expect: rows.len().to_string() }
}

/// Tells that a dictionary has no rows with these rows' keys that say something else: the bureau's own.
pub(super) fn has_no_others(speaker: &dyn Speaker, table: &Table, rows: &[&Row]) -> Check {
    let all = rows_where(speaker, table, rows, &|row| key_is(speaker, table, row));
    let same = has_rows(speaker, table, rows).query;
    Check { query: format!("SELECT ({all}) - ({same}){}", speaker.dual()), expect: "0".to_owned() }
}

/// Counts the rows of a table that meet the condition which is made of one of these rows.
fn rows_where(speaker: &dyn Speaker, table: &Table, rows: &[&Row], condition: &dyn Fn(&Row) -> String) -> String {
    let name = table_of(speaker, &table.name);
    let counted = rows.chunks(TERMS_MAX).map(|rows| {
        let any = rows.iter().map(|row| format!("({})", condition(row))).collect::<Vec<_>>().join("\n  OR ");
        format!("SELECT COUNT(*) FROM {name} WHERE {any}")
    });
    sum(speaker, counted.collect())
}

/// The sum of what queries of one number answer.
pub(super) fn sum(speaker: &dyn Speaker, mut queries: Vec<String>) -> String {
    while queries.len() > 1 {
        let added = |part: &[String]| {
            let terms: Vec<String> = part.iter().map(|query| format!("({query})")).collect();
            format!("SELECT {}{}", terms.join("\n  + "), speaker.dual())
        };
        queries = queries.chunks(TERMS_MAX).map(added).collect();
    }
    queries.pop().unwrap_or_else(|| format!("SELECT 0{}", speaker.dual()))
}

/// The condition on a number that does not go into so many digits; `p` and `s` as of `decimal(p,s)`.
pub(super) fn beyond_decimal(column: &str, precision: u8, scale: u8) -> String {
    let most = format!("1{}", "0".repeat(usize::from(precision - scale)));
    format!("{column} <> ROUND({column}, {scale}) OR ABS({column}) >= {most}")
}

/// The condition on a number that does not go into a whole number of so many bits.
pub(super) fn beyond_integer(column: &str, bits: u8) -> String {
    let (least, most) = match bits {
        16 => ("-32768", "32767"),
        32 => ("-2147483648", "2147483647"),
        _ => ("-9223372036854775808", "9223372036854775807"),
    };
    format!("{column} <> ROUND({column}, 0) OR {column} NOT BETWEEN {least} AND {most}")
}

/// The pattern of text that is a number of a type; `None` where the type is none.
pub(super) fn number_pattern(kind: ColumnType) -> Option<String> {
    let whole = |digits: u8| match digits {
        0 => "0".to_owned(),
        1 => "[0-9]".to_owned(),
        _ => format!("(0|[1-9][0-9]{{0,{}}})", digits - 1),
    };
    match kind {
        ColumnType::Integer(16) => Some(format!("^-?{}$", whole(5))),
        ColumnType::Integer(32) => Some(format!("^-?{}$", whole(10))),
        ColumnType::Integer(_) => Some(format!("^-?{}$", whole(19))),
        ColumnType::Decimal(precision, 0) => Some(format!("^-?{}$", whole(precision))),
        ColumnType::Decimal(precision, scale) => Some(format!("^-?{}([.][0-9]{{1,{scale}}})?$", whole(precision - scale))),
        _ => None,
    }
}

/// The condition on values that a new type does not take, where numbers are compared as everywhere; `length` and `matches` say the rest.
pub(super) fn misfit(
    column: &str,
    old: ColumnType,
    new: ColumnType,
    length: &dyn Fn(&str, ColumnType) -> String,
    unlike: &dyn Fn(&str, &str) -> String,
) -> Option<String> {
    Some(match (old, new) {
        (_, ColumnType::Text(Some(most))) => format!("{} > {most}", length(column, old)),
        (ColumnType::Text(_), new) => unlike(column, &number_pattern(new)?),
        (_, ColumnType::Decimal(precision, scale)) => beyond_decimal(column, precision, scale),
        (_, ColumnType::Integer(bits)) => beyond_integer(column, bits),
        _ => return None,
    })
}
