//! A structure change in one database: the contract that every database of a driver keeps.
//!
//! A change is a plan (`schema/plan/`) and what has to become true with it: where rows leave from, the triggers of the next version and one entry for each
//! affected channel's outbox ([`Entry::Structure`](super::Entry)), behind every change of a row under the version before and before every one under the next;
//! where rows come in, each affected channel's mark, set to its marker. The table `dukou_schema` beside them says how far it is: what became of a lost answer is what
//! its row says.
//!
//! What the engine guarantees: an order is the same until it is done (an approver signed the digest of its plan), and calls come from one thread. What a database owes is
//! written on the trait.

pub(super) mod steps;

use super::{Mark, TableFault, TableName};
use crate::lang::Lang;
use crate::say;
use crate::schema::plan::Plan;
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;

/// A structure change that is to be made in one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restructure<'a> {
    /// The digest of its document: which change it is.
    pub document: Digest,
    /// What is done, under the names that the tables have there.
    pub plan: &'a Plan,
    /// Where rows leave from or where they come in.
    pub ends: Ends,
    /// Whether a person vouched that it was made by hand; asked only where no driver goes.
    pub is_vouched_for: bool,
}

/// The ends of channels that a database has in a structure change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Rows leave: each affected channel's outbox gets the triggers of the next version and an entry.
    Leaving(Vec<LeavingEnd>),
    /// Rows come in: each affected channel's mark is set to its marker.
    Coming(Vec<(ChannelName, Mark)>),
}

impl Restructure<'_> {
    /// Gives which way rows go: a database may have ends of both.
    pub(super) fn direction(&self) -> Direction {
        match self.ends {
            Ends::Leaving(_) => Direction::Out,
            Ends::Coming(_) => Direction::In,
        }
    }

    /// Gives the channels that rows leave by.
    pub(super) fn leaving(&self) -> &[LeavingEnd] {
        if let Ends::Leaving(ends) = &self.ends { ends } else { &[] }
    }

    /// Gives the channels that rows come in by, each with its marker.
    pub(super) fn coming(&self) -> &[(ChannelName, Mark)] {
        if let Ends::Coming(marks) = &self.ends { marks } else { &[] }
    }
}

/// Gives which way rows go as `dukou_schema` has it.
pub(super) fn noted(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "out",
        Direction::In => "in",
    }
}

/// A channel whose rows leave from a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeavingEnd {
    /// The channel.
    pub channel: ChannelName,
    /// All of its tables.
    pub tables: Vec<TableName>,
}

/// How far a structure change is in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing of it was begun.
    Old,
    /// It was begun where the database commits each step: all steps before this one (from 0) are done, this one perhaps.
    AtStep(u32),
    /// It is done with all that belongs to it.
    Done,
}

/// Why a structure change was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestructureFault {
    /// The database did not answer, is busy or refuses the account: tried again, or a person mends it.
    #[error(transparent)]
    Table(#[from] TableFault),
    /// A step could not be taken.
    #[error("step {step}, line {line} of the document: {why}")]
    Step {
        /// Which step of the plan, from 0.
        step: u32,
        /// The line of its operation in the document.
        line: usize,
        /// What of it.
        why: StepFault,
    },
    /// No driver goes there: its administrator has to run the script, and a person to confirm what it printed.
    #[error("its administrator has to run {script}")]
    ByHand {
        /// The script.
        script: String,
    },
    /// `dukou_schema` has another change, begun and not done.
    #[error("another change is under way there")]
    Another,
}

/// What of a step could not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepFault {
    /// What it requires does not hold: the query and its answer.
    #[error("what it requires does not hold: {query} gave {answer}")]
    Requires {
        /// The query.
        query: String,
        /// What it answered.
        answer: String,
    },
    /// It would lose values that nobody allowed to lose, or that must never be lost.
    #[error("{rows} rows would lose values")]
    Loses {
        /// How many.
        rows: u64,
    },
    /// The database refused a statement.
    #[error("the database refused it: {words}")]
    Refused {
        /// Its words. They may hold content: never for the log or the journal.
        words: String,
    },
    /// It was taken, and its check says that it is not done.
    #[error("it was taken and is not done")]
    NotDone,
}

/// A structure change in one database.
///
/// A database owes: where a change is one transaction there ([`Dialect::is_transactional`](crate::schema::plan::Dialect::is_transactional)), after a fault or a kill at any point it is wholly old or wholly new; elsewhere
/// steps that are done are known by their checks and passed over, so that [`make`](Self::make) again is how it goes on, and until it is done nobody writes an affected table that rows leave
/// from. `make` of a change that is done changes nothing and is `Ok`. Nothing is cut or rounded.
pub trait Restructurer: Send {
    /// Tells how far a change is at the ends of one direction. Where a database has ends of both, each is changed by itself, and nothing is told of the other.
    ///
    /// # Errors
    /// [`TableFault`] of the server.
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault>;
    /// Makes the change, or goes on with it.
    ///
    /// # Errors
    /// [`RestructureFault`]; in a transactional database nothing is changed then.
    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault>;
    /// Tries the change and takes it back: in a transactional database all of it in a transaction that is rolled back; elsewhere only what queries can tell, and it says so.
    ///
    /// # Errors
    /// [`RestructureFault`]; nothing is changed either way.
    fn rehearse(&mut self, order: &Restructure<'_>) -> Result<Rehearsal, RestructureFault>;
    /// Takes a change back that was begun and is not done, from the step where it stands. In a transactional database there is nothing to take back.
    ///
    /// # Errors
    /// [`RestructureFault`].
    fn take_back(&mut self, _order: &Restructure<'_>) -> Result<(), RestructureFault> {
        Ok(())
    }
}

/// What a rehearsal looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehearsal {
    /// Every step was taken and its check answered.
    Whole,
    /// The database commits each step: only what they require and what they would lose was asked.
    Asked,
}

impl StepFault {
    /// Says it.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Requires { query, answer } => {
                say!(lang, "前提不成立（{query} 的结果是 {answer}）", "what it requires does not hold ({query} gave {answer})")
            }
            Self::Loses { rows } => say!(lang, "有 {rows} 行的值会丢失", "{rows} rows would lose values"),
            Self::Refused { words } => say!(lang, "数据库拒绝：{words}", "the database refused: {words}"),
            Self::NotDone => say!(lang, "执行了，但核对查询说没有完成", "it ran, and its check says that it is not done"),
        }
    }
}
