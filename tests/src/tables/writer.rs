//! Applications that write into the source at the same time: seeded random transactions, some long, some big, some rolled back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dukou_rehearsal::random::Random;

use super::session::{Address, Dialect, Refusal, Session};
use super::statement::{Deed, Maker};
use super::structure::{Version, version};
use super::tally::Tally;

/// What has to happen in a run, by name.
pub const EVENTS: [&str; 20] = [
    "insert parent",
    "write parent over",
    "insert child",
    "insert grandchild",
    "update",
    "update many",
    "update without change",
    "update of a key",
    "update of a child's key",
    "parent to another key",
    "move",
    "delete grandchild",
    "delete child with its own",
    "delete parent with all",
    "big",
    "long transaction",
    "committed",
    "rolled back",
    "rolled back to a savepoint",
    "interleaved",
];

/// What has to happen besides where the tables' structure changes.
pub const EVENTS_OF_CHANGES: [&str; 7] = [
    "committed under version 1",
    "committed under version 2",
    "committed under version 3",
    "committed under version 4",
    "value in an added column",
    "text beyond the old width",
    "letters where a number was",
];

/// What of the tables' structure applications heed.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// The tables have a structure, and each transaction asks first at which version they are.
    pub is_structured: bool,
    /// Nobody fills columns that the first change added.
    pub is_restrained: Arc<AtomicBool>,
}

/// How a transaction goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Short,
    Long,
    Big,
}

/// An application.
pub struct Writer {
    at: Address,
    session: Option<Session>,
    dice: Random,
    number: u64,
    tally: Tally,
    habits: Habits,
}

impl Writer {
    /// Makes the application of this number; everything it draws follows from the seed.
    #[must_use]
    pub fn new(at: Address, seed: u64, number: u64, tally: Tally, habits: Habits) -> Self {
        Self { at, session: None, dice: Random::nth(seed, number), number, tally, habits }
    }

    /// Writes until it is told to stop.
    pub fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            self.transaction();
            let most = if self.at.dialect() == Dialect::Sqlite { 250 } else { 60 };
            thread::sleep(Duration::from_millis(self.dice.below(most)));
        }
    }

    /// Does one transaction; a refusal rolls it back.
    pub fn transaction(&mut self) {
        let kind = match self.dice.below(24) {
            0 => Kind::Big,
            1..=3 => Kind::Long,
            _ => Kind::Short,
        };
        let mut session = match self.session.take().map_or_else(|| Session::begin(&self.at), Ok) {
            Ok(session) => session,
            Err(_) => {
                self.tally.one("no session");
                return thread::sleep(Duration::from_millis(200));
            }
        };
        let commits = self.tally.of("committed");
        match self.within(&mut session, kind) {
            Ok(ended) => self.tally.one(ended),
            Err(refusal) => {
                self.tally.one(why(&refusal));
                if refusal.is_over || session.run("ROLLBACK").is_err() {
                    return;
                }
            }
        }
        // Others came to their ends while this one was open.
        if self.tally.of("committed") > commits + 2 {
            self.tally.one("interleaved");
        }
        self.session = Some(session);
    }

    fn within(&mut self, session: &mut Session, kind: Kind) -> Result<&'static str, Refusal> {
        session.run(if session.dialect == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        let version = self.look(session)?;
        let deeds = match kind {
            Kind::Long => self.dice.between(4, 9),
            _ => self.dice.between(1, 5),
        };
        for _ in 0..deeds {
            let deed = self.deed(session.dialect, kind, version);
            let has_savepoint = self.dice.chance(0.1);
            if has_savepoint {
                session.run("SAVEPOINT here")?;
            }
            for statement in &deed.statements {
                session.run(statement)?;
                SIGNS.iter().filter(|(sign, _)| statement.contains(sign)).for_each(|(_, what)| self.tally.one(what));
            }
            self.tally.one(deed.name);
            if has_savepoint && self.dice.chance(0.6) {
                session.run("ROLLBACK TO SAVEPOINT here")?;
                self.tally.one("rolled back to a savepoint");
            }
            if kind == Kind::Long {
                // SQLite has one writer at a time: who is long there holds all others up.
                let most = if session.dialect == Dialect::Sqlite { 60 } else { 500 };
                thread::sleep(Duration::from_millis(self.dice.below(most)));
            }
        }
        if kind == Kind::Long {
            self.tally.one("long transaction");
        }
        if self.dice.chance(0.18) {
            session.run("ROLLBACK")?;
            return Ok("rolled back");
        }
        session.run("COMMIT")?;
        if version.is_structured() {
            self.tally.one(&format!("committed under version {}", version.0));
        }
        Ok("committed")
    }

    /// Asks at which version the tables are. From there they stay so until the transaction ends; in PostgreSQL, where the database itself says under which version a row is
    /// written, only now and then.
    fn look(&mut self, session: &mut Session) -> Result<Version, Refusal> {
        if !self.habits.is_structured {
            return Ok(Version::PLAIN);
        }
        match session.dialect {
            Dialect::Postgres if self.dice.chance(0.5) => session.run("LOCK TABLE zd, h, qlr IN ROW EXCLUSIVE MODE")?,
            Dialect::Mariadb => {
                ["zd", "h", "qlr"].iter().try_for_each(|table| session.run(&format!("SELECT 1 FROM {table} LIMIT 1")))?
            }
            _ => {}
        }
        version(session)
    }

    fn deed(&mut self, dialect: Dialect, kind: Kind, version: Version) -> Deed {
        let is_restrained = self.habits.is_restrained.load(Ordering::SeqCst);
        let mut maker = Maker { dialect, dice: &mut self.dice, writer: self.number, version, is_restrained };
        if kind == Kind::Big { maker.big() } else { maker.deed() }
    }
}

/// Values that only a later version takes, and what they are.
const SIGNS: [(&str, &str); 3] =
    [("'新", "value in an added column"), ("宽宽", "text beyond the old width"), ("㎡'", "letters where a number was")];

/// What kept a transaction from its end.
fn why(refusal: &Refusal) -> &'static str {
    match refusal.code.as_str() {
        _ if refusal.is_over => "cut off",
        _ if refusal.words.contains("结构变更") => "met the door",
        // There is no such column, or no such number.
        "42703" | "22P02" | "1054" => "met another version",
        _ => "refused",
    }
}
