//! One station at work: what [`send`](crate::send) and [`receive`](crate::receive) share, and the pass that drives both.
//!
//! Given: a station, its channels and keys, the seams, the store. Gives: passes. After a crash: [`Engine::open`] compares store, log and
//! spool and finishes what was begun; any fault that is not a single file's ends the engine, and opening it anew is the recovery.
//! Never: a second way to change state than [`Engine::commit_store`] and [`Engine::commit_log`].

mod connect;

use crate::channel::Channel;
use crate::connectors::tables::database::Databases;
use crate::connectors::{Sink, Source};
use crate::error::{EngineFault, LogFault, Policy};
use crate::ferry::quota::WayOut;
use crate::intake::{Intake, Waiting};
use crate::keys::{StationKeys, Trust};
use crate::lang::Lang;
use crate::link::Link;
use crate::log::{LogEvidence, PacketLog};
use crate::receive::order::Gaps;
use crate::receive::rows::RowsIn;
use crate::reporting::transport::Platforms;
use crate::requests::Again;
use crate::schema::versions::Believed;
use crate::seams::Files;
use crate::seams::clock::Clock;
use crate::send::put_away::PuttingAway;
use crate::send::rows::RowsOut;
use crate::send::screen::Screen;
use crate::station::Station;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, InHead, OutHead, PacketKey, PacketRow, PacketState, StationState, Store};
use crate::trouble::Trouble;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, LogHead};
use dukou_packets::suite::{Random, RunId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The seams the engine touches the world through; the store is handed over apart, since only one owner may have it.
#[derive(Clone)]
pub struct Seams {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Databases that channels of tables lead from and to.
    pub databases: Arc<dyn Databases>,
    /// The ways to the platforms that a lane reports to.
    pub platforms: Arc<dyn Platforms>,
    /// Whether a second thread may compress and open, deliver a marked group and remove sent files. Simulations say no where a seed decides.
    pub second_thread: bool,
}

/// An outgoing channel at work.
pub(crate) struct Outgoing {
    pub(crate) channel: Channel,
    pub(crate) source: Box<dyn Source>,
    pub(crate) screen: Screen,
    /// Source files whose packets exist and that are still to be put away.
    pub(crate) away: PuttingAway,
    /// Where its rows come from, on a channel of tables: `source` offers nothing then.
    pub(crate) rows: Option<RowsOut>,
    /// What reads its files, where the channel says what they are.
    pub(crate) intake: Option<Intake>,
    /// Files that wait at their source for a person.
    pub(crate) waiting: Waiting,
}

/// An incoming channel at work.
pub(crate) struct Incoming {
    pub(crate) sink: Box<dyn Sink>,
    /// Marked packets whose records are not all at the sink yet, in order.
    pub(crate) delivering: VecDeque<PacketRow>,
    /// The record path that has to be taken before the channel goes on.
    pub(crate) waits_for_taking: Option<String>,
    /// Where its rows go, on a channel of tables: what is marked needs no delivery by `sink` then.
    pub(crate) rows: Option<RowsIn>,
    /// What reads its files, where the channel says what they are.
    pub(crate) intake: Option<Intake>,
    /// What is delivered on a second thread.
    pub(crate) beside: crate::receive::beside::Beside,
}

/// What a pass did, and what waits for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PassReport {
    /// Files packed.
    pub accepted: u64,
    /// Files and rows refused.
    pub rejected: u64,
    /// Rows among them: their entries stay beside their outbox, and nothing of them lies in `rejected/`.
    #[serde(skip)]
    pub rejected_rows: u64,
    /// Repeats held back.
    pub held_back: u64,
    /// Packets sealed and placed in the ferry directory.
    pub packets_out: u64,
    /// Packets applied.
    pub packets_in: u64,
    /// Files delivered.
    pub delivered: u64,
    /// Packets kept for later.
    pub kept: u64,
    /// Packets set aside, by code.
    pub aside: BTreeMap<String, u64>,
    /// Records that were applied in an earlier epoch: not delivered again.
    pub repeats: u64,
    /// Packets seen before: no effect.
    pub duplicates: u64,
    /// Packets moved to `waiting/` for want of a key.
    pub waiting: u64,
    /// Repair packets, and second copies of small packets, placed in the ferry directory.
    pub repair_sent: u64,
    /// Repair packets of the peer taken in.
    pub repair_received: u64,
    /// Packets rebuilt from repair packets.
    pub rebuilt: u64,
    /// Entries in the ferry directory that are no packets.
    pub junk: u64,
    /// Files that are still being written.
    pub young: u64,
    /// Files that wait to be renamed (`.tmp`, `.part`).
    pub unfinished: u64,
    /// Packets that are not complete yet.
    pub incomplete: u64,
    /// Files or folders that could not be read or written for now.
    pub troubles: Vec<Trouble>,
}

impl PassReport {
    /// True when the pass moved anything.
    pub fn moved(&self) -> bool {
        self.accepted + self.rejected + self.held_back + self.packets_in + self.delivered + self.duplicates + self.kept > 0
            || !self.aside.is_empty()
    }

    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.rejected_rows += other.rejected_rows;
        self.held_back += other.held_back;
        self.packets_out += other.packets_out;
        self.packets_in += other.packets_in;
        self.delivered += other.delivered;
        self.kept += other.kept;
        for (code, count) in other.aside {
            *self.aside.entry(code).or_default() += count;
        }
        self.repeats += other.repeats;
        self.duplicates += other.duplicates;
        self.waiting += other.waiting;
        self.repair_sent += other.repair_sent;
        self.repair_received += other.repair_received;
        self.rebuilt += other.rebuilt;
        // What follows says how things are now, not what happened.
        self.junk = other.junk;
        self.young = other.young;
        self.unfinished = other.unfinished;
        self.incomplete = other.incomplete;
        self.troubles = other.troubles;
    }
}

/// How a pass ended, as an exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing to do for anyone.
    Clear,
    /// Something was refused or set aside, or a channel is held or gapped: a person should look.
    Look,
    /// Something could not be read or written: try again.
    TryAgain,
}

/// One station at work.
pub struct Engine {
    pub(crate) station: Station,
    pub(crate) seams: Seams,
    store: Box<dyn Store>,
    pub(crate) state: StationState,
    pub(crate) log: PacketLog,
    pub(crate) keys: StationKeys,
    pub(crate) trust: Option<Trust>,
    pub(crate) outgoing: Vec<Outgoing>,
    pub(crate) incoming: BTreeMap<ChannelName, Incoming>,
    /// The channels that name a structure.
    pub(crate) structured: Vec<Channel>,
    pub(crate) structures: crate::send::structure::Structures,
    /// What is remembered of structure changes that come in.
    pub(crate) barrier: crate::receive::structure::Barrier,
    /// Folders whose files are named after records.
    record_folders: Vec<PathBuf>,
    pub(crate) run: RunId,
    /// Changes that ride with the next transaction.
    riding: Vec<Change>,
    /// Changes whose log line is not durable yet.
    after_log: Vec<Change>,
    pub(crate) gaps: Gaps,
    pub(crate) pick_up: crate::receive::pick_up::Memory,
    pub(crate) signal_file: Option<String>,
    pub(crate) link: Link,
    pub(crate) repair: crate::repair::Repair,
    /// Packets that exist and wait for the ferry directory, each channel's in order.
    pub(crate) unplaced: VecDeque<PacketRow>,
    /// What stands between them and it.
    pub(crate) way_out: WayOut,
    /// The repeat that a person sends again, until its packet is fixed.
    pub(crate) again: Option<Again>,
    /// Highest packet number handed out in this run; the store learns it with the packet.
    used_number: u64,
    /// What the start finished of the last run: the first step tells it.
    pub(crate) untold: PassReport,
    /// What `status` was told of troubles; none was told in this run yet where it is `None`.
    pub(crate) told: Option<Vec<Trouble>>,
    /// Running time at the last look at retention.
    pub(crate) pruned_run_ms: Option<u64>,
    /// Request files that are none and could not be moved aside either.
    pub(crate) unfit_requests: BTreeSet<String>,
    pub(crate) alarms: crate::alarm::Alarms,
    /// Running time at which the next daily log goes again by itself.
    pub(crate) logs_due_ms: Option<u64>,
    /// Days whose log the station builds and sends by itself.
    pub(crate) by_itself: crate::reporting::ByItself,
    /// When messages and responses that were not there are looked for again.
    pub(crate) looks: crate::reporting::Looks,
    /// Which numbers each run of the peer gave to packets.
    pub(crate) peer_runs: crate::epoch::runs::PeerRuns,
    /// Heads of this log that the peer spoke of and that were held against it.
    pub(crate) echoes_compared: HashSet<LogHead>,
    /// The last of them that another copy of this log had.
    pub(crate) echo_of_lost: Option<LogHead>,
    last_mono_ms: u64,
    stop: Arc<AtomicBool>,
    /// Somebody wakes the engine when a file comes: it does not sleep within a step.
    is_woken: bool,
}

impl Engine {
    /// Opens a station: reads state and log, compares them, and finishes what the last run began.
    ///
    /// # Errors
    /// [`EngineFault`]: when state and log do not agree, with nothing changed but a torn last line of the log cut; when finishing fails, with part
    /// of it done, and the next opening does the rest.
    pub fn open(
        station: Station,
        channels: Vec<Channel>,
        keys: StationKeys,
        trust: Option<Trust>,
        seams: Seams,
        mut store: Box<dyn Store>,
    ) -> Result<Self, EngineFault> {
        let state = store.load()?;
        let remembered = state.log.map_or(0, |head| head.size);
        let id = station.config.station.id;
        let opened =
            PacketLog::open(seams.files.clone(), seams.clock.clone(), &station.log_dir(), id, keys.log.clone(), state.log)?;
        let named = opened.evidence.newest_number();
        if named > state.number {
            return Err(LogFault::StateBehind { found: state.number, expected: named }.into());
        }
        check_arrivals(&opened.evidence, store.as_mut())?;
        let run = RunId::draw(seams.random.as_ref());
        let last_mono_ms = seams.clock.mono_ms();
        let alarms = crate::alarm::Alarms::open(&station, &seams, &state, &opened.evidence)?;
        let record_folders = Channel::record_folders(&station, &channels);
        let link = Link::new(&station.config.link, &state)?;
        let structured = channels.iter().filter(|channel| channel.structure.is_some()).cloned().collect();
        let (outgoing, incoming) = connect::connect(&station, channels, &seams)?;
        let peer_runs = crate::epoch::runs::PeerRuns::of(&state);
        let mut engine = Self {
            station,
            store,
            state,
            log: opened.log,
            keys,
            trust,
            outgoing,
            incoming,
            structured,
            structures: Default::default(),
            barrier: Default::default(),
            record_folders,
            run,
            riding: Vec::new(),
            after_log: Vec::new(),
            gaps: Gaps::default(),
            pick_up: Default::default(),
            signal_file: None,
            link,
            repair: Default::default(),
            unplaced: VecDeque::new(),
            way_out: WayOut::default(),
            again: None,
            used_number: 0,
            untold: PassReport::default(),
            told: None,
            pruned_run_ms: None,
            unfit_requests: BTreeSet::new(),
            alarms,
            logs_due_ms: None,
            by_itself: Default::default(),
            looks: Default::default(),
            peer_runs,
            echoes_compared: HashSet::new(),
            echo_of_lost: None,
            last_mono_ms,
            stop: Arc::new(AtomicBool::new(false)),
            is_woken: false,
            seams,
        };
        engine.note_start(opened.begun, opened.cut_bytes);
        engine.recall_versions()?;
        engine.go_by_reference()?;
        engine.recover(&opened.evidence)?;
        engine.tell_renumbered()?;
        engine.settle_peer()?;
        engine.recall_logs(&opened.evidence, remembered)?;
        Ok(engine)
    }

    fn note_start(&mut self, log_begun: bool, cut: u64) {
        if log_begun {
            let (identity, keyring) = (&self.station.config.station, self.keys.keyring.file_digest());
            let event = Event::Init { station: identity.id, side: identity.side, environment: identity.environment, keyring };
            self.log.note(event);
        }
        self.log.note(Event::Start { run: self.run, version: env!("CARGO_PKG_VERSION").to_string(), cut });
    }

    /// Rows without a line get their line, lines without a file get their file, with the same bytes.
    fn recover(&mut self, evidence: &LogEvidence) -> Result<(), EngineFault> {
        let unpublished = self.store.packets_in(Direction::Out, &[PacketState::Packed], usize::MAX)?;
        for row in unpublished.iter().filter(|row| !evidence.packed.contains(&row.number)) {
            let refused = crate::send::pack::refused_by_code(&self.store.records(&row.key)?);
            self.note_packed(row, &refused);
        }
        for row in self.store.packets_in(Direction::In, &[PacketState::Delivering], usize::MAX)? {
            let (key, at_ms) = (row.key.clone(), self.seams.clock.wall_ms());
            if evidence.applied.contains(&(key.channel.clone(), key.epoch, key.seq)) {
                self.forget_staging(&key)?;
                self.ride(Change::Delivered { packet: key, at_ms });
            } else if let Some(incoming) = self.incoming.get_mut(&key.channel) {
                incoming.delivering.push_back(row);
            }
        }
        self.log_waiver_again(evidence)?;
        self.settle_sinks()?;
        self.recall_gaps(&evidence.gaps)?;
        self.commit_log()?;
        self.flush()?;
        self.remove_orphans()?;
        self.finish_sending(unpublished)
    }

    /// A folder that was made right before a crash is there and may not last: its entry is made durable before more goes into it.
    fn settle_sinks(&mut self) -> Result<(), EngineFault> {
        for incoming in self.incoming.values_mut().filter(|incoming| !incoming.delivering.is_empty()) {
            match incoming.sink.make_durable().map_err(EngineFault::from) {
                Err(fault) if fault.policy() != Policy::Retry => return Err(fault),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what a crash left unfinished: spool files that never became packets (sealed, and the power went before the store heard of them),
    /// and then what lies unfinished in the ferry directory.
    fn remove_orphans(&mut self) -> Result<(), EngineFault> {
        let dir = self.station.spool_out();
        let mut is_changed = false;
        for name in self.seams.files.list(&dir)? {
            let number = name.split('.').next().and_then(|stem| stem.parse::<u64>().ok());
            if number.is_some_and(|number| number > self.state.number) {
                self.seams.files.remove(&dir.join(&name))?;
                is_changed = true;
            }
        }
        // Before the number is given to a signal: a power cut would bring the file back, and nobody would know it for an orphan then.
        if is_changed {
            self.seams.files.sync_dir(&dir)?;
        }
        self.remove_unfinished()
    }

    /// Removes what a crash left in the ferry directory where files cannot be made without a name: dot names that no device takes.
    fn remove_unfinished(&mut self) -> Result<(), EngineFault> {
        let ferry = match self.seams.files.ferry_dir(&self.station.ferry_out()) {
            Ok(ferry) => ferry,
            Err(fault) => return self.tolerate(fault, &mut PassReport::default()),
        };
        let is_unfinished = |name: &str| {
            name.strip_prefix('.').and_then(|name| name.strip_suffix(".part")).is_some_and(|name| self.is_packet_file(name))
        };
        for (name, _) in ferry.list(&is_unfinished, UNFINISHED_ENTRIES)?.entries {
            ferry.remove(&name)?;
        }
        Ok(())
    }

    /// Promises another step as soon as a file comes and after [`rest_ms`](Self::rest_ms) at the latest: a step does not sleep then.
    pub fn will_be_woken(&mut self) {
        self.is_woken = true;
    }

    /// Tells how soon (ms) the next step should be though no file comes; `None` when nothing waits but for files.
    pub fn rest_ms(&self) -> Option<u64> {
        let overtaken = self.has_fresh_gaps().then_some(OVERTAKEN_MS);
        let signal = self.link.signal_rests_ms(self.seams.clock.as_ref());
        let structures = self.structures.due_in_ms(self.seams.clock.mono_ms()).filter(|_| !self.structured.is_empty());
        overtaken.into_iter().chain(signal).chain(self.databases_due_ms()).chain(structures).min()
    }

    /// True when somebody wakes the engine after [`rest_ms`](Self::rest_ms).
    pub(crate) fn is_woken(&self) -> bool {
        self.is_woken
    }

    /// Lets another thread ask the engine to stop at the next batch: by setting `flag`.
    pub fn stop_when(&mut self, flag: Arc<AtomicBool>) {
        self.stop = flag;
    }

    pub(crate) fn should_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// One look at everything: receive, then send, until neither moves anything; another one when packets are missing that were not before.
    ///
    /// # Errors
    /// [`EngineFault`]: the engine must not be used again; opening it anew recovers.
    pub fn step(&mut self) -> Result<PassReport, EngineFault> {
        let mut report = std::mem::take(&mut self.untold);
        let mut tended_ms = self.seams.clock.mono_ms();
        for index in 0..ROUNDS_MAX {
            let mut round = PassReport::default();
            // Who asks does not wait for a backlog to end.
            if index > 0 {
                round.troubles = self.serve_requests()?;
            }
            self.receive(&mut round)?;
            self.send(&mut round)?;
            let moved = round.moved();
            report.add(round);
            // What the peer misses does not wait for a supplier that never rests.
            if self.seams.clock.mono_ms() >= tended_ms + TEND_EVERY_MS {
                self.tend_link(&mut report)?;
                self.flush()?;
                tended_ms = self.seams.clock.mono_ms();
            }
            let overtaken = self.has_fresh_gaps();
            if (!moved && !overtaken && !self.pick_up.has_more() && !self.has_more_to_rebuild()) || self.should_stop() {
                break;
            }
            if overtaken && !self.is_woken {
                self.seams.clock.sleep(OVERTAKEN_MS);
            } else if overtaken && !moved {
                break;
            }
        }
        self.tend_link(&mut report)?;
        self.presume_when_due(&mut report)?;
        self.tend_logs()?;
        self.retry_logs()?;
        self.tend_messages(&mut report)?;
        self.tend_orders(&mut report)?;
        self.look_at_alarms()?;
        self.flush()?;
        self.prune_when_due()?;
        self.tell_troubles(&report.troubles)?;
        Ok(report)
    }

    /// One pass of everything: steps until nothing moves, waiting for young files to settle and short packets to grow, each once.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn pass(&mut self) -> Result<PassReport, EngineFault> {
        let began_ms = self.seams.clock.mono_ms();
        let folders = self.outgoing.iter().filter_map(|outgoing| outgoing.channel.source.folder());
        let settle_s = folders.map(|source| source.settle_seconds).max().unwrap_or(0);
        let patience_ms = 1000 * (settle_s.max(u64::from(self.station.config.ferry.incomplete_scans)) + 1);
        let mut report = self.step()?;
        while (report.young > 0 || report.incomplete > 0)
            && self.seams.clock.mono_ms() < began_ms + patience_ms
            && !self.should_stop()
        {
            self.seams.clock.sleep(PASS_WAIT_MS);
            let next = self.step()?;
            report.add(next);
        }
        self.close_all_covers(&mut report)?;
        self.look_at_way_out(&mut report)?;
        Ok(report)
    }

    /// A pass that had nothing to send tells all the same that nothing could have left.
    fn look_at_way_out(&self, report: &mut PassReport) -> Result<(), EngineFault> {
        let dir = self.station.ferry_out();
        match self.seams.files.ferry_dir(&dir) {
            Err(fault) if report.troubles.is_empty() => self.tolerate(fault, report),
            _ => Ok(()),
        }
    }

    /// Tells how things stand after a pass.
    pub fn standing(&self, report: &PassReport) -> Standing {
        let channel_waits = self.incoming.values().any(|incoming| incoming.waits_for_taking.is_some());
        if report.rejected + report.held_back + report.waiting > 0
            || !report.aside.is_empty()
            || channel_waits
            || !self.state.holds.is_empty()
            || !self.gaps.is_empty()
            || report.troubles.iter().any(crate::link::troubles::is_for_a_person)
        {
            return Standing::Look;
        }
        if report.troubles.is_empty() { Standing::Clear } else { Standing::TryAgain }
    }

    /// Ends a run cleanly: everything durable, the newest checkpoint among it.
    ///
    /// # Errors
    /// [`EngineFault`], [`EngineFault::Unclosed`] where it passes: the `stop` line of this run may be missing, and the next opening recovers.
    pub fn close(self) -> Result<(), EngineFault> {
        self.end_run().map_err(EngineFault::unclosed)
    }

    fn end_run(mut self) -> Result<(), EngineFault> {
        if self.link.signal_waits {
            self.is_woken = false;
            self.send_signal(&mut PassReport::default())?;
        }
        self.flush()?;
        self.log.note(Event::Stop { run: self.run });
        self.commit_log()?;
        self.commit_store(Vec::new())?;
        Ok(self.log.settle()?)
    }

    /// Tells the sources that a file was renamed in or closed after writing.
    pub fn hint(&mut self, path: &std::path::Path) {
        for outgoing in &mut self.outgoing {
            outgoing.source.hint(path);
        }
    }

    /// The one way the store changes: what rides along, these changes, running time and log head, in one transaction.
    pub(crate) fn commit_store(&mut self, changes: Vec<Change>) -> Result<(), EngineFault> {
        self.commit_store_and_give_back(changes).map(drop)
    }

    /// As [`commit_store`](Self::commit_store), and gives back everything that became durable, what rode with it first.
    pub(crate) fn commit_store_and_give_back(&mut self, changes: Vec<Change>) -> Result<Vec<Change>, EngineFault> {
        let mut all = std::mem::take(&mut self.riding);
        all.extend(changes);
        let now_ms = self.seams.clock.mono_ms();
        all.push(Change::RunMs(self.state.run_ms + now_ms.saturating_sub(self.last_mono_ms)));
        all.push(Change::Log(self.log.head()));
        self.last_mono_ms = now_ms;
        self.store.commit(&all)?;
        for change in &all {
            self.follow(change);
        }
        if all.iter().any(|change| matches!(change, Change::Fact(name, _) if name == Believed::NAME)) {
            self.go_by_reference()?;
        }
        Ok(all)
    }

    /// Gives the station's accumulated running time up to now (ms); the store learns it with the next transaction.
    pub(crate) fn running_ms(&self) -> u64 {
        self.state.run_ms + self.seams.clock.mono_ms().saturating_sub(self.last_mono_ms)
    }

    /// The one way the log grows durably; changes that waited for their line ride with the next transaction.
    pub(crate) fn commit_log(&mut self) -> Result<LogHead, EngineFault> {
        self.store.confirm()?;
        let head = self.log.commit()?;
        let waited = std::mem::take(&mut self.after_log);
        for change in &waited {
            if let Change::Delivered { packet, .. } = change {
                self.forget_staging(packet)?;
            }
        }
        self.riding.extend(waited);
        Ok(head)
    }

    /// A sink keeps a packet's staging folder until the `applied` line is durable. An empty folder that cannot be removed harms nobody.
    fn forget_staging(&mut self, packet: &PacketKey) -> Result<(), EngineFault> {
        match self.incoming.get_mut(&packet.channel).map(|incoming| incoming.sink.forget(packet)) {
            Some(Err(fault)) => self.tolerate(fault, &mut PassReport::default()),
            _ => Ok(()),
        }
    }

    /// Lets a change ride with the transaction after the next log commit.
    pub(crate) fn after_log(&mut self, change: Change) {
        self.after_log.push(change);
    }

    /// Lets a change ride with the next transaction.
    pub(crate) fn ride(&mut self, change: Change) {
        self.riding.push(change);
    }

    /// Makes lines durable that only ride along, and then the changes that waited for them.
    pub(crate) fn flush(&mut self) -> Result<(), EngineFault> {
        self.flush_log()?;
        if !self.riding.is_empty() {
            self.commit_store(Vec::new())?;
        }
        Ok(())
    }

    /// Makes lines durable that only ride along; the changes that waited for them ride with the next transaction.
    pub(crate) fn flush_log(&mut self) -> Result<(), EngineFault> {
        match self.log.has_pending() {
            true => self.commit_log().map(drop),
            false => Ok(()),
        }
    }

    pub(crate) fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// Gives the store with what is known of it.
    pub(crate) fn store_and_state(&mut self) -> (&mut dyn Store, &StationState) {
        (self.store.as_mut(), &self.state)
    }

    /// Keeps the small state in step with the store.
    fn follow(&mut self, change: &Change) {
        self.state.follow(change);
    }

    pub(crate) fn lang(&self) -> Lang {
        self.station.config.station.lang
    }

    pub(crate) fn in_head(&self, channel: &ChannelName) -> Option<&InHead> {
        self.state.in_heads.get(channel)
    }

    pub(crate) fn out_head(&self, channel: &ChannelName) -> Option<&OutHead> {
        self.state.out_heads.get(channel)
    }

    /// Sorts a fault of one folder or file: a passing one becomes a sentence in the report, the others end the engine.
    pub(crate) fn tolerate(&self, fault: impl Into<EngineFault>, report: &mut PassReport) -> Result<(), EngineFault> {
        let fault = fault.into();
        if fault.policy() != Policy::Retry {
            return Err(fault);
        }
        let (code, [zh, en]) = (fault.code(), [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang)));
        let journal = fault.without_names(&self.record_folders).sentence(self.lang());
        report.troubles.push(Trouble { code: code.into(), zh, en, journal });
        Ok(())
    }

    /// Lets the next packet numbers be above this one.
    pub(crate) fn raise_numbers(&mut self, above: u64) {
        self.used_number = self.used_number.max(above);
    }

    /// Gives the highest packet number handed out so far.
    pub(crate) fn numbers_used(&self) -> u64 {
        self.used_number.max(self.state.number)
    }

    /// Hands out the next packet number of the link.
    pub(crate) fn take_number(&mut self) -> u64 {
        self.used_number = self.next_number();
        self.used_number
    }

    /// Gives the number that the next packet of the link will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers_used() + 1
    }

    /// Gives the path of a spool file.
    pub(crate) fn spool_path(&self, direction: Direction, name: &str) -> PathBuf {
        match direction {
            Direction::Out => self.station.spool_out().join(name),
            Direction::In => self.station.spool_in().join(name),
        }
    }

    pub(crate) fn packet_key(
        direction: Direction,
        channel: &ChannelName,
        epoch: dukou_packets::packet::header::Epoch,
        seq: u64,
    ) -> PacketKey {
        PacketKey { direction, channel: channel.clone(), epoch, seq }
    }
}

/// Most unfinished files that one start removes from the ferry directory.
const UNFINISHED_ENTRIES: usize = 10_000;

/// Most looks of one step: with a supplier that never rests there would be no end.
const ROUNDS_MAX: u32 = 1000;

/// After how many milliseconds of one step the link is tended amid it.
const TEND_EVERY_MS: u64 = 1000;

/// How long packets that a signal or a later packet overtook may take before their gap is announced; shorter than what counts as a second scan.
pub(crate) const OVERTAKEN_MS: u64 = 500;

/// How long a pass waits between two looks at files that are not finished.
const PASS_WAIT_MS: u64 = 1000;

/// Refuses a state that does not know what the lines call applied.
///
/// An `applied` line is written after its mark: a mark that is missing was lost with an old copy of the state.
pub(crate) fn check_arrivals(evidence: &LogEvidence, store: &mut dyn Store) -> Result<(), EngineFault> {
    let newest: BTreeMap<_, u64> = evidence.applied.iter().map(|(channel, epoch, seq)| ((channel, epoch), *seq)).collect();
    for ((channel, epoch), seq) in newest {
        let marked = store.packet(&Engine::packet_key(Direction::In, channel, *epoch, seq))?;
        if marked.is_none_or(|row| !matches!(row.state, PacketState::Delivering | PacketState::Applied)) {
            return Err(LogFault::ArrivalsBehind { channel: channel.clone(), seq }.into());
        }
    }
    Ok(())
}
