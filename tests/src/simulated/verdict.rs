//! The invariants of a world at rest, each a function that says what does not hold.

use super::consumer::Taken;
use super::gap::Gap;
use super::station::SimStation;
use super::supplier::{Dropped, Fate};
use super::world::World;
use dukou_packets::audit::{Anchor, FaultCode, Verdict, verify};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use dukou_shared::connectors::folder::names::safe_path;
use dukou_shared::store::{Direction, PacketRow, PacketState, RecordRow, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What is told apart when a world is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// Each record once.
    Once,
    /// A record may have been taken twice with equal bytes under one name: the documented consequence of a power cut.
    PowerCut,
}

/// Checks everything of a world at rest: nothing lost, nothing twice, in order, logs that verify, stations that agree.
///
/// # Errors
/// What does not hold.
pub fn check(world: &mut World) -> Result<(), String> {
    check_with(world, Tolerance::Once)
}

/// Checks everything with a tolerance.
///
/// # Errors
/// What does not hold.
pub fn check_with(world: &mut World, tolerance: Tolerance) -> Result<(), String> {
    no_contradiction(&world.inward)?;
    no_contradiction(&world.outward)?;
    let (inner_taken, outer_taken) = (world.inner_consumer.taken(), world.outer_consumer.taken());
    let waived = world.waived.clone();
    for (from, to, dropped, taken) in [
        (&world.outer, &world.inner, &world.outer_supplier.dropped, &inner_taken),
        (&world.inner, &world.outer, &world.inner_supplier.dropped, &outer_taken),
    ] {
        let sent = sent_records(from)?;
        for channel in from.outgoing() {
            let none = BTreeSet::new();
            let without = waived.get(&channel).unwrap_or(&none);
            let sent: Vec<&(u64, RecordRow)> = sent.get(&channel).into_iter().flatten().collect();
            let taken: Vec<&Taken> = taken.iter().filter(|taken| taken.channel == channel).collect();
            // Rows are taken by no consumer: their databases are compared.
            if from.has_folders(&channel) {
                once_each(&channel, dropped, &sent, &taken, without, tolerance)?;
                in_order(&channel, &sent, &first_times(&taken), without)?;
            }
            agree(from, to, &channel, without)?;
        }
        refused_are_kept(from, dropped)?;
    }
    for station in [&world.outer, &world.inner] {
        at_rest(station)?;
        spool_agrees(station)?;
        no_alarm(station)?;
        log_verifies(station)?;
    }
    Ok(())
}

fn side(station: &SimStation) -> String {
    station.station.config.station.side.to_string()
}

/// No two packets ever left under one number.
fn no_contradiction(gap: &Gap) -> Result<(), String> {
    match gap.contradictions.first() {
        Some(contradiction) => Err(contradiction.clone()),
        None => Ok(()),
    }
}

/// A station's packets in one direction, by channel and number.
///
/// # Errors
/// When the store gives no answer.
pub fn rows(station: &SimStation, direction: Direction) -> Result<Vec<PacketRow>, String> {
    let mut store = station.store.clone();
    store.packets_in(direction, &PacketState::ALL, usize::MAX).map_err(|fault| fault.to_string())
}

/// The whole files a station packed, by channel, in order, each with its packet's number.
fn sent_records(station: &SimStation) -> Result<BTreeMap<ChannelName, Vec<(u64, RecordRow)>>, String> {
    let mut sent: BTreeMap<ChannelName, Vec<(u64, RecordRow)>> = BTreeMap::new();
    for row in rows(station, Direction::Out)? {
        let records = station.store.clone().records(&row.key).map_err(|fault| fault.to_string())?;
        let files = records.into_iter().filter(RecordRow::ends_file).map(|record| (row.key.seq, record));
        sent.entry(row.key.channel).or_default().extend(files);
    }
    Ok(sent)
}

/// I1 and I2: what should arrive was taken once, with its bytes, and nothing else was.
fn once_each(
    channel: &ChannelName,
    dropped: &[Dropped],
    sent: &[&(u64, RecordRow)],
    taken: &[&Taken],
    waived: &BTreeSet<u64>,
    tolerance: Tolerance,
) -> Result<(), String> {
    let mut expected: BTreeMap<(Digest, String), i64> = BTreeMap::new();
    for file in dropped.iter().filter(|file| file.channel == *channel && file.fate == Fate::Arrives) {
        expected.insert((file.digest, safe_path(&file.name).as_str().to_string()), 1);
    }
    let lost = sent.iter().filter(|(seq, _)| waived.contains(seq)).map(|(_, record)| (record.digest, record.name.clone()));
    for file in lost {
        expected.remove(&file);
    }
    for file in taken {
        *expected.entry((file.digest, file.name.clone())).or_default() -= 1;
    }
    for ((digest, name), left) in expected {
        let sent = sent.iter().any(|(_, record)| (record.digest, safe_path(&record.name).as_str()) == (digest, name.as_str()));
        match left {
            1 => return Err(format!("{channel}: {name} was lost")),
            0 => {}
            _ if tolerance == Tolerance::PowerCut && sent => {}
            _ => return Err(format!("{channel}: {name} arrived {} times, sent: {sent}", 1 - left)),
        }
    }
    Ok(())
}

/// Leaves out what a power cut delivered again.
fn first_times<'a>(taken: &[&'a Taken]) -> Vec<&'a Taken> {
    let mut seen = BTreeSet::new();
    taken.iter().copied().filter(|taken| seen.insert((&taken.name, taken.digest))).collect()
}

/// I3: the order at the consumer is the order in the packets.
fn in_order(channel: &ChannelName, sent: &[&(u64, RecordRow)], taken: &[&Taken], waived: &BTreeSet<u64>) -> Result<(), String> {
    let sent: Vec<String> = sent
        .iter()
        .filter(|(seq, _)| !waived.contains(seq))
        .map(|(_, record)| safe_path(&record.name).as_str().to_string())
        .collect();
    let mut at = 0;
    for look in taken.chunk_by(|one, other| one.look == other.look) {
        let end = at + look.len();
        let mut due: Vec<&String> = sent.get(at..end).unwrap_or_default().iter().collect();
        let mut came: Vec<&String> = look.iter().map(|taken| &taken.name).collect();
        due.sort_unstable();
        came.sort_unstable();
        if due != came {
            return Err(format!("{channel}: out of order: {came:?} came where {due:?} was due"));
        }
        at = end;
    }
    Ok(())
}

/// Both stations say the same of a channel: the same packets, the same records, everything left and applied.
fn agree(from: &SimStation, to: &SimStation, channel: &ChannelName, waived: &BTreeSet<u64>) -> Result<(), String> {
    let of = |rows: Vec<PacketRow>| -> BTreeMap<u64, PacketRow> {
        rows.into_iter().filter(|row| row.key.channel == *channel).map(|row| (row.key.seq, row)).collect()
    };
    let (out, arrived) = (of(rows(from, Direction::Out)?), of(rows(to, Direction::In)?));
    for (seq, row) in &out {
        if row.state != PacketState::Left {
            return Err(format!("{channel} {seq} is {:?} at its sender", row.state));
        }
        if waived.contains(seq) {
            continue;
        }
        let Some(there) = arrived.get(seq) else { return Err(format!("{channel} {seq} never came in")) };
        if (there.state, there.header, there.root) != (PacketState::Applied, row.header, row.root) {
            return Err(format!("{channel} {seq} is {:?} at its receiver", there.state));
        }
        let names = |station: &SimStation, row: &PacketRow| -> Result<Vec<(String, Digest)>, String> {
            let records = station.store.clone().records(&row.key).map_err(|fault| fault.to_string())?;
            Ok(records.into_iter().map(|record| (record.name, record.digest)).collect())
        };
        if names(from, row)? != names(to, there)? {
            return Err(format!("{channel} {seq} carries other records at its receiver"));
        }
    }
    match arrived.keys().find(|seq| !out.contains_key(seq)) {
        Some(seq) => Err(format!("{channel} {seq} came in and was never sent")),
        None => Ok(()),
    }
}

/// Refused files and repeats lie in their folders, byte for byte, with a reason beside them.
fn refused_are_kept(station: &SimStation, dropped: &[Dropped]) -> Result<(), String> {
    for file in dropped.iter().filter(|file| file.fate != Fate::Arrives) {
        let rejected = station.station.rejected_dir(&file.channel);
        let dirs = match file.fate {
            Fate::Refused => vec![rejected],
            // Whatever a supplier replaces twice while it is taken lies with the refused ones, with that for a reason.
            _ => vec![station.station.duplicates_dir(&file.channel), rejected],
        };
        let in_dir = |dir: &PathBuf| {
            let names = station.files.tree(dir);
            let bytes = |name: &String| station.files.get(dir.join(name)).unwrap_or_default();
            let kept = names.iter().find(|name| dukou_packets::suite::sha256(&[&bytes(name)]) == file.digest);
            kept.cloned().map(|name| (names, name))
        };
        let Some((names, name)) = dirs.iter().find_map(in_dir) else {
            return Err(format!("{} {} is not kept", file.channel, file.name));
        };
        for ending in [".reason.txt", ".reason.json"] {
            if !names.contains(&format!("{name}{ending}")) {
                return Err(format!("{} {name} has no {ending}", file.channel));
            }
        }
    }
    Ok(())
}

/// I6: nothing waits for anybody.
fn at_rest(station: &SimStation) -> Result<(), String> {
    let mut store = station.store.clone();
    let state = store.load().map_err(|fault| fault.to_string())?;
    let side = side(station);
    if !state.holds.is_empty() || !state.unfinished.is_empty() {
        return Err(format!("{side} holds {:?}, unfinished {:?}", state.holds, state.unfinished));
    }
    if store.packets_with_sources().is_ok_and(|rows| !rows.is_empty()) {
        return Err(format!("{side} has sources that were not put away"));
    }
    let mut places = vec![station.station.ferry_in(), station.station.ferry_out()];
    let of_files = |channel: &&ChannelName| station.has_folders(channel);
    places.extend(station.outgoing().iter().filter(of_files).map(|channel| station.source(channel)));
    places.extend(station.incoming().iter().filter(of_files).map(|channel| station.sink(channel)));
    for place in places {
        let left: Vec<String> = station.files.tree(&place).into_iter().filter(|name| !name.starts_with(".status/")).collect();
        if !left.is_empty() {
            return Err(format!("{side} {} holds {left:?}", place.display()));
        }
    }
    Ok(())
}

/// The spool holds what the rows name, and nothing else.
fn spool_agrees(station: &SimStation) -> Result<(), String> {
    for (direction, dir) in [(Direction::Out, station.station.spool_out()), (Direction::In, station.station.spool_in())] {
        let named: BTreeSet<String> = rows(station, direction)?.into_iter().filter_map(|row| row.spool).collect();
        let there: BTreeSet<String> = station.files.tree(&dir).into_iter().collect();
        if named != there {
            return Err(format!("{} {direction:?}: the spool holds {there:?}, the rows name {named:?}", side(station)));
        }
    }
    Ok(())
}

/// I7: honest faults raise no alarm.
fn no_alarm(station: &SimStation) -> Result<(), String> {
    let alarm = |event: &&Event| matches!(event, Event::Equivocation { .. } | Event::Hold { .. } | Event::Restored { .. });
    match station.log().iter().find(alarm) {
        Some(event) => Err(format!("{} raised {event:?}", side(station))),
        None => Ok(()),
    }
}

/// I4: the auditor's program passes the log, its keys anchored.
///
/// # Errors
/// What it finds.
pub fn log_verifies(station: &SimStation) -> Result<(), String> {
    if !matches!(station.log().get(1), Some(Event::Init { .. })) {
        return Err(format!("the log of {} does not begin with its init line", side(station)));
    }
    let copy = tempfile::tempdir().map_err(|error| error.to_string())?;
    let log = station.station.log_dir();
    for name in station.files.tree(&log) {
        let bytes = station.files.get(log.join(&name)).unwrap_or_default();
        std::fs::write(copy.path().join(&name), bytes).map_err(|error| error.to_string())?;
    }
    let report =
        verify(copy.path(), Some(Anchor::Keyring(Box::new(station.card.clone())))).map_err(|error| error.to_string())?;
    // A station that was restored from an older copy has lost lines that its peer vouches for, and the verdict says that and nothing more.
    let own = station.station.config.station.id;
    let was_restored = station.log().iter().any(|event| matches!(event, Event::Restored { peer, .. } if *peer == own));
    let lines_lost = was_restored && report.faults.iter().all(|fault| fault.code == FaultCode::LinesLost);
    if (report.verdict == Verdict::Pass || lines_lost) && report.torn_bytes == 0 && report.unknown_kinds.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> =
        report.faults.iter().map(|fault| format!("{} line {:?}: {}", fault.file, fault.line, fault.text)).collect();
    Err(format!("the log of {} gives {:?}, torn {}: {faults:?}", side(station), report.verdict, report.torn_bytes))
}
