//! MariaDB or MySQL as a sink of rows.
//!
//! Given: packets. Gives: their rows in the database's tables, with the mark in `dukou_mark`, one transaction a packet. After a crash: what was
//! committed; the mark tells. Never: a table of another engine than InnoDB, which would keep half a packet.

use super::catalog::{self, Table};
use super::session::{Session, Trouble, bytes_at, number, said, text_at};
use super::statements::{self, Bound, bind_all};
use super::{ident, literal};
use crate::connectors::tables::applying::{self, Placed, Refusal, Refused, Shape, TakenRows, Target, Terms};
use crate::connectors::tables::change::LARGE_FROM;
use crate::connectors::tables::database::OwnTables;
use crate::connectors::tables::net::parents_first;
use crate::connectors::tables::{Caution, Cells, Mark, Problem, RowPacket, TableFault, TableName, TableSink, Value};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use sqlx::{AssertSqlSafe, MySqlConnection};
use std::collections::{BTreeSet, HashMap};

/// Tables of our own: name and columns. Made when they are not there.
pub(super) const OWN: [(&str, &str); 3] = [
    (
        "dukou_mark",
        "channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, epoch VARCHAR(64) NOT NULL, seq BIGINT UNSIGNED NOT NULL,
 header CHAR(64) NOT NULL, at DATETIME(3) NOT NULL",
    ),
    (
        "dukou_pending",
        "channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, tx BIGINT UNSIGNED NOT NULL, seq BIGINT UNSIGNED NOT NULL,
 idx BIGINT NOT NULL, part BIGINT NOT NULL, epoch VARCHAR(64) NOT NULL, tbl VARCHAR(255) NOT NULL, body LONGBLOB NOT NULL, PRIMARY KEY (channel, tx, seq, idx, part)",
    ),
    (
        "dukou_refused",
        "channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, epoch VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
 seq BIGINT UNSIGNED NOT NULL, idx BIGINT NOT NULL, at DATETIME(3) NOT NULL, tbl VARCHAR(255) NOT NULL, op VARCHAR(8) NOT NULL, `key` TEXT NOT NULL,
 body LONGBLOB NOT NULL, code VARCHAR(64) NOT NULL, words_zh TEXT NOT NULL, words_en TEXT NOT NULL, PRIMARY KEY (channel, epoch, seq, idx)",
    ),
];

/// How far structure changes are in this database, where rows leave and where they come in. `step` counts those that are done, `passed` names those that were done
/// before it; `marked` when all that belongs to it is there, `done_at` when nothing refuses writes any more.
pub(super) const STRUCTURE: (&str, &str) = (
    "dukou_schema",
    "document CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, direction VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, structure VARCHAR(64) NOT NULL,
 version INT NOT NULL, plan CHAR(64) NOT NULL, step INT NOT NULL, passed TEXT NOT NULL, marked BOOLEAN NOT NULL, begun_at DATETIME(3) NOT NULL, done_at DATETIME(3) NULL,
 PRIMARY KEY (document, direction)",
);

/// The account's right to make tables in its database, as far as it was granted to itself.
const MAY_CREATE: &str = "SELECT privilege_type FROM information_schema.user_privileges
 WHERE privilege_type = 'CREATE' AND grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')
 UNION SELECT privilege_type FROM information_schema.schema_privileges
 WHERE privilege_type = 'CREATE' AND grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AND DATABASE() LIKE table_schema";

/// Tables of a MariaDB or MySQL database that packets go into.
pub struct MysqlSink {
    database: Database,
    terms: Terms,
}

/// The database with what was read of its catalog.
struct Database {
    session: Session,
    names: Vec<TableName>,
    read: HashMap<String, (Table, Shape)>,
    /// The structures of tables as they were held last.
    structures: HashMap<String, Option<String>>,
    /// Which characters a character set holds, as the server showed.
    held: HashMap<String, HashMap<char, bool>>,
    is_prepared: bool,
    /// The mark as it was last seen or written.
    left_at: Option<(ChannelName, Mark)>,
}

impl MysqlSink {
    /// Makes a sink for tables in the database of a URL, which is connected to at the first call. `tables` are pairs: the source's name, the sink's.
    pub fn new(url: &str, password: Option<&str>, tables: &[(TableName, TableName)], dead_letters: bool) -> Self {
        let names = tables.iter().map(|(_, sink)| sink.clone()).collect();
        let session = Session::new(url, password);
        Self {
            database: Database {
                session,
                names,
                read: HashMap::new(),
                structures: HashMap::new(),
                held: HashMap::new(),
                is_prepared: false,
                left_at: None,
            },
            terms: Terms { names: tables.iter().cloned().collect(), dead_letters },
        }
    }
}

impl OwnTables for MysqlSink {
    fn install_sql(&mut self) -> Result<String, TableFault> {
        let tables: String =
            OWN.into_iter().chain([STRUCTURE]).map(|(name, columns)| format!("{};\n", own_sql(name, columns))).collect();
        Ok(format!(
            "{tables}-- 站的账号对这四张表要有 / the station's account needs on each of them: SELECT, INSERT, UPDATE, DELETE\n"
        ))
    }

    fn install(&mut self) -> Result<(), TableFault> {
        self.database.prepare()?;
        self.database.session.run(async |conn, _| make(conn, &[STRUCTURE]).await)
    }
}

impl TableSink for MysqlSink {
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        self.database.prepare()?;
        // Whoever asks begins anew: a structure change may have been between.
        self.database.forget();
        self.database.left_at = None;
        let mark = self.database.read_mark(channel, false)?;
        self.database.left_at = mark.map(|mark| (channel.clone(), mark));
        Ok(mark)
    }

    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault> {
        self.database.prepare()?;
        applying::apply(&mut self.database, &self.terms, channel, packet)
    }

    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        self.database.prepare()?;
        applying::pass_over(&mut self.database, &self.terms, channel, mark)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        self.database.forget();
        let mut faults = Vec::new();
        for name in self.database.names.clone() {
            match self.database.table(&name) {
                Ok((table, shape)) => {
                    faults.extend(shape.unfit);
                    let column = table.travelling().next().map(|column| ident(&column.name));
                    let lacking =
                        column.map_or(Ok(Vec::new()), |column| self.database.rights_lacking(&table.sql(), &column))?;
                    faults.extend(lacking.into_iter().map(|right| table.unfit(None, Problem::Right(right.to_owned()))));
                }
                Err(fault @ TableFault::Unfit { .. }) => faults.push(fault),
                Err(fault) => return Err(fault),
            }
        }
        faults.extend(self.database.check_own()?);
        Ok(faults)
    }

    fn cautions(&mut self) -> Result<Vec<Caution>, TableFault> {
        self.database.session.run(async |conn, _| catalog::cautions(conn).await)
    }
}

impl Database {
    /// Makes the tables of our own that are not there, once.
    fn prepare(&mut self) -> Result<(), TableFault> {
        if self.is_prepared {
            return Ok(());
        }
        self.session.run(async |conn, _| make(conn, &OWN).await)?;
        self.is_prepared = true;
        Ok(())
    }

    /// Reads one column of text.
    fn texts(&mut self, sql: &str) -> Result<BTreeSet<String>, TableFault> {
        self.session.run(async |conn, _| {
            let mut texts = BTreeSet::new();
            for row in catalog::rows(conn, sql.to_owned()).await? {
                texts.extend(text_at(&row, 0)?);
            }
            Ok(texts)
        })
    }

    /// Names what is wrong with our own tables: one that is missing is, where the account may not make it.
    fn check_own(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let there = self.texts("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")?;
        let may_make = !self.texts(MAY_CREATE)?.is_empty();
        let mut problems = Vec::new();
        for (name, _) in OWN {
            match there.contains(name) {
                true => problems.extend(
                    self.rights_lacking(name, "seq")?.into_iter().map(|right| (name, Problem::Right(right.to_owned()))),
                ),
                false if may_make => {}
                false => problems.push((name, Problem::NotMade)),
            }
        }
        let fault = |(name, problem): (&str, Problem)| TableFault::Unfit { table: name.to_owned(), column: None, problem };
        Ok(problems.into_iter().map(fault).collect())
    }

    /// Names the rights on a table that the account lacks: statements that touch no row ask for them all the same.
    fn rights_lacking(&mut self, table: &str, column: &str) -> Result<Vec<&'static str>, TableFault> {
        let probes = [
            ("SELECT", format!("SELECT {column} FROM {table} WHERE FALSE")),
            ("INSERT", format!("INSERT INTO {table} ({column}) SELECT 1 FROM DUAL WHERE FALSE")),
            ("UPDATE", format!("UPDATE {table} SET {column} = NULL WHERE FALSE")),
            ("DELETE", format!("DELETE FROM {table} WHERE FALSE")),
        ];
        let mut lacking = Vec::new();
        for (right, probe) in probes {
            let lacks = self.session.run(async |conn, _| match sqlx::raw_sql(AssertSqlSafe(probe)).execute(conn).await {
                Err(error) if matches!(number(&error), Some(1142 | 1143)) => Ok(true),
                // A column without a default is told before it is seen that there is no row.
                Err(error) if is_of_rows(&error) => Ok(false),
                answer => Ok(answer.map(|_| false)?),
            })?;
            lacking.extend(lacks.then_some(right));
        }
        Ok(lacking)
    }

    /// Runs a statement without rows of its own.
    fn plain(&mut self, sql: String) -> Result<(), TableFault> {
        self.session.run(async |conn, _| {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
            Ok(())
        })
    }

    /// Runs statements about rows; what the server says of rows is a refusal, and leaves the transaction open.
    fn step(&mut self, work: impl AsyncFnOnce(&mut MySqlConnection, u64) -> Result<(), sqlx::Error>) -> Result<(), Refused> {
        let mut of_rows = None;
        let outcome = self.session.attempt(async |conn, server| match work(conn, server.packet_bytes).await {
            Err(error) if is_of_rows(&error) => {
                of_rows = Some(refusal(&error));
                Ok(())
            }
            outcome => outcome.map_err(Trouble::Sql),
        });
        match (outcome, of_rows) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(why)) => Err(Refused::Rows(why)),
            (Err(trouble), _) => Err(Refused::Fault(self.session.fault(trouble))),
        }
    }

    fn table(&mut self, name: &str) -> Result<(Table, Shape), TableFault> {
        if let Some(read) = self.read.get(name) {
            return Ok(read.clone());
        }
        let table = self.session.run(async |conn, server| catalog::table(conn, server, name).await)??;
        let shape = statements::shape(&table);
        self.read.insert(name.to_owned(), (table.clone(), shape.clone()));
        Ok((table, shape))
    }

    fn read_mark(&mut self, channel: &ChannelName, held: bool) -> Result<Option<Mark>, TableFault> {
        self.session.run(async |conn, _| read_mark(conn, channel, held).await)
    }

    /// Gives the first of these characters that a character set does not give back; the server is asked once for each.
    fn lacking(&mut self, charset: &str, letters: &BTreeSet<char>) -> Result<Option<char>, TableFault> {
        let held = self.held.entry(charset.to_owned()).or_default();
        let unknown: String = letters.iter().filter(|letter| !held.contains_key(letter)).collect();
        if !unknown.is_empty() {
            let sql = format!("SELECT CONVERT(CONVERT(? USING {charset}) USING utf8mb4)");
            let row = self.session.run(async |conn, _| {
                Ok(sqlx::query(AssertSqlSafe(sql)).bind(unknown.as_str()).persistent(false).fetch_one(conn).await?)
            })?;
            let back = text_at(&row, 0).map_err(|error| self.session.fault(error.into()))?.unwrap_or_default();
            let is_whole = back.chars().count() == unknown.chars().count();
            let mut back = back.chars();
            held.extend(unknown.chars().map(|letter| (letter, back.next() == Some(letter) && is_whole)));
        }
        Ok(letters.iter().find(|letter| held.get(letter) != Some(&true)).copied())
    }
}

/// Makes those of some tables that are not there.
pub(super) async fn make(conn: &mut MySqlConnection, tables: &[(&str, &str)]) -> Result<(), Trouble> {
    for (name, columns) in tables {
        let sql = format!(
            "SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = {}",
            literal(name)
        );
        if !catalog::rows(conn, sql).await?.is_empty() {
            continue;
        }
        sqlx::raw_sql(AssertSqlSafe(own_sql(name, columns)))
            .execute(&mut *conn)
            .await
            .map_err(|error| own_fault(error, name))?;
    }
    Ok(())
}

/// Reads a channel's mark; `held` against others until the transaction ends.
pub(super) async fn read_mark(conn: &mut MySqlConnection, channel: &ChannelName, held: bool) -> Result<Option<Mark>, Trouble> {
    let lock = if held { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT epoch, seq, header FROM dukou_mark WHERE channel = {}{lock}", literal(channel.as_str()));
    let rows = catalog::rows(conn, sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let text = |at| text_at(row, at).map(Option::unwrap_or_default);
    let unreadable = || TableFault::Unfit { table: "dukou_mark".to_owned(), column: None, problem: Problem::Drifted };
    let epoch = text(0)?.parse().map_err(|_| unreadable())?;
    let seq = text(1)?.parse().map_err(|_| unreadable())?;
    let header: Digest = text(2)?.parse().map_err(|_| unreadable())?;
    Ok(Some(Mark { epoch, seq, header }))
}

/// Gives the statement that sets a channel's mark.
pub(super) fn mark_sql(channel: &ChannelName, Mark { epoch, seq, header }: &Mark) -> String {
    format!(
        "INSERT INTO dukou_mark(channel, epoch, seq, header, at) VALUES ({}, '{epoch}', {seq}, '{header}', UTC_TIMESTAMP(3))
         ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), seq = VALUES(seq), header = VALUES(header), at = VALUES(at)",
        literal(channel.as_str())
    )
}

pub(super) fn own_sql(name: &str, columns: &str) -> String {
    format!("CREATE TABLE IF NOT EXISTS {name} ({columns}) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
}

fn own_fault(error: sqlx::Error, name: &str) -> Trouble {
    match number(&error) {
        Some(1142 | 1044) => {
            let problem = Problem::Right(format!(
                "create {name}: grant CREATE, or let an administrator run what sink install --print prints"
            ));
            TableFault::Unfit { table: name.to_owned(), column: None, problem }.into()
        }
        _ => error.into(),
    }
}

/// By its class (data, constraint, cardinality, a trigger's own), or by its number where the class is general.
fn is_of_rows(error: &sqlx::Error) -> bool {
    let (state, _) = said(error);
    let class = state.get(..2).unwrap_or_default();
    let is_general = matches!(number(error), Some(1118 | 1364 | 1366 | 1423 | 1526 | 1690 | 3140 | 3819 | 4025 | 1292 | 1265));
    number(error).is_some_and(|number| number != 1205 && number != 1213)
        && (matches!(class, "22" | "23" | "21" | "45") || is_general)
}

fn refusal(error: &sqlx::Error) -> Refusal {
    let code = match number(error) {
        Some(1242) => return Refusal::key_collides(),
        Some(1048 | 1364) => "null",
        Some(1062 | 1169 | 1586) => "duplicate",
        Some(1216 | 1452) => "no-parent",
        Some(1217 | 1451) => "has-children",
        Some(3819 | 4025) => "check",
        _ => "refused",
    };
    Refusal::by_database(code, &said(error).1)
}

impl Target for Database {
    fn begin(&mut self) -> Result<(), TableFault> {
        self.plain("START TRANSACTION".to_owned())
    }

    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        self.read_mark(channel, true)
    }

    fn left_at(&mut self) -> &mut Option<(ChannelName, Mark)> {
        &mut self.left_at
    }

    fn set_mark(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        self.plain(mark_sql(channel, mark))
    }

    fn open_transactions(&mut self, channel: &ChannelName) -> Result<BTreeSet<u64>, TableFault> {
        let sql = format!("SELECT DISTINCT tx FROM dukou_pending WHERE channel = {}", literal(channel.as_str()));
        self.session.run(async |conn, _| {
            let rows = catalog::rows(conn, sql).await?;
            let open = rows.iter().map(|row| Ok(text_at(row, 0)?.unwrap_or_default().parse().ok()));
            Ok(open.collect::<Result<Vec<Option<u64>>, sqlx::Error>>()?.into_iter().flatten().collect())
        })
    }

    fn take_pending(&mut self, channel: &ChannelName, transaction: Option<u64>) -> Result<Vec<Placed>, TableFault> {
        let one = transaction.map_or(String::new(), |transaction| format!(" AND tx = {transaction}"));
        let of = format!("FROM dukou_pending WHERE channel = {}{one}", literal(channel.as_str()));
        let sql = format!("SELECT epoch, seq, idx, tbl, body {of} ORDER BY seq, idx, part");
        let taken = self.session.run(async |conn, _| {
            let mut taken = TakenRows::default();
            for row in catalog::rows(conn, sql).await? {
                let text = |at| text_at(&row, at).map(Option::unwrap_or_default);
                let place = (text(1)?.parse().unwrap_or_default(), text(2)?.parse().unwrap_or(-1));
                taken.add(text(0)?, place, text(3)?, bytes_at(&row, 4)?.unwrap_or_default());
            }
            taken.placed().map_err(Trouble::Fault)
        })?;
        self.plain(format!("DELETE {of}"))?;
        Ok(taken)
    }

    fn keep_pending(&mut self, channel: &ChannelName, changes: &[Placed]) -> Result<(), TableFault> {
        self.session.run(async |conn, _| {
            for placed in changes {
                let (body, large) = placed.change.render(LARGE_FROM);
                for (part, body) in std::iter::once(body).chain(large).enumerate() {
                    let sql = "INSERT INTO dukou_pending(channel, tx, seq, idx, part, epoch, tbl, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
                    sqlx::query(sql)
                        .bind(channel.as_str())
                        .bind(placed.change.transaction)
                        .bind(placed.seq)
                        .bind(placed.index)
                        .bind(part as u64)
                        .bind(placed.epoch.to_string())
                        .bind(placed.change.table.as_str())
                        .bind(body)
                        .execute(&mut *conn)
                        .await?;
                }
            }
            Ok(())
        })
    }

    fn put_aside(&mut self, channel: &ChannelName, placed: &Placed, why: &Refusal) -> Result<(), TableFault> {
        let sql = "REPLACE INTO dukou_refused(channel, epoch, seq, idx, at, tbl, op, `key`, body, code, words_zh, words_en)
                   VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3), ?, ?, ?, ?, ?, ?, ?)";
        let [zh, en] = why.words.clone();
        let text = Bound::Text;
        let bounds = vec![
            text(channel.to_string()),
            text(placed.epoch.to_string()),
            Bound::Unsigned(placed.seq),
            Bound::Whole(i64::from(placed.index)),
            text(placed.change.table.clone()),
            text(placed.change.op.as_str().to_owned()),
            text(placed.change.key_text()),
            Bound::Bytes(placed.change.render(usize::MAX).0),
            text(why.code.to_owned()),
            text(zh),
            text(en),
        ];
        self.session.run(async |conn, _| {
            bind_all(sqlx::query(sql), bounds).execute(conn).await?;
            Ok(())
        })
    }

    fn hold_structure(&mut self, tables: &BTreeSet<String>) -> Result<(), TableFault> {
        for name in tables {
            let now = self.session.run(async |conn, server| catalog::held_structure(conn, server, name).await)?;
            if self.structures.get(name) != Some(&now) {
                self.read.remove(name);
                self.structures.insert(name.clone(), now);
            }
        }
        Ok(())
    }

    fn shape(&mut self, table: &str) -> Result<Shape, TableFault> {
        Ok(self.table(table)?.1)
    }

    /// Fixed bytes are no others, and the server proves that a narrow character set gives each character back.
    fn objection(&mut self, table: &str, row: &Cells) -> Result<Option<Refusal>, TableFault> {
        let (table, _) = self.table(table)?;
        for (name, value) in row {
            let Some(column) = table.columns.iter().find(|column| column.name == *name) else { continue };
            if let (Value::Bytes(bytes), "binary") = (value, column.data_type.as_str())
                && Some(bytes.len() as u64) != column.octets
            {
                return Ok(Some(padded(name)));
            }
            let (Value::Text(text), Some(charset)) = (value, column.narrow_charset()) else { continue };
            let letters: BTreeSet<char> = text.chars().filter(|letter| !letter.is_ascii()).collect();
            if let Some(letter) = self.lacking(charset, &letters)? {
                return Ok(Some(foreign(name, charset, letter)));
            }
        }
        Ok(None)
    }

    fn parents_first(&mut self) -> Result<Vec<String>, TableFault> {
        let mut all = Vec::new();
        for name in self.names.clone() {
            match self.table(&name) {
                Ok((table, _)) => all.push(table),
                // A table that is not there matters to the changes that name it.
                Err(TableFault::Unfit { .. }) => {}
                // The transaction is gone with any other fault: what followed would be written without it.
                Err(fault) => return Err(fault),
            }
        }
        let parent =
            |(schema, name): &(String, String)| all.iter().find(|table| table.schema == *schema && table.name == *name);
        let references: Vec<(String, String)> = all
            .iter()
            .flat_map(|table| table.references.iter().map(move |reference| (table, &reference.parent)))
            .filter_map(|(table, of)| parent(of).map(|parent| (table.shown.clone(), parent.shown.clone())))
            .collect();
        Ok(parents_first(&self.names, &references))
    }

    fn forget(&mut self) {
        self.read.clear();
        self.structures.clear();
    }

    fn savepoint(&mut self, _in_bulk: bool) -> Result<(), TableFault> {
        self.plain("SAVEPOINT packet".to_owned())
    }

    fn release(&mut self) -> Result<(), TableFault> {
        self.plain("RELEASE SAVEPOINT packet".to_owned())
    }

    fn back(&mut self) -> Result<(), TableFault> {
        self.plain("ROLLBACK TO SAVEPOINT packet".to_owned())?;
        self.release()
    }

    fn delete(&mut self, table: &str, keys: &[Cells]) -> Result<(), Refused> {
        let (table, _) = self.table(table)?;
        self.step(async |conn, packet_bytes| statements::delete(conn, &table, packet_bytes, keys).await)
    }

    fn upsert(&mut self, table: &str, rows: &[Cells]) -> Result<(), Refused> {
        let (table, _) = self.table(table)?;
        let outcome = self.step(async |conn, packet_bytes| statements::upsert(conn, &table, packet_bytes, rows).await);
        match outcome {
            Err(Refused::Rows(why)) if why.code == "key-collides" && table.has_uniques => Err(Refused::Rows(taken_value())),
            outcome => outcome,
        }
    }

    fn commit(&mut self) -> Result<(), Refused> {
        Ok(self.plain("COMMIT".to_owned())?)
    }

    fn roll_back(&mut self) {
        // A connection that cannot is given up with its transaction.
        let _ = self.plain("ROLLBACK".to_owned());
    }
}

fn padded(column: &str) -> Refusal {
    let words = [
        format!("列 {column} 是定长字节类型，会在末尾补零；请改为 VARBINARY"),
        format!("column {column} is of fixed length and would pad the bytes with zeros; make it VARBINARY"),
    ];
    Refusal { column: Some(column.to_owned()), code: "padded", words }
}

fn foreign(column: &str, charset: &str, letter: char) -> Refusal {
    let code = format!("U+{:04X}", u32::from(letter));
    let words = [
        format!("列 {column} 的字符集 {charset} 没有字符 {letter}（{code}）；请把该列改为 utf8mb4"),
        format!("column {column} of character set {charset} has no {letter} ({code}); make it utf8mb4"),
    ];
    Refusal { column: Some(column.to_owned()), code: "character", words }
}

/// Another row has a value that may stand once only, or a key that is the same but for letter case.
fn taken_value() -> Refusal {
    let words = [
        "另一行已有同样的唯一值，或主键只差大小写、空格；请先处理那一行".to_owned(),
        "another row has the same value in a unique index, or a key that differs in letter case or blanks alone; see to that row first".to_owned(),
    ];
    Refusal { column: None, code: "duplicate", words }
}
