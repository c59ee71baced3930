//! Structure changes of the simulated database, by the contract of [`Restructurer`].
//!
//! The dialect of the plan says what kind of database it plays: one whose change is one transaction is called once; one that commits each step is called once a
//! step and once more for what belongs to the end, so that a fault or a kill may come between any two.

use super::{Noted, Shared, SimDatabase};
use crate::connectors::tables::restructure::{
    Ends, LeavingEnd, Rehearsal, Restructure, RestructureFault, Restructurer, Standing,
};
use crate::connectors::tables::{Entry, Mark, TableFault};
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;

pub(super) struct SimRestructurer(pub(super) SimDatabase);

impl Restructurer for SimRestructurer {
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault> {
        let key = (*document, direction == Direction::In);
        self.0.call(|shared| Ok(shared.content.changes.get(&key).copied().unwrap_or(Standing::Old)))
    }

    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        if order.plan.dialect.is_transactional() {
            return self.0.call(|shared| whole(shared, order));
        }
        let mut next = self.0.call(|shared| begin(shared, order))?;
        while let Some(step) = next {
            next = self.0.call(|shared| take_step(shared, order, step))?;
        }
        self.0.call(|shared| end(shared, order))
    }

    fn rehearse(&mut self, order: &Restructure<'_>) -> Result<Rehearsal, RestructureFault> {
        let done: Result<(), RestructureFault> = self.0.call(|shared| {
            let before = shared.content.clone();
            let done = whole(shared, order);
            shared.content = before;
            done
        });
        done.map(|()| if order.plan.dialect.is_transactional() { Rehearsal::Whole } else { Rehearsal::Asked })
    }

    fn take_back(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        self.0.call(|shared| {
            if let Some(Standing::AtStep(_)) = standing(shared, order) {
                shared.content.changes.remove(&key(order));
            }
            Ok(())
        })
    }
}

fn key(order: &Restructure<'_>) -> (Digest, bool) {
    (order.document, order.direction() == Direction::In)
}

fn standing(shared: &Shared, order: &Restructure<'_>) -> Option<Standing> {
    shared.content.changes.get(&key(order)).copied()
}

/// All of it at once.
fn whole(shared: &mut Shared, order: &Restructure<'_>) -> Result<(), RestructureFault> {
    let mut next = begin(shared, order)?;
    while let Some(step) = next {
        next = take_step(shared, order, step)?;
    }
    end(shared, order)
}

/// Gives the step where it goes on; none when all of it is done.
fn begin(shared: &mut Shared, order: &Restructure<'_>) -> Result<Option<u32>, RestructureFault> {
    let (_, comes) = key(order);
    let is_other = |(document, other): &(Digest, bool), standing: &Standing| {
        *other == comes && *document != order.document && matches!(standing, Standing::AtStep(_))
    };
    if shared.content.changes.iter().any(|(key, standing)| is_other(key, standing)) {
        return Err(RestructureFault::Another);
    }
    match standing(shared, order) {
        Some(Standing::Done) => Ok(None),
        Some(Standing::AtStep(step)) => Ok(Some(step)),
        Some(Standing::Old) | None => {
            check_locks(shared, &order.ends)?;
            shared.content.changes.insert(key(order), Standing::AtStep(0));
            Ok(Some(0))
        }
    }
}

/// A transaction that wrote an affected table and is open holds it.
fn check_locks(shared: &Shared, ends: &Ends) -> Result<(), TableFault> {
    let Ends::Leaving(ends) = ends else { return Ok(()) };
    let is_affected = |table: &String| ends.iter().any(|end| end.tables.contains(table));
    match shared.content.open.values().flatten().any(|(_, change)| is_affected(&change.table)) {
        true => Err(TableFault::Busy { place: "simulated".to_string(), words: "lock timeout".to_string() }),
        false => Ok(()),
    }
}

/// Takes a step; gives the next one.
fn take_step(shared: &mut Shared, order: &Restructure<'_>, step: u32) -> Result<Option<u32>, RestructureFault> {
    let Some(taken) = order.plan.steps.get(step as usize) else { return Ok(None) };
    if let Some(why) = shared.refuses.get(&step).cloned() {
        return Err(RestructureFault::Step { step, line: taken.line, why });
    }
    shared.content.changes.insert(key(order), Standing::AtStep(step + 1));
    Ok(Some(step + 1))
}

/// What becomes true with the last step: the places in the outboxes, or the marks.
fn end(shared: &mut Shared, order: &Restructure<'_>) -> Result<(), RestructureFault> {
    if standing(shared, order) == Some(Standing::Done) {
        return Ok(());
    }
    match &order.ends {
        Ends::Leaving(ends) => ends.iter().for_each(|end| place(shared, end, order.document)),
        Ends::Coming(marks) => marks.iter().try_for_each(|(channel, mark)| move_mark(shared, channel, *mark))?,
    }
    let (document, comes) = key(order);
    shared.content.changes.insert((document, comes), Standing::Done);
    shared.content.versions.insert(comes, order.plan.versions.1);
    Ok(())
}

fn place(shared: &mut Shared, end: &LeavingEnd, document: Digest) {
    shared.content.last_id += 1;
    let at_ms = shared.content.tick();
    let (entry, channel) = (Entry::Structure(document), Some(end.channel.clone()));
    shared.content.outbox.insert(shared.content.last_id, Noted { transaction: None, at_ms, entry, channel });
}

/// A mark moves to its marker from right before it.
fn move_mark(shared: &mut Shared, channel: &ChannelName, mark: Mark) -> Result<(), TableFault> {
    let known = shared.content.marks.get(channel);
    let fits = known.is_none_or(|known| *known == mark || (known.epoch == mark.epoch && known.seq + 1 == mark.seq));
    if !fits {
        let words = format!("the mark of {channel} is not right before its marker");
        return Err(TableFault::Denied { place: "simulated".to_string(), words });
    }
    shared.content.marks.insert(channel.clone(), mark);
    Ok(())
}
