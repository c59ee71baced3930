//! Messages to the front machine (前置机), and its responses back out.
//!
//! - **Given** messages that arrived on the lane's channel and lie in its sink's folder.
//! - **Gives** each to `BizMsg` under its own name, and its response, found by its exact name, to the channel that takes responses back out.
//! - **After a crash** a message that lies there with the same bytes counts as placed, a response likewise.
//! - **Never** changes a byte, lists the front machine's folders, or takes a response to another message than it asked for.

use std::collections::HashMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::lane::{Lane, MessageLane};
use crate::channel::XML_MAX_BYTES;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::registration::cargo::{Cargo, understand};
use crate::registration::day::facts::Progress;
use crate::registration::day::ids::{AreaCode, BizMsgId};
use crate::registration::kept::{KeptMessage, civil_of, messages_of};
use crate::registration::xml::{XmlLimits, decode};
use crate::seams::{FerryDir, FileCause, FileFault, OpenFile};
use crate::store::Change;
use crate::store::cards::{Card, Drawer};
use dukou_packets::suite::sha256;

/// Most messages that are placed, and most responses that are looked for, in one step.
const STEP_MAX: usize = 500;
/// Longest response that is taken.
const RESPONSE_MAX: u64 = 4 << 20;
/// Running time after which a message that does not lie in its folder is looked for again.
const MISSING_MS: u64 = 60_000;
/// The reason beside a message whose name on the front machine another one has.
const NAME_TAKEN: &str = "front-name-taken";

/// When what was not there is looked for again, by its name (running time, ms).
#[derive(Debug, Default)]
pub(crate) struct Looks(HashMap<String, u64>);

/// A message on the front machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OnFront {
    id: BizMsgId,
    area: AreaCode,
    /// The name of its response.
    response: String,
    /// Running time at which it was placed.
    placed_run_ms: u64,
    /// Whether its response came.
    is_answered: bool,
}

impl OnFront {
    fn card(&self, now_ms: i64) -> Card {
        let waits = format!("waits {}", self.area);
        let terms = if self.is_answered { None } else { Some(waits.as_str()) };
        let body = serde_json::to_string(self).unwrap_or_default();
        Card::new(Drawer::Front, &format!("{} {}", self.id, self.response), terms, body, now_ms)
    }
}

/// How a file stands on the front machine.
enum Put {
    /// It lies there with these bytes.
    There,
    /// Another one has its name.
    Taken,
}

impl Engine {
    /// Places what arrived and fetches what was answered, on every lane that does.
    pub(crate) fn tend_messages(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        for lane in self.station.config.lanes.clone() {
            let Some(messages) = lane.messages.clone().filter(|messages| lane.places(&messages.channel)) else { continue };
            self.place_messages(&lane, &messages, report)?;
            self.fetch_responses(&lane, &messages, report)?;
        }
        Ok(())
    }

    fn place_messages(&mut self, lane: &Lane, way: &MessageLane, report: &mut PassReport) -> Result<(), EngineFault> {
        let (run_ms, settings) = (self.running_ms(), lane.settings());
        let arrived = messages_of(self.store(), &["progress arrived".to_owned()])?;
        let is_mine = |kept: &KeptMessage| kept.channel == way.channel.as_ref() && settings.is_own(kept.message.id.area());
        let mut due: Vec<KeptMessage> = arrived.into_iter().filter(is_mine).collect();
        due.retain(|kept| self.looks.0.get(&kept.key).is_none_or(|due_ms| *due_ms <= run_ms));
        due.truncate(STEP_MAX);
        if due.is_empty() {
            return Ok(());
        }
        let front = match self.seams.files.ferry_dir(&self.station.dir.join(&way.biz)) {
            Ok(front) => front,
            Err(fault) => return self.tolerate(fault, report),
        };
        let (now_ms, mut changes, mut done) = (self.seams.clock.wall_ms(), Vec::new(), Vec::new());
        for mut kept in due {
            let Some(bytes) = self.lying(&way.from, &kept.name, XML_MAX_BYTES).filter(|bytes| is_of(&kept, bytes)) else {
                self.looks.0.insert(kept.key.clone(), run_ms + MISSING_MS);
                continue;
            };
            match put(front.as_ref(), file_name(&kept.name), &bytes) {
                Ok(Put::There) => {
                    kept.message.progress = Progress::Placed(civil_of(now_ms));
                    changes.push(Change::Filed(on_front(&kept, lane.area, run_ms).card(now_ms)));
                    done.push(way.from.join(&kept.name));
                }
                Ok(Put::Taken) => kept.message.progress = Progress::Held(NAME_TAKEN.to_owned()),
                Err(fault) => {
                    self.tolerate(fault, report)?;
                    break;
                }
            }
            self.looks.0.remove(&kept.key);
            changes.push(Change::Filed(kept.card(now_ms)));
        }
        if changes.is_empty() {
            return Ok(());
        }
        front.sync()?;
        self.commit_store(changes)?;
        // What lies on the front machine and is known to, nobody takes from here any more.
        for file in done {
            if let Err(fault) = self.seams.files.remove(&file) {
                self.tolerate(fault, report)?;
            }
        }
        Ok(())
    }

    fn fetch_responses(&mut self, lane: &Lane, way: &MessageLane, report: &mut PassReport) -> Result<(), EngineFault> {
        let run_ms = self.running_ms();
        let cards = self.store().cards(Drawer::Front, &[format!("waits {}", lane.area).as_str()])?;
        let waiting = cards.iter().filter_map(|card| serde_json::from_str::<OnFront>(&card.body).ok());
        let first_ms = 1000 * way.first_look_seconds;
        let is_due = |asked: &OnFront| {
            let due_ms = self.looks.0.get(&asked.response).copied().unwrap_or(asked.placed_run_ms + first_ms);
            due_ms <= run_ms
        };
        let due: Vec<OnFront> = waiting.filter(is_due).take(STEP_MAX).collect();
        if due.is_empty() {
            return Ok(());
        }
        let folders = [&way.rep, &way.into].map(|folder| self.seams.files.ferry_dir(&self.station.dir.join(folder)));
        let (rep, into) = match folders {
            [Ok(rep), Ok(into)] => (rep, into),
            [Err(fault), _] | [_, Err(fault)] => return self.tolerate(fault, report),
        };
        let (now_ms, mut changes) = (self.seams.clock.wall_ms(), Vec::new());
        for mut asked in due {
            let again_ms = run_ms + 1000 * way.look_every_seconds;
            self.looks.0.insert(asked.response.clone(), again_ms);
            let Some(bytes) = response_to(rep.as_ref(), &asked) else { continue };
            match put(into.as_ref(), &asked.response, &bytes) {
                Ok(Put::There) => {}
                // The one before it is still to be sent.
                Ok(Put::Taken) => continue,
                Err(fault) => {
                    self.tolerate(fault, report)?;
                    break;
                }
            }
            self.looks.0.remove(&asked.response);
            asked.is_answered = true;
            changes.push(Change::Filed(asked.card(now_ms)));
        }
        if changes.is_empty() {
            return Ok(());
        }
        into.sync()?;
        self.commit_store(changes)
    }

    /// Reads a file below a folder; none where it is not there, or cannot be read for now.
    fn lying(&self, folder: &Path, name: &str, most: u64) -> Option<Vec<u8>> {
        let below = Path::new(name);
        let is_plain = below.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain {
            return None;
        }
        read(self.seams.files.open_below(folder, below).ok()?.as_ref(), most).ok().flatten()
    }
}

fn is_of(kept: &KeptMessage, bytes: &[u8]) -> bool {
    sha256(&[bytes]).to_string() == kept.digest
}

fn on_front(kept: &KeptMessage, area: AreaCode, placed_run_ms: u64) -> OnFront {
    let name = file_name(&kept.name);
    let response = name.strip_prefix("Biz").map_or_else(|| format!("Rep{}.xml", kept.message.id), |rest| format!("Rep{rest}"));
    OnFront { id: kept.message.id, area, response, placed_run_ms, is_answered: false }
}

/// Gives the last part of a record's name.
fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Puts a file under its name; one that is there already with the same bytes is the one that a crash forgot.
fn put(folder: &dyn FerryDir, name: &str, bytes: &[u8]) -> Result<Put, FileFault> {
    match folder.place(name, &[bytes]) {
        Ok(()) => Ok(Put::There),
        Err(fault) if fault.cause == FileCause::Exists => {
            let there = folder.open(name).and_then(|file| read(file.as_ref(), bytes.len() as u64))?;
            Ok(if there.as_deref() == Some(bytes) { Put::There } else { Put::Taken })
        }
        Err(fault) => Err(fault),
    }
}

/// Reads a file of at most so many bytes; none where it is longer.
fn read(file: &dyn OpenFile, most: u64) -> Result<Option<Vec<u8>>, FileFault> {
    let length = file.stat()?.len;
    if length > most {
        return Ok(None);
    }
    let mut bytes = vec![0; length as usize];
    let taken = file.read_at(0, &mut bytes)?;
    bytes.truncate(taken);
    Ok(Some(bytes))
}

/// Reads the response to a message: whole, and to that message alone. What it says is learnt when it leaves.
fn response_to(rep: &dyn FerryDir, asked: &OnFront) -> Option<Vec<u8>> {
    let bytes = read(rep.open(&asked.response).ok()?.as_ref(), RESPONSE_MAX).ok().flatten()?;
    let limits = XmlLimits { bytes: RESPONSE_MAX as usize, ..XmlLimits::default() };
    let document = decode(&bytes, None, &limits).ok()?;
    let Ok(Cargo::Response(response)) = understand(&document, &limits) else { return None };
    let is_answer = response.biz_msg_id.trim().parse() == Ok(asked.id);
    is_answer.then_some(bytes)
}
