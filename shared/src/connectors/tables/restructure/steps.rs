//! The steps of a plan in a session, whatever database it is of.
//!
//! Given: a session that may change the structure. Gives: a step taken, its check asked. Never: a step that was done taken again; a value cut or rounded, whatever was
//! allowed; an effect that is guessed.

use super::{RestructureFault, StepFault};
use crate::connectors::tables::{Mark, TableFault};
use crate::schema::loss::Lost;
use crate::schema::plan::{Check, Plan, Step};
use dukou_packets::packet::header::ChannelName;

/// A session as the steps of a change need it.
pub(in crate::connectors::tables) trait Hand {
    /// Runs a statement.
    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error>;
    /// Gives the one value of a query as text; empty where it is NULL.
    async fn ask(&mut self, query: &str) -> Result<String, sqlx::Error>;
    /// Says what an error means where it is no step's own.
    fn meaning(&self, error: sqlx::Error) -> TableFault;
}

/// A step with its number, from 0.
#[derive(Clone, Copy, Debug)]
pub(in crate::connectors::tables) struct Numbered<'a> {
    pub(in crate::connectors::tables) number: u32,
    pub(in crate::connectors::tables) step: &'a Step,
}

impl Numbered<'_> {
    fn fault(&self, why: StepFault) -> RestructureFault {
        RestructureFault::Step { step: self.number, line: self.step.line, why }
    }
}

/// Gives the steps of a plan with their numbers.
pub(in crate::connectors::tables) fn numbered(plan: &Plan) -> impl DoubleEndedIterator<Item = Numbered<'_>> {
    let steps: Vec<Numbered<'_>> = (0..).zip(&plan.steps).map(|(number, step)| Numbered { number, step }).collect();
    steps.into_iter()
}

/// Gives the number of steps of a plan.
pub(in crate::connectors::tables) fn count(plan: &Plan) -> u32 {
    u32::try_from(plan.steps.len()).unwrap_or(u32::MAX)
}

/// Tells whether a step is done; one without a check changes nothing in the database.
pub(in crate::connectors::tables) async fn is_done(hand: &mut impl Hand, of: Numbered<'_>) -> Result<bool, RestructureFault> {
    match &of.step.check {
        Some(check) => holds(hand, of, check).await,
        None => Ok(of.step.statements.is_empty()),
    }
}

/// Takes a step, all before it being done.
pub(in crate::connectors::tables) async fn take(hand: &mut impl Hand, of: Numbered<'_>) -> Result<(), RestructureFault> {
    ask_before(hand, of).await?;
    for statement in &of.step.statements {
        if let Some(when) = &statement.when
            && !holds(hand, of, when).await?
        {
            continue;
        }
        let done = hand.run(&statement.sql).await;
        done.map_err(|error| refused(hand, of, error))?;
    }
    match &of.step.check {
        Some(check) if !holds(hand, of, check).await? => Err(of.fault(StepFault::NotDone)),
        _ => Ok(()),
    }
}

/// Takes a step back that was taken, or begun.
pub(in crate::connectors::tables) async fn take_back(hand: &mut impl Hand, of: Numbered<'_>) -> Result<(), RestructureFault> {
    for statement in &of.step.rollback {
        let done = hand.run(&statement.sql).await;
        done.map_err(|error| refused(hand, of, error))?;
    }
    match &of.step.check {
        Some(check) if holds(hand, of, check).await? => Err(of.fault(StepFault::NotDone)),
        _ => Ok(()),
    }
}

/// Asks what must hold before a step: that no value would be cut or rounded, whatever was allowed, and what it requires. What else may be lost was
/// allowed with the signature.
pub(in crate::connectors::tables) async fn ask_before(hand: &mut impl Hand, of: Numbered<'_>) -> Result<(), RestructureFault> {
    let misfits = || of.step.losses.iter().filter(|loss| matches!(loss.what, Lost::Misfits { .. })).map(|loss| &loss.count);
    for count in misfits() {
        let rows = answer(hand, of, count).await?;
        if rows != "0" {
            return Err(of.fault(StepFault::Loses { rows: rows.parse().unwrap_or(u64::MAX) }));
        }
    }
    for Check { query, expect } in of.step.requires.iter().filter(|check| misfits().all(|count| *count != check.query)) {
        let answer = answer(hand, of, query).await?;
        if answer != *expect {
            return Err(of.fault(StepFault::Requires { query: query.clone(), answer }));
        }
    }
    Ok(())
}

/// Asks what can be asked of a plan before any of it is done: of a step on a table that an earlier one gives other columns or types nothing is known yet.
pub(in crate::connectors::tables) async fn ask_ahead(hand: &mut impl Hand, plan: &Plan) -> Result<(), RestructureFault> {
    for of in numbered(plan) {
        let touches = |table: &String| of.step.tables.contains(table);
        let leaves_alone = |earlier: &Step| match earlier.operation {
            "dictionary-rows" => true,
            "add-column" if is_of_a_column(of.step) => column_of(earlier) != column_of(of.step),
            _ => !earlier.tables.iter().any(touches),
        };
        let is_known = plan.steps.iter().take(of.number as usize).all(leaves_alone);
        if is_known && !is_done(hand, of).await? {
            ask_before(hand, of).await?;
        }
    }
    Ok(())
}

/// Tells whether a step asks of no other column than its own.
fn is_of_a_column(step: &Step) -> bool {
    matches!(step.operation, "add-column" | "widen" | "retype" | "rename-column" | "drop-column")
}

/// The table and column that a step's subject begins with.
fn column_of(step: &Step) -> &str {
    step.subject.split(' ').next().unwrap_or_default()
}

async fn holds(hand: &mut impl Hand, of: Numbered<'_>, check: &Check) -> Result<bool, RestructureFault> {
    Ok(answer(hand, of, &check.query).await? == check.expect)
}

/// Asks a query of a plan for its one value; in brackets nothing but a query is taken, and none that writes.
async fn answer(hand: &mut impl Hand, of: Numbered<'_>, query: &str) -> Result<String, RestructureFault> {
    let answer = hand.ask(&format!("SELECT ({query})")).await;
    answer.map_err(|error| refused(hand, of, error))
}

/// What the database refuses is the step's; what is its own trouble is not.
fn refused(hand: &impl Hand, of: Numbered<'_>, error: sqlx::Error) -> RestructureFault {
    let words = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    match hand.meaning(error) {
        fault @ (TableFault::Away { .. } | TableFault::Busy { .. }) => fault.into(),
        _ => of.fault(StepFault::Refused { words }),
    }
}

/// Tells whether a channel's mark has to be moved to its marker.
///
/// # Errors
/// [`TableFault::Denied`] where it stands neither there nor right before it: packets are missing, or another epoch's came between.
pub(in crate::connectors::tables) fn must_move(
    place: &str,
    channel: &ChannelName,
    known: Option<Mark>,
    marker: &Mark,
) -> Result<bool, TableFault> {
    let is_before = match known {
        Some(known) if known == *marker => return Ok(false),
        Some(known) => known.epoch == marker.epoch && known.seq.checked_add(1) == Some(marker.seq),
        None => marker.seq == 1,
    };
    let words = || {
        let stands = known.map_or("nowhere".to_owned(), |known| format!("at {} of epoch {}", known.seq, known.epoch));
        format!(
            "the mark of {channel} stands {stands} and not right before its marker, {} of epoch {}",
            marker.seq, marker.epoch
        )
    };
    if is_before { Ok(true) } else { Err(TableFault::Denied { place: place.to_owned(), words: words() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dukou_packets::packet::header::Epoch;
    use dukou_packets::suite::Digest;

    #[test]
    fn a_mark_moves_to_its_marker_from_right_before_it_alone() {
        let channel: ChannelName = "cadastre-units".parse().expect("a name");
        let mark = |counter, seq| Mark { epoch: Epoch { counter, salt: [7; 8] }, seq, header: Digest::from_bytes([9; 32]) };
        let moves = |known| must_move("p", &channel, known, &mark(1, 5));
        assert_eq!((moves(Some(mark(1, 4))), moves(Some(mark(1, 5)))), (Ok(true), Ok(false)));
        let other = Mark { header: Digest::from_bytes([8; 32]), ..mark(1, 5) };
        for known in [None, Some(mark(1, 3)), Some(mark(1, 6)), Some(mark(2, 4)), Some(other)] {
            assert!(matches!(moves(known), Err(TableFault::Denied { .. })), "{known:?}");
        }
        assert_eq!(must_move("p", &channel, None, &mark(1, 1)), Ok(true));
    }
}
