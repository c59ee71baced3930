//! Tables of a database as a sink of rows.
//!
//! Given: packets in their order. Gives: each packet's rows in one transaction with the mark. After a crash, of the station, the server or the line between
//! them: the mark tells whether the packet was applied, and a packet at or below it changes nothing. Never: a row that is not as it was sent; a
//! transaction of the source seen in part; a refused row that is silently left out.
//!
//! Values are checked against the columns before anything is changed. The rows then go in bulk; when the database refuses them, back to the savepoint and row
//! by row in the source's order, which finds the row.

use super::catalog::{self, Table};
use super::connection::{Place, Session, run_sql};
use super::own_tables::{self, Placed, Refusal};
use super::runs::{self, Looked, Part, PlacedRun};
use super::{Trouble, bulk, single};
use crate::connectors::tables::applying::{self, mark_moved};
use crate::connectors::tables::database::OwnTables;
use crate::connectors::tables::net::parents_first;
use crate::connectors::tables::values::{Column, Misfit, row_taken};
use crate::connectors::tables::{
    Caution, Look, Mark, Problem, RowChange, RowPacket, RowsPart, RunPacket, TableFault, TableName, TableSink,
};
use dukou_packets::packet::header::ChannelName;
use sqlx::{AssertSqlSafe, PgConnection};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a channel says of its sink.
#[derive(Clone)]
struct Settings {
    /// The channel's tables: as the source names them, and as the sink does.
    tables: Vec<(TableName, TableName)>,
    /// Refused rows go to `dukou.dukou_refused` and the others flow; else the first of them holds the channel.
    dead_letters: bool,
}

/// A channel's tables in a database, as a sink.
pub struct PostgresSink {
    session: Session,
    settings: Settings,
    /// As the database has them; read once, and again after a fault.
    known: Option<Tables>,
    /// The mark as it was last seen or written, with its channel.
    left_at: Option<(ChannelName, Mark)>,
}

/// The sink's tables.
pub(super) struct Tables {
    /// By the name that the source gives them.
    pub(super) by_source: HashMap<TableName, Table>,
    /// The names that the source gives them, parents before children.
    pub(super) parents_first: Vec<TableName>,
    /// Tables where a COPY met rows that were there, and how many packets go before it is tried again.
    pub(super) met: HashMap<TableName, u8>,
    /// The temporary tables of this session that rows of a table go through, by the table, what becomes of them and their columns.
    pub(super) stages: HashMap<(TableName, bool, String), usize>,
    /// What single values are held against.
    look: Arc<Looked>,
    /// Read for the packet at hand.
    is_fresh: bool,
}

impl PostgresSink {
    /// Makes the sink of a channel's tables, each as the source names it and as the sink does; refused rows go to `dukou.dukou_refused` where
    /// `dead_letters`. The password is where it is not in the URL. Nothing is asked of the server yet, and a URL that cannot be used is told at the
    /// first call.
    pub fn new(url: &str, password: Option<&str>, tables: &[(TableName, TableName)], dead_letters: bool) -> Self {
        let settings = Settings { tables: tables.to_vec(), dead_letters };
        Self { session: Session::new(Place::of(url, password)), settings, known: None, left_at: None }
    }

    /// Counts the rows of a channel that were put aside.
    ///
    /// # Errors
    /// [`TableFault`] of the server.
    pub fn refused(&mut self, channel: &ChannelName) -> Result<u64, TableFault> {
        self.session.run(async |connection| {
            if !own_tables::are_there(connection).await? {
                return Ok(0);
            }
            let sql = "SELECT count(*) FROM dukou.dukou_refused WHERE channel = $1";
            let count: i64 = sqlx::query_scalar(sql).bind(channel.as_str()).fetch_one(connection).await?;
            Ok(count.unsigned_abs())
        })
    }

    /// Does some work in the transaction that moves the mark; tells it whether this packet comes right behind the one at the mark.
    fn in_transaction(
        &mut self,
        channel: &ChannelName,
        mark: &Mark,
        work: impl AsyncFnOnce(&mut PgConnection, &mut Tables, bool) -> Result<(), Trouble>,
    ) -> Result<(), TableFault> {
        let (settings, known) = (&self.settings, self.known.take());
        let left = self.left_at.take().filter(|(of, _)| of == channel).map(|(_, left)| left);
        let (known, stands) = self.session.run(async |connection| {
            let mut tables = match known {
                Some(tables) => tables,
                None => {
                    own_tables::make(connection).await?;
                    read_tables(connection, settings).await?
                }
            };
            run_sql(connection, "BEGIN").await?;
            let held = own_tables::hold_mark(connection, channel).await?;
            if left.is_some() && held != left {
                return Err(mark_moved().into());
            }
            if let Some(held) = held.filter(|held| held.epoch == mark.epoch && held.seq >= mark.seq) {
                run_sql(connection, "ROLLBACK").await?;
                return Ok((tables, held));
            }
            let follows = held.is_none_or(|held| held.epoch == mark.epoch && held.seq + 1 == mark.seq);
            work(connection, &mut tables, follows).await?;
            own_tables::set_mark(connection, channel, mark).await?;
            run_sql(connection, "COMMIT").await?;
            Ok((tables, *mark))
        })?;
        self.known = Some(Tables { is_fresh: false, ..known });
        self.left_at = Some((channel.clone(), stands));
        Ok(())
    }
}

async fn read_tables(connection: &mut PgConnection, settings: &Settings) -> Result<Tables, Trouble> {
    let mut by_source = HashMap::new();
    // Temporary tables are made after the tables as they are now.
    run_sql(connection, "DISCARD TEMP").await?;
    for (source, sink) in &settings.tables {
        if let Some(table) = catalog::read(connection, sink).await? {
            by_source.insert(source.clone(), table);
        }
    }
    let names: Vec<TableName> = settings.tables.iter().map(|(source, _)| source.clone()).collect();
    let name_of = |oid: i64| by_source.iter().find(|(_, table)| table.oid == oid).map(|(name, _)| name.clone());
    let references: Vec<(TableName, TableName)> = by_source
        .iter()
        .flat_map(|(name, table)| table.parents.iter().filter_map(|(oid, _)| Some((name.clone(), name_of(*oid)?))))
        .collect();
    Ok(Tables {
        parents_first: parents_first(&names, &references),
        look: Arc::new(Looked::at(&by_source)),
        by_source,
        met: HashMap::new(),
        stages: HashMap::new(),
        is_fresh: true,
    })
}

impl OwnTables for PostgresSink {
    fn install_sql(&mut self) -> Result<String, TableFault> {
        Ok(own_tables::install_sql(self.session.place().account()))
    }

    fn install(&mut self) -> Result<(), TableFault> {
        self.session.run(own_tables::make_all)
    }
}

impl TableSink for PostgresSink {
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        // Whoever asks begins anew: a structure change may have been between.
        (self.left_at, self.known) = (None, None);
        let mark = self.session.run(async |connection| {
            if own_tables::are_there(connection).await? { own_tables::mark(connection, channel).await } else { Ok(None) }
        })?;
        self.left_at = mark.map(|mark| (channel.clone(), mark));
        Ok(mark)
    }

    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault> {
        let settings = &self.settings.clone();
        self.in_transaction(channel, &packet.mark, async |connection, tables, follows| {
            let whole = whole_transactions(connection, channel, packet, follows).await?;
            put(connection, tables, settings, (channel, &packet.mark), &whole).await
        })
    }

    fn apply_runs(&mut self, channel: &ChannelName, packet: &RunPacket) -> Result<(), TableFault> {
        let settings = &self.settings.clone();
        self.in_transaction(channel, &packet.mark, async |connection, tables, follows| {
            let whole = whole_parts(connection, channel, packet, follows).await?;
            put_parts(connection, tables, settings, (channel, &packet.mark), whole).await
        })
    }

    fn look(&self) -> Option<Look> {
        let look = self.known.as_ref()?.look.clone();
        Some(Arc::new(move |run| look.passes(run).then_some(look.number)))
    }

    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        let settings = &self.settings.clone();
        self.in_transaction(channel, mark, async |connection, tables, _| {
            // The end that they wait for may have been in that packet.
            let whole = own_tables::take_all(connection, channel).await?;
            put(connection, tables, settings, (channel, mark), &whole).await
        })
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let names: Vec<TableName> = self.settings.tables.iter().map(|(_, sink)| sink.clone()).collect();
        self.session.run(async |connection| {
            let (tables, mut faults) = catalog::read_all(connection, &names).await?;
            for table in &tables {
                faults.extend(table.problems());
                let numbered = table.columns.iter().filter(|column| column.is_always_identity && column.key_place.is_none());
                faults.extend(numbered.map(|column| table.unfit(Some(column), Problem::Numbered)));
                let wanted = ["SELECT", "INSERT", "UPDATE", "DELETE"];
                faults.extend(super::source::rights(connection, &table.shown, &table.sql(), &wanted).await?);
            }
            faults.extend(own_tables::check(connection).await?);
            let ask = "SELECT has_database_privilege(current_database(), 'TEMP')";
            if !sqlx::query_scalar::<_, bool>(AssertSqlSafe(ask)).fetch_one(connection).await? {
                faults.push(catalog::unfit("dukou_stage", None, Problem::Right("CREATE TEMPORARY TABLE".to_owned())));
            }
            Ok(faults)
        })
    }

    fn cautions(&mut self) -> Result<Vec<Caution>, TableFault> {
        let tables: Vec<TableName> = self.settings.tables.iter().map(|(_, sink)| sink.clone()).collect();
        self.session.run(async |connection| {
            let fsync = sqlx::query_scalar::<_, String>("SELECT current_setting('fsync')").fetch_one(&mut *connection).await?;
            let early = (fsync == "off").then(|| Caution::NotDurable("fsync = off".to_owned()));
            let mut unlogged = Vec::new();
            for table in &tables {
                if catalog::is_unlogged(connection, table).await? {
                    unlogged.push(Caution::Unlogged { table: table.clone() });
                }
            }
            Ok(early.into_iter().chain(unlogged).collect())
        })
    }
}

/// Holds the tables of a packet against a change of their structure until the transaction ends, and reads them anew where it changed since: what a column
/// takes now decides, and not what it took.
async fn hold_structure<'n>(
    connection: &mut PgConnection,
    tables: &mut Tables,
    settings: &Settings,
    names: impl Iterator<Item = &'n TableName>,
) -> Result<(), Trouble> {
    let names: HashSet<&TableName> = names.collect();
    let mut held: Vec<&Table> = names.into_iter().filter_map(|name| tables.by_source.get(name)).collect();
    held.sort_unstable_by_key(|table| table.oid);
    if !catalog::hold(connection, &held).await? {
        *tables = read_tables(connection, settings).await?;
    }
    Ok(())
}

/// Puts the rows of whole transactions where they belong, in bulk or one by one.
async fn put(
    connection: &mut PgConnection,
    tables: &mut Tables,
    settings: &Settings,
    (channel, mark): (&ChannelName, &Mark),
    whole: &[Placed<'_>],
) -> Result<(), Trouble> {
    hold_structure(connection, tables, settings, whole.iter().map(|placed| &placed.change.table)).await?;
    let (mut fit, mut refused) = checked(tables, whole)?;
    if !refused.is_empty() && !tables.is_fresh {
        // A person may have widened a column since.
        *tables = read_tables(connection, settings).await?;
        (fit, refused) = checked(tables, whole)?;
    }
    if let (Some((placed, refusal)), false) = (refused.first(), settings.dead_letters) {
        return Err(placed.fault(refusal.clone()).into());
    }
    run_sql(connection, "SAVEPOINT rows").await?;
    match bulk::apply(connection, tables, &fit).await {
        Ok(()) => {}
        Err(trouble) if trouble.refusal().is_some() => {
            run_sql(connection, "ROLLBACK TO rows").await?;
            refused.extend(single::apply(connection, tables, fit, settings.dead_letters).await?);
        }
        Err(trouble) => return Err(trouble),
    }
    for (placed, refusal) in &refused {
        own_tables::put_aside(connection, channel, mark, placed, refusal).await?;
    }
    Ok(())
}

/// As [`put`], for parts.
async fn put_parts(
    connection: &mut PgConnection,
    tables: &mut Tables,
    settings: &Settings,
    (channel, mark): (&ChannelName, &Mark),
    whole: Vec<Part<'_>>,
) -> Result<(), Trouble> {
    hold_structure(connection, tables, settings, whole.iter().map(Part::table)).await?;
    let mut parts = taken_apart(tables, &whole)?;
    if !tables.is_fresh && !checked_parts(tables, &parts)?.1.is_empty() {
        // A person may have widened a column since.
        *tables = read_tables(connection, settings).await?;
        parts = taken_apart(tables, &whole)?;
    }
    let single: Vec<Placed<'_>>;
    let (fit, mut refused) = checked_parts(tables, &parts)?;
    if let (Some((placed, refusal)), false) = (refused.first(), settings.dead_letters) {
        return Err(placed.fault(refusal.clone()).into());
    }
    run_sql(connection, "SAVEPOINT rows").await?;
    let is_done = match runs::apply(connection, tables, &fit).await {
        Ok(is_done) => is_done,
        Err(trouble) if trouble.refusal().is_some() => {
            run_sql(connection, "ROLLBACK TO rows; DISCARD TEMP").await?;
            tables.stages.clear();
            false
        }
        Err(trouble) => return Err(trouble),
    };
    if !is_done {
        single = fit.into_iter().flat_map(one_by_one).collect();
        let (fit, misfit) = checked(tables, &single)?;
        refused.extend(misfit);
        refused.extend(single::apply(connection, tables, fit, settings.dead_letters).await?);
    }
    for (placed, refusal) in &refused {
        own_tables::put_aside(connection, channel, mark, placed, refusal).await?;
    }
    Ok(())
}

fn one<'a>(placed: Placed<'static>) -> Part<'a> {
    Part::One(placed)
}

fn one_by_one(part: Part<'_>) -> Vec<Placed<'_>> {
    match part {
        Part::One(placed) => vec![placed],
        Part::Run(run) => run.changes().collect(),
    }
}

/// Gives the parts with each run whose lines its table does not take as they are in single changes.
fn taken_apart<'a>(tables: &Tables, whole: &[Part<'a>]) -> Result<Vec<Part<'a>>, Trouble> {
    let mut parts = Vec::with_capacity(whole.len());
    for part in whole {
        let Part::Run(placed) = part else {
            parts.push(part.clone());
            continue;
        };
        let name = placed.run.table();
        tables.by_source.get(name).ok_or_else(|| catalog::unfit(name, None, Problem::Missing))?;
        match tables.look.passes(placed.run) {
            true => parts.push(part.clone()),
            false => parts.extend(placed.changes().map(one)),
        }
    }
    Ok(parts)
}

/// Parts as their tables take them, and changes that they do not take.
type CheckedParts<'a> = (Vec<Part<'a>>, Vec<(Placed<'a>, Refusal)>);

fn checked_parts<'a>(tables: &Tables, parts: &'a [Part<'_>]) -> Result<CheckedParts<'a>, Trouble> {
    let columns = taking(tables);
    let (mut fit, mut refused) = (Vec::with_capacity(parts.len()), Vec::new());
    for part in parts {
        match part {
            Part::Run(run) => fit.push(Part::Run(*run)),
            Part::One(placed) => match checked_one(tables, &columns, placed)? {
                Ok(placed) => fit.push(Part::One(placed)),
                Err(other) => refused.push(other),
            },
        }
    }
    Ok((fit, refused))
}

/// As [`whole_transactions`], for parts: a run of which a transaction began before or goes on behind this packet is taken apart.
async fn whole_parts<'a>(
    connection: &mut PgConnection,
    channel: &ChannelName,
    packet: &'a RunPacket,
    follows: bool,
) -> Result<Vec<Part<'a>>, Trouble> {
    let mark = &packet.mark;
    let before = if follows { Vec::new() } else { own_tables::take_all(connection, channel).await? };
    let mut whole: Vec<Part<'a>> = before.into_iter().map(one).collect();
    let mut waiting = own_tables::waiting(connection, channel, mark).await?;
    let going_on: HashSet<u64> = packet.parts.iter().filter_map(goes_on).collect();
    let (mut kept, mut index) = (Vec::new(), 0_u32);
    for part in &packet.parts {
        let (seq, begins) = (mark.seq, index);
        index = index.saturating_add(part.rows());
        let changes = match part {
            RowsPart::One(change) => vec![Placed { seq, index: begins, change: Cow::Borrowed(change) }],
            RowsPart::Run(run) => {
                let run = PlacedRun { seq, index: begins, run };
                let stands = |(tx, _): &(u64, u32)| !going_on.contains(tx) && !waiting.contains(tx);
                if run.run.transactions().iter().all(stands) {
                    whole.push(Part::Run(run));
                    continue;
                }
                run.changes().collect()
            }
        };
        for placed in changes {
            match placed.change.transaction {
                Some(tx) if going_on.contains(&tx) => kept.push(placed),
                Some(tx) if waiting.remove(&tx) => {
                    whole.extend(own_tables::take(connection, channel, mark, tx).await?.into_iter().map(one));
                    whole.push(Part::One(placed));
                }
                _ => whole.push(Part::One(placed)),
            }
        }
    }
    own_tables::keep(connection, channel, mark, &kept).await?;
    Ok(whole)
}

/// Gives the transaction that goes on behind the packet of this part.
fn goes_on(part: &RowsPart) -> Option<u64> {
    match part {
        RowsPart::One(change) => change.transaction.filter(|_| change.goes_on),
        RowsPart::Run(run) => run.transactions().last().map(|(transaction, _)| *transaction).filter(|_| run.goes_on()),
    }
}

/// Keeps what goes on in the next packet, and puts what was kept before in front of its transaction's end. Where packets are missing before this one,
/// because a person went on without them or the sender began anew, the end may never come: what was kept before goes first.
async fn whole_transactions<'a>(
    connection: &mut PgConnection,
    channel: &ChannelName,
    packet: &'a RowPacket,
    follows: bool,
) -> Result<Vec<Placed<'a>>, Trouble> {
    let mark = &packet.mark;
    let mut whole = if follows { Vec::new() } else { own_tables::take_all(connection, channel).await? };
    let mut waiting = own_tables::waiting(connection, channel, mark).await?;
    let goes_on = |change: &&RowChange| change.goes_on;
    let going_on: HashSet<u64> = packet.changes.iter().filter(goes_on).filter_map(|change| change.transaction).collect();
    let mut kept = Vec::new();
    for (index, change) in (0..).zip(&packet.changes) {
        let placed = Placed { seq: mark.seq, index, change: Cow::Borrowed(change) };
        match change.transaction {
            Some(tx) if going_on.contains(&tx) => kept.push(placed),
            Some(tx) if waiting.remove(&tx) => {
                whole.extend(own_tables::take(connection, channel, mark, tx).await?);
                whole.push(placed);
            }
            _ => whole.push(placed),
        }
    }
    own_tables::keep(connection, channel, mark, &kept).await?;
    Ok(whole)
}

/// Each change as its table takes it, and those that it does not take.
type Checked<'a> = (Vec<Placed<'a>>, Vec<(Placed<'a>, Refusal)>);

fn checked<'a>(tables: &Tables, changes: &'a [Placed<'_>]) -> Result<Checked<'a>, Trouble> {
    let columns = taking(tables);
    let (mut fit, mut refused) = (Vec::with_capacity(changes.len()), Vec::new());
    for placed in changes {
        match checked_one(tables, &columns, placed)? {
            Ok(placed) => fit.push(placed),
            Err(other) => refused.push(other),
        }
    }
    Ok((fit, refused))
}

/// The columns of each table as values are checked against them.
type Taking<'t> = HashMap<&'t TableName, Vec<Column>>;

fn taking(tables: &Tables) -> Taking<'_> {
    tables.by_source.iter().map(|(name, table)| (name, table.taking())).collect()
}

/// A change as its table takes it, or why it does not.
type CheckedOne<'a> = Result<Placed<'a>, (Placed<'a>, Refusal)>;

fn checked_one<'a>(tables: &Tables, columns: &Taking<'_>, placed: &'a Placed<'_>) -> Result<CheckedOne<'a>, Trouble> {
    let name = &placed.change.table;
    let missing = || catalog::unfit(name, None, Problem::Missing);
    let (table, columns) = (tables.by_source.get(name).ok_or_else(missing)?, columns.get(name).ok_or_else(missing)?);
    if table.key().is_empty() {
        return Err(table.unfit(None, Problem::NoKey).into());
    }
    let refused = |applying::Refusal { code, column, words }| Ok(Err((placed.clone(), Refusal { code, column, words })));
    if let Some(refusal) = applying::other_key(&placed.change) {
        return refused(refusal);
    }
    match taken(table, columns, &placed.change) {
        Ok(change) if !is_key_of(table, &change) => {
            refused(applying::key_differs(&table.key().iter().map(|column| column.name.as_str()).collect()))
        }
        Ok(change) => Ok(Ok(Placed { change, ..*placed })),
        Err(misfit) => {
            let refusal = Refusal { code: misfit.code(), column: Some(misfit.column.clone()), words: misfit.words() };
            Ok(Err((Placed { change: Cow::Borrowed(&*placed.change), ..*placed }, refusal)))
        }
    }
}

/// Tells whether a change names its row by the sink's key: by less or by others it would delete rows that it does not mean.
fn is_key_of(table: &Table, change: &RowChange) -> bool {
    let key = table.key();
    change.key.len() == key.len() && key.iter().all(|column| change.key.iter().any(|(name, _)| *name == column.name))
}

/// A change in the form in which its table takes it, without what the database computes itself; the change itself where that is the same.
fn taken<'a>(table: &Table, columns: &[Column], change: &'a RowChange) -> Result<Cow<'a, RowChange>, Misfit> {
    let mut row = Cow::Borrowed(&change.row);
    if table.columns.iter().any(|column| !column.generated.is_empty()) {
        let computed = |name: &str| table.column(name).is_some_and(|column| !column.generated.is_empty());
        row.to_mut().retain(|(name, _)| !computed(name));
    }
    let key = row_taken(columns, &change.key)?;
    let row = match &row {
        Cow::Borrowed(row) => row_taken(columns, row)?,
        Cow::Owned(row) => Cow::Owned(row_taken(columns, row)?.into_owned()),
    };
    if let (Cow::Borrowed(_), Cow::Borrowed(_)) = (&key, &row) {
        return Ok(Cow::Borrowed(change));
    }
    let (table, changed) = (change.table.clone(), change.changed.clone());
    let (key, row) = (key.into_owned(), row.into_owned());
    Ok(Cow::Owned(RowChange { table, op: change.op, key, row, changed, transaction: change.transaction, goes_on: false }))
}
