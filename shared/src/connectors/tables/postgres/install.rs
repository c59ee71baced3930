//! Outbox, functions and triggers of a channel, as SQL.
//!
//! The trigger functions run in the application's transactions with the rights of whoever installed them (SECURITY DEFINER): the application's
//! accounts need no right on the outbox, and cannot write into it by another way, since only their owner may make triggers of them. What the
//! functions name is fixed by their own `search_path`; what the text of values depends on is fixed, too. Their triggers are called `!dukou…`: triggers of
//! one table fire by name, and one of the application's that changes the row again must come after ours, or the older row would stand behind the newer.
//!
//! TRUNCATE is written as a delete of every row. It sees rows that the transaction's snapshot does not, so it is refused in a transaction of higher
//! isolation, where such rows would go without a trace. A truncate trigger of a partitioned table does not fire for one partition: each has its own.

use super::catalog::{Col, Table};
use super::portable::{FUNCTION_SETTINGS, differs, object, problem};
use super::{SCHEMA, ident, literal};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{Digest, sha256};

/// Longest part of a name that tells the channel; names have 63 bytes at most.
const CHANNEL_PART: usize = 40;

/// The names of what a channel has in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    channel: String,
}

impl Names {
    pub(super) fn of(channel: &ChannelName) -> Self {
        let plain = channel.as_str().replace('-', "_");
        let short = || {
            let digest = sha256(&[plain.as_bytes()]).to_string();
            format!("{}_{}", plain.get(..31).unwrap_or_default(), digest.get(..8).unwrap_or_default())
        };
        Self { channel: if plain.len() > CHANNEL_PART { short() } else { plain.clone() } }
    }

    /// The name of the outbox within the schema.
    pub(super) fn outbox_name(&self) -> String {
        format!("dukou_outbox_{}", self.channel)
    }

    /// The outbox as SQL.
    pub(super) fn outbox(&self) -> String {
        format!("{SCHEMA}.{}", ident(&self.outbox_name()))
    }

    /// The name of the table of refused entries within the schema.
    pub(super) fn refused_name(&self) -> String {
        format!("dukou_aside_{}", self.channel)
    }

    /// The table of refused entries as SQL.
    pub(super) fn refused(&self) -> String {
        format!("{SCHEMA}.{}", ident(&self.refused_name()))
    }

    /// How the names of the channel's functions begin.
    pub(super) fn function_prefix(&self) -> String {
        format!("{}:", self.channel)
    }

    fn function(&self, table: &Table, event: &str) -> String {
        format!("{}{}:{event}", self.function_prefix(), table.oid)
    }

    /// The name of a channel's trigger for an event.
    pub(super) fn trigger(&self, event: &str) -> String {
        format!("!dukou_{}_{event}", self.channel)
    }
}

/// A function: its name in the schema, and its body, by which it is known whether it is still right.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) body: String,
    /// `row` or `truncate`.
    pub(super) event: &'static str,
}

/// The two functions of a table.
pub(super) fn functions(names: &Names, table: &Table) -> [Function; 2] {
    let function = |event, body| Function { name: names.function(table, event), body, event };
    [function("row", row_body(names, table)), function("truncate", truncate_body(names, table))]
}

/// The first line of a body: what made it.
const VERSION: &str = "-- dukou outbox 1";

fn row_body(names: &Names, table: &Table) -> String {
    let (outbox, shown) = (names.outbox(), literal(&table.shown));
    let (key, all) = (table.key(), table.travelling());
    let problem = problem(table, "NEW");
    let row = object(&all, "NEW");
    let row = if problem.starts_with("CASE") { format!("CASE WHEN ({problem}) IS NULL THEN {row} END") } else { row };
    let gone = format!("INSERT INTO {outbox} (tbl, op, key) VALUES ({shown}, 'delete', {});", object(&key, "OLD"));
    let here = format!(
        "INSERT INTO {outbox} (tbl, op, key, \"row\", problem) VALUES ({shown}, 'insert', {}, {row}, {problem});",
        object(&key, "NEW")
    );
    let moved: Vec<String> = key.iter().map(|column| differs(column)).collect();
    let name_of = |column: &&Col| format!("CASE WHEN {} THEN {} END", differs(column), literal(&column.name));
    let changed: Vec<String> = all.iter().map(name_of).collect();
    format!(
        "
{VERSION}
DECLARE changes text[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    {here}
  ELSIF TG_OP = 'DELETE' THEN
    {gone}
  ELSIF {moved} THEN
    {gone}
    {here}
  ELSE
    changes := array_remove(ARRAY[{changed}]::text[], NULL);
    IF cardinality(changes) > 0 THEN
      INSERT INTO {outbox} (tbl, op, key, \"row\", changed, problem)
      VALUES ({shown}, 'update', {old_key}, {row}, array_to_json(changes), {problem});
    END IF;
  END IF;
  RETURN NULL;
END
",
        moved = moved.join(" OR "),
        changed = changed.join(", "),
        old_key = object(&key, "OLD"),
    )
}

fn truncate_body(names: &Names, table: &Table) -> String {
    let insert = format!(
        "INSERT INTO {} (tbl, op, key) SELECT {}, 'delete', {} FROM ONLY %I.%I AS r",
        names.outbox(),
        literal(&table.shown).replace('%', "%%"),
        object(&table.key(), "r").replace('%', "%%")
    );
    format!(
        "
{VERSION}
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'dukou: TRUNCATE of a followed table needs the isolation level READ COMMITTED'
      USING HINT = 'Use DELETE here.', ERRCODE = 'feature_not_supported';
  END IF;
  EXECUTE format({}, TG_TABLE_SCHEMA, TG_TABLE_NAME);
  RETURN NULL;
END
",
        literal(&insert)
    )
}

/// Gives the statement that makes the schema.
pub(super) fn schema() -> String {
    format!("CREATE SCHEMA {SCHEMA};\n")
}

/// Gives the statements that make the outbox, which does not compress: its rows stay for a moment, and how long they are is asked of each. `account` is the
/// one that the station logs in with.
pub(super) fn outbox(names: &Names, account: &str) -> String {
    let (outbox, account) = (names.outbox(), ident(account));
    let index = ident(&format!("{}_tx", names.outbox_name()));
    format!(
        "CREATE TABLE {outbox} (
  id bigserial PRIMARY KEY,
  tx bigint NOT NULL DEFAULT txid_current(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tbl text NOT NULL,
  op text NOT NULL,
  key json NOT NULL,
  \"row\" json,
  changed json,
  problem text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
ALTER TABLE {outbox} ALTER COLUMN key SET STORAGE EXTERNAL, ALTER COLUMN \"row\" SET STORAGE EXTERNAL;
CREATE INDEX {index} ON {outbox} (tx, id);
GRANT USAGE ON SCHEMA {SCHEMA} TO {account};
GRANT SELECT, INSERT, DELETE ON {outbox} TO {account};
GRANT USAGE ON SEQUENCE {SCHEMA}.{} TO {account};
",
        ident(&format!("{}_id_seq", names.outbox_name()))
    )
}

/// Gives the statements that make the table of refused entries. `account` is the one that the station logs in with.
pub(super) fn refused(names: &Names, account: &str) -> String {
    let (refused, account) = (names.refused(), ident(account));
    format!(
        "CREATE TABLE {refused} (
  id bigint NOT NULL,
  at timestamptz NOT NULL,
  tbl text NOT NULL,
  op text NOT NULL,
  key json NOT NULL,
  \"row\" json,
  changed json,
  problem text,
  code text NOT NULL,
  refused_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT ON {refused} TO {account};
"
    )
}

/// Gives the statements that make a table's functions and triggers, in place of older ones.
pub(super) fn table(names: &Names, table: &Table) -> String {
    let [row, truncate] = functions(names, table);
    let mut sql = String::new();
    for function in [&row, &truncate] {
        let name = format!("{SCHEMA}.{}", ident(&function.name));
        sql.push_str(&format!(
            "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {FUNCTION_SETTINGS} AS {};\n",
            quoted(&function.body)
        ));
        sql.push_str(&format!("REVOKE ALL ON FUNCTION {name}() FROM PUBLIC;\n"));
    }
    let trigger = ident(&names.trigger("row"));
    sql.push_str(&format!(
        "DROP TRIGGER IF EXISTS {trigger} ON {0};\nCREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.{1}();\n",
        table.sql(),
        ident(&row.name)
    ));
    let trigger = ident(&names.trigger("truncate"));
    for (schema, name) in &table.leaves {
        let leaf = format!("{}.{}", ident(schema), ident(name));
        sql.push_str(&format!(
            "DROP TRIGGER IF EXISTS {trigger} ON {leaf};\nCREATE TRIGGER {trigger} BEFORE TRUNCATE ON {leaf} FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.{}();\n",
            ident(&truncate.name)
        ));
    }
    sql
}

/// Gives the statements that take a table's triggers away; its functions stay.
pub(super) fn without_triggers(names: &Names, table: &Table) -> String {
    let leaves = table.leaves.iter().map(|(schema, name)| ("truncate", format!("{}.{}", ident(schema), ident(name))));
    let drop = |(event, on): (&str, String)| format!("DROP TRIGGER IF EXISTS {} ON {on};\n", ident(&names.trigger(event)));
    std::iter::once(("row", table.sql())).chain(leaves).map(drop).collect()
}

/// Gives the statement that writes the place of a structure change, by its document's digest.
pub(super) fn structure(names: &Names, document: &Digest) -> String {
    format!("INSERT INTO {} (tbl, op, key) VALUES ('', 'structure', to_json('{document}'::text));\n", names.outbox())
}

/// Quotes a body between dollars that do not stand in it.
fn quoted(body: &str) -> String {
    let tag = (0..).map(|n| format!("$dukou{n}$")).find(|tag| !body.contains(tag.as_str())).unwrap_or_default();
    format!("{tag}{body}{tag}")
}

/// Gives the statements that take functions, with the triggers that run them, the outbox and what it refused away.
pub(super) fn uninstall(names: &Names, functions: &[String]) -> String {
    let drop = |name: &String| format!("DROP FUNCTION {SCHEMA}.{}() CASCADE;\n", ident(name));
    let functions: String = functions.iter().map(drop).collect();
    format!("{functions}DROP TABLE IF EXISTS {};\nDROP TABLE IF EXISTS {};\n", names.outbox(), names.refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_channels_fit_into_63_bytes_and_no_two_are_alike() {
        let long = |end: char| Names::of(&format!("{}{end}", "a-b".repeat(20)).parse().expect("a name"));
        assert_ne!(long('a'), long('b'));
        for names in [long('a'), Names::of(&"cadastre-units".parse().expect("a name"))] {
            for name in [
                format!("{}_id_seq", names.outbox_name()),
                names.refused_name(),
                names.trigger("truncate"),
                format!("{}4294967295:truncate", names.function_prefix()),
            ] {
                assert!(name.len() <= 63, "{name}");
            }
        }
    }

    #[test]
    fn names_and_texts_with_quotes_stay_what_they_are() {
        assert_eq!(ident("a\"b"), "\"a\"\"b\"");
        assert_eq!((literal("it's"), literal("a\\'b")), ("'it''s'".to_owned(), "E'a\\\\''b'".to_owned()));
        assert_eq!(quoted("x $dukou0$ y"), "$dukou1$x $dukou0$ y$dukou1$");
    }
}
