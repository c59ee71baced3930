//! A plan as a script: everything that will be run, and how each step is known to be done and taken back.

use super::{Check, Dialect, Plan, Statement, Step};
use std::borrow::Cow;
use std::fmt::Write;

impl Plan {
    /// Gives the script. For Oracle and 达梦 it is what their administrators run, and may be run again from its beginning.
    pub fn script(&self) -> String {
        let answers = if self.is_printed() { self.answers() } else { String::new() };
        self.head() + &self.all_steps() + self.foot() + &answers
    }

    /// Gives the script for an administrator who hands its output back: `first` stands before the steps, `last` behind them and before their commit, and behind the
    /// queries of the steps stands a further one, of the end that is named ([`answers`](crate::schema::answers) reads what they print).
    pub fn script_by_hand(&self, first: &str, last: &str, (end, further): (&str, &Check)) -> String {
        let (foot, answers) = (self.foot(), self.answers());
        let placed = self.answer(&format!("dukou-placed {end}"), further);
        let exit = if self.is_printed() { "EXIT\n" } else { "" };
        let before = [self.head().as_str(), self.settings_by_hand(), self.read_as_utf8(), first].concat();
        [before.as_str(), &self.all_steps(), "\n", last, foot, &answers, &placed, exit].concat()
    }

    /// What keeps an answer on one line, whatever the administrator's own settings are.
    fn settings_by_hand(&self) -> &'static str {
        match self.dialect {
            Dialect::Oracle => {
                "WHENEVER OSERROR EXIT FAILURE ROLLBACK\nSET AUTOCOMMIT OFF\nSET ECHO OFF\nSET FEEDBACK OFF\nSET HEADING OFF\nSET PAGESIZE 0\nSET LINESIZE 1000\nSET TRIMOUT ON\nSET TRIMSPOOL ON\nSET TAB OFF\n"
            }
            Dialect::Dm => {
                "SET AUTOCOMMIT OFF;\nSET ECHO OFF;\nSET FEEDBACK OFF;\nSET HEADING OFF;\nSET PAGESIZE 0;\nSET LINESIZE 1000;\nSET TIMING OFF;\nSET LINESHOW OFF;\nSET TRIMSPOOL ON;\n"
            }
            Dialect::Postgres | Dialect::Mariadb | Dialect::Sqlite => "",
        }
    }

    /// Stops a program that takes the script for another set: the words of a dictionary would be written wrong, and found as wrong as they were written.
    fn read_as_utf8(&self) -> &'static str {
        let texts = |step: &Step| step.statements.iter().all(|statement| statement.sql.is_ascii());
        match self.dialect {
            _ if self.steps.iter().all(texts) => "",
            Dialect::Oracle => {
                "BEGIN\n  IF LENGTH('渡口') <> 2 THEN\n    RAISE_APPLICATION_ERROR(-20001, 'dukou: this script is UTF-8; set NLS_LANG=.AL32UTF8');\n  END IF;\nEND;\n/\n"
            }
            Dialect::Dm => {
                "BEGIN\n  IF LENGTH('渡口') <> 2 THEN\n    RAISE_APPLICATION_ERROR(-20001, 'dukou: this script is UTF-8; set CHAR_CODE=(PG_UTF8)');\n  END IF;\nEND;\n/\n"
            }
            Dialect::Postgres | Dialect::Mariadb | Dialect::Sqlite => "",
        }
    }

    /// Tells whether its administrator runs it and no driver does.
    fn is_printed(&self) -> bool {
        matches!(self.dialect, Dialect::Oracle | Dialect::Dm)
    }

    fn all_steps(&self) -> String {
        let mut out = String::new();
        for (at, step) in self.steps.iter().enumerate() {
            let about = format!("{}. line {}: {} {}", at + 1, step.line, step.operation, step.subject);
            put(&mut out, format_args!("\n-- {}\n", remark(&about)));
            match self.dialect {
                Dialect::Oracle | Dialect::Dm => plsql_step(&mut out, step),
                dialect => plain_step(&mut out, step, dialect),
            }
        }
        out
    }

    fn head(&self) -> String {
        let ([before, document, after], (from, to)) = (&self.digests, self.versions);
        let mut out = format!(
            "-- dukou schema plan 1 · {}\n-- {} {from} → {to}\n-- before   {before}\n-- document {document}\n-- after    {after}\n",
            self.dialect, self.structure
        );
        if let Some(inferred) = &self.inferred {
            put(&mut out, format_args!("-- inferred: {}\n", remark(inferred)));
        }
        out.push_str(match self.dialect {
            Dialect::Postgres => "BEGIN;\nSET LOCAL lock_timeout = '5s';\n",
            // A session that is not strict cuts and clips values without a word.
            Dialect::Mariadb => {
                "-- each statement commits by itself; a step whose check holds is done and passed over\n\
                 SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES');\n\
                 CREATE TEMPORARY TABLE dukou_holds (line INT, holds INT NOT NULL CHECK (holds = 1));\n"
            }
            // The shell goes on behind a statement that failed unless it is told not to, and would commit what is left.
            Dialect::Sqlite => {
                ".bail on\nPRAGMA foreign_keys = OFF;\nBEGIN EXCLUSIVE;\n\
                 CREATE TEMPORARY TABLE dukou_holds (line INTEGER, holds INTEGER CHECK (holds IS 1));\n"
            }
            Dialect::Oracle => "WHENEVER SQLERROR EXIT FAILURE ROLLBACK\nSET DEFINE OFF\nSET SQLBLANKLINES ON\n",
            Dialect::Dm => "WHENEVER SQLERROR EXIT FAILURE ROLLBACK;\nSET DEFINE OFF;\n",
        });
        out
    }

    fn foot(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres | Dialect::Oracle | Dialect::Dm => "\nCOMMIT;\n",
            Dialect::Mariadb => "\nDROP TEMPORARY TABLE dukou_holds;\n",
            Dialect::Sqlite => {
                "\nINSERT INTO temp.dukou_holds SELECT 0, NOT EXISTS (SELECT 1 FROM pragma_foreign_key_check);\n\
                 DROP TABLE temp.dukou_holds;\nCOMMIT;\nPRAGMA foreign_keys = ON;\n"
            }
        }
    }

    /// The queries whose output an administrator hands back: a line a step, with the document first.
    fn answers(&self) -> String {
        let dual = if self.is_printed() { " FROM dual" } else { "" };
        let mut out = format!("SELECT 'dukou-document {}'{dual};\n", self.digests[1]);
        for (at, step) in self.steps.iter().enumerate() {
            if let Some(check) = &step.check {
                out.push_str(&self.answer(&format!("dukou-check {}", at + 1), check));
            }
        }
        out
    }

    fn answer(&self, what: &str, Check { query, expect }: &Check) -> String {
        let dual = if self.is_printed() { " FROM dual" } else { "" };
        format!("SELECT '{what} {expect} ' || ({query}){dual};\n")
    }
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = out.write_fmt(what);
}

/// A line of a comment: to SQL*Plus a hyphen at its end means that the next line belongs to it.
fn remark(line: &str) -> Cow<'_, str> {
    if line.trim_end().ends_with('-') { format!("{line}.").into() } else { line.into() }
}

/// Every line of a text as a comment.
fn comment(out: &mut String, about: &str, text: &str) {
    for (at, line) in text.lines().enumerate() {
        let line = remark(line);
        put(out, format_args!("{}{line}\n", if at == 0 { format!("-- {about}: ") } else { "--   ".to_owned() }));
    }
}

fn plain_step(out: &mut String, step: &Step, dialect: Dialect) {
    for Check { query, expect } in &step.requires {
        match dialect {
            Dialect::Postgres => put(
                out,
                format_args!(
                    "DO $dukou$ BEGIN\n  IF ({query}) <> {expect} THEN\n    RAISE EXCEPTION 'line {}: what it requires does not hold';\n  END IF;\nEND $dukou$;\n",
                    step.line
                ),
            ),
            Dialect::Sqlite => {
                put(out, format_args!("INSERT INTO temp.dukou_holds SELECT {}, ({query}) = {expect};\n", step.line));
            }
            _ => put(out, format_args!("INSERT INTO dukou_holds SELECT {}, ({query}) = {expect};\n", step.line)),
        }
    }
    for statement in &step.statements {
        put(out, format_args!("{};\n", statement.sql));
    }
    if step.statements.is_empty() {
        out.push_str("-- nothing in the database\n");
    }
    if let Some(Check { query, expect }) = &step.check {
        comment(out, &format!("done when {expect}"), query);
    }
    for statement in &step.rollback {
        comment(out, "back", &statement.sql);
    }
}

fn plsql_step(out: &mut String, step: &Step) {
    // Once a step has begun, what it required may not be there to be asked, unless each of its statements may be done again.
    let fresh = step.statements.first().and_then(|first| first.when.as_ref());
    for Check { query, expect } in &step.requires {
        let fails = format!("RAISE_APPLICATION_ERROR(-20001, 'line {}: what it requires does not hold')", step.line);
        let asked = format!(
            "EXECUTE IMMEDIATE '{}' INTO n;\n    IF n <> {expect} THEN\n      {fails};\n    END IF",
            query.replace('\'', "''")
        );
        let block = match fresh {
            Some(Check { query, expect }) => block(query, &format!("n = {expect}"), &asked),
            None => block(query, &format!("n <> {expect}"), &fails),
        };
        out.push_str(&block);
    }
    for Statement { sql, when } in &step.statements {
        match when {
            None => put(out, format_args!("{sql};\n")),
            Some(Check { query, expect }) => {
                let done = format!("EXECUTE IMMEDIATE '{}'", sql.replace('\'', "''"));
                put(out, format_args!("{}", block(query, &format!("n = {expect}"), &done)));
            }
        }
    }
    if step.statements.is_empty() {
        out.push_str("-- nothing in the database\n");
    }
    for statement in &step.rollback {
        comment(out, "back", &statement.sql);
    }
}

/// Does something where a query gives a number.
fn block(query: &str, condition: &str, done: &str) -> String {
    format!(
        "DECLARE\n  n INTEGER;\nBEGIN\n  SELECT ({query}) INTO n FROM dual;\n  IF {condition} THEN\n    {done};\n  END IF;\nEND;\n/\n"
    )
}
