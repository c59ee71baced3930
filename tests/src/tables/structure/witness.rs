//! What tells, row by row and packet by packet, which version met which.
//!
//! In the source each row gets the version of its table at the moment of writing: by a trigger in PostgreSQL; elsewhere the application says it, in a transaction that holds the
//! tables as they are. In the sink a trigger of the test's own notes that beside the version of the table that it meets; in SQLite, where a table that is made anew may
//! have no trigger of others, only the move of the mark is noted, with the version that the tables have then.

use std::collections::BTreeMap;
use std::fs;

use dukou_packets::packet::header::{Class, Header, KIND_MARKER, KIND_RECORDS};
use dukou_packets::packet::open::read_unverified;

use super::super::end::End;
use super::super::session::{Dialect, Session};
use super::{Version, version_sql};
use crate::stations::station::Station;

/// The tables that applications write.
const WRITTEN: [&str; 3] = ["zd", "h", "qlr"];

/// Lets the source write down under which version each row is written, where a trigger can.
///
/// # Panics
/// Panics when the database refuses.
#[track_caller]
pub fn stamp(from: &End) {
    if from.dialect() != Dialect::Postgres {
        return;
    }
    for table in WRITTEN {
        let version = version_sql(Dialect::Postgres, table);
        from.run(&format!(
            "CREATE FUNCTION stamp_{table}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.bj := {version}; RETURN NEW; END$$;
             CREATE TRIGGER a_stamp BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION stamp_{table}()"
        ));
    }
}

/// Lets the sink write down which version of a row met which version of its table.
///
/// # Panics
/// Panics when the database refuses.
#[track_caller]
pub fn note_meetings(to: &End) {
    let mut session = to.session();
    let (dialect, key) = match to.dialect() {
        Dialect::Postgres => (Dialect::Postgres, "n bigserial PRIMARY KEY"),
        Dialect::Mariadb => (Dialect::Mariadb, "n BIGINT AUTO_INCREMENT PRIMARY KEY"),
        Dialect::Sqlite => return,
    };
    session.must(&format!("CREATE TABLE met({key}, place VARCHAR(10), written INT, here INT)"));
    for table in WRITTEN {
        let insert =
            format!("INSERT INTO met(place, written, here) VALUES ('{table}', NEW.bj, {})", version_sql(dialect, table));
        match dialect {
            Dialect::Postgres => session.must(&format!(
                "CREATE FUNCTION meet_{table}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {}; RETURN NULL; END$$;
                 CREATE TRIGGER z_meet AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION meet_{table}()",
                insert.replace("met(", "public.met(")
            )),
            _ => {
                for event in ["INSERT", "UPDATE"] {
                    session
                        .must(&format!("CREATE TRIGGER z_meet_{table}_{event} AFTER {event} ON {table} FOR EACH ROW {insert}"));
                }
            }
        }
    }
}

/// The rows that met a table: how many, by the table, the version under which they were written and the one that they met.
pub type Meetings = BTreeMap<(String, u32, u32), u64>;

/// Gives all meetings up to a moment, and that moment; nothing where the sink notes none.
#[track_caller]
pub fn meetings(session: &mut Session, until: Option<u64>) -> Meetings {
    if session.dialect == Dialect::Sqlite {
        return Meetings::new();
    }
    let limit = until.map_or_else(String::new, |until| format!(" WHERE n <= {until}"));
    let sql = format!(
        "SELECT place, CAST(written AS CHAR(4)), CAST(here AS CHAR(4)), CAST(count(*) AS CHAR(20)) FROM met{limit} GROUP BY place, written, here"
    );
    let number = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().parse::<u64>().unwrap_or(0);
    let rows = session.rows(&sql).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let line = |row: Vec<Option<String>>| {
        let place = row[0].clone().unwrap_or_default();
        ((place, number(&row[1]) as u32, number(&row[2]) as u32), number(&row[3]))
    };
    rows.into_iter().map(line).collect()
}

/// Gives the number of the last meeting.
#[track_caller]
pub fn last_meeting(session: &mut Session) -> u64 {
    match session.dialect {
        Dialect::Sqlite => 0,
        _ => session.number("SELECT CAST(coalesce(max(n), 0) AS CHAR(20)) FROM met"),
    }
}

/// Gives the version of all tables of a sink, as an expression of its own that a trigger may have.
#[must_use]
pub fn whole_version_sql(dialect: Dialect) -> String {
    let most = if dialect == Dialect::Sqlite { "max" } else { "greatest" };
    format!("{most}({})", WRITTEN.map(|table| version_sql(dialect, table)).join(", "))
}

/// What of a packet its signed header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// It marks a structure change.
    pub is_marker: bool,
    /// Under which version what it holds was written.
    pub written: Version,
    /// Which version it needs.
    pub needed: Version,
}

/// Reads a packet's header.
#[must_use]
pub fn header(bytes: &[u8]) -> Option<Header> {
    read_unverified(bytes).ok().map(|(_, header)| header)
}

/// Gives the heads of all packets of a channel that a station keeps, by their numbers.
#[track_caller]
pub fn heads(sender: &Station, channel: &str) -> BTreeMap<u64, Head> {
    let spool = sender.path("spool/out");
    let files = fs::read_dir(&spool).unwrap_or_else(|error| panic!("{}: {error}", spool.display())).flatten();
    let headers = files.filter_map(|file| header(&fs::read(file.path()).ok()?));
    let of_channel = |header: &Header| {
        header.class == Class::Cargo
            && [KIND_MARKER, KIND_RECORDS].contains(&header.kind)
            && header.channel.as_ref().is_some_and(|name| name.as_str() == channel)
    };
    let head = |header: Header| {
        let (written, needed) = (Version(header.structure_written), Version(header.structure_needed));
        (header.seq, Head { is_marker: header.kind == KIND_MARKER, written, needed })
    };
    headers.filter(of_channel).map(head).collect()
}
