//! Placing messages: written under a dot name, noted, and only then named.
//!
//! - **Given** messages that arrived and lie in their sink's folder.
//! - **Gives** them their names on the front machine, and their cards what came of it.
//! - **After a crash** the note says that a name may have been given: the dot name, the name or the response tell, else a named person.
//! - **Never** gives a message its name twice without that person.

use super::{OnFront, STEP_MAX, STEP_MS, Stage, file_name, front_of, response_to};
use crate::channel::XML_MAX_BYTES;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::registration::day::facts::Progress;
use crate::registration::kept::{KeptMessage, civil_of, messages_of};
use crate::reporting::lane::{Lane, MessageLane};
use crate::reporting::transport::{Front, Given, Hindrance};
use crate::store::Change;
use dukou_packets::suite::sha256;

/// Messages that are noted in one transaction.
const TOGETHER: usize = 100;
/// Running time after which a message that does not lie in its folder is looked for again.
const MISSING_MS: u64 = 60_000;
/// The reason beside a message whose name on the front machine another one has.
pub(in super::super) const NAME_TAKEN: &str = "front-name-taken";
/// The reason beside a message of which a crash left in doubt whether the front machine took it.
pub(in super::super) const UNSURE: &str = "placing-unsure";

/// A message that is about to have its name.
struct Ready {
    kept: KeptMessage,
    bytes: Vec<u8>,
    front: OnFront,
}

impl Engine {
    pub(super) fn place_messages(
        &mut self,
        lane: &Lane,
        way: &MessageLane,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let due = self.due(lane, way)?;
        let (mut biz, began_ms) = (self.front_folder(way, &way.biz), self.seams.clock.mono_ms());
        for together in due.chunks(TOGETHER) {
            let placed = self.place_together((lane, way), biz.as_mut(), together, report)?;
            let is_hindered = placed.is_err();
            if let Err(hindrance) = placed
                && way.sftp.is_some()
            {
                self.leave_alone(lane, hindrance);
            }
            let is_over = self.seams.clock.mono_ms() > began_ms + STEP_MS || self.should_stop();
            if is_over || is_hindered {
                break;
            }
        }
        Ok(())
    }

    /// Gives the lane's messages that are to be placed now.
    fn due(&mut self, lane: &Lane, way: &MessageLane) -> Result<Vec<KeptMessage>, EngineFault> {
        let (run_ms, settings) = (self.running_ms(), lane.settings());
        let mut due = messages_of(self.store(), &["progress arrived".to_owned()])?;
        due.retain(|kept| kept.channel == way.channel.as_ref() && settings.is_own(kept.message.id.area()));
        due.retain(|kept| self.looks.due_ms.get(&kept.key).is_none_or(|due_ms| *due_ms <= run_ms));
        due.truncate(STEP_MAX);
        Ok(due)
    }

    /// Places messages that are noted together; the inner error is what stood in the way of the rest.
    fn place_together(
        &mut self,
        (lane, way): (&Lane, &MessageLane),
        biz: &mut dyn Front,
        together: &[KeptMessage],
        report: &mut PassReport,
    ) -> Result<Result<(), Hindrance>, EngineFault> {
        let (ready, mut outcome) = self.prepare_together((lane, way), biz, together)?;
        self.told_fault(biz, report)?;
        if ready.is_empty() {
            return Ok(outcome);
        }
        if let Err(hindrance) = biz.settle() {
            self.told_fault(biz, report)?;
            return Ok(Err(hindrance));
        }
        let now_ms = self.seams.clock.wall_ms();
        self.commit_store(ready.iter().map(|ready| Change::Filed(ready.front.card(now_ms))).collect())?;
        let (mut changes, mut taken) = (Vec::new(), Vec::new());
        for Ready { mut kept, bytes, mut front } in ready {
            // What comes behind a hindrance is not tried: it lies under its dot name, and its note is taken back.
            let named = match &outcome {
                Ok(()) => named(biz, file_name(&kept.name), &bytes),
                Err(_) => Named::Not,
            };
            match named {
                Named::There => {
                    (kept.message.progress, front.stage) = (Progress::Placed(civil_of(now_ms)), Stage::Placed);
                    front.since_run_ms = self.running_ms();
                    taken.push(way.from.join(&kept.name));
                }
                Named::Taken => {
                    (kept.message.progress, front.stage) = (Progress::Held(NAME_TAKEN.to_owned()), Stage::Withdrawn);
                }
                Named::Not => front.stage = Stage::Withdrawn,
                Named::Hindered(hindrance) => {
                    self.looks.due_ms.insert(kept.key.clone(), self.running_ms() + MISSING_MS);
                    (front.stage, outcome) = (Stage::Withdrawn, Err(hindrance));
                }
                // Its note stays: what became of it is found out as after a crash.
                Named::Unsure(hindrance) => outcome = Err(hindrance),
            }
            changes.extend([Change::Filed(front.card(now_ms)), Change::Filed(kept.card(now_ms))]);
        }
        let settled = biz.settle();
        self.told_fault(biz, report)?;
        if let Err(hindrance) = settled {
            // Nothing is told of names that a power cut may take back: the notes stay.
            return Ok(Err(hindrance));
        }
        self.commit_store(changes)?;
        for file in taken {
            self.take_from_arrivals(&file)?;
        }
        Ok(outcome)
    }

    /// Writes messages under their dot names. One of which a note says that its name may have been given is looked for first.
    fn prepare_together(
        &mut self,
        (lane, way): (&Lane, &MessageLane),
        biz: &mut dyn Front,
        together: &[KeptMessage],
    ) -> Result<(Vec<Ready>, Result<(), Hindrance>), EngineFault> {
        let mut ready = Vec::new();
        for kept in together {
            let run_ms = self.running_ms();
            let noted = front_of(self.store(), kept)?;
            let decided = noted.as_ref().map(|noted| noted.decided.clone()).unwrap_or_default();
            let front = OnFront { decided, ..OnFront::begun(kept, lane.area, run_ms) };
            let is_begun = noted.as_ref().is_some_and(|noted| noted.stage == Stage::Begun);
            let bytes = self.lying(&way.from, &kept.name, XML_MAX_BYTES).filter(|bytes| is_of(kept, bytes));
            let prepared = match (is_begun, bytes) {
                (true, bytes) => self.look_for(way, biz, kept, &front, bytes.as_deref()).map(|lies| (lies, bytes)),
                (false, None) => {
                    self.looks.due_ms.insert(kept.key.clone(), run_ms + MISSING_MS);
                    continue;
                }
                (false, Some(bytes)) => biz.prepare(file_name(&kept.name), &bytes).map(|()| (Lies::Prepared, Some(bytes))),
            };
            match prepared {
                Ok((Lies::Prepared, Some(bytes))) => ready.push(Ready { kept: kept.clone(), bytes, front }),
                Ok((lies, _)) => self.settle_begun(way, kept, front, &lies)?,
                Err(hindrance) => {
                    self.looks.due_ms.insert(kept.key.clone(), run_ms + MISSING_MS);
                    return Ok((ready, Err(hindrance)));
                }
            }
            self.looks.due_ms.remove(&kept.key);
        }
        Ok((ready, Ok(())))
    }

    /// Finds out what became of a message whose name was about to be given when the station ended.
    fn look_for(
        &self,
        way: &MessageLane,
        biz: &mut dyn Front,
        kept: &KeptMessage,
        front: &OnFront,
        bytes: Option<&[u8]>,
    ) -> Result<Lies, Hindrance> {
        let name = file_name(&kept.name);
        if biz.is_prepared(name)? {
            return Ok(Lies::Prepared);
        }
        let is_there = match bytes {
            Some(bytes) => biz.fetch(name, bytes.len() as u64)?.as_deref() == Some(bytes),
            None => biz.fetch(name, XML_MAX_BYTES)?.is_some_and(|there| is_of(kept, &there)),
        };
        let is_given = is_there || response_to(self.front_folder(way, &way.rep).as_mut(), front)?.is_some();
        Ok(if is_given { Lies::There } else { Lies::Nowhere })
    }

    /// Notes what was found of a message whose name was about to be given.
    fn settle_begun(
        &mut self,
        way: &MessageLane,
        kept: &KeptMessage,
        mut front: OnFront,
        lies: &Lies,
    ) -> Result<(), EngineFault> {
        let (now_ms, mut kept) = (self.seams.clock.wall_ms(), kept.clone());
        (kept.message.progress, front.stage) = match lies {
            Lies::There => (Progress::Placed(civil_of(now_ms)), Stage::Placed),
            // Somebody may have taken it, and its response is still waited for.
            Lies::Nowhere | Lies::Prepared => (Progress::Held(UNSURE.to_owned()), Stage::Begun),
        };
        self.commit_store(vec![Change::Filed(front.card(now_ms)), Change::Filed(kept.card(now_ms))])?;
        match lies {
            Lies::There => self.take_from_arrivals(&way.from.join(&kept.name)),
            Lies::Nowhere | Lies::Prepared => Ok(()),
        }
    }
}

/// Where a message lies whose name was about to be given.
enum Lies {
    /// Under its dot name.
    Prepared,
    /// Under its name, or it was answered.
    There,
    /// Nowhere.
    Nowhere,
}

/// What came of giving a message its name.
enum Named {
    /// It lies there with these bytes.
    There,
    /// Another one has its name.
    Taken,
    /// It was not tried.
    Not,
    /// It has not got it.
    Hindered(Hindrance),
    /// Nobody knows.
    Unsure(Hindrance),
}

fn named(biz: &mut dyn Front, name: &str, bytes: &[u8]) -> Named {
    match biz.publish(name) {
        Given::Placed | Given::Answered(_) => Named::There,
        Given::Unsure(hindrance) => Named::Unsure(hindrance),
        Given::NothingLeft(Hindrance::Exists) => match biz.fetch(name, bytes.len() as u64) {
            Err(hindrance) => Named::Hindered(hindrance),
            Ok(there) => {
                let named = if there.as_deref() == Some(bytes) { Named::There } else { Named::Taken };
                // Nobody takes a dot name; one that stays is replaced when it is needed again.
                let _ = biz.discard(name);
                named
            }
        },
        Given::NothingLeft(hindrance) => Named::Hindered(hindrance),
    }
}

fn is_of(kept: &KeptMessage, bytes: &[u8]) -> bool {
    sha256(&[bytes]).to_string() == kept.digest
}
