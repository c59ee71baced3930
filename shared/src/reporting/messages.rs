//! Messages to the front machine (前置机), and its responses back out.
//!
//! - **Given** messages that arrived on the lane's channel and lie in its sink's folder.
//! - **Gives** each to `BizMsg` under its own name, and its response, found by its exact name, to the channel that takes responses back out.
//! - **After a crash** a message whose dot name lies there was not given yet, and one that lies there with the same bytes was. Where neither does, somebody may
//!   have taken it: its response tells, or a named person ([`DecideMessage`](super::decide_message::DecideMessage)); it is not placed twice.
//! - **Never** changes a byte, lists the front machine's folders, or takes a response to another message than it asked for.

mod card;
mod place;

use std::collections::HashMap;
use std::path::{Component, Path};

pub(super) use self::card::{Decided, OnFront, Stage, front_of};
pub(super) use self::place::{NAME_TAKEN, UNSURE};
use super::decide_message::waits;
use super::lane::{Lane, MessageLane};
use super::transport::{Front, Hindrance};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::registration::cargo::{Cargo, understand};
use crate::registration::day::facts::Progress;
use crate::registration::day::ids::AreaCode;
use crate::registration::kept::{KeptMessage, civil_of, messages_of};
use crate::registration::xml::{XmlLimits, decode};
use crate::say;
use crate::seams::{FerryDir, FileCause, FileFault, OpenFile};
use crate::store::cards::{Card, Drawer};
use crate::store::{Change, StoreFault};
use crate::trouble::Trouble;

/// Most messages that are placed, and most responses that are looked for, in one step.
const STEP_MAX: usize = 500;
/// How long one step may place or fetch on a front machine that answers slowly (ms).
const STEP_MS: u64 = 5_000;
/// Longest response that is taken.
const RESPONSE_MAX: u64 = 4 << 20;
/// Running time for which a front machine that cannot be reached is left alone.
const REST_MS: u64 = 120_000;

/// What the engine remembers between its looks at front machines.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// When what was not there is looked for again, by its name (running time, ms).
    due_ms: HashMap<String, u64>,
    /// Front machines that are left alone, until when, and why.
    rests: HashMap<AreaCode, (u64, Hindrance)>,
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
            if !self.rests(&lane, report) {
                self.place_messages(&lane, &messages, report)?;
            }
            if !self.rests(&lane, report) {
                self.fetch_responses(&lane, &messages, report)?;
            }
            self.tell_waiting(&lane, report)?;
        }
        Ok(())
    }

    /// Tells of messages that wait for a named person.
    fn tell_waiting(&mut self, lane: &Lane, report: &mut PassReport) -> Result<(), EngineFault> {
        let settings = lane.settings();
        let held = messages_of(self.store(), &["progress held".to_owned()])?;
        let is_mine = |kept: &&KeptMessage| waits(kept) && settings.is_own(kept.message.id.area());
        let count = held.iter().filter(is_mine).count();
        if count > 0 {
            report.troubles.push(waiting_trouble(lane.area, count, self.lang()));
        }
        Ok(())
    }

    /// Tells of a fault of a front machine's folder on this machine; one that is not the folder's alone ends the engine.
    fn told_fault(&self, front: &mut dyn Front, report: &mut PassReport) -> Result<bool, EngineFault> {
        match front.take_fault() {
            None => Ok(false),
            Some(fault) => self.tolerate(fault, report).map(|()| true),
        }
    }

    /// Tells whether a lane's front machine is left alone for now, and the report why.
    fn rests(&mut self, lane: &Lane, report: &mut PassReport) -> bool {
        let run_ms = self.running_ms();
        match self.looks.rests.get(&lane.area) {
            Some((until_ms, hindrance)) if *until_ms > run_ms => {
                let trouble = front_trouble(lane.area, hindrance, self.lang());
                if !report.troubles.contains(&trouble) {
                    report.troubles.push(trouble);
                }
                true
            }
            _ => {
                self.looks.rests.remove(&lane.area);
                false
            }
        }
    }

    fn leave_alone(&mut self, lane: &Lane, hindrance: Hindrance) {
        let until_ms = self.running_ms() + REST_MS;
        self.looks.rests.insert(lane.area, (until_ms, hindrance));
    }

    fn front_folder(&self, way: &MessageLane, folder: &Path) -> Box<dyn Front> {
        self.seams.platforms.front(way.sftp.as_ref(), folder, &self.station.dir, &self.seams.files)
    }

    fn fetch_responses(&mut self, lane: &Lane, way: &MessageLane, report: &mut PassReport) -> Result<(), EngineFault> {
        let due = self.awaited(lane, way)?;
        if due.is_empty() {
            return Ok(());
        }
        let into = match self.seams.files.ferry_dir(&way.into) {
            Ok(into) => into,
            Err(fault) => return self.tolerate(fault, report),
        };
        let mut rep = self.front_folder(way, &way.rep);
        let (now_ms, began_ms, mut changes) = (self.seams.clock.wall_ms(), self.seams.clock.mono_ms(), Vec::new());
        for mut asked in due {
            if self.should_stop() || self.seams.clock.mono_ms() > began_ms + STEP_MS {
                break;
            }
            self.looks.due_ms.insert(asked.response.clone(), self.running_ms() + 1000 * way.look_every_seconds);
            let bytes = match response_to(rep.as_mut(), &asked) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(hindrance) => {
                    if !self.told_fault(rep.as_mut(), report)? {
                        self.leave_alone(lane, hindrance);
                    }
                    break;
                }
            };
            match put(into.as_ref(), &asked.response, &bytes) {
                Ok(Put::There) => {}
                // The one before it is still to be sent.
                Ok(Put::Taken) => continue,
                Err(fault) => {
                    self.tolerate(fault, report)?;
                    break;
                }
            }
            self.looks.due_ms.remove(&asked.response);
            changes.extend(self.proven(way, &asked, now_ms)?);
            asked.stage = Stage::Answered;
            changes.push(Change::Filed(asked.card(now_ms)));
        }
        if changes.is_empty() {
            return Ok(());
        }
        into.sync()?;
        self.commit_store(changes)
    }

    /// Gives the messages whose response is to be looked for now.
    fn awaited(&mut self, lane: &Lane, way: &MessageLane) -> Result<Vec<OnFront>, EngineFault> {
        let (run_ms, first_ms) = (self.running_ms(), 1000 * way.first_look_seconds);
        let cards = self.store().cards(Drawer::Front, &[format!("waits {}", lane.area).as_str()])?;
        let waiting = cards.iter().map(OnFront::read).collect::<Result<Vec<_>, StoreFault>>()?;
        let is_due = |asked: &OnFront| {
            let due_ms = self.looks.due_ms.get(&asked.response).copied().unwrap_or(asked.since_run_ms + first_ms);
            due_ms <= run_ms
        };
        Ok(waiting.into_iter().filter(is_due).take(STEP_MAX).collect())
    }

    /// A response proves that its message was placed, where a crash had left that in doubt.
    fn proven(&mut self, way: &MessageLane, asked: &OnFront, now_ms: i64) -> Result<Option<Change>, EngineFault> {
        if asked.stage != Stage::Begun {
            return Ok(None);
        }
        let card = self.store().card(Drawer::Message, &crate::store::cards::stored(&asked.message))?;
        let Some(mut kept) = card.as_ref().map(read_message).transpose()? else { return Ok(None) };
        kept.message.progress = Progress::Placed(civil_of(now_ms));
        self.take_from_arrivals(&way.from.join(&kept.name))?;
        Ok(Some(Change::Filed(kept.card(now_ms))))
    }

    /// Removes a message that the front machine has from where it arrived: nobody takes it from there any more. One that stays harms nobody.
    pub(super) fn take_from_arrivals(&self, file: &Path) -> Result<(), EngineFault> {
        match self.seams.files.remove(file) {
            Ok(_) => Ok(()),
            Err(fault) => self.tolerate(fault, &mut PassReport::default()),
        }
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

fn read_message(card: &Card) -> Result<KeptMessage, StoreFault> {
    serde_json::from_str(&card.body).map_err(|_| StoreFault::Corrupt("a card of its cargo cannot be read".to_owned()))
}

fn front_trouble(area: AreaCode, hindrance: &Hindrance, journal: Lang) -> Trouble {
    let sentence = |lang| {
        let words = hindrance.words(lang);
        say!(
            lang,
            "{area} 的前置机：{words}。稍后自动再试；请核对 lanes/ 里的 messages。",
            "Front machine of {area}: {words}. It is tried again by itself; check messages in lanes/."
        )
    };
    Trouble { code: "front".into(), zh: sentence(Lang::Zh), en: sentence(Lang::En), journal: sentence(journal) }
}

fn waiting_trouble(area: AreaCode, count: usize, journal: Lang) -> Trouble {
    let sentence = |lang| {
        say!(
            lang,
            "{area} 有 {count} 条报文等人决定是否再放到前置机。请用 day、trace 查看，在前置机核实后用 place 决定。",
            "{count} messages of {area} wait for a person to decide whether they are placed again. See day and trace, look on the front machine, then decide with place."
        )
    };
    Trouble { code: "front-waits".into(), zh: sentence(Lang::Zh), en: sentence(Lang::En), journal: sentence(journal) }
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
fn response_to(rep: &mut dyn Front, asked: &OnFront) -> Result<Option<Vec<u8>>, Hindrance> {
    let Some(bytes) = rep.fetch(&asked.response, RESPONSE_MAX)? else { return Ok(None) };
    let limits = XmlLimits { bytes: RESPONSE_MAX as usize, ..XmlLimits::default() };
    let is_answer = match decode(&bytes, None, &limits) {
        Ok(document) => match understand(&document, &limits) {
            Ok(Cargo::Response(response)) => response.biz_msg_id.trim().parse() == Ok(asked.id),
            _ => false,
        },
        Err(_) => false,
    };
    Ok(is_answer.then_some(bytes))
}
