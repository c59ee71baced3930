//! The tables with a structure: its first version, three changes of it, and at which version a table is.
//!
//! Beside their columns the tables have `bj`, the version under which a row was written. A table's own version counts the changes that concern it: a transaction that was
//! open on other tables when a change was made means the same on either side of it.

pub mod catalog;
pub mod persons;
pub mod witness;

use super::session::{Dialect, Session};

/// The structure's name.
pub const STRUCTURE: &str = "registry";

/// At which version of their structure tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32);

impl Version {
    /// Tables without a structure: one shape for ever, and no column of the test's own.
    pub const PLAIN: Self = Self(0);
    /// Before all changes.
    pub const FIRST: Self = Self(1);
    /// Behind all changes.
    pub const LAST: Self = Self(4);

    /// Tells whether the tables have a structure.
    #[must_use]
    pub fn is_structured(self) -> bool {
        self != Self::PLAIN
    }

    /// Gives the version of one table: the last change that concerned it. `None` for tables without a structure.
    #[must_use]
    pub fn of(self, table: &str) -> Option<u32> {
        let concerned: &[u32] = match table {
            "zd" => &[1, 2, 3, 4],
            "h" => &[1, 3],
            _ => &[1, 2, 4],
        };
        concerned.iter().copied().filter(|version| *version <= self.0).max()
    }
}

/// What each table has that only a version has: the newest first.
const SIGNS: [(&str, &[(u32, Sign)]); 3] = [
    ("zd", &[(4, Sign::Lacks("bz")), (3, Sign::Wide("zl", 700)), (2, Sign::Has("dyh"))]),
    ("h", &[(3, Sign::Wide("mj", 20))]),
    ("qlr", &[(4, Sign::Has("qlrmc")), (2, Sign::Has("zjh"))]),
];

/// By what a version is known.
#[derive(Clone, Copy)]
enum Sign {
    Has(&'static str),
    Lacks(&'static str),
    /// A text of this width.
    Wide(&'static str, u32),
}

/// Gives the expression that tells a table's version from the database's own catalog.
#[must_use]
pub fn version_sql(dialect: Dialect, table: &str) -> String {
    let signs = SIGNS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, signs)| signs);
    let cases: Vec<String> =
        signs.iter().map(|(version, sign)| format!("WHEN {} THEN {version}", sign.condition(dialect, table))).collect();
    format!("(CASE {} ELSE 1 END)", cases.join(" "))
}

impl Sign {
    fn condition(self, dialect: Dialect, table: &str) -> String {
        let column = |name: &str, further: &str| match dialect {
            Dialect::Postgres => format!(
                "EXISTS (SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = 'public.{table}'::regclass AND attname = '{name}' AND NOT attisdropped{further})"
            ),
            Dialect::Mariadb => format!(
                "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name = '{name}'{further})"
            ),
            Dialect::Sqlite => {
                format!(
                    "EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{table}' AND instr(sql, '{name}') > 0)"
                )
            }
        };
        match (self, dialect) {
            (Self::Has(name), _) => column(name, ""),
            (Self::Lacks(name), _) => format!("NOT {}", column(name, "")),
            (Self::Wide(name, width), Dialect::Postgres) => column(name, &format!(" AND atttypmod = {}", width + 4)),
            (Self::Wide(name, width), Dialect::Mariadb) => column(name, &format!(" AND character_maximum_length = {width}")),
            (Self::Wide(_, width), Dialect::Sqlite) => column(&format!("VARCHAR({width})"), ""),
        }
    }
}

/// Gives the version of all tables: that of the last change, which each of the tables that it concerns has.
///
/// # Errors
/// What the server or the driver said.
pub fn version(session: &mut Session) -> Result<Version, super::session::Refusal> {
    let all = ["zd", "h", "qlr"].map(|table| format!("CAST({} AS CHAR(2))", version_sql(session.dialect, table)));
    let rows = session.rows(&format!("SELECT {}", all.join(", ")))?;
    let numbers = rows.into_iter().flatten().flatten().filter_map(|text| text.trim().parse().ok());
    Ok(Version(numbers.max().unwrap_or(1)))
}

/// Gives the description of the structure's first version.
#[must_use]
pub fn description() -> String {
    let table = |name: &str, key: &str, columns: &[(&str, &str)], further: &str| {
        let keys: Vec<&str> = key.split(' ').collect();
        let is_needed = |name: &str| keys.contains(&name) || ["cs", "bj"].contains(&name) || name == "zd";
        let columns: String = columns
            .iter()
            .map(|(name, kind)| {
                let null = if is_needed(name) || further.contains("rows") { ", null = false" } else { "" };
                format!("  {{ name = \"{name}\", type = \"{kind}\"{null} }},\n")
            })
            .collect();
        format!("\n[[table]]\nname = \"{name}\"\nkey = {keys:?}\ncolumns = [\n{columns}]\n{further}")
    };
    let zd = [
        ("dm", "text(40)"),
        ("mj", "decimal(14,2)"),
        ("zl", "text(400)"),
        ("rq", "date"),
        ("sj", "timestamp(6)"),
        ("tu", "bytes"),
    ];
    let zd = [&zd[..], &[("bz", "double"), ("cs", "integer"), ("bj", "integer")]].concat();
    let h =
        [("bm", "text(40)"), ("xh", "integer"), ("zd", "text(40)"), ("mj", "decimal(14,2)"), ("yt", "text"), ("rq", "date")];
    let h = [&h[..], &[("cs", "integer"), ("bj", "integer")]].concat();
    let qlr = [("id", "bigint"), ("h_bm", "text(40)"), ("h_xh", "integer"), ("mc", "text"), ("zj", "bytes")];
    let qlr = [&qlr[..], &[("sj", "timestamp(6)"), ("bj", "integer")]].concat();
    let refers = |columns: &str, to: &str, keys: &str| {
        format!("references = [{{ columns = {columns}, table = \"{to}\", to = {keys} }}]\n")
    };
    let rows = "rows = [\n  { dm = \"1\", mc = \"宗地\" },\n  { dm = \"2\", mc = \"房屋\" },\n]\n";
    [
        format!("format = 1\nstructure = \"{STRUCTURE}\"\nversion = 1\ntitle = \"演练 / a drill\"\n"),
        table("zd", "dm", &zd, ""),
        table("h", "bm xh", &h, &refers("[\"zd\"]", "zd", "[\"dm\"]")),
        table("qlr", "id", &qlr, &refers("[\"h_bm\", \"h_xh\"]", "h", "[\"bm\", \"xh\"]")),
        table("zdyt", "dm", &[("dm", "text(10)"), ("mc", "text(40)")], rows),
    ]
    .concat()
}

/// Gives the statements that make the first version's tables; `acts` is what a parent's change does to its children.
#[must_use]
pub fn first(dialect: Dialect, acts: &str) -> String {
    let [time, bytes, float, long, whole, end] = match dialect {
        Dialect::Postgres => ["TIMESTAMP(6)", "BYTEA", "DOUBLE PRECISION", "TEXT", "INTEGER", ""],
        Dialect::Mariadb => {
            ["DATETIME(6)", "LONGBLOB", "DOUBLE", "LONGTEXT", "INT", " ENGINE = InnoDB COLLATE utf8mb4_nopad_bin"]
        }
        Dialect::Sqlite => ["DATETIME", "BLOB", "DOUBLE", "TEXT", "INT", ""],
    };
    format!(
        "CREATE TABLE zd (dm VARCHAR(40) NOT NULL PRIMARY KEY, mj DECIMAL(14,2), zl VARCHAR(400), rq DATE, sj {time}, tu {bytes}, bz {float}, cs {whole} NOT NULL, bj {whole} NOT NULL){end};
         CREATE TABLE h (bm VARCHAR(40) NOT NULL, xh {whole} NOT NULL, zd VARCHAR(40) NOT NULL, mj DECIMAL(14,2), yt {long}, rq DATE, cs {whole} NOT NULL, bj {whole} NOT NULL,
           PRIMARY KEY (bm, xh), FOREIGN KEY (zd) REFERENCES zd (dm){acts}){end};
         CREATE TABLE qlr (id BIGINT NOT NULL PRIMARY KEY, h_bm VARCHAR(40), h_xh {whole}, mc {long}, zj {bytes}, sj {time}, bj {whole} NOT NULL,
           FOREIGN KEY (h_bm, h_xh) REFERENCES h (bm, xh){acts}){end};
         CREATE TABLE zdyt (dm VARCHAR(10) NOT NULL PRIMARY KEY, mc VARCHAR(40) NOT NULL){end};
         INSERT INTO zdyt (dm, mc) VALUES ('1', '宗地'), ('2', '房屋')"
    )
}

/// Gives the document that leads to a version.
#[must_use]
pub fn document(to: u32, is_pending: bool) -> String {
    let (title, changes) = match to {
        2 => (
            "加列 / an addition",
            "[[change]]\nop = \"add-column\"\ntable = \"zd\"\ncolumn = \"dyh\"\ntype = \"text(28)\"\n\n[[change]]\nop = \"add-column\"\ntable = \"qlr\"\ncolumn = \"zjh\"\ntype = \"text(50)\"\n",
        ),
        3 => (
            "加长、数字改为文字、字典 / a width, a type and a dictionary",
            "[[change]]\nop = \"widen\"\ntable = \"zd\"\ncolumn = \"zl\"\nto = \"text(700)\"\n\n[[change]]\nop = \"retype\"\ntable = \"h\"\ncolumn = \"mj\"\nto = \"text(20)\"\n\n[[change]]\nop = \"dictionary-rows\"\ntable = \"zdyt\"\nrows = [\n  { dm = \"3\", mc = \"林木\" },\n]\n",
        ),
        _ => (
            "改名、删列 / a name and a column that goes",
            "[[change]]\nop = \"rename-column\"\ntable = \"qlr\"\ncolumn = \"mc\"\nto = \"qlrmc\"\n\n[[change]]\nop = \"drop-column\"\ntable = \"zd\"\ncolumn = \"bz\"\n",
        ),
    };
    let pending = if is_pending { "pending = true\n" } else { "" };
    format!(
        "format = 1\nstructure = \"{STRUCTURE}\"\nfrom = {}\nto = {to}\ntitle = \"{title}\"\nbasis = \"演练 / a drill\"\nfirst_day = \"2026-01-01\"\n{pending}\n{changes}",
        to - 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::end::End;
    use dukou_shared::schema::{Document, Structure};

    #[test]
    fn the_three_documents_lead_from_the_first_version_to_the_last() {
        let mut structure = Structure::read(description().as_bytes()).unwrap();
        for to in 2..=Version::LAST.0 {
            structure = structure.apply(&Document::read(document(to, false).as_bytes()).unwrap()).unwrap();
        }
        assert_eq!(structure.version, Version::LAST.0);
    }

    #[test]
    fn a_table_is_known_by_its_catalog_in_each_database() {
        let changes = [
            "ALTER TABLE zd ADD COLUMN dyh VARCHAR(28); ALTER TABLE qlr ADD COLUMN zjh VARCHAR(50)",
            "ALTER TABLE zd ALTER COLUMN zl TYPE VARCHAR(700); ALTER TABLE h ALTER COLUMN mj TYPE VARCHAR(20)",
            "ALTER TABLE zd DROP COLUMN bz; ALTER TABLE qlr RENAME COLUMN mc TO qlrmc",
        ];
        for dialect in [Dialect::Postgres, Dialect::Mariadb, Dialect::Sqlite] {
            let end = End::shared(dialect);
            end.run(&first(dialect, ""));
            let mut session = end.session();
            assert_eq!(version(&mut session).unwrap(), Version::FIRST, "{dialect:?}");
            for (at, change) in changes.iter().enumerate() {
                if dialect == Dialect::Sqlite && at == 1 {
                    break;
                }
                let change = if dialect == Dialect::Mariadb {
                    change.replace("ALTER COLUMN", "MODIFY").replace(" TYPE", "")
                } else {
                    (*change).to_owned()
                };
                session.must(&change);
                assert_eq!(version(&mut session).unwrap(), Version(at as u32 + 2), "{dialect:?}");
            }
        }
    }
}
