//! Applications that write into the source at the same time: seeded random transactions, some long, some big, some rolled back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use dukou_rehearsal::random::Random;

use super::session::{Address, Dialect, Refusal, Session};
use super::statement::{Deed, Maker};
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
}

impl Writer {
    /// Makes the application of this number; everything it draws follows from the seed.
    #[must_use]
    pub fn new(at: Address, seed: u64, number: u64, tally: Tally) -> Self {
        Self { at, session: None, dice: Random::nth(seed, number), number, tally }
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
                self.tally.one(if refusal.is_over { "cut off" } else { "refused" });
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
        let deeds = match kind {
            Kind::Long => self.dice.between(4, 9),
            _ => self.dice.between(1, 5),
        };
        for _ in 0..deeds {
            let deed = self.deed(session.dialect, kind);
            let has_savepoint = self.dice.chance(0.1);
            if has_savepoint {
                session.run("SAVEPOINT here")?;
            }
            for statement in &deed.statements {
                session.run(statement)?;
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
        Ok("committed")
    }

    fn deed(&mut self, dialect: Dialect, kind: Kind) -> Deed {
        let mut maker = Maker { dialect, dice: &mut self.dice, writer: self.number };
        if kind == Kind::Big { maker.big() } else { maker.deed() }
    }
}
