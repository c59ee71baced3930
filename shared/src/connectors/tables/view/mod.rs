//! Register rows out of a view: what nobody may put triggers on is read again and again, and what changed is sent.
//!
//! Given: a view of the registration database, one statement a look. Gives: its changes, as an outbox gives them. What it showed last stands in a file of the
//! station's own (`state/register/<channel>.db`), whose triggers write the outbox: a look and its changes are one transaction there. After a crash: that file is as
//! after its last look. A file that is gone is made anew, and all rows go once more. Never: a row deleted because it became older than the days looked at.

mod mirror;

use self::mirror::{Mirror, Shown};
use super::database::Outbox;
use super::sqlite::SqliteSource;
use super::{Cells, Chunk, ChunkWanted, EntryId, Offered, Problem, ReadLimits, TableFault, TableName, TableSource};
use crate::registration::kept::civil_of;
use dukou_packets::packet::header::ChannelName;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// The columns of the view: the eight of the day mark, and two that a view may have.
pub(super) const COLUMNS: [&str; 10] = ["ywh", "bdcdyh", "djlx", "qllx", "zszmh", "qxdm", "djsj", "qszt", "jrzt", "wlzx"];
/// How many of them every view has.
const NEEDED: usize = 8;
/// Where the time of registration stands among them.
const DJSJ: usize = 6;

/// A row of the view, in the order of [`COLUMNS`].
pub(super) type ViewRow = [Option<String>; 10];

/// Takes the texts of a row.
pub type TakesRow<'t> = &'t mut dyn FnMut(Vec<Option<String>>) -> Result<(), TableFault>;

/// What a database has to give of a view.
pub trait ViewReader: Send {
    /// Gives the names of its columns; none where it is not there.
    fn columns(&mut self, view: &str) -> Result<Option<Vec<String>>, TableFault>;
    /// Hands over the texts of these columns of all rows whose `djsj`, as text, is not before `since`, one row after another; one statement. The first fault of `take` ends it.
    fn each_row(&mut self, view: &str, columns: &[String], since: &str, take: TakesRow<'_>) -> Result<(), TableFault>;
}

/// How a view is followed.
#[derive(Clone, Copy, Debug)]
pub struct Following {
    /// Days of registration, counted back from today, that are looked at.
    pub days: u32,
    /// Time between two looks.
    pub every: Duration,
}

/// A view as a source.
pub struct ViewSource {
    reader: Box<dyn ViewReader>,
    view: TableName,
    following: Following,
    mirror: Mirror,
    outbox: SqliteSource,
    looked: Option<Instant>,
    /// The columns that the view has, in the order of [`COLUMNS`], once it was asked.
    columns: Option<[Option<String>; 10]>,
}

impl ViewSource {
    /// Makes a source of the first of `tables`; nothing is asked yet.
    pub fn new(
        reader: Box<dyn ViewReader>,
        dir: &Path,
        channel: &ChannelName,
        tables: &[TableName],
        following: Following,
    ) -> Self {
        let view = tables.first().cloned().unwrap_or_default();
        let table = view.rsplit('.').next().unwrap_or_default().to_owned();
        let path = dir.join("state/register").join(format!("{channel}.db"));
        let outbox = SqliteSource::new(&path, channel, std::slice::from_ref(&table));
        Self { reader, view, following, mirror: Mirror::new(path, table), outbox, looked: None, columns: None }
    }

    /// Looks at the view when it is time to.
    fn follow(&mut self) -> Result<(), TableFault> {
        match self.looked.is_some_and(|looked| looked.elapsed() < self.following.every) {
            true => Ok(()),
            false => self.look().map(drop),
        }
    }

    /// Looks at the view; tells whether anything changed.
    fn look(&mut self) -> Result<bool, TableFault> {
        self.mirror.prepare(&mut self.outbox)?;
        let names = self.named()?;
        let asked: Vec<String> = names.iter().flatten().cloned().collect();
        let since = self.since();
        let Self { reader, mirror, view, .. } = self;
        mirror.begin()?;
        let mut shown = Shown::default();
        reader.each_row(view, &asked, &since, &mut |row| shown.take(placed(&names, row), mirror))?;
        shown.finish(mirror)?;
        let changed = mirror.follow(&since)?;
        self.looked = Some(Instant::now());
        Ok(changed)
    }

    /// The first day that is looked at. A wrong clock looks at more or fewer days, and deletes nothing.
    fn since(&self) -> String {
        let back = jiff::Span::new().days(i64::from(self.following.days));
        now().date().saturating_sub(back).to_string()
    }

    /// Gives the view's own names of the columns; a view that lacks one that is needed is the fault.
    fn named(&mut self) -> Result<[Option<String>; 10], TableFault> {
        if let Some(columns) = &self.columns {
            return Ok(columns.clone());
        }
        let own = self.reader.columns(&self.view)?;
        if let Some(fault) = missing(&self.view, own.as_deref()).into_iter().next() {
            return Err(fault);
        }
        let own = own.unwrap_or_default();
        let named = COLUMNS.map(|name| own.iter().find(|own| own.eq_ignore_ascii_case(name)).cloned());
        self.columns = Some(named.clone());
        Ok(named)
    }
}

fn now() -> jiff::civil::DateTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    civil_of(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Names what a view lacks.
fn missing(view: &str, own: Option<&[String]>) -> Vec<TableFault> {
    let lacks = |column: Option<String>| TableFault::Unfit { table: view.to_owned(), column, problem: Problem::Missing };
    let Some(own) = own else { return vec![lacks(None)] };
    let has = |name: &&&str| own.iter().any(|own| own.eq_ignore_ascii_case(name));
    let needed = COLUMNS.iter().take(NEEDED).filter(|name| !has(name));
    needed.map(|name| lacks(Some((*name).to_owned()))).collect()
}

/// Puts the texts of the columns that the view has to their places.
fn placed(names: &[Option<String>; 10], row: Vec<Option<String>>) -> ViewRow {
    let mut texts = row.into_iter();
    let mut placed = names.clone().map(|name| name.and_then(|_| texts.next().flatten()));
    // PostgreSQL writes the offset of a session at full hours without minutes.
    if let Some(djsj) = placed.get_mut(DJSJ).and_then(Option::as_mut).filter(|djsj| djsj.len() > 19 && djsj.ends_with("+08")) {
        djsj.push_str(":00");
    }
    placed
}

impl TableSource for ViewSource {
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault> {
        self.follow()?;
        self.outbox.read(except, limits)
    }

    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault> {
        self.mirror.prepare(&mut self.outbox)?;
        self.outbox.delete(entries)
    }

    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault> {
        self.mirror.prepare(&mut self.outbox)?;
        self.outbox.set_aside(refused)
    }

    fn chunk(&mut self, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault> {
        self.follow()?;
        let table = self.mirror.table().to_owned();
        self.outbox.chunk(&ChunkWanted { table: &table, ..*want }, token)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let own = self.reader.columns(&self.view)?;
        Ok(missing(&self.view, own.as_deref()))
    }

    fn each_settled_row(&mut self, since: &str, take: &mut dyn FnMut(Cells)) -> Result<bool, TableFault> {
        self.mirror.prepare(&mut self.outbox)?;
        if !self.mirror.is_sent()? || self.look()? {
            return Ok(false);
        }
        self.mirror.each_row(since, take).map(|()| true)
    }

    fn days(&self) -> Option<u32> {
        Some(self.following.days)
    }
}

impl Outbox for ViewSource {
    fn install_sql(&mut self) -> Result<String, TableFault> {
        Ok(include_str!("../../../../../deploy/register/view.sql").to_owned())
    }

    fn install(&mut self) -> Result<(), TableFault> {
        self.mirror.prepare(&mut self.outbox)?;
        self.named().map(drop)
    }

    fn uninstall_sql(&mut self) -> Result<String, TableFault> {
        Ok(format!("DROP VIEW {};\n", self.view))
    }

    fn uninstall(&mut self) -> Result<(), TableFault> {
        self.outbox.uninstall()?;
        self.mirror.forget()
    }
}

#[cfg(test)]
mod tests;
